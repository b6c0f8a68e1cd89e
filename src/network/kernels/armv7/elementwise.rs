//! Sums of bytes.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;

use super::super::add::Sum;
use super::requantise::Rounding;

/// Bytes at a time.
const WIDE: usize = 8;

/// Blocks of eight sums, one after another: what the assembly is told.
#[repr(C)]
struct Sums {
    a: *const i8,
    b: *const i8,
    y: *mut i8,
    /// At least one.
    blocks: usize,
    /// Both ratios and the offset, four times each.
    constants: [[f32; 4]; 3],
    rounding: Rounding,
}

/// Sums as many bytes as there are whole registers; says how many: none where multiply-adds are not fused, since each
/// step is to be rounded once.
pub fn add(sum: &Sum, a: &[i8], b: &[i8], output: &mut [i8]) -> usize {
    assert!(a.len() == b.len() && a.len() == output.len());
    let blocks = a.len() / WIDE;
    if blocks == 0 || !super::has_fused() {
        return 0;
    }
    let sums = Sums {
        a: a.as_ptr(),
        b: b.as_ptr(),
        y: output.as_mut_ptr(),
        blocks,
        constants: [sum.ratio_a, sum.ratio_b, sum.offset].map(|value| [value; 4]),
        // The zero point is part of the offset.
        rounding: Rounding::new(0),
    };
    // SAFETY: the instructions are there; all three have as many blocks.
    unsafe { add_blocks(&sums) };
    blocks * WIDE
}

/// All blocks.
///
/// # Safety
/// The processor has NEON with fused multiply-adds; what `sums` points to has 8 x `blocks` bytes each.
#[unsafe(naked)]
unsafe extern "C" fn add_blocks(sums: &Sums) {
    naked_asm!(
        ".fpu neon-vfpv4",
        "ldr r1, [r0, #{a}]",
        "ldr r2, [r0, #{b}]",
        "ldr r3, [r0, #{y}]",
        "ldr r12, [r0, #{blocks}]",
        "add r0, r0, #{constants}",
        // Ratios, offset, then the rounding: q11 to q15.
        "vldm r0, {{d22-d31}}",
        "2:",
        "vld1.8 {{d0}}, [r1]!",
        "vld1.8 {{d1}}, [r2]!",
        "vmovl.s8 q1, d0",
        "vmovl.s8 q2, d1",
        "vmovl.s16 q8, d2",
        "vmovl.s16 q9, d3",
        "vmovl.s16 q10, d4",
        "vmovl.s16 q3, d5",
        "vcvt.f32.s32 q8, q8",
        "vcvt.f32.s32 q9, q9",
        "vcvt.f32.s32 q10, q10",
        "vcvt.f32.s32 q3, q3",
        "vmov q0, q13",
        "vmov q1, q13",
        "vfma.f32 q0, q10, q12",
        "vfma.f32 q1, q3, q12",
        "vfma.f32 q0, q8, q11",
        "vfma.f32 q1, q9, q11",
        "vadd.f32 q0, q0, q14",
        "vadd.f32 q1, q1, q14",
        "vqsub.s32 q0, q0, q15",
        "vqsub.s32 q1, q1, q15",
        "vqmovn.s32 d0, q0",
        "vqmovn.s32 d1, q1",
        "vqmovn.s16 d0, q0",
        "subs r12, r12, #1",
        "vst1.8 {{d0}}, [r3]!",
        "bne 2b",
        "bx lr",
        a = const offset_of!(Sums, a),
        b = const offset_of!(Sums, b),
        y = const offset_of!(Sums, y),
        blocks = const offset_of!(Sums, blocks),
        constants = const offset_of!(Sums, constants),
    )
}
