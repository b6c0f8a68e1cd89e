//! A map of twice the sides: every pixel four times.

use std::ops::Range;

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

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], _scratch: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.span(&rows).len()));
        assert_eq!(inputs[0].len(), self.input.bytes());
        let (channels, row) = (self.input.channels, self.output.row());
        for (index, y) in rows.enumerate() {
            let (before, now) = output.split_at_mut(index * row);
            if y % 2 == 1 && index > 0 {
                now[..row].copy_from_slice(&before[before.len() - row..]);
                continue;
            }
            let x = &inputs[0][self.input.span(&(y / 2..y / 2 + 1))];
            for (pixel, pair) in x.chunks_exact(channels).zip(now.chunks_exact_mut(2 * channels)) {
                pair[..channels].copy_from_slice(pixel);
                pair[channels..].copy_from_slice(pixel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::whole;
    use super::*;

    #[test]
    fn every_pixel_comes_four_times() {
        let double = Double::new(MapShape::new(2, 2, 2).unwrap()).unwrap();
        let out = whole(&double, &[&[1, 2, 3, 4, 5, 6, 7, 8]]);
        let upper = [1, 2, 1, 2, 3, 4, 3, 4];
        let lower = [5, 6, 5, 6, 7, 8, 7, 8];
        assert_eq!(out.as_chunks::<8>().0, [upper, upper, lower, lower]);
        let mut part = [0; 16];
        double.run(&[&[1, 2, 3, 4, 5, 6, 7, 8]], 1..3, &mut part, &mut []);
        assert_eq!(part.as_chunks::<8>().0, [upper, lower]);
    }
}
