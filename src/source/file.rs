//! One radiograph from one file: PNG, JPEG, TIFF or DICOM, told by what is in it and not by its name.
//!
//! Errors carry numbers and advice but no path: the caller, who knows the path, adds it.
//! This module does not know of folders or of what the radiograph shows.

use super::dicom::{self, DicomError};
use super::raster::{self, RasterError};
use super::worker::{self, Answered, DECODE_TIME_MAX, WorkerError};
use crate::frame::{Frame, FrameError, Photometric};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest file taken: the largest frame in 16-bit RGB, uncompressed, is 240 MB.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes looked at to tell text from pixels.
const TEXT_PROBE_BYTES: usize = 512;

/// Formats that are met in hospitals and not read here, by their first bytes.
const KNOWN_OTHERS: [(&[u8], &str); 9] = [
    (b"%PDF", "PDF document"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"GIF8", "GIF picture"),
    (b"BM", "BMP picture"),
    (b"\0\0\0\x0CjP  ", "JPEG 2000 picture"),
    (b"\xFF\x4F\xFF\x51", "JPEG 2000 picture"),
    (b"RIFF", "WebP picture or film"),
    (b"\x93NUMPY", "NumPy array"),
];

/// Why a file gave no frame.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// the operating system refused
    #[error("could not be read: {0}")]
    Read(#[source] std::io::Error),
    /// a folder or a device
    #[error("is no regular file: name a PNG, JPEG, TIFF or DICOM file, or a folder of them")]
    NotAFile,
    /// no bytes at all
    #[error("is empty (0 bytes): copy it again")]
    Empty,
    /// larger than any radiograph
    #[error("has {bytes} bytes, more than the {FILE_BYTES_MAX} that a radiograph may have")]
    TooLarge { bytes: u64 },
    /// text, whatever its name
    #[error("holds text ({bytes} bytes), not a picture: name the PNG, JPEG, TIFF or DICOM file itself")]
    Text { bytes: usize },
    /// a known format without support
    #[error("is a {format}, which is not read: export the radiograph as DICOM or PNG")]
    Other { format: &'static str },
    /// nothing that is known
    #[error("is no PNG, JPEG, TIFF or DICOM file ({bytes} bytes): export the radiograph as DICOM or PNG")]
    Unknown { bytes: usize },
    /// a picture with a fault
    #[error(transparent)]
    Raster(#[from] RasterError),
    /// a DICOM file with a fault, or not of a chest
    #[error(transparent)]
    Dicom(#[from] DicomError),
    /// not of a radiograph's size
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// any of these, found by a process of its own
    #[error(transparent)]
    Answered(#[from] Answered),
    /// that process gave no answer
    #[error(transparent)]
    Worker(#[from] WorkerError),
}

impl FileError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "file_read",
            Self::NotAFile => "file_not_regular",
            Self::Empty => "file_empty",
            Self::TooLarge { .. } => "file_too_large",
            Self::Text { .. } => "file_text",
            Self::Other { .. } => "file_other_format",
            Self::Unknown { .. } => "file_unknown_format",
            Self::Raster(error) => error.code(),
            Self::Dicom(error) => error.code(),
            Self::Frame(error) => error.code(),
            Self::Answered(fault) => fault.code,
            Self::Worker(error) => error.code(),
        }
    }

    /// Whether the file is sound but shows no chest radiograph: a reading says so, and it is no bad input.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Dicom(error) => error.is_refusal(),
            Self::Answered(fault) => fault.refusal,
            _ => false,
        }
    }
}

/// The radiograph in the file at `path`, in the grey values that it stores.
///
/// Reads at most [`FILE_BYTES_MAX`] bytes; of a TIFF the first page; EXIF orientation is ignored.
/// Decodes in a process of its own where the program asked for it ([`worker::isolate`]).
pub fn read(path: &Path) -> Result<Frame, FileError> {
    let Some(program) = worker::program() else { return read_here(path) };
    match worker::decode(program, open(path)?, DECODE_TIME_MAX) {
        Ok(answer) => Ok(answer?),
        Err(WorkerError::Unstartable) => {
            worker::do_without();
            read_here(path)
        }
        Err(error) => Err(error.into()),
    }
}

fn read_here(path: &Path) -> Result<Frame, FileError> {
    let file = open(path)?;
    let bytes = file.metadata().map_or(0, |about| about.len());
    read_open(file, bytes)
}

/// The radiograph in an opened file of about so many `bytes`, decoded in this process.
///
/// Whoever is confined can read the file, and perhaps no longer ask for its length.
pub fn read_open(file: File, bytes: u64) -> Result<Frame, FileError> {
    decode(&load(file, bytes)?)
}

/// The radiograph in the bytes of a file.
pub fn decode(bytes: &[u8]) -> Result<Frame, FileError> {
    if bytes.is_empty() {
        return Err(FileError::Empty);
    }
    if dicom::has_preamble(bytes) {
        return Ok(dicom::read(bytes)?);
    }
    if let Some(format) = raster::format(bytes) {
        let grey = raster::decode(bytes, format)?;
        return Ok(Frame::new(grey.size, grey.pixels, grey.bits, Photometric::Monochrome2)?);
    }
    if dicom::looks_like_dataset(bytes) {
        return Ok(dicom::read(bytes)?);
    }
    Err(unreadable(bytes))
}

fn open(path: &Path) -> Result<File, FileError> {
    // Asked before opening: opening a pipe would wait for its writer.
    let about = std::fs::metadata(path).map_err(FileError::Read)?;
    if !about.is_file() {
        return Err(FileError::NotAFile);
    }
    if about.len() > FILE_BYTES_MAX {
        return Err(FileError::TooLarge { bytes: about.len() });
    }
    File::open(path).map_err(FileError::Read)
}

fn load(file: File, expected: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::with_capacity(expected.min(FILE_BYTES_MAX) as usize);
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(FileError::Read)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(FileError::TooLarge { bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}

fn unreadable(bytes: &[u8]) -> FileError {
    if let Some((_, format)) = KNOWN_OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return FileError::Other { format };
    }
    let probe = &bytes[..bytes.len().min(TEXT_PROBE_BYTES)];
    if is_text(probe) {
        FileError::Text { bytes: bytes.len() }
    } else {
        FileError::Unknown { bytes: bytes.len() }
    }
}

/// No control characters, and mostly ASCII, so that old 8-bit character sets pass as well.
fn is_text(probe: &[u8]) -> bool {
    let ascii = probe.iter().filter(|&&b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7E)).count();
    let others = probe.iter().filter(|&&b| b >= 0x80).count();
    ascii + others == probe.len() && ascii > others
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], code: &str) {
        assert_eq!(decode(bytes).unwrap_err().code(), code);
    }

    #[test]
    fn what_is_no_picture_is_named() {
        check(b"", "file_empty");
        check(b"Dear colleague, enclosed\n", "file_text");
        check("Größe: 43 cm".as_bytes(), "file_text");
        check(b"%PDF-1.7", "file_other_format");
        check(&[7, 0, 1, 2, 3], "file_unknown_format");
    }

    #[test]
    fn a_device_is_no_file() {
        assert_eq!(read(Path::new("/dev/null")).unwrap_err().code(), "file_not_regular");
        assert_eq!(read(Path::new("/nowhere/at.all")).unwrap_err().code(), "file_read");
    }
}
