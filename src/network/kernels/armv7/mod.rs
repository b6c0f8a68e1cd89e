//! Kernels for ARMv7 with NEON: Cortex-A7, A8, A9, A15, and newer processors under a 32-bit system.
//!
//! The intrinsics for this architecture are not stable, and Rust's target has NEON switched off: whole loops are
//! written out as functions in assembly, called as C functions are. The schedule is that of Armv8.0 (`neon`), with
//! half as many registers. NEON takes denormal numbers for zero here: where they can occur, the result is zero steps
//! either way.
//! Only this folder holds `unsafe` for ARMv7; its public functions are safe and check all lengths.

#![allow(unsafe_code)]

mod depthwise;
mod elementwise;
mod look_up;
mod pairs;
mod requantise;

pub use depthwise::{Depthwise, TWIN};
pub use elementwise::add;
pub use look_up::look_up;
pub use pairs::matrix;

/// Bits of `AT_HWCAP` that 32-bit ARM kernels set (`arch/arm/include/uapi/asm/hwcap.h`).
const HWCAP_NEON: libc::c_ulong = 1 << 12;
const HWCAP_VFPV4: libc::c_ulong = 1 << 16;

/// Whether the processor has NEON.
pub fn is_present() -> bool {
    has(HWCAP_NEON)
}

/// Whether NEON has fused multiply-adds (not on Cortex-A8 and A9).
fn has_fused() -> bool {
    has(HWCAP_NEON | HWCAP_VFPV4)
}

fn has(bits: libc::c_ulong) -> bool {
    // SAFETY: it reads what the kernel left for the process, and gives 0 for what it does not know.
    let hwcap = unsafe { libc::getauxval(libc::AT_HWCAP) };
    hwcap & bits == bits
}
