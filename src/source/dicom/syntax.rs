//! Transfer syntaxes: how a dataset is written and how its pixels are coded.
//!
//! Source of UIDs and names: DICOM PS3.6, table A-1.

use std::fmt;

/// Longest UID (DICOM PS3.5, 9.1).
const UID_BYTES_MAX: usize = 64;

/// A UID as far as it is digits and dots, at most 64 of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Uid {
    bytes: [u8; UID_BYTES_MAX],
    length: usize,
}

impl Uid {
    /// The digits and dots that `text` begins with.
    pub fn new(text: &str) -> Self {
        let mut uid = Self { bytes: [0; UID_BYTES_MAX], length: 0 };
        let valid = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.');
        for (place, byte) in uid.bytes.iter_mut().zip(valid) {
            *place = byte;
            uid.length += 1;
        }
        uid
    }

    /// The UID's characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether pixels under the transfer syntax with this UID are read.
pub fn is_read(uid: &str) -> bool {
    READ.iter().any(|(known, ..)| *known == uid)
}

/// How a dataset's elements are written (DICOM PS3.5, 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    pub explicit: bool,
    pub big_endian: bool,
}

impl Encoding {
    pub(super) const IMPLICIT: Self = Self { explicit: false, big_endian: false };
    pub(super) const EXPLICIT: Self = Self { explicit: true, big_endian: false };
    pub(super) const BIG_ENDIAN: Self = Self { explicit: true, big_endian: true };
}

/// How pixels are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Native,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// A transfer syntax that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    pub name: &'static str,
    pub encoding: Encoding,
    pub coding: Coding,
}

/// What is read.
const READ: [(&str, &str, Encoding, Coding); 12] = [
    ("1.2.840.10008.1.2", "Implicit VR Little Endian", Encoding::IMPLICIT, Coding::Native),
    ("1.2.840.10008.1.2.1", "Explicit VR Little Endian", Encoding::EXPLICIT, Coding::Native),
    ("1.2.840.10008.1.2.2", "Explicit VR Big Endian", Encoding::BIG_ENDIAN, Coding::Native),
    ("1.2.840.10008.1.2.5", "RLE Lossless", Encoding::EXPLICIT, Coding::Rle),
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", Encoding::EXPLICIT, Coding::Jpeg),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)", Encoding::EXPLICIT, Coding::Jpeg),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless (Process 14)", Encoding::EXPLICIT, Coding::Jpeg),
    ("1.2.840.10008.1.2.4.70", "JPEG Lossless (Process 14, SV1)", Encoding::EXPLICIT, Coding::Jpeg),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Encoding::EXPLICIT, Coding::JpegLs),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", Encoding::EXPLICIT, Coding::JpegLs),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Encoding::EXPLICIT, Coding::Jpeg2000),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000", Encoding::EXPLICIT, Coding::Jpeg2000),
];

/// What is known and not read.
const NAMED: [(&str, &str); 20] = [
    ("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Lossless"),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component"),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
    ("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate"),
    ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level"),
    ("1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level"),
    ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1"),
    ("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile / Level 5.1"),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
    ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression"),
    ("1.2.840.10008.1.2.4.112", "JPEG XL"),
    ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless"),
    ("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Options Lossless"),
    ("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"),
    ("1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced"),
    ("1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate"),
    ("1.2.840.113619.5.2", "GE Private Implicit VR Big Endian"),
];

impl Syntax {
    /// The syntax with this UID; where it is not read, its name.
    pub(super) fn by_uid(uid: &str) -> Result<Self, &'static str> {
        if let Some(&(_, name, encoding, coding)) = READ.iter().find(|(known, ..)| *known == uid) {
            return Ok(Self { name, encoding, coding });
        }
        Err(NAMED.iter().find(|(known, _)| *known == uid).map_or("of an unknown name", |(_, name)| name))
    }

    /// Uncompressed pixels in a dataset that does not say so.
    pub(super) fn native(encoding: Encoding) -> Self {
        Self { name: "assumed (the file names none)", encoding, coding: Coding::Native }
    }
}
