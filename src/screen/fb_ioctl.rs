//! What only an ioctl says or does: a framebuffer's form (`linux/fb.h`), and whether a terminal shows text
//! (`linux/kd.h`).
//!
//! One of the few files that may hold `unsafe`: the kernel writes into structures of its own layout.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

/// Shows again what a blanked console hides.
const FB_BLANK_UNBLANK: libc::c_ulong = 0;
const FBIOGET_VSCREENINFO: libc::c_ulong = 0x4600;
const FBIOGET_FSCREENINFO: libc::c_ulong = 0x4602;
const FBIOBLANK: libc::c_ulong = 0x4611;
const KDSETMODE: libc::c_ulong = 0x4b3a;
const KD_TEXT: libc::c_ulong = 0;
const KD_GRAPHICS: libc::c_ulong = 1;

/// `struct fb_bitfield`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct BitField {
    pub offset: u32,
    pub length: u32,
    pub msb_right: u32,
}

/// `struct fb_var_screeninfo`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct VariableInfo {
    pub xres: u32,
    pub yres: u32,
    pub xres_virtual: u32,
    pub yres_virtual: u32,
    pub xoffset: u32,
    pub yoffset: u32,
    pub bits_per_pixel: u32,
    pub grayscale: u32,
    pub red: BitField,
    pub green: BitField,
    pub blue: BitField,
    pub transp: BitField,
    pub nonstd: u32,
    rest: [u32; 19],
}

/// `struct fb_fix_screeninfo`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct FixedInfo {
    id: [u8; 16],
    smem_start: libc::c_ulong,
    pub smem_len: u32,
    pub kind: u32,
    type_aux: u32,
    pub visual: u32,
    pan: [u16; 3],
    pub line_length: u32,
    mmio_start: libc::c_ulong,
    mmio_len: u32,
    accel: u32,
    capabilities: u16,
    reserved: [u16; 2],
}

/// The mode that a framebuffer is in, and its memory.
pub fn framebuffer_info(device: &File) -> io::Result<(VariableInfo, FixedInfo)> {
    let mut variable = MaybeUninit::<VariableInfo>::zeroed();
    let mut fixed = MaybeUninit::<FixedInfo>::zeroed();
    // SAFETY: the descriptor is open; each request writes at most one structure of the layout above, for which
    // there is room. A device of another kind refuses the requests.
    unsafe {
        checked(libc::ioctl(device.as_raw_fd(), FBIOGET_VSCREENINFO as _, variable.as_mut_ptr()))?;
        checked(libc::ioctl(device.as_raw_fd(), FBIOGET_FSCREENINFO as _, fixed.as_mut_ptr()))?;
    }
    // SAFETY: both structures are made of integers, for which every bit pattern, zeros included, is a value.
    Ok(unsafe { (variable.assume_init(), fixed.assume_init()) })
}

/// Lights a screen that the console has blanked.
pub fn unblank(device: &File) -> io::Result<()> {
    // SAFETY: the request takes a number and touches no memory of ours.
    checked(unsafe { libc::ioctl(device.as_raw_fd(), FBIOBLANK as _, FB_BLANK_UNBLANK) })
}

/// Whether the terminal draws its text (and cursor) over pictures.
pub fn set_text_mode(terminal: &File, text: bool) -> io::Result<()> {
    let mode = if text { KD_TEXT } else { KD_GRAPHICS };
    // SAFETY: the request takes a number and touches no memory of ours.
    checked(unsafe { libc::ioctl(terminal.as_raw_fd(), KDSETMODE as _, mode) })
}

fn checked(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_have_the_kernel_s_size() {
        // `sizeof` in C on 64-bit (80) and 32-bit (68) systems.
        assert_eq!(size_of::<VariableInfo>(), 160);
        assert_eq!(size_of::<FixedInfo>(), if size_of::<usize>() == 8 { 80 } else { 68 });
    }

    #[test]
    fn what_is_no_framebuffer_is_refused() {
        let file = tempfile::tempfile().unwrap();
        assert!(framebuffer_info(&file).is_err() && unblank(&file).is_err());
        assert!(set_text_mode(&file, false).is_err());
    }
}
