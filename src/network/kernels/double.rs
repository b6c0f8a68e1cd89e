//! A map of twice the sides: every pixel four times.

use super::{Kernel, KernelError, MapShape};

#[derive(Debug, Clone)]
pub struct Double {
    input: MapShape,
    output: MapShape,
}

impl Double {
    pub fn new(input: MapShape) -> Result<Self, KernelError> {
        Ok(Self { input, output: MapShape::new(2 * input.height, 2 * input.width, input.channels)? })
    }
}

impl Kernel for Double {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.bytes()));
        assert_eq!(inputs[0].len(), self.input.bytes());
        let (channels, row) = (self.input.channels, self.input.width * self.input.channels);
        for (x, y) in inputs[0].chunks_exact(row).zip(output.chunks_exact_mut(4 * row)) {
            let (upper, lower) = y.split_at_mut(2 * row);
            for (pixel, pair) in x.chunks_exact(channels).zip(upper.chunks_exact_mut(2 * channels)) {
                pair[..channels].copy_from_slice(pixel);
                pair[channels..].copy_from_slice(pixel);
            }
            lower.copy_from_slice(upper);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_comes_four_times() {
        let double = Double::new(MapShape::new(2, 2, 2).unwrap()).unwrap();
        let mut out = [0; 32];
        double.run(&[&[1, 2, 3, 4, 5, 6, 7, 8]], &mut out);
        let upper = [1, 2, 1, 2, 3, 4, 3, 4];
        let lower = [5, 6, 5, 6, 7, 8, 7, 8];
        assert_eq!(out.as_chunks::<8>().0, [upper, upper, lower, lower]);
    }
}
