//! The exponential of many numbers, with the bits of libm's `expf`.
//!
//! Source: FreeBSD's `e_expf.c` by Sun Microsystems, as in the crate libm; here without branches, so that the compiler
//! computes several at once.

/// Below this distance from 0 results are neither too large nor too small to be put together by their exponent.
const PLAIN_BELOW: f32 = 87.0;
/// Up to here the exponential is 1 + x.
const SMALL: f32 = f32::from_bits(0x3900_0000);
/// Half of ln 2 and one and a half, as the source has them.
const HALF_LN_2: f32 = f32::from_bits(0x3eb1_7218);
const THREE_HALVES_LN_2: f32 = f32::from_bits(0x3f85_1592);
/// ln 2 in two parts, the first with so few digits that its multiples are exact.
const LN_2: [f32; 2] = [f32::from_bits(0x3f31_7200), f32::from_bits(0x35bf_be8e)];
const ONE_BY_LN_2: f32 = f32::from_bits(0x3fb8_aa3b);
/// Of the polynomial in the square of what is left of x.
const P: [f32; 2] = [f32::from_bits(0x3e2a_aa8f), f32::from_bits(0xbb35_5215)];

/// Makes each value its exponential.
pub fn of_all(values: &mut [f32]) {
    // Positive floats are in the order of their bits; NaN is above all of them.
    let most = values.iter().fold(0, |most, v| most.max(v.abs().to_bits()));
    if most < PLAIN_BELOW.to_bits() {
        values.iter_mut().for_each(|v| *v = plain(*v));
    } else {
        values.iter_mut().for_each(|v| *v = libm::expf(*v));
    }
}

/// The exponential of `x`, |x| < [`PLAIN_BELOW`].
#[inline(always)]
fn plain(x: f32) -> f32 {
    let (distance, sign) = (x.abs(), 1f32.copysign(x));
    // By how many powers of 2 the result is off 1.
    let steps =
        if distance > THREE_HALVES_LN_2 { (ONE_BY_LN_2 * x + 0.5 * sign) as i32 } else { sign as i32 };
    let steps = if distance > HALF_LN_2 { steps } else { 0 };
    let by = steps as f32;
    let (high, low) = (x - by * LN_2[0], by * LN_2[1]);
    let rest = high - low;
    let square = rest * rest;
    let c = rest - square * (P[0] + square * P[1]);
    let y = 1.0 + (rest * c / (2.0 - c) - low + high);
    let power = f32::from_bits(((127 + steps) as u32) << 23);
    if distance > SMALL { y * power } else { 1.0 + x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits between two tested numbers: a prime, so that all endings occur.
    const STEP: usize = 2_003;

    #[test]
    fn the_bits_are_those_of_libm() {
        let magnitudes = (0..=PLAIN_BELOW.to_bits()).step_by(STEP);
        let edges = [SMALL, HALF_LN_2, THREE_HALVES_LN_2].map(f32::to_bits);
        let near = edges.into_iter().flat_map(|edge| edge - 2..=edge + 2);
        for x in magnitudes.chain(near).map(f32::from_bits).flat_map(|x| [x, -x]) {
            let mut of = [x];
            of_all(&mut of);
            assert_eq!(of[0].to_bits(), libm::expf(x).to_bits(), "{x}");
        }
    }

    #[test]
    fn what_is_too_large_or_small_is_left_to_libm() {
        let mut values = [0.0, 1e9, -1e9, f32::INFINITY];
        of_all(&mut values);
        assert_eq!(values, [1.0, f32::INFINITY, 0.0, f32::INFINITY]);
    }
}
