//! Sums to bytes, in assembly: what `Requantise` does, in the same order.
//!
//! NEON has no conversion that rounds to nearest here. 1.5 x 2^23 added to a float below 2^22 leaves the rounded
//! integer in its low bits, and taken as an integer a larger float lies above all of these, one below -2^22 beneath
//! them: a saturating subtraction of the constant's bits less the zero point, then saturation to 16 and to 8 bits give
//! the bytes of a clamp first.

/// 1.5 x 2^23.
const ROUNDER: f32 = 12_582_912.0;

/// What the lines of [`to_steps`] add and subtract, four times each: sixteen words behind one another.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Rounding {
    rounder: [f32; 4],
    bits: [i32; 4],
}

impl Rounding {
    pub fn new(zero: i16) -> Self {
        Self { rounder: [ROUNDER; 4], bits: [ROUNDER.to_bits() as i32 - i32::from(zero); 4] }
    }
}

/// Registers of sums, with those of their scales, to saturated 32-bit steps; `$rounder` and `$bits` hold a
/// [`Rounding`]. Each instruction goes over all registers before the next, so that none waits for another.
macro_rules! to_steps {
    ($rounder:literal, $bits:literal, $(($sums:literal, $scales:literal)),+) => {
        concat!(
            $("vcvt.f32.s32 ", $sums, ", ", $sums, "\n",)+
            $("vmul.f32 ", $sums, ", ", $sums, ", ", $scales, "\n",)+
            $("vadd.f32 ", $sums, ", ", $sums, ", ", $rounder, "\n",)+
            $("vqsub.s32 ", $sums, ", ", $sums, ", ", $bits, "\n",)+
        )
    };
}
pub(super) use to_steps;

#[cfg(test)]
mod tests {
    use super::super::super::requantise::Requantise;
    use super::*;

    /// The assembly's arithmetic, one value at a time.
    fn byte(rounding: Rounding, steps: f32) -> i8 {
        let bits = (steps + rounding.rounder[0]).to_bits() as i32;
        let steps = bits.saturating_sub(rounding.bits[0]);
        steps.clamp(-32768, 32767).clamp(-128, 127) as i8
    }

    #[test]
    fn a_saturating_subtraction_gives_the_bytes_of_a_clamp_first() {
        for zero in [-128i8, -1, 0, 5, 127] {
            let (rounding, requantise) = (Rounding::new(zero.into()), Requantise::new(zero));
            // Every float's upper sixteen bits, infinities with them; what is not a number cannot occur.
            for high in 0..=u32::from(u16::MAX) {
                let steps = f32::from_bits(high << 16);
                if !steps.is_nan() {
                    assert_eq!(byte(rounding, steps), requantise.byte(steps), "{steps} {zero}");
                }
            }
        }
    }
}
