//! Sum of two maps of equal shape, each with its own scale.

use super::requantise::Requantise;
use super::{Kernel, KernelError, MapShape, Quantisation};

/// round(a x ra + (b x rb + offset)), each step rounded to f32 once, as fused multiply-adds do.
///
/// That is the order of ONNX Runtime's x86 kernel (`MlasQLinearAdd`, AVX2). Products of a byte and an f32 are exact in
/// f64, so a sum in f64 rounded to f32 gives the fused result on every processor.
#[derive(Debug, Clone)]
pub struct Add {
    shape: MapShape,
    ratio_a: f64,
    ratio_b: f64,
    offset: f64,
}

impl Add {
    /// Fails when the shapes differ.
    pub fn new(
        a: (MapShape, Quantisation),
        b: (MapShape, Quantisation),
        sum: Quantisation,
    ) -> Result<Self, KernelError> {
        if a.0 != b.0 {
            return Err(KernelError::Mismatch(a.0, b.0));
        }
        let (ratio_a, ratio_b) = (a.1.scale / sum.scale, b.1.scale / sum.scale);
        let zero_b = ratio_b * f32::from(b.1.zero);
        let zeros = (f64::from(ratio_a) * f64::from(a.1.zero) + f64::from(zero_b)) as f32;
        let offset = f32::from(sum.zero) - zeros;
        Ok(Self { shape: a.0, ratio_a: ratio_a.into(), ratio_b: ratio_b.into(), offset: offset.into() })
    }
}

impl Kernel for Add {
    fn output(&self) -> MapShape {
        self.shape
    }

    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let bytes = self.shape.bytes();
        assert_eq!((inputs.len(), output.len()), (2, bytes));
        assert!(inputs.iter().all(|i| i.len() == bytes));
        // The zero point is part of the offset: it is rounded with the rest.
        let requantise = Requantise::new(0);
        for ((y, &a), &b) in output.iter_mut().zip(inputs[0]).zip(inputs[1]) {
            let second = (f64::from(b) * self.ratio_b + self.offset) as f32;
            let sum = (f64::from(a) * self.ratio_a + f64::from(second)) as f32;
            *y = requantise.byte(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: (f32, i8), b: (f32, i8), y: (f32, i8), bytes: (i8, i8)) -> i8 {
        let shape = MapShape::new(1, 1, 1).unwrap();
        let q = |(scale, zero)| Quantisation::new(scale, zero).unwrap();
        let add = Add::new((shape, q(a)), (shape, q(b)), q(y)).unwrap();
        let mut out = [0];
        add.run(&[&[bytes.0], &[bytes.1]], &mut out);
        out[0]
    }

    #[test]
    fn every_pair_of_bytes_sums_to_the_nearest_step() {
        let (a, b, y) = ((0.5f32, 3i8), (0.25f32, -9i8), (0.375f32, 20i8));
        for (x, z) in (-128..=127).flat_map(|x| (-128..=127).map(move |z| (x, z))) {
            let real = (f64::from(x) - 3.0) * 0.5 + (f64::from(z) + 9.0) * 0.25;
            let steps = real / 0.375 + 20.0;
            let got = f64::from(sum(a, b, y, (x, z)));
            assert!((got - steps.clamp(-128.0, 127.0)).abs() <= 0.5 + 1e-4, "{x} {z}: {got} for {steps}");
        }
    }

    #[test]
    fn halves_of_a_step_go_to_even() {
        let q = (1.0, 0);
        assert_eq!(sum((0.5, 0), q, q, (1, 0)), 0);
        assert_eq!(sum((0.5, 0), q, q, (3, 0)), 2);
        assert_eq!(sum((0.5, 0), q, q, (-1, 0)), 0);
    }

    #[test]
    fn maps_of_different_shape_are_refused() {
        let (a, b) = (MapShape::new(2, 2, 8).unwrap(), MapShape::new(2, 2, 16).unwrap());
        let q = Quantisation::new(1.0, 0).unwrap();
        assert_eq!(Add::new((a, q), (b, q), q).unwrap_err(), KernelError::Mismatch(a, b));
    }
}
