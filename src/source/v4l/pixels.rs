//! Grey from what capture devices send: plain and packed grey, YUV, RGB and, through `mjpg`, MJPG.
//!
//! Luma is taken as sent: a device that sends limited-range luma (16 to 235, the rule for YUV by HDMI)
//! gives a frame whose black is 16 and whose white is 235. Stretching it belongs to `console`, which is told by the
//! board file; here nobody can know whether 16 is black or a dark grey.
//! Of formats whose colour lies in a plane of its own, only the plane of luma is looked at.
//! This module must not know of devices, waits or retries.

pub use super::format::{FourCc, PixelFormat};
use super::mjpg;
use crate::units::PixelSize;

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
pub fn luma(layout: &Layout, bytes: &[u8]) -> Result<Vec<u16>, PixelError> {
    let width = layout.size.width as usize;
    let Some(row_bytes) = layout.format.row_bytes(width) else {
        return Ok(mjpg::luma(layout.size, bytes)?.into_iter().map(u16::from).collect());
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
    // Rows of packed formats end with pixels that are not the picture's: at most 3.
    let mut pixels = Vec::with_capacity(layout.size.area() + 4);
    let rows = bytes.chunks(stride as usize).take(layout.size.height as usize);
    for (y, row) in rows.enumerate() {
        layout.format.row_luma(&row[..row_bytes], &mut pixels);
        pixels.truncate((y + 1) * width);
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests;
