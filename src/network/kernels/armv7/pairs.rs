//! The inner loop of a matrix on ARMv7: VMULL, VMLAL and VPADAL, sixteen products in three instructions.
//!
//! The order of the weights, and why it is so, is in `turns`. Two pixels by sixteen channels are computed at a time:
//! eight registers of sums, two of pixels, two of weights, four of products.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;

use super::super::ConvTensors;
use super::super::blocks::{Form, Matrix, PASS_PIXELS, Pass, WIDE};
use super::super::product::Product;
use super::super::turns::{STEP, pack};
use super::requantise::{Rounding, to_steps};

const FORM: Form = Form { narrow: true, pack, offsets: None, pass };
/// Pixels of one tile.
const TILE: usize = 2;

/// A matrix whose rows have a `depth` of eights; `sums_of_pairs_fit` holds for its weights, and NEON has to be there
/// (asserted).
pub fn matrix(depth: usize, tensors: &ConvTensors<'_>) -> Box<dyn Product> {
    assert!(super::is_present() && depth.is_multiple_of(STEP / 2));
    // SAFETY: the instructions are there.
    Box::new(unsafe { Matrix::new(depth, tensors, FORM) })
}

/// Tiles of one block of channels, one after another: what the assembly is told.
#[repr(C)]
struct Tiles {
    /// First byte of the first pixel, and bytes from a pixel to the next.
    x: *const i8,
    depth: usize,
    /// First output byte of the first pixel, and bytes from a pixel's outputs to the next's.
    y: *mut i8,
    outputs: usize,
    /// At least one.
    tiles: usize,
    /// Full steps, and whether a half one follows; at least one of the two.
    steps: usize,
    half: usize,
    weights: *const i8,
    bias: *const i32,
    scales: *const f32,
    rounding: Rounding,
}

/// All pixels of a pass.
///
/// # Safety
/// The processor has NEON; `pass.pixels` pixels can be read at `pass.x`, and `pass.block.valid` bytes of each pixel's
/// outputs written at `pass.y`.
unsafe fn pass(pass: &Pass<'_>) {
    let wide = pass.block.bias.len();
    assert!(pass.block.scales.len() == wide && pass.block.weights.len() == wide * pass.depth);
    assert!(pass.pixels <= PASS_PIXELS && wide <= WIDE);
    // SAFETY: as the caller promises; the buffer has `wide` bytes for each pixel, and `valid` is at most `wide`.
    unsafe {
        if pass.block.valid == wide {
            return pixels(pass, pass.y, pass.outputs);
        }
        let mut buffer = [0i8; PASS_PIXELS * WIDE];
        pixels(pass, buffer.as_mut_ptr(), wide);
        for (pixel, bytes) in buffer.chunks_exact(wide).take(pass.pixels).enumerate() {
            let y = pass.y.add(pixel * pass.outputs);
            y.copy_from_nonoverlapping(bytes.as_ptr(), pass.block.valid);
        }
    }
}

/// All channels of a block, those that do not exist with them, in all pixels of a pass to `y`, where they stand
/// `outputs` apart. An odd last pixel is taken for both of its tile.
///
/// # Safety
/// As for [`pass`], but that a byte for each channel of the block is written for each pixel.
unsafe fn pixels(pass: &Pass<'_>, y: *mut i8, outputs: usize) {
    let block = pass.block;
    let tiles = Tiles {
        x: pass.x,
        depth: pass.depth,
        y,
        outputs,
        tiles: pass.pixels / TILE,
        steps: pass.depth / STEP,
        half: usize::from(!pass.depth.is_multiple_of(STEP)),
        weights: block.weights.as_ptr(),
        bias: block.bias.as_ptr(),
        scales: block.scales.as_ptr(),
        rounding: Rounding::new(pass.zero),
    };
    let function = match block.bias.len() / 4 {
        4 => four_groups,
        2 => two_groups,
        _ => one_group,
    };
    // SAFETY: as the caller promises; a tile whose pixels are no bytes apart reads and writes one.
    unsafe {
        if tiles.tiles > 0 {
            function(&tiles);
        }
        if !pass.pixels.is_multiple_of(TILE) {
            let last = pass.pixels - 1;
            let (x, y) = (pass.x.add(last * pass.depth), y.add(last * outputs));
            function(&Tiles { x, depth: 0, y, outputs: 0, tiles: 1, ..tiles });
        }
    }
}

/// Two registers of weights with both pixels, added to the sums; the lines of `$between` come when the weights and the
/// pixels are no longer needed, so that nothing waits for what they fetch.
macro_rules! two_of_weights {
    ([$($between:literal)*], $s0:literal, $s1:literal, $s2:literal, $s3:literal) => {
        concat!(
            "vmull.s8 q4, d4, d0\n",
            "vmull.s8 q5, d4, d2\n",
            "vmull.s8 q6, d6, d0\n",
            "vmull.s8 q7, d6, d2\n",
            "vmlal.s8 q4, d5, d1\n",
            "vmlal.s8 q5, d5, d3\n",
            "vmlal.s8 q6, d7, d1\n",
            "vmlal.s8 q7, d7, d3\n",
            $($between, "\n",)*
            "vpadal.s16 ", $s0, ", q4\n",
            "vpadal.s16 ", $s1, ", q5\n",
            "vpadal.s16 ", $s2, ", q6\n",
            "vpadal.s16 ", $s3, ", q7\n",
        )
    };
}

/// One register of weights with both pixels, added to the sums.
macro_rules! one_of_weights {
    ([$($between:literal)*], $s0:literal, $s1:literal) => {
        concat!(
            "vmull.s8 q4, d4, d0\n",
            "vmull.s8 q5, d4, d2\n",
            "vmlal.s8 q4, d5, d1\n",
            "vmlal.s8 q5, d5, d3\n",
            $($between, "\n",)*
            "vpadal.s16 ", $s0, ", q4\n",
            "vpadal.s16 ", $s1, ", q5\n",
        )
    };
}

/// All groups of channels; then the pixels are turned by a pair and the next weights fetched, or not.
#[rustfmt::skip]
macro_rules! turn {
    (four next) => {
        concat!(
            two_of_weights!(["vld1.8 {{d4-d7}}, [r3]!"], "q8", "q12", "q9", "q13"),
            two_of_weights!(
                ["vld1.8 {{d4-d7}}, [r3]!" "vext.8 q0, q0, q0, #2" "vext.8 q1, q1, q1, #2"],
                "q10", "q14", "q11", "q15"
            ),
        )
    };
    (four last) => {
        concat!(
            two_of_weights!(["vld1.8 {{d4-d7}}, [r3]!"], "q8", "q12", "q9", "q13"),
            two_of_weights!([], "q10", "q14", "q11", "q15"),
        )
    };
    (two next) => {
        two_of_weights!(
            ["vld1.8 {{d4-d7}}, [r3]!" "vext.8 q0, q0, q0, #2" "vext.8 q1, q1, q1, #2"],
            "q8", "q12", "q9", "q13"
        )
    };
    (two last) => {
        two_of_weights!([], "q8", "q12", "q9", "q13")
    };
    (one next) => {
        one_of_weights!(
            ["vld1.8 {{d4-d5}}, [r3]!" "vext.8 q0, q0, q0, #2" "vext.8 q1, q1, q1, #2"],
            "q8", "q12"
        )
    };
    (one last) => {
        one_of_weights!([], "q8", "q12")
    };
}

/// The function for tiles of so many groups: how it fetches weights and biases, and how it ends.
macro_rules! tiles {
    ($groups:ident, $weights:literal, [$($bias:literal)+], $scales:literal, $steps:expr, [$($store:literal)+]) => {
        naked_asm!(
            ".fpu neon",
            "push {{r4-r11, lr}}",
            "vpush {{d8-d15}}",
            "ldr r1, [r0, #{x}]",
            "ldr r6, [r0, #{depth}]",
            "ldr r5, [r0, #{y}]",
            "ldr r7, [r0, #{outputs}]",
            "ldr r8, [r0, #{tiles}]",
            "ldr r12, [r0, #{steps}]",
            "ldr lr, [r0, #{half}]",
            "ldr r9, [r0, #{weights}]",
            "ldr r10, [r0, #{bias}]",
            "ldr r11, [r0, #{scales}]",
            "add r0, r0, #{rounding}",
            // One tile: r1 and r2 go through its pixels, r3 through the weights.
            "2:",
            "add r2, r1, r6",
            "mov r3, r9",
            $($bias,)+
            "movs r4, r12",
            "beq 4f",
            "3:",
            $weights,
            "vld1.8 {{d0-d1}}, [r1]!",
            "vld1.8 {{d2-d3}}, [r2]!",
            turn!($groups next),
            turn!($groups next),
            turn!($groups next),
            turn!($groups last),
            "subs r4, r4, #1",
            "bne 3b",
            "4:",
            "cmp lr, #0",
            "beq 5f",
            $weights,
            "vld1.8 {{d0}}, [r1]!",
            "vld1.8 {{d2}}, [r2]!",
            "vext.8 d1, d0, d0, #4",
            "vext.8 d3, d2, d2, #4",
            turn!($groups next),
            turn!($groups last),
            "5:",
            $scales,
            "vld1.32 {{d8-d11}}, [r0]",
            $steps,
            $($store,)+
            // The next tile's first pixel is the one after this tile's second.
            "mov r1, r2",
            "subs r8, r8, #1",
            "bne 2b",
            "vpop {{d8-d15}}",
            "pop {{r4-r11, pc}}",
            x = const offset_of!(Tiles, x),
            depth = const offset_of!(Tiles, depth),
            y = const offset_of!(Tiles, y),
            outputs = const offset_of!(Tiles, outputs),
            tiles = const offset_of!(Tiles, tiles),
            steps = const offset_of!(Tiles, steps),
            half = const offset_of!(Tiles, half),
            weights = const offset_of!(Tiles, weights),
            bias = const offset_of!(Tiles, bias),
            scales = const offset_of!(Tiles, scales),
            rounding = const offset_of!(Tiles, rounding),
        )
    };
}

/// Sixteen channels.
///
/// # Safety
/// The processor has NEON; what `tiles` points to is there: 2 x `tiles` pixels and outputs, the weights of all steps,
/// a bias and a scale a channel.
#[unsafe(naked)]
unsafe extern "C" fn four_groups(tiles: &Tiles) {
    tiles!(
        four,
        "vld1.8 {{d4-d7}}, [r3]!",
        ["vldm r10, {{d16-d23}}" "vldm r10, {{d24-d31}}"],
        "vldm r11, {{d0-d7}}",
        to_steps!("q4", "q5",
            ("q8", "q0"), ("q9", "q1"), ("q10", "q2"), ("q11", "q3"),
            ("q12", "q0"), ("q13", "q1"), ("q14", "q2"), ("q15", "q3")),
        [
            "vqmovn.s32 d16, q8"
            "vqmovn.s32 d17, q9"
            "vqmovn.s32 d18, q10"
            "vqmovn.s32 d19, q11"
            "vqmovn.s32 d24, q12"
            "vqmovn.s32 d25, q13"
            "vqmovn.s32 d26, q14"
            "vqmovn.s32 d27, q15"
            "vqmovn.s16 d16, q8"
            "vqmovn.s16 d17, q9"
            "vqmovn.s16 d24, q12"
            "vqmovn.s16 d25, q13"
            "vst1.8 {{d16-d17}}, [r5], r7"
            "vst1.8 {{d24-d25}}, [r5], r7"
        ]
    )
}

/// Eight channels.
///
/// # Safety
/// As for [`four_groups`].
#[unsafe(naked)]
unsafe extern "C" fn two_groups(tiles: &Tiles) {
    tiles!(
        two,
        "vld1.8 {{d4-d7}}, [r3]!",
        ["vldm r10, {{d16-d19}}" "vldm r10, {{d24-d27}}"],
        "vldm r11, {{d0-d3}}",
        to_steps!("q4", "q5", ("q8", "q0"), ("q9", "q1"), ("q12", "q0"), ("q13", "q1")),
        [
            "vqmovn.s32 d16, q8"
            "vqmovn.s32 d17, q9"
            "vqmovn.s32 d24, q12"
            "vqmovn.s32 d25, q13"
            "vqmovn.s16 d16, q8"
            "vqmovn.s16 d24, q12"
            "vst1.8 {{d16}}, [r5], r7"
            "vst1.8 {{d24}}, [r5], r7"
        ]
    )
}

/// Four channels.
///
/// # Safety
/// As for [`four_groups`].
#[unsafe(naked)]
unsafe extern "C" fn one_group(tiles: &Tiles) {
    tiles!(
        one,
        "vld1.8 {{d4-d5}}, [r3]!",
        ["vldm r10, {{d16-d17}}" "vldm r10, {{d24-d25}}"],
        "vldm r11, {{d0-d1}}",
        to_steps!("q4", "q5", ("q8", "q0"), ("q12", "q0")),
        [
            "vqmovn.s32 d16, q8"
            "vqmovn.s32 d24, q12"
            "vqmovn.s16 d16, q8"
            "vqmovn.s16 d24, q12"
            // Lane by lane, since the address need not be one of words.
            "vmov.32 r3, d16[0]"
            "vmov.32 r4, d24[0]"
            "str r3, [r5], r7"
            "str r4, [r5], r7"
        ]
    )
}
