//! Table look-ups, byte by byte.
//!
//! A table of 256 bytes would fill all registers: half of it is looked up in all bytes, then the other half. An index
//! outside the registers of one instruction leaves what was there.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;

use super::super::concat::Table;

/// Bytes at a time; a last one of half as many is possible.
const WIDE: usize = 16;

/// Pixels of one part: what the assembly is told.
#[repr(C)]
struct Pixels {
    table: *const i8,
    x: *const i8,
    y: *mut i8,
    /// At least one.
    pixels: usize,
    /// Of each pixel: blocks of sixteen bytes, and whether eight more follow.
    blocks: usize,
    eight: usize,
    /// Bytes from behind a pixel's part in `y` to the next one's.
    skip: usize,
}

/// What `table` has for each byte of `x`, whose pixels of `channels` bytes stand `stride` apart in `y`, from its first
/// byte on; `false`: nothing was done, since the channels are no multiple of eight.
pub fn look_up(table: &Table, x: &[i8], channels: usize, y: &mut [i8], stride: usize) -> bool {
    assert!(super::is_present() && channels <= stride && channels > 0);
    let pixels = x.len() / channels;
    if pixels == 0 || !channels.is_multiple_of(WIDE / 2) {
        return false;
    }
    assert!(y.len() >= (pixels - 1) * stride + channels);
    let pixels = Pixels {
        table: table.as_ptr(),
        x: x.as_ptr(),
        y: y.as_mut_ptr(),
        pixels,
        blocks: channels / WIDE,
        eight: usize::from(!channels.is_multiple_of(WIDE)),
        skip: stride - channels,
    };
    // SAFETY: NEON is there; the pixels lie in `x` and `y`, whose lengths were compared.
    unsafe { all(&pixels) };
    true
}

/// Sixteen bytes of half a table, in `q0` and `q1`.
macro_rules! look_up16 {
    ($($table:literal)+) => {
        concat!($(
            "vtbx.8 d2, {{", $table, "}}, d0\n",
            "vtbx.8 d3, {{", $table, "}}, d1\n",
            "vsub.i8 q0, q0, q2\n",
        )+)
    };
}

/// Eight bytes of half a table, in `d0` and `d2`.
macro_rules! look_up8 {
    ($($table:literal)+) => {
        concat!($(
            "vtbx.8 d2, {{", $table, "}}, d0\n",
            "vsub.i8 d0, d0, d4\n",
        )+)
    };
}

/// All pixels, twice: the lower half of the table, whose indices have their highest bit turned, then the upper one.
///
/// # Safety
/// The processor has NEON; what `pixels` points to is there.
#[unsafe(naked)]
unsafe extern "C" fn all(pixels: &Pixels) {
    naked_asm!(
        ".fpu neon",
        "push {{r4-r8, lr}}",
        "ldr r8, [r0, #{table}]",
        "ldr r4, [r0, #{blocks}]",
        "ldr r5, [r0, #{eight}]",
        "ldr r6, [r0, #{skip}]",
        "mov r7, #2",
        "vmov.i8 q2, #32",
        "vmov.i8 q3, #0x80",
        "2:",
        "vld1.8 {{d16-d19}}, [r8]!",
        "vld1.8 {{d20-d23}}, [r8]!",
        "vld1.8 {{d24-d27}}, [r8]!",
        "vld1.8 {{d28-d31}}, [r8]!",
        "ldr r1, [r0, #{x}]",
        "ldr r2, [r0, #{y}]",
        "ldr r3, [r0, #{pixels}]",
        "3:",
        "movs r12, r4",
        "beq 5f",
        "4:",
        "vld1.8 {{d0-d1}}, [r1]!",
        "vld1.8 {{d2-d3}}, [r2]",
        "veor q0, q0, q3",
        look_up16!("d16-d19" "d20-d23" "d24-d27" "d28-d31"),
        "subs r12, r12, #1",
        "vst1.8 {{d2-d3}}, [r2]!",
        "bne 4b",
        "5:",
        "cmp r5, #0",
        "beq 6f",
        "vld1.8 {{d0}}, [r1]!",
        "vld1.8 {{d2}}, [r2]",
        "veor d0, d0, d6",
        look_up8!("d16-d19" "d20-d23" "d24-d27" "d28-d31"),
        "vst1.8 {{d2}}, [r2]!",
        "6:",
        "add r2, r2, r6",
        "subs r3, r3, #1",
        "bne 3b",
        "vmov.i8 q3, #0",
        "subs r7, r7, #1",
        "bne 2b",
        "pop {{r4-r8, pc}}",
        table = const offset_of!(Pixels, table),
        x = const offset_of!(Pixels, x),
        y = const offset_of!(Pixels, y),
        pixels = const offset_of!(Pixels, pixels),
        blocks = const offset_of!(Pixels, blocks),
        eight = const offset_of!(Pixels, eight),
        skip = const offset_of!(Pixels, skip),
    )
}
