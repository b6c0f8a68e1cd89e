//! The bits of a scan: after a byte of ones the next byte's top bit is stuffing [A.1].

/// Reads a scan bit by bit, the most significant first, up to its end or the next marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bits not yet used, in the low `held` places.
    cache: u64,
    held: u32,
    /// The byte before was 0xFF.
    stuffed: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, cache: 0, held: 0, stuffed: false }
    }

    fn fill(&mut self) {
        while self.held <= 48 {
            let Some(&byte) = self.bytes.get(self.at) else { return };
            if self.stuffed && byte >= 0x80 {
                return;
            }
            let width = if self.stuffed { 7 } else { 8 };
            self.cache = self.cache << width | u64::from(byte);
            self.held += width;
            self.stuffed = byte == 0xFF;
            self.at += 1;
        }
    }

    /// The next `count` bits, at most 32, as a number; `None` at the end.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        if self.held < count {
            self.fill();
        }
        self.held = self.held.checked_sub(count)?;
        Some((self.cache >> self.held & ((1 << count) - 1)) as u32)
    }

    /// How many zeros stand before the next one, which is used up too; `None` at the end or above `max`.
    pub(super) fn zeros(&mut self, max: u32) -> Option<u32> {
        for count in 0..=max {
            if self.take(1)? == 1 {
                return Some(count);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_is_left_out_and_a_marker_ends_the_bits() {
        let mut bits = Bits::new(&[0xFF, 0x7F, 0x01, 0xFF, 0xD9]);
        assert_eq!(bits.take(15), Some(0x7FFF));
        assert_eq!(bits.zeros(10), Some(7));
        assert_eq!(bits.take(8), Some(0xFF));
        assert_eq!(bits.take(1), None);
    }
}
