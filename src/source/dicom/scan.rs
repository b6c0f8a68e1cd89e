//! One bounded walk over a file's elements, up to its pixels.
//!
//! Every length is held against the bytes that are left, nesting against [`DEPTH_MAX`], the number of
//! elements against [`ELEMENTS_MAX`]; nothing is copied or allocated in proportion to what a header claims.
//! Sequences are stepped over, and nothing inside them is read but the two tables of grey values ([`tag::TABLES`]).
//! Source: DICOM PS3.5, 7.1 (elements), 7.5 (sequences), A.4 (fragments); PS3.10, 7.1 (file meta).

use super::error::DicomError;
use super::syntax::{Encoding, Syntax, Uid};
use super::tag::{self, Tag};
use super::{DICOM_MARK_END, has_preamble};
use std::collections::BTreeMap;

/// Sequences inside sequences: radiographs have two or three.
pub(super) const DEPTH_MAX: usize = 16;
/// Elements, items and fragments before and in the pixels: radiographs have some hundreds.
pub(super) const ELEMENTS_MAX: usize = 100_000;
/// The length that means "until the delimiter".
const UNDEFINED: u32 = 0xFFFF_FFFF;
/// Value representations with a 32-bit length behind two reserved bytes (DICOM PS3.5, table 7.1-1).
const LONG_VR: [&[u8; 2]; 13] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];
/// Value representations with a 16-bit length.
const SHORT_VR: [&[u8; 2]; 21] = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
    b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
];

/// The pixel data element.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PixelData<'a> {
    /// Plain bytes; `words` when they are written as 16-bit words.
    Native { bytes: &'a [u8], words: bool },
    /// Coded fragments, without the offset table.
    Fragments(Vec<&'a [u8]>),
}

/// A table of grey values as written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RawTable<'a> {
    pub descriptor: &'a [u8],
    pub data: &'a [u8],
    /// Whether its first number is written as signed; `None` where the file does not say.
    pub signed: Option<bool>,
}

/// The kept elements of a file's outermost dataset.
#[derive(Debug)]
pub(super) struct Dataset<'a> {
    /// What is kept of it.
    keep: &'static [Tag],
    values: BTreeMap<Tag, &'a [u8]>,
    tables: BTreeMap<Tag, RawTable<'a>>,
    pub syntax: Syntax,
    pub pixels: Option<PixelData<'a>>,
}

impl<'a> Dataset<'a> {
    #[cfg(test)]
    pub(super) fn empty() -> Self {
        Self::new(Syntax::native(Encoding::EXPLICIT), &tag::KEPT)
    }

    fn new(syntax: Syntax, keep: &'static [Tag]) -> Self {
        Self { keep, values: BTreeMap::new(), tables: BTreeMap::new(), syntax, pixels: None }
    }

    pub(super) fn put(&mut self, tag: Tag, value: &'a [u8]) {
        if self.keep.contains(&tag) {
            self.values.insert(tag, value);
        }
    }

    pub(super) fn has(&self, tag: Tag) -> bool {
        self.values.contains_key(&tag)
    }

    /// An element's bytes; none when it is absent.
    pub(super) fn bytes(&self, tag: Tag) -> &'a [u8] {
        self.values.get(&tag).copied().unwrap_or_default()
    }

    /// The table in a sequence; `None` when the sequence is absent or empty.
    pub(super) fn table(&self, tag: Tag) -> Option<&RawTable<'a>> {
        self.tables.get(&tag)
    }

    /// The first of an element's texts, without padding; `None` when absent, empty or not UTF-8.
    pub(super) fn text(&self, tag: Tag) -> Option<&'a str> {
        let text = std::str::from_utf8(self.values.get(&tag)?).ok()?;
        let first = text.split('\\').next()?.trim_matches([' ', '\0']);
        (!first.is_empty()).then_some(first)
    }

    /// The first of an element's decimal numbers; `None` unless it is finite.
    pub(super) fn decimal(&self, tag: Tag) -> Option<f64> {
        self.text(tag)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// An element's 16-bit number.
    pub(super) fn short(&self, tag: Tag) -> Option<u16> {
        let bytes = self.values.get(&tag)?.first_chunk::<2>()?;
        Some(u16_from(*bytes, self.syntax.encoding.big_endian))
    }
}

/// Whether `bytes` without preamble begin with an element of group 2 or 8, as datasets do.
pub fn looks_like_dataset(bytes: &[u8]) -> bool {
    encoding_without_meta(bytes).is_some()
}

/// The elements of a DICOM file up to its pixels, of which [`tag::KEPT`] are kept.
pub(super) fn scan(bytes: &[u8]) -> Result<Dataset<'_>, DicomError> {
    scan_for(bytes, &tag::KEPT)
}

/// The same, of which `keep` are kept; transfer syntaxes are told only where they are among them.
pub(super) fn scan_for<'a>(bytes: &'a [u8], keep: &'static [Tag]) -> Result<Dataset<'a>, DicomError> {
    let start = if has_preamble(bytes) { DICOM_MARK_END } else { 0 };
    let mut walk = Walk { bytes, at: start, count: 0, encoding: Encoding::EXPLICIT };
    let assumed = encoding_without_meta(&bytes[start..]).unwrap_or(Encoding::IMPLICIT);
    let mut dataset = Dataset::new(Syntax::native(assumed), keep);
    while walk.peek_group() == Some(2) {
        let head = walk.head()?;
        let value = walk.value(&head)?;
        dataset.put(head.tag, value);
    }
    if let Some(uid) = dataset.text(tag::TRANSFER_SYNTAX_UID) {
        dataset.syntax =
            Syntax::by_uid(uid).map_err(|name| DicomError::Syntax { name, uid: Uid::new(uid) })?;
    } else if let Some(encoding) = encoding_without_meta(&bytes[walk.at..]) {
        dataset.syntax = Syntax::native(encoding);
    }
    walk.encoding = dataset.syntax.encoding;
    walk.dataset(&mut dataset)?;
    Ok(dataset)
}

/// How the first element of `bytes` is written, if it is one of group 2 or 8 that could begin a file.
fn encoding_without_meta(bytes: &[u8]) -> Option<Encoding> {
    let head = bytes.first_chunk::<8>()?;
    let explicit = known_vr([head[4], head[5]]);
    match [head[0], head[1]] {
        [2 | 8, 0] if explicit => Some(Encoding::EXPLICIT),
        [0, 8] if explicit => Some(Encoding::BIG_ENDIAN),
        [8, 0] => {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            (length <= bytes.len() - 8).then_some(Encoding::IMPLICIT)
        }
        _ => None,
    }
}

fn known_vr(vr: [u8; 2]) -> bool {
    LONG_VR.contains(&&vr) || SHORT_VR.contains(&&vr)
}

fn u16_from(bytes: [u8; 2], big_endian: bool) -> u16 {
    if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
}

/// An element's header.
struct Head {
    tag: Tag,
    /// Blank where none is written.
    vr: [u8; 2],
    length: u32,
}

/// Where the walk stands.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    count: usize,
    encoding: Encoding,
}

impl<'a> Walk<'a> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DicomError> {
        let chunk = self.bytes[self.at..].first_chunk::<N>();
        let chunk = *chunk.ok_or(DicomError::Cut { bytes: self.bytes.len() })?;
        self.at += N;
        Ok(chunk)
    }

    fn u16(&mut self) -> Result<u16, DicomError> {
        Ok(u16_from(self.take()?, self.encoding.big_endian))
    }

    fn u32(&mut self) -> Result<u32, DicomError> {
        let bytes = self.take()?;
        Ok(if self.encoding.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn peek_group(&self) -> Option<u16> {
        let group = self.bytes[self.at..].first_chunk::<2>()?;
        Some(u16_from(*group, self.encoding.big_endian))
    }

    fn head(&mut self) -> Result<Head, DicomError> {
        self.count += 1;
        if self.count > ELEMENTS_MAX {
            return Err(DicomError::Elements);
        }
        let tag = (self.u16()?, self.u16()?);
        if tag.0 == tag::ITEM.0 || !self.encoding.explicit {
            return Ok(Head { tag, vr: *b"  ", length: self.u32()? });
        }
        let vr: [u8; 2] = self.take()?;
        let length = if SHORT_VR.contains(&&vr) {
            u32::from(self.u16()?)
        } else if vr.iter().all(u8::is_ascii_uppercase) {
            // A value representation that is newer than this table has the long form (PS3.5, 6.2).
            self.take::<2>()?;
            self.u32()?
        } else {
            return Err(DicomError::Element { group: tag.0, element: tag.1 });
        };
        Ok(Head { tag, vr, length })
    }

    /// The bytes of an element of known length.
    fn value(&mut self, head: &Head) -> Result<&'a [u8], DicomError> {
        let length = head.length as usize;
        if head.length == UNDEFINED || length > self.left() {
            let (group, element) = head.tag;
            return Err(DicomError::Length { group, element, declared: head.length, left: self.left() });
        }
        let value = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(value)
    }

    /// The outermost elements, up to and with the pixels; what follows them is not looked at.
    fn dataset(&mut self, dataset: &mut Dataset<'a>) -> Result<(), DicomError> {
        while self.left() > 0 {
            let head = self.head()?;
            if head.tag == tag::PIXEL_DATA {
                dataset.pixels = Some(self.pixels(&head)?);
                return Ok(());
            }
            let start = self.at;
            if head.length == UNDEFINED {
                self.sequence(&head, 1)?;
                dataset.put(head.tag, &[]);
            } else {
                let value = self.value(&head)?;
                dataset.put(head.tag, value);
            }
            if tag::TABLES.contains(&head.tag)
                && let Some(table) = self.table(&head, start)?
            {
                dataset.tables.insert(head.tag, table);
            }
        }
        Ok(())
    }

    /// The table in the first item of the sequence `head`, whose items lie between `start` and here.
    fn table(&self, head: &Head, start: usize) -> Result<Option<RawTable<'a>>, DicomError> {
        let encoding = if head.vr == *b"UN" { Encoding::IMPLICIT } else { self.encoding };
        let mut walk = Walk { bytes: &self.bytes[start..self.at], at: 0, count: 0, encoding };
        if walk.left() == 0 {
            return Ok(None);
        }
        let item = walk.head()?;
        match item.tag {
            tag::SEQUENCE_END => return Ok(None),
            tag::ITEM if item.length == UNDEFINED => {}
            tag::ITEM => walk = Walk { bytes: walk.value(&item)?, at: 0, ..walk },
            (group, element) => return Err(DicomError::Element { group, element }),
        }
        let mut table = RawTable::default();
        while walk.left() > 0 {
            let head = walk.head()?;
            match head.tag {
                tag::ITEM_END => break,
                _ if head.length == UNDEFINED => walk.sequence(&head, 2)?,
                tag::LUT_DESCRIPTOR => {
                    table.descriptor = walk.value(&head)?;
                    table.signed = encoding.explicit.then_some(head.vr == *b"SS");
                }
                tag::LUT_DATA => table.data = walk.value(&head)?,
                _ => _ = walk.value(&head)?,
            }
        }
        Ok(Some(table))
    }

    /// Steps over the items of a sequence without length.
    fn sequence(&mut self, head: &Head, depth: usize) -> Result<(), DicomError> {
        if depth > DEPTH_MAX {
            return Err(DicomError::Nesting);
        }
        let outer = self.encoding;
        if head.vr == *b"UN" {
            // An unknown sequence without length is written in implicit VR (PS3.5, 6.2.2, note 2).
            self.encoding = Encoding::IMPLICIT;
        }
        loop {
            let item = self.head()?;
            match item.tag {
                tag::SEQUENCE_END => break,
                tag::ITEM if item.length == UNDEFINED => self.item(depth)?,
                tag::ITEM => _ = self.value(&item)?,
                (group, element) => return Err(DicomError::Element { group, element }),
            }
        }
        self.encoding = outer;
        Ok(())
    }

    /// Steps over the elements of an item without length.
    fn item(&mut self, depth: usize) -> Result<(), DicomError> {
        loop {
            let head = self.head()?;
            if head.tag == tag::ITEM_END {
                return Ok(());
            }
            if head.length == UNDEFINED {
                self.sequence(&head, depth + 1)?;
            } else {
                self.value(&head)?;
            }
        }
    }

    fn pixels(&mut self, head: &Head) -> Result<PixelData<'a>, DicomError> {
        if head.length != UNDEFINED {
            let words = head.vr == *b"OW";
            return Ok(PixelData::Native { bytes: self.value(head)?, words });
        }
        let mut fragments = Vec::new();
        let mut offset_table = true;
        while self.left() > 0 {
            let item = self.head()?;
            match item.tag {
                tag::SEQUENCE_END => break,
                tag::ITEM if offset_table => _ = self.value(&item)?,
                tag::ITEM => fragments.push(self.value(&item)?),
                (group, element) => return Err(DicomError::Element { group, element }),
            }
            offset_table = false;
        }
        Ok(PixelData::Fragments(fragments))
    }
}
