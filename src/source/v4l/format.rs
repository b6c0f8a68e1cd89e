//! The pixel formats that are read, and how their rows give grey.
//!
//! This module must not know of devices, waits or retries.

use std::fmt;

use crate::source::raster;

/// Four letters that name a pixel format to the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FourCc(pub [u8; 4]);

/// The letters without trailing spaces; a byte that is no letter shows as a dot.
impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |b: u8| if b.is_ascii_graphic() { b as char } else { '.' };
        self.0.trim_ascii_end().iter().try_for_each(|&b| write!(f, "{}", letter(b)))
    }
}

/// The pixel formats that are read.
///
/// Source: Linux, Documentation/userspace-api/media/v4l, pixfmt-yuv-luma, -packed-yuv, -yuv-planar and -rgb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// 16 bits of luma a pixel, little endian.
    Y16,
    /// 12 bits in 16, little endian.
    Y12,
    /// 12 bits, two pixels in 3 bytes: the upper 8 of each, then the lower 4 of both.
    Y12Packed,
    /// 10 bits in 16, little endian.
    Y10,
    /// 10 bits, four pixels in 5 bytes: the upper 8 of each, then the lower 2 of all.
    Y10Packed,
    /// 10 bits, one after another without a gap, the highest first.
    Y10Stream,
    /// 8 bits of luma a pixel.
    Grey,
    /// A plane of luma, a plane of colour behind it.
    Nv12,
    Nv16,
    /// The same in buffers of their own.
    Nm12,
    Nm16,
    /// Luma of each pixel, and a colour byte after each: Y0 U Y1 V.
    Yuyv,
    /// A colour byte before each: U Y0 V Y1.
    Uyvy,
    /// Blue, green, red.
    Bgr,
    /// Red, green, blue.
    Rgb,
    /// One JPEG a frame: lossy, so taken last.
    Mjpg,
}

impl PixelFormat {
    /// The most faithful first.
    pub const PREFERRED: [Self; 16] = [
        Self::Y16,
        Self::Y12,
        Self::Y12Packed,
        Self::Y10,
        Self::Y10Packed,
        Self::Y10Stream,
        Self::Grey,
        Self::Nv16,
        Self::Nm16,
        Self::Nv12,
        Self::Nm12,
        Self::Yuyv,
        Self::Uyvy,
        Self::Bgr,
        Self::Rgb,
        Self::Mjpg,
    ];

    /// The kernel's name.
    pub const fn fourcc(self) -> FourCc {
        FourCc(*match self {
            Self::Y16 => b"Y16 ",
            Self::Y12 => b"Y12 ",
            Self::Y12Packed => b"Y12P",
            Self::Y10 => b"Y10 ",
            Self::Y10Packed => b"Y10P",
            Self::Y10Stream => b"Y10B",
            Self::Grey => b"GREY",
            Self::Nv12 => b"NV12",
            Self::Nv16 => b"NV16",
            Self::Nm12 => b"NM12",
            Self::Nm16 => b"NM16",
            Self::Yuyv => b"YUYV",
            Self::Uyvy => b"UYVY",
            Self::Bgr => b"BGR3",
            Self::Rgb => b"RGB3",
            Self::Mjpg => b"MJPG",
        })
    }

    /// The format of that name, in either case, as a board file may spell it; `None` when it is not read.
    pub fn parse(name: &str) -> Option<Self> {
        let is_name = |f: &Self| f.fourcc().0.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes());
        Self::PREFERRED.into_iter().find(is_name)
    }

    /// Bits of a pixel's luma.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Y16 => 16,
            Self::Y12 | Self::Y12Packed => 12,
            Self::Y10 | Self::Y10Packed | Self::Y10Stream => 10,
            _ => 8,
        }
    }

    /// Bytes of a row of `width` pixels without padding, in the plane of luma; `None` for MJPG, which has no rows.
    pub(super) fn row_bytes(self, width: usize) -> Option<usize> {
        match self {
            Self::Grey | Self::Nv12 | Self::Nv16 | Self::Nm12 | Self::Nm16 => Some(width),
            Self::Y16 | Self::Y12 | Self::Y10 | Self::Yuyv | Self::Uyvy => Some(2 * width),
            Self::Bgr | Self::Rgb => Some(3 * width),
            Self::Y12Packed => Some(width.div_ceil(2) * 3),
            Self::Y10Packed => Some(width.div_ceil(4) * 5),
            Self::Y10Stream => Some((width * 10).div_ceil(8)),
            Self::Mjpg => None,
        }
    }

    /// The luma of a row's bytes, at least as many values as the row has pixels, appended to `to`.
    pub(super) fn row_luma(self, row: &[u8], to: &mut Vec<u16>) {
        let pair = |pair: &[u8; 2]| u16::from_le_bytes(*pair);
        match self {
            Self::Y16 => to.extend(row.as_chunks().0.iter().map(pair)),
            // What a driver leaves in the upper bits is not the picture's.
            Self::Y12 => to.extend(row.as_chunks().0.iter().map(|p| pair(p) & 0xFFF)),
            Self::Y10 => to.extend(row.as_chunks().0.iter().map(|p| pair(p) & 0x3FF)),
            Self::Yuyv => to.extend(row.iter().step_by(2).map(|&y| u16::from(y))),
            Self::Uyvy => to.extend(row.iter().skip(1).step_by(2).map(|&y| u16::from(y))),
            Self::Bgr => to.extend(row.as_chunks().0.iter().map(|&[b, g, r]| rgb(r, g, b))),
            Self::Rgb => to.extend(row.as_chunks().0.iter().map(|&[r, g, b]| rgb(r, g, b))),
            Self::Y12Packed => {
                let low = |low: u8, i: u32| u16::from(low >> (4 * i)) & 0xF;
                for &[a, b, l] in row.as_chunks().0 {
                    to.extend([u16::from(a) << 4 | low(l, 0), u16::from(b) << 4 | low(l, 1)]);
                }
            }
            Self::Y10Packed => {
                for &[a, b, c, d, low] in row.as_chunks().0 {
                    let low = |i: u32| u16::from(low >> (2 * i)) & 3;
                    to.extend((0..).zip([a, b, c, d]).map(|(i, high)| u16::from(high) << 2 | low(i)));
                }
            }
            Self::Y10Stream => {
                let (mut held, mut bits) = (0u32, 0);
                for &byte in row {
                    (held, bits) = ((held << 8 | u32::from(byte)) & 0x3_FFFF, bits + 8);
                    if bits >= 10 {
                        bits -= 10;
                        to.push((held >> bits & 0x3FF) as u16);
                    }
                }
            }
            Self::Grey | Self::Nv12 | Self::Nv16 | Self::Nm12 | Self::Nm16 | Self::Mjpg => {
                to.extend(row.iter().map(|&y| u16::from(y)));
            }
        }
    }
}

fn rgb(red: u8, green: u8, blue: u8) -> u16 {
    raster::luma(red.into(), green.into(), blue.into())
}

/// The kernel's name, such as `GREY`.
impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fourcc().fmt(f)
    }
}
