//! What is fuzzed: each takes any bytes, and fails by panicking.

use std::path::Path;

use raymap::board::Board;
use raymap::source::{dicom, dicom_net, file, v4l, worker};

/// A target.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("dicom", dicom),
    ("picture", picture),
    ("frames", frames),
    ("board", board),
    ("answer", answer),
    ("association", association),
];

/// A DICOM file, with or without preamble: scanned, decoded, and asked for its patient.
pub fn dicom(bytes: &[u8]) {
    if let Ok(frame) = dicom::read(bytes) {
        assert_eq!(frame.pixels().len(), frame.size().area());
    }
    _ = dicom::owner(bytes);
}

/// PNG, JPEG, TIFF, or whatever the bytes are: the whole intake of files.
pub fn picture(bytes: &[u8]) {
    match file::decode(bytes) {
        Ok(frame) => assert_eq!(frame.pixels().len(), frame.size().area()),
        Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty()),
    }
}

/// A capture device's frame; the first bytes say which format, size and stride.
pub fn frames(bytes: &[u8]) {
    v4l::parse(bytes);
}

/// A board file.
pub fn board(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Board::parse(text, Path::new("fuzz.toml")) {
        assert!(!error.to_string().is_empty());
    }
}

/// What a decoding process answers.
pub fn answer(bytes: &[u8]) {
    worker::parse(bytes);
}

/// What a peer on the network sends.
pub fn association(bytes: &[u8]) {
    dicom_net::parse(bytes);
}
