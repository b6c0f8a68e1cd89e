//! The inner loop of a matrix on Armv8.0: SMULL, SMLAL2 and SADALP, sixteen products in three instructions.
//!
//! The order of the weights, and why it is so, is in `turns`.

#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::super::ConvTensors;
use super::super::blocks::{Form, Matrix, Pass, over_pixels};
use super::super::product::Product;
use super::super::turns::{FULL_TURNS, HALF_TURNS, STEP, pack};
use super::{TILE, requantise};

const FORM: Form = Form { narrow: true, pack, offsets: None, pass };

/// A matrix whose rows have a `depth` of eights; `sums_of_pairs_fit` holds for its weights.
pub fn matrix(depth: usize, tensors: &ConvTensors<'_>) -> Box<dyn Product> {
    assert!(depth.is_multiple_of(STEP / 2));
    // SAFETY: NEON is part of every AArch64 processor.
    Box::new(unsafe { Matrix::new(depth, tensors, FORM) })
}

/// The products of a register of weights with four pixels, added to the sums of group `$g`: no instruction waits for
/// the one before it, as an in-order processor would.
macro_rules! group {
    ($w:literal, $g:literal) => {
        concat!(
            "smull {t0:v}.8h, {",
            $w,
            ":v}.8b, {x0:v}.8b\n",
            "smull {t1:v}.8h, {",
            $w,
            ":v}.8b, {x1:v}.8b\n",
            "smull {t2:v}.8h, {",
            $w,
            ":v}.8b, {x2:v}.8b\n",
            "smull {t3:v}.8h, {",
            $w,
            ":v}.8b, {x3:v}.8b\n",
            "smlal2 {t0:v}.8h, {",
            $w,
            ":v}.16b, {x0:v}.16b\n",
            "smlal2 {t1:v}.8h, {",
            $w,
            ":v}.16b, {x1:v}.16b\n",
            "smlal2 {t2:v}.8h, {",
            $w,
            ":v}.16b, {x2:v}.16b\n",
            "smlal2 {t3:v}.8h, {",
            $w,
            ":v}.16b, {x3:v}.16b\n",
            "sadalp {s",
            $g,
            "0:v}.4s, {t0:v}.8h\n",
            "sadalp {s",
            $g,
            "1:v}.4s, {t1:v}.8h\n",
            "sadalp {s",
            $g,
            "2:v}.4s, {t2:v}.8h\n",
            "sadalp {s",
            $g,
            "3:v}.4s, {t3:v}.8h\n",
        )
    };
}

/// All four groups, then the pixels turned by a pair; the weights of the next turn are fetched in between.
macro_rules! turn {
    (last) => {
        concat!(group!("w0", "0"), group!("w1", "1"), group!("w2", "2"), group!("w3", "3"))
    };
    (next) => {
        concat!(
            group!("w0", "0"),
            group!("w1", "1"),
            "ldp {w0:q}, {w1:q}, [{w}], #32\n",
            group!("w2", "2"),
            group!("w3", "3"),
            "ldp {w2:q}, {w3:q}, [{w}], #32\n",
            "ext {x0:v}.16b, {x0:v}.16b, {x0:v}.16b, #2\n",
            "ext {x1:v}.16b, {x1:v}.16b, {x1:v}.16b, #2\n",
            "ext {x2:v}.16b, {x2:v}.16b, {x2:v}.16b, #2\n",
            "ext {x3:v}.16b, {x3:v}.16b, {x3:v}.16b, #2\n",
        )
    };
}

/// `$steps` times the lines that fetch four pixels, and `$turns`.
macro_rules! four_by_sixteen {
    ([$($fetch:literal)+], [$($turn:ident)+], $sums:expr, $w:expr, $p:expr, $steps:expr) => {{
        let [a, b, c, d]: &mut [[int32x4_t; 4]; 4] = $sums;
        let mut p: [*const i8; 4] = $p;
        asm!(
            "2:",
            "ldp {w0:q}, {w1:q}, [{w}], #32",
            $($fetch,)+
            "ldp {w2:q}, {w3:q}, [{w}], #32",
            $(turn!($turn),)+
            "subs {n}, {n}, #1",
            "b.ne 2b",
            w = inout(reg) $w => _, n = inout(reg) $steps => _,
            p0 = inout(reg) p[0], p1 = inout(reg) p[1], p2 = inout(reg) p[2], p3 = inout(reg) p[3],
            w0 = out(vreg) _, w1 = out(vreg) _, w2 = out(vreg) _, w3 = out(vreg) _,
            x0 = out(vreg) _, x1 = out(vreg) _, x2 = out(vreg) _, x3 = out(vreg) _,
            t0 = out(vreg) _, t1 = out(vreg) _, t2 = out(vreg) _, t3 = out(vreg) _,
            s00 = inout(vreg) a[0], s10 = inout(vreg) a[1], s20 = inout(vreg) a[2], s30 = inout(vreg) a[3],
            s01 = inout(vreg) b[0], s11 = inout(vreg) b[1], s21 = inout(vreg) b[2], s31 = inout(vreg) b[3],
            s02 = inout(vreg) c[0], s12 = inout(vreg) c[1], s22 = inout(vreg) c[2], s32 = inout(vreg) c[3],
            s03 = inout(vreg) d[0], s13 = inout(vreg) d[1], s23 = inout(vreg) d[2], s33 = inout(vreg) d[3],
            options(readonly, nostack),
        );
        p
    }};
}

/// All pixels of a pass.
///
/// # Safety
/// `pass.pixels` pixels can be read at `pass.x`, and `pass.block.valid` bytes of
/// each pixel's outputs written at `pass.y`.
unsafe fn pass(pass: &Pass<'_>) {
    // SAFETY: as the caller promises; a block has one to four groups, of which three occur as four.
    unsafe {
        match (pass.block.bias.len() / 4, pass.block.valid) {
            (4, 16) => groups::<4, true>(pass),
            (4, _) => groups::<4, false>(pass),
            (2, 8) => groups::<2, true>(pass),
            (2, _) => groups::<2, false>(pass),
            (_, 4) => groups::<1, true>(pass),
            _ => groups::<1, false>(pass),
        }
    }
}

/// All pixels, by four while there are as many.
///
/// # Safety
/// As for [`pass`]; the block has `G` groups, all of their channels where they are `FULL`.
#[inline(always)]
unsafe fn groups<const G: usize, const FULL: bool>(pass: &Pass<'_>) {
    assert!(pass.block.bias.len() == 4 * G && pass.block.weights.len() == 4 * G * pass.depth);
    // SAFETY: as the caller promises, for the pixels that are left each time.
    unsafe { over_pixels!(pass, TILE, tile::<TILE, G, FULL>, tile::<1, G, FULL>) }
}

/// The `M` pixels at `x` by the channels of a block, to `y`.
///
/// # Safety
/// As for [`groups`]; there are `M` pixels.
#[inline(always)]
unsafe fn tile<const M: usize, const G: usize, const FULL: bool>(pass: &Pass<'_>, x: *const i8, y: *mut i8) {
    let block = pass.block;
    // SAFETY: the weights have 64 x G bytes for each full step and 32 x G for a half one, of which there are as many
    // as fit into `depth`; bias and scales have four values a group; pixels and outputs as the caller promises.
    unsafe {
        let bias: [int32x4_t; G] = std::array::from_fn(|g| vld1q_s32(block.bias.as_ptr().add(4 * g)));
        let mut sums = [bias; M];
        if (M, G) == (4, 4) && pass.depth >= STEP {
            // The cast leaves the type as it is, which the compiler cannot see.
            products_of_full_tile((&raw mut sums).cast(), pass, x);
        } else {
            products(&mut sums, pass, x);
        }
        let scales: [float32x4_t; G] = std::array::from_fn(|g| vld1q_f32(block.scales.as_ptr().add(4 * g)));
        let zero = vdupq_n_s16(pass.zero);
        for m in 0..M {
            let bytes = requantise::bytes(sums[m], scales, zero);
            requantise::store::<G, FULL>(bytes, y.add(m * pass.outputs), block.valid);
        }
    }
}

/// Adds the products of four pixels with sixteen channels: in assembly, since the compiler's order of instructions
/// needs more registers than there are.
///
/// # Safety
/// As for [`tile`]; `sums` points to four by four sums; `depth` is at least a step.
#[inline(always)]
unsafe fn products_of_full_tile(sums: *mut [[int32x4_t; 4]; 4], pass: &Pass<'_>, x: *const i8) {
    // SAFETY: each step reads sixteen bytes of each pixel, the last one eight, and 256 or 128 of weights, of which
    // there are as many.
    unsafe {
        let sums = &mut *sums;
        let pixels: [*const i8; 4] = std::array::from_fn(|m| x.add(m * pass.depth));
        let (w, full) = (pass.block.weights.as_ptr(), pass.depth / STEP);
        let pixels = four_by_sixteen!(
            [
                "ldr {x0:q}, [{p0}], #16"
                "ldr {x1:q}, [{p1}], #16"
                "ldr {x2:q}, [{p2}], #16"
                "ldr {x3:q}, [{p3}], #16"
            ],
            [next next next last], sums, w, pixels, full
        );
        if !pass.depth.is_multiple_of(STEP) {
            four_by_sixteen!(
                [
                    "ldr {x0:d}, [{p0}], #8"
                    "ldr {x1:d}, [{p1}], #8"
                    "ldr {x2:d}, [{p2}], #8"
                    "ldr {x3:d}, [{p3}], #8"
                    "ext {t0:v}.8b, {x0:v}.8b, {x0:v}.8b, #4"
                    "ext {t1:v}.8b, {x1:v}.8b, {x1:v}.8b, #4"
                    "ext {t2:v}.8b, {x2:v}.8b, {x2:v}.8b, #4"
                    "ext {t3:v}.8b, {x3:v}.8b, {x3:v}.8b, #4"
                    "mov {x0:v}.d[1], {t0:v}.d[0]"
                    "mov {x1:v}.d[1], {t1:v}.d[0]"
                    "mov {x2:v}.d[1], {t2:v}.d[0]"
                    "mov {x3:v}.d[1], {t3:v}.d[0]"
                ],
                [next last], sums, w.add(full * 16 * STEP), pixels, 1usize
            );
        }
    }
}

/// Adds the products of all bytes of `M` pixels.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn products<const M: usize, const G: usize>(
    sums: &mut [[int32x4_t; G]; M],
    pass: &Pass<'_>,
    mut x: *const i8,
) {
    // SAFETY: the weights have 64 x G bytes for each full step and 32 x G for a half one, of which there are as many
    // as fit into `depth`.
    unsafe {
        let mut w = pass.block.weights.as_ptr();
        for _ in 0..pass.depth / STEP {
            let pixels: [int8x16_t; M] = std::array::from_fn(|m| vld1q_s8(x.add(m * pass.depth)));
            step::<M, G, FULL_TURNS>(sums, w, pixels);
            (w, x) = (w.add(FULL_TURNS * G * 16), x.add(STEP));
        }
        if !pass.depth.is_multiple_of(STEP) {
            let pixels: [int8x16_t; M] = std::array::from_fn(|m| {
                let low = vld1_s8(x.add(m * pass.depth));
                vcombine_s8(low, vext_s8::<4>(low, low))
            });
            step::<M, G, HALF_TURNS>(sums, w, pixels);
        }
    }
}

/// Adds the products of up to sixteen bytes of each pixel.
///
/// # Safety
/// 16 x `G` x `TURNS` bytes can be read at `w`.
#[inline(always)]
unsafe fn step<const M: usize, const G: usize, const TURNS: usize>(
    sums: &mut [[int32x4_t; G]; M],
    w: *const i8,
    pixels: [int8x16_t; M],
) {
    // Written out, since a loop of turns is left as a loop.
    // SAFETY: within the bytes that the caller promises; the rest touches no memory.
    unsafe {
        turn(sums, w, pixels);
        let pixels = pixels.map(|p| vextq_s8::<2>(p, p));
        turn(sums, w.add(G * 16), pixels);
        if TURNS == FULL_TURNS {
            let pixels = pixels.map(|p| vextq_s8::<2>(p, p));
            turn(sums, w.add(2 * G * 16), pixels);
            let pixels = pixels.map(|p| vextq_s8::<2>(p, p));
            turn(sums, w.add(3 * G * 16), pixels);
        }
    }
}

/// Adds the products of one turn.
///
/// # Safety
/// 16 x `G` bytes can be read at `w`.
#[inline(always)]
unsafe fn turn<const M: usize, const G: usize>(
    sums: &mut [[int32x4_t; G]; M],
    w: *const i8,
    pixels: [int8x16_t; M],
) {
    for g in 0..G {
        // SAFETY: within the bytes that the caller promises; the rest touches no memory.
        unsafe {
            let weights = vld1q_s8(w.add(g * 16));
            for m in 0..M {
                let low = vmull_s8(vget_low_s8(weights), vget_low_s8(pixels[m]));
                let pairs = vmlal_high_s8(low, weights, pixels[m]);
                sums[m][g] = vpadalq_s16(sums[m][g], pairs);
            }
        }
    }
}
