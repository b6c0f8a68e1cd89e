//! JPEG-LS, lossless and near-lossless, one component of 2 to 16 bits.
//!
//! Terms as in ITU-T T.87: `Ra`, `Rb`, `Rc`, `Rd` are the neighbours left, above, above left, above right;
//! a context gathers the statistics of pixels with alike neighbours; a run is a stretch of like pixels.
//! Restart intervals, mapping tables and several components are refused by name: no radiograph has them.
//! Source: ITU-T T.87 (1998); the numbers in brackets are its clauses.

use crate::frame::{FrameError, check_size};
use crate::units::PixelSize;

mod bits;
mod coding;
mod header;

use bits::Bits;
use coding::Decoder;

/// What a JPEG-LS stream can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JpegLsError {
    /// a marker segment that contradicts the standard
    #[error("the JPEG-LS header is damaged at byte {at}: export the DICOM file again")]
    Header { at: usize },
    /// parts of the standard that radiographs do not use
    #[error("JPEG-LS with {what} is not supported: export the radiograph uncompressed")]
    Variety { what: &'static str },
    /// ends before its pixels do
    #[error("the JPEG-LS stream ends in row {row} of {rows}: the DICOM file is cut short, copy it again")]
    Truncated { row: u32, rows: u32 },
    /// not of a radiograph's size
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl JpegLsError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Header { .. } => "jpegls_header",
            Self::Variety { .. } => "jpegls_variety",
            Self::Truncated { .. } => "jpegls_truncated",
            Self::Frame(error) => error.code(),
        }
    }
}

/// A decoded picture, row-major.
#[derive(Debug)]
pub(super) struct Picture {
    pub size: PixelSize,
    pub pixels: Vec<u16>,
}

/// The picture in a JPEG-LS stream of a radiograph's size.
pub(super) fn decode(stream: &[u8]) -> Result<Picture, JpegLsError> {
    let header = header::read(stream)?;
    check_size(header.size)?;
    decode_scan(&header, &stream[header.scan_start..])
}

fn decode_scan(header: &header::Header, scan: &[u8]) -> Result<Picture, JpegLsError> {
    let width = header.size.width as usize;
    let mut decoder = Decoder::new(&header.coding);
    let mut bits = Bits::new(scan);
    let mut pixels = Vec::with_capacity(header.size.area());
    // Both rows have a place to the left and one to the right of the picture [A.2.1].
    let mut above = vec![0i32; width + 2];
    let mut row = above.clone();
    for y in 0..header.size.height {
        row[0] = above[1];
        above[width + 1] = above[width];
        let cut = JpegLsError::Truncated { row: y, rows: header.size.height };
        decoder.row(&mut bits, &above, &mut row).ok_or(cut)?;
        // Samples lie between 0 and MAXVAL, which has at most 16 bits.
        pixels.extend(row[1..=width].iter().map(|&sample| sample as u16));
        std::mem::swap(&mut above, &mut row);
    }
    Ok(Picture { size: header.size, pixels })
}

#[cfg(test)]
mod tests;
