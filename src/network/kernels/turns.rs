//! The order of weights for kernels that multiply bytes in pairs: Armv8.0 and ARMv7.
//!
//! A register of sixteen pixel bytes holds eight pairs. A register of weights has two pairs for each of four
//! channels: those that meet the pixel's pairs in the lower and in the upper half. After the four groups of channels
//! the pixel's register is turned by a pair; after four turns every channel has met every pair. So neither copies of
//! single pairs nor a sum across a register are needed.

use super::blocks::Weights;

/// Bytes of a pixel that one step of a product takes; the last step may have half as many.
pub const STEP: usize = 16;

/// Whether products with `weights` can be summed in pairs: (-128) x (-128) + (-128) x (-128) alone does not fit into 16
/// bits.
pub fn sums_of_pairs_fit(weights: &[i8]) -> bool {
    !weights.contains(&i8::MIN)
}

/// Pairs of a full step, and of the half step that a depth of 8, 24, 40 ends with: the upper half has its own turn.
const FULL: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
const HALF: [usize; 8] = [0, 1, 2, 3, 2, 3, 0, 1];
/// Turns of a step of sixteen bytes.
pub const FULL_TURNS: usize = 4;
/// Turns of a step of eight bytes.
pub const HALF_TURNS: usize = 2;

/// Weights in the order in which the steps meet them; `rows` has `depth` weights a channel, `None`: all are zero.
pub fn pack(rows: &[Weights<'_>], depth: usize) -> Vec<i8> {
    let (nothing, groups) = (vec![0; depth], rows.len() / 4);
    let mut packed = vec![0; rows.len() * depth];
    let (full, half) = packed.split_at_mut(rows.len() * (depth / STEP * STEP));
    for (g, group) in rows.as_chunks::<4>().0.iter().enumerate() {
        let rows = group.map(|row| row.unwrap_or(&nothing));
        for (step, out) in full.chunks_exact_mut(4 * STEP * groups).enumerate() {
            let rows = rows.map(|row| pairs_of::<8>(row, step * STEP));
            pack_step(rows, FULL, FULL_TURNS, g, groups, out);
        }
        if !half.is_empty() {
            let rows = rows.map(|row| pairs_of::<4>(row, depth / STEP * STEP));
            pack_step(rows, HALF, HALF_TURNS, g, groups, half);
        }
    }
    packed
}

/// `N` pairs of a row's weights from `start` on.
fn pairs_of<const N: usize>(row: &[i8], start: usize) -> [[i8; 2]; N] {
    let pairs = row[start..].as_chunks::<2>().0;
    std::array::from_fn(|pair| pairs[pair])
}

/// One step's weights of group `g`, whose pairs meet the pixel's in the order of `pairs`.
#[inline(always)]
fn pack_step<const N: usize>(
    rows: [[[i8; 2]; N]; 4],
    pairs: [usize; 8],
    turns: usize,
    g: usize,
    groups: usize,
    out: &mut [i8],
) {
    let registers = out.as_chunks_mut::<16>().0;
    for turn in 0..turns {
        let register = registers[turn * groups + g].as_chunks_mut::<2>().0;
        for (place, slot) in register.iter_mut().enumerate() {
            *slot = rows[place % 4][pairs[(place + turn) % 8]];
        }
    }
}
