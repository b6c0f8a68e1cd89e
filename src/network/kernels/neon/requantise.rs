//! Sums to bytes, four channels a register: what `Requantise` does, in the same order.

#![allow(unsafe_code)]

use std::arch::aarch64::*;

/// Up to sixteen channels of one pixel, `G` registers of sums with their scales, to bytes; the rest is arbitrary.
///
/// Conversions saturate to 32 bits, then to 16, then with the zero point to 8: the bytes are those of a clamp first.
#[inline(always)]
pub fn bytes<const G: usize>(sums: [int32x4_t; G], scales: [float32x4_t; G], zero: int16x8_t) -> int8x16_t {
    // SAFETY: NEON is part of every AArch64 processor that Rust compiles for; no memory is touched.
    unsafe {
        let steps = |g: usize| {
            let g = g.min(G - 1);
            vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sums[g]), scales[g]))
        };
        let pair = |g: usize| vqaddq_s16(vqmovn_high_s32(vqmovn_s32(steps(g)), steps(g + 1)), zero);
        if G > 2 {
            vqmovn_high_s16(vqmovn_s16(pair(0)), pair(2))
        } else {
            let low = vqmovn_s16(pair(0));
            vcombine_s8(low, low)
        }
    }
}

/// Stores the first 4 x `G` of `bytes` at `to`, or fewer: the first `valid` where they are not `FULL`.
///
/// # Safety
/// `to` is valid for writing as many bytes.
#[inline(always)]
pub unsafe fn store<const G: usize, const FULL: bool>(bytes: int8x16_t, to: *mut i8, valid: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        match (FULL, G) {
            (true, 4) => vst1q_s8(to, bytes),
            (true, 2) => vst1_s8(to, vget_low_s8(bytes)),
            (true, _) => vst1q_lane_s32::<0>(to.cast(), vreinterpretq_s32_s8(bytes)),
            (false, _) => {
                let mut all = [0i8; 16];
                vst1q_s8(all.as_mut_ptr(), bytes);
                // Byte by byte, since a call would have all registers saved around it.
                for (index, byte) in all.iter().enumerate().take(valid) {
                    to.add(index).write_volatile(*byte);
                }
            }
        }
    }
}
