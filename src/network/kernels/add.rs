//! Sum of two maps of equal shape, each with its own scale.

use std::ops::Range;

use super::requantise::Requantise;
use super::{Kernel, KernelError, KernelSet, MapShape, Quantisation};

/// round(a x ra + (b x rb + offset)), each step rounded to f32 once, as fused multiply-adds do.
///
/// That is the order of ONNX Runtime's x86 kernel (`MlasQLinearAdd`, AVX2). Products of a byte and an f32 are exact in
/// f64, so a sum in f64 rounded to f32 gives the fused result on every processor.
#[derive(Debug, Clone)]
pub struct Add {
    shape: MapShape,
    sum: Sum,
    set: KernelSet,
}

/// The constants of a sum.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    pub ratio_a: f32,
    pub ratio_b: f32,
    pub offset: f32,
}

impl Add {
    /// Fails when the shapes differ.
    pub fn new(
        a: (MapShape, Quantisation),
        b: (MapShape, Quantisation),
        sum: Quantisation,
        set: KernelSet,
    ) -> Result<Self, KernelError> {
        if a.0 != b.0 {
            return Err(KernelError::Mismatch(a.0, b.0));
        }
        let (ratio_a, ratio_b) = (a.1.scale / sum.scale, b.1.scale / sum.scale);
        let zero_b = ratio_b * f32::from(b.1.zero);
        let zeros = (f64::from(ratio_a) * f64::from(a.1.zero) + f64::from(zero_b)) as f32;
        let offset = f32::from(sum.zero) - zeros;
        let sum = Sum { ratio_a, ratio_b, offset };
        let set = if sum.is_exact_in_f64() { set } else { KernelSet::Portable };
        Ok(Self { shape: a.0, sum, set })
    }
}

impl Sum {
    /// Whether a step's product and its other term always fit into one f64, so that a fused multiply-add gives the
    /// same f32: their bits lie no further apart than an f64 is long.
    fn is_exact_in_f64(self) -> bool {
        let exponent = |v: f32| (v.to_bits() >> 23 & 0xff) as i32;
        let terms = [self.ratio_a, self.ratio_b, self.offset].into_iter().filter(|v| *v != 0.0);
        let (low, high) = terms.map(exponent).fold((i32::MAX, i32::MIN), |(l, h), e| (l.min(e), h.max(e)));
        // A byte makes a term at most 2^7 larger, two sums twice; the lowest bit stands 23 below the exponent.
        low > 0 && high + 7 + 2 - (low - 23) < f64::MANTISSA_DIGITS as i32
    }

    /// Any number of bytes, by plain Rust.
    fn bytes(self, a: &[i8], b: &[i8], output: &mut [i8]) {
        let [ratio_a, ratio_b, offset] = [self.ratio_a, self.ratio_b, self.offset].map(f64::from);
        // The zero point is part of the offset: it is rounded with the rest.
        let requantise = Requantise::new(0);
        for ((y, &a), &b) in output.iter_mut().zip(a).zip(b) {
            let second = (f64::from(b) * ratio_b + offset) as f32;
            *y = requantise.byte((f64::from(a) * ratio_a + f64::from(second)) as f32);
        }
    }
}

impl Kernel for Add {
    fn output(&self) -> MapShape {
        self.shape
    }

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], _scratch: &mut [i8]) {
        let span = self.shape.span(&rows);
        assert_eq!((inputs.len(), output.len()), (2, span.len()));
        let (a, b) = (&inputs[0][span.clone()], &inputs[1][span]);
        let done = match self.set {
            #[cfg(target_arch = "aarch64")]
            KernelSet::Neon | KernelSet::NeonDotprod => super::neon::add(&self.sum, a, b, output),
            #[cfg(target_arch = "arm")]
            KernelSet::NeonArmv7 => super::armv7::add(&self.sum, a, b, output),
            _ => 0,
        };
        self.sum.bytes(&a[done..], &b[done..], &mut output[done..]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::whole;
    use super::*;

    fn sum(a: (f32, i8), b: (f32, i8), y: (f32, i8), bytes: (i8, i8)) -> i8 {
        let shape = MapShape::new(1, 1, 1).unwrap();
        let q = |(scale, zero)| Quantisation::new(scale, zero).unwrap();
        let add = Add::new((shape, q(a)), (shape, q(b)), q(y), KernelSet::Portable).unwrap();
        whole(&add, &[&[bytes.0], &[bytes.1]])[0]
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
        assert_eq!(
            Add::new((a, q), (b, q), q, KernelSet::Portable).unwrap_err(),
            KernelError::Mismatch(a, b)
        );
    }
}
