//! Grey from what capture devices send: GREY, YUYV and, through `mjpg`, MJPG.
//!
//! Luma is taken as sent: a device that sends limited-range luma (16 to 235, the rule for YUYV by HDMI)
//! gives a frame whose black is 16 and whose white is 235. Stretching it belongs to `preprocess`, which
//! looks at the values that are there; here nobody can know whether 16 is black or a dark grey.
//! This module must not know of devices, waits or retries.

use std::fmt;

use super::mjpg;
use crate::units::PixelSize;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// 8 bits of luma a pixel.
    Grey,
    /// Luma of each pixel, and a colour byte after each: Y0 U Y1 V.
    Yuyv,
    /// One JPEG a frame: lossy, so taken last.
    Mjpg,
}

impl PixelFormat {
    /// The most faithful first.
    pub const PREFERRED: [Self; 3] = [Self::Grey, Self::Yuyv, Self::Mjpg];

    /// The kernel's name.
    pub const fn fourcc(self) -> FourCc {
        match self {
            Self::Grey => FourCc(*b"GREY"),
            Self::Yuyv => FourCc(*b"YUYV"),
            Self::Mjpg => FourCc(*b"MJPG"),
        }
    }

    /// The format of that name, in either case, as a board file may spell it; `None` when it is not read.
    pub fn parse(name: &str) -> Option<Self> {
        Self::PREFERRED.into_iter().find(|f| f.fourcc().0.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Bytes of a row of `width` pixels without padding; `None` for MJPG, which has no rows.
    fn row_bytes(self, width: usize) -> Option<usize> {
        match self {
            Self::Grey => Some(width),
            Self::Yuyv => Some(2 * width),
            Self::Mjpg => None,
        }
    }
}

/// `GREY`, `YUYV` or `MJPG`.
impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fourcc().fmt(f)
    }
}

/// How a device lays out a frame; the size has passed `frame::check_size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub size: PixelSize,
    /// From one row's start to the next row's; 0 means that rows follow each other without padding.
    pub stride_bytes: u32,
    pub format: PixelFormat,
}

/// Why a buffer is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PixelError {
    /// the ERROR flag
    #[error("the device marked it as damaged")]
    Flagged,
    /// fewer bytes than the picture needs
    #[error("it has {got} bytes of {need}")]
    Short { need: u64, got: usize },
    /// rows that overlap
    #[error("its rows are {stride_bytes} bytes apart, but a row of {width} pixels needs {need}")]
    Stride { stride_bytes: u32, width: u32, need: usize },
    /// no JPEG, or a damaged one
    #[error("its {0} bytes are no whole JPEG")]
    Jpeg(usize),
    /// another size than agreed
    #[error("its JPEG is {got} pixels, but {want} were agreed")]
    JpegSize { want: PixelSize, got: PixelSize },
}

impl PixelError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Flagged => "capture_frame_flagged",
            Self::Short { .. } => "capture_frame_short",
            Self::Stride { .. } => "capture_frame_stride",
            Self::Jpeg(_) => "capture_frame_jpeg",
            Self::JpegSize { .. } => "capture_frame_jpeg_size",
        }
    }
}

/// The luma of the frame in `bytes`, row-major, `layout.size.area()` values, range as sent.
///
/// `bytes` may be longer than needed: drivers round buffers up to pages.
/// The last row may lack its padding.
pub fn luma(layout: &Layout, bytes: &[u8]) -> Result<Vec<u8>, PixelError> {
    let width = layout.size.width as usize;
    let Some(row_bytes) = layout.format.row_bytes(width) else {
        return mjpg::luma(layout.size, bytes);
    };
    let stride = match layout.stride_bytes {
        0 => row_bytes as u64,
        given => u64::from(given),
    };
    if stride < row_bytes as u64 {
        return Err(PixelError::Stride {
            stride_bytes: layout.stride_bytes,
            width: layout.size.width,
            need: row_bytes,
        });
    }
    // In 64 bits: on a 32-bit board, a mad stride times the height would wrap.
    let need = stride * u64::from(layout.size.height.saturating_sub(1)) + row_bytes as u64;
    if (bytes.len() as u64) < need {
        return Err(PixelError::Short { need, got: bytes.len() });
    }
    let step = row_bytes / width.max(1);
    let rows = bytes.chunks(stride as usize).take(layout.size.height as usize);
    Ok(rows.flat_map(|row| row[..row_bytes].iter().step_by(step)).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: PixelFormat, size: (u32, u32), stride_bytes: u32, bytes: &[u8], expected: &[u8]) {
        let layout = Layout { size: PixelSize::new(size.0, size.1), stride_bytes, format };
        assert_eq!(luma(&layout, bytes).as_deref(), Ok(expected));
    }

    fn refusal(format: PixelFormat, size: (u32, u32), stride_bytes: u32, bytes: &[u8]) -> PixelError {
        let layout = Layout { size: PixelSize::new(size.0, size.1), stride_bytes, format };
        luma(&layout, bytes).unwrap_err()
    }

    #[test]
    fn grey_comes_through_as_it_is() {
        check(PixelFormat::Grey, (3, 2), 3, &[1, 2, 3, 4, 5, 6], &[1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn padding_behind_a_row_is_left_out() {
        check(PixelFormat::Grey, (2, 2), 4, &[1, 2, 99, 99, 3, 4, 99, 99], &[1, 2, 3, 4]);
        check(PixelFormat::Yuyv, (2, 2), 6, &[1, 9, 2, 9, 99, 99, 3, 9, 4, 9, 99, 99], &[1, 2, 3, 4]);
    }

    #[test]
    fn the_last_row_needs_no_padding() {
        check(PixelFormat::Grey, (2, 2), 4, &[1, 2, 99, 99, 3, 4], &[1, 2, 3, 4]);
    }

    #[test]
    fn a_buffer_longer_than_the_picture_is_cut() {
        check(PixelFormat::Grey, (2, 1), 2, &[1, 2, 7, 7, 7], &[1, 2]);
    }

    #[test]
    fn no_stride_means_no_padding() {
        check(PixelFormat::Grey, (2, 2), 0, &[1, 2, 3, 4], &[1, 2, 3, 4]);
    }

    #[test]
    fn yuyv_gives_its_luma_in_limited_range_as_sent() {
        check(PixelFormat::Yuyv, (2, 1), 4, &[16, 128, 235, 128], &[16, 235]);
    }

    #[test]
    fn an_odd_width_keeps_its_last_pixel() {
        check(PixelFormat::Yuyv, (3, 2), 8, &[1, 9, 2, 9, 3, 9, 0, 0, 4, 9, 5, 9, 6, 9], &[1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn missing_bytes_are_counted() {
        let got = refusal(PixelFormat::Grey, (2, 2), 4, &[1, 2, 3, 4, 5]);
        assert_eq!(got, PixelError::Short { need: 6, got: 5 });
        assert_eq!(refusal(PixelFormat::Yuyv, (2, 2), 4, &[]), PixelError::Short { need: 8, got: 0 });
    }

    #[test]
    fn overlapping_rows_are_refused() {
        let got = refusal(PixelFormat::Yuyv, (4, 2), 4, &[0; 64]);
        assert_eq!(got, PixelError::Stride { stride_bytes: 4, width: 4, need: 8 });
    }

    #[test]
    fn a_mad_stride_does_not_wrap() {
        let got = refusal(PixelFormat::Grey, (64, 10_000), u32::MAX, &[0; 64]);
        assert_eq!(got, PixelError::Short { need: u64::from(u32::MAX) * 9_999 + 64, got: 64 });
    }

    #[test]
    fn a_format_is_found_by_its_name_in_either_case() {
        assert_eq!(PixelFormat::parse("yuyv"), Some(PixelFormat::Yuyv));
        assert_eq!(PixelFormat::parse("GREY"), Some(PixelFormat::Grey));
        assert_eq!(PixelFormat::parse("NV12"), None);
        assert_eq!(FourCc(*b"Y16 ").to_string(), "Y16");
        assert_eq!(FourCc(*b"Y16\xa0").to_string(), "Y16.");
    }
}
