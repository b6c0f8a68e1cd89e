//! Bits of coded data and the Huffman codes in them (ITU-T T.81, annex C and F.2.2).

/// Longest Huffman code.
const CODE_BITS_MAX: usize = 16;

/// The bits between two markers.
pub(super) struct Bits<'a> {
    coded: &'a [u8],
    /// The next byte.
    at: usize,
    held: u32,
    left: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(coded: &'a [u8]) -> Self {
        Self { coded, at: 0, held: 0, left: 0 }
    }

    /// Coded bytes gone by.
    pub(super) fn used(&self) -> usize {
        self.at
    }

    /// Up to 16 bits; `None` where a marker or the end of the file comes first.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        while self.left < count {
            let byte = *self.coded.get(self.at)?;
            // A zero is stuffed behind each byte of ones; anything else there makes a marker (B.1.1.5).
            let stuffed = byte == 0xFF;
            if stuffed && *self.coded.get(self.at + 1)? != 0 {
                return None;
            }
            self.at += if stuffed { 2 } else { 1 };
            self.held = (self.held << 8) | u32::from(byte);
            self.left += 8;
        }
        self.left -= count;
        Some((self.held >> self.left) & ((1 << count) - 1))
    }

    /// Steps over the restart marker that comes next, the one that counts `number` modulo 8.
    pub(super) fn restart(&mut self, number: usize) -> Option<()> {
        self.end(0)?;
        let marker = *self.coded.get(self.at + 1)?;
        self.at += 2;
        (usize::from(marker) == 0xD0 + number % 8).then_some(())
    }

    /// Goes to the marker that comes next, at most `padding_max` bytes on.
    pub(super) fn end(&mut self, padding_max: usize) -> Option<()> {
        self.left = 0;
        let mut padding = 0;
        loop {
            match *self.coded.get(self.at..)? {
                // Fill bytes before a marker.
                [0xFF, 0xFF, ..] => {}
                [0xFF, after, ..] if after != 0 => return Some(()),
                _ if padding == padding_max => return None,
                _ => padding += 1,
            }
            self.at += 1;
        }
    }
}

/// A table of Huffman codes.
#[derive(Debug)]
pub(super) struct Table {
    /// Of each length how many codes there are.
    counts: [u8; CODE_BITS_MAX],
    values: Vec<u8>,
}

impl Table {
    /// The table that `segment` begins with, and its length.
    pub(super) fn read(segment: &[u8]) -> Option<(Self, usize)> {
        let counts = *segment.first_chunk::<CODE_BITS_MAX>()?;
        let end = CODE_BITS_MAX + counts.iter().map(|&n| usize::from(n)).sum::<usize>();
        let values = segment.get(CODE_BITS_MAX..end)?.to_vec();
        Some((Self { counts, values }, end))
    }

    /// What the next code means; `None` where there is no such code.
    pub(super) fn code(&self, bits: &mut Bits) -> Option<u8> {
        // Codes of one length follow each other, and those of the next length them (C.2).
        let (mut code, mut first, mut index) = (0, 0, 0);
        for &count in &self.counts {
            let count = u32::from(count);
            code |= bits.take(1)?;
            if code < first + count {
                return self.values.get((index + code).checked_sub(first)? as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}
