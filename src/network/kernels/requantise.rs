//! From 32-bit sums back to bytes.

/// 1.5 x 2^23: added to a float below 2^22, it leaves the integer, rounded half to even, in the low mantissa bits.
/// Plain additions vectorise everywhere; a rounding instruction exists on x86 only from SSE4.1.
const ROUNDER: f32 = 12_582_912.0;

/// Output side of a kernel: a scale for each channel, one zero point, saturation to -128..=127.
///
/// byte = clamp(round(sum x scale) + zero) with scale = input scale x weight scale / output scale, in f32 and with
/// ties to even; that is ONNX Runtime's order of operations (its `MlasRequantizeOutput`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requantise {
    lowest: f32,
    highest: f32,
    zero: i32,
}

impl Requantise {
    pub fn new(zero: i8) -> Self {
        let z = f32::from(zero);
        Self { lowest: -128.0 - z, highest: 127.0 - z, zero: zero.into() }
    }

    /// `sums` of `LANES` channels with their `scales` to bytes.
    #[inline(always)]
    pub fn bytes<const LANES: usize>(&self, sums: &[i32; LANES], scales: &[f32; LANES]) -> [i8; LANES] {
        let mut bytes = [0i8; LANES];
        for lane in 0..LANES {
            let value = sums[lane] as f32 * scales[lane];
            bytes[lane] = self.byte(value);
        }
        bytes
    }

    /// `steps` above the zero point, rounded and saturated.
    #[inline(always)]
    pub fn byte(&self, steps: f32) -> i8 {
        let steps = if steps < self.lowest { self.lowest } else { steps };
        let steps = if steps > self.highest { self.highest } else { steps };
        let rounded = (steps + ROUNDER).to_bits() as i32 - ROUNDER.to_bits() as i32;
        (rounded + self.zero) as i8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_even_neighbour() {
        let r = Requantise::new(0);
        let got = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, -0.51].map(|v| r.byte(v));
        assert_eq!(got, [-2, -2, 0, 0, 2, 2, 0, -1]);
    }

    #[test]
    fn what_does_not_fit_saturates() {
        for zero in [-128i8, -3, 0, 127] {
            let r = Requantise::new(zero);
            assert_eq!((r.byte(1e30), r.byte(-1e30)), (127, -128));
            assert_eq!((r.byte(f32::INFINITY), r.byte(f32::NEG_INFINITY)), (127, -128));
            assert_eq!(r.byte(0.0), zero);
        }
    }

    #[test]
    fn every_quarter_step_rounds_as_the_standard_library_does() {
        let r = Requantise::new(5);
        for quarter in -600..600 {
            let steps = quarter as f32 / 4.0;
            let expected = (steps.round_ties_even() as i32 + 5).clamp(-128, 127);
            assert_eq!(i32::from(r.byte(steps)), expected, "{steps}");
        }
    }
}
