//! What comes out of the network before it means anything: int8 maps with their scales.

use super::kernels::Quantisation;

/// One output: `channels` planes of `side` x `side` bytes, row-major, plane after plane (NCHW).
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    pub name: String,
    pub channels: usize,
    pub side: usize,
    pub bytes: Vec<i8>,
    quantisation: Quantisation,
}

impl Logits {
    /// The output's place, with nothing in it.
    pub(super) fn empty(name: &str, side: usize, channels: usize, quantisation: Quantisation) -> Self {
        let bytes = vec![0; side * side * channels];
        Self { name: name.to_owned(), channels, side, bytes, quantisation }
    }

    /// From bytes in NHWC order, as many.
    pub(super) fn fill(&mut self, map: &[i8]) {
        for (channel, plane) in self.bytes.chunks_exact_mut(self.side * self.side).enumerate() {
            for (byte, pixel) in plane.iter_mut().zip(map.chunks_exact(self.channels)) {
                *byte = pixel[channel];
            }
        }
    }

    /// Logits of one channel, row-major.
    pub fn plane(&self, channel: usize) -> Vec<f32> {
        let area = self.side * self.side;
        self.bytes[channel * area..][..area].iter().map(|&b| self.quantisation.dequantise(b)).collect()
    }

    /// Mean logit of one channel.
    pub fn mean(&self, channel: usize) -> f32 {
        let area = self.side * self.side;
        let plane = &self.bytes[channel * area..][..area];
        let sum: i64 = plane.iter().map(|&b| i64::from(b) - i64::from(self.quantisation.zero)).sum();
        (sum as f64 / area as f64 * f64::from(self.quantisation.scale)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_planes_and_bytes_logits() {
        let q = Quantisation::new(0.5, 2).unwrap();
        let mut logits = Logits::empty("lung", 2, 2, q);
        logits.fill(&[2, 4, 3, 2, 2, 0, 2, 127]);
        assert_eq!(logits.bytes, [2, 3, 2, 2, 4, 2, 0, 127]);
        assert_eq!(logits.plane(1), [1.0, 0.0, -1.0, 62.5]);
        assert_eq!([logits.mean(0), logits.mean(1)], [0.125, (1.0 - 1.0 + 62.5) / 4.0]);
    }
}
