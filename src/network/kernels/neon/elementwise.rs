//! Sums and table look-ups, byte by byte.

#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::super::add::Sum;
use super::super::concat::{self, Table};

/// Bytes at a time.
const WIDE: usize = 16;

/// Sums as many bytes as there are whole registers; says how many.
pub fn add(sum: &Sum, a: &[i8], b: &[i8], output: &mut [i8]) -> usize {
    let triples = a.as_chunks::<WIDE>().0.iter().zip(b.as_chunks::<WIDE>().0);
    let triples = triples.zip(output.as_chunks_mut::<WIDE>().0);
    let done = triples.len() * WIDE;
    for ((a, b), y) in triples {
        // SAFETY: each pointer is that of sixteen bytes; NEON is part of every AArch64 processor.
        unsafe { vst1q_s8(y.as_mut_ptr(), add16(sum, vld1q_s8(a.as_ptr()), vld1q_s8(b.as_ptr()))) };
    }
    done
}

#[inline(always)]
fn add16(sum: &Sum, a: int8x16_t, b: int8x16_t) -> int8x16_t {
    // SAFETY: NEON is part of every AArch64 processor; no memory is touched.
    unsafe {
        let wide = |v: int8x16_t| [vmovl_s8(vget_low_s8(v)), vmovl_high_s8(v)];
        let (a, b) = (wide(a), wide(b));
        let (ratio_a, ratio_b) = (vdupq_n_f32(sum.ratio_a), vdupq_n_f32(sum.ratio_b));
        let offset = vdupq_n_f32(sum.offset);
        let steps = |a: int32x4_t, b: int32x4_t| {
            let second = vfmaq_f32(offset, vcvtq_f32_s32(b), ratio_b);
            vcvtnq_s32_f32(vfmaq_f32(second, vcvtq_f32_s32(a), ratio_a))
        };
        let half = |h: usize| {
            let low = steps(vmovl_s16(vget_low_s16(a[h])), vmovl_s16(vget_low_s16(b[h])));
            vqmovn_high_s32(vqmovn_s32(low), steps(vmovl_high_s16(a[h]), vmovl_high_s16(b[h])))
        };
        vqmovn_high_s16(vqmovn_s16(half(0)), half(1))
    }
}

/// What `table` has for each byte of each pixel.
pub fn look_up<'a>(table: &Table, pixels: impl Iterator<Item = (&'a [i8], &'a mut [i8])>) {
    // SAFETY: the four quarters of a table of 256 bytes, 64 each.
    let quarters = unsafe { [0, 64, 128, 192].map(|start| vld1q_s8_x4(table.as_ptr().add(start))) };
    for (x, y) in pixels {
        let done = {
            let pairs = x.as_chunks::<WIDE>().0.iter().zip(y.as_chunks_mut::<WIDE>().0);
            let done = pairs.len() * WIDE;
            for (x, y) in pairs {
                // SAFETY: each pointer is that of sixteen bytes.
                unsafe { vst1q_s8(y.as_mut_ptr(), look_up16(&quarters, vld1q_s8(x.as_ptr()))) };
            }
            done
        };
        match (&x[done..], &mut y[done..]) {
            ([], _) => {}
            (x @ [_, _, _, _, _, _, _, _], y @ [_, _, _, _, _, _, _, _]) => {
                // SAFETY: each pointer is that of eight bytes.
                unsafe {
                    let x = vld1_s8(x.as_ptr());
                    vst1_s8(y.as_mut_ptr(), vget_low_s8(look_up16(&quarters, vcombine_s8(x, x))));
                }
            }
            (x, y) => concat::look_up(table, x, y),
        }
    }
}

/// An index outside a quarter leaves what the quarters before it gave.
#[inline(always)]
fn look_up16(quarters: &[int8x16x4_t; 4], x: int8x16_t) -> int8x16_t {
    // SAFETY: NEON is part of every AArch64 processor; no memory is touched.
    unsafe {
        let index = veorq_u8(vreinterpretq_u8_s8(x), vdupq_n_u8(0x80));
        let quarter = vdupq_n_u8(64);
        let first = vqtbl4q_s8(quarters[0], index);
        let index = vsubq_u8(index, quarter);
        let second = vqtbx4q_s8(first, quarters[1], index);
        let index = vsubq_u8(index, quarter);
        let third = vqtbx4q_s8(second, quarters[2], index);
        vqtbx4q_s8(third, quarters[3], vsubq_u8(index, quarter))
    }
}
