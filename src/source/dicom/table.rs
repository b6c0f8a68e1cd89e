//! Tables of grey values: modality LUT, VOI LUT, palette.
//!
//! Source: DICOM PS3.3, C.11.1.1 (descriptor and data), C.7.6.3.1.5 and C.7.6.3.1.6 (palettes).

use super::error::DicomError;
use super::scan::{Dataset, RawTable};
use super::tag;
use crate::source::raster::luma;

/// What a descriptor says when it means 65,536 entries.
const ENTRIES_ALL: usize = 65_536;

/// A table, checked: at least one entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// The value that the first entry stands for.
    first: i32,
    pub entries: Vec<u16>,
    /// How many bits of its entries are used, 1 to 16.
    pub bits: u8,
}

impl Table {
    /// The table that `raw` writes down; `name` is for errors, `signed` counts where the file does not say.
    pub(super) fn read(
        raw: &RawTable,
        name: &'static str,
        signed: bool,
        big_endian: bool,
    ) -> Result<Self, DicomError> {
        let words = words(raw.descriptor, big_endian);
        let [count, first, bits] = words[..] else {
            return Err(DicomError::Table { name, entries: 0, bytes: raw.descriptor.len() });
        };
        let count = if count == 0 { ENTRIES_ALL } else { count.into() };
        let bytes = raw.data.len();
        let entries =
            entries(raw.data, count, big_endian).ok_or(DicomError::Table { name, entries: count, bytes })?;
        if !(1..=16).contains(&bits) {
            return Err(DicomError::Shades { name });
        }
        // Some files state fewer bits than their entries use.
        let used = entries.iter().max().map_or(0, |top| 16 - top.leading_zeros() as u16);
        let first = if raw.signed.unwrap_or(signed) { i32::from(first as i16) } else { first.into() };
        Ok(Self { first, entries, bits: bits.max(used) as u8 })
    }

    /// The entry for `value`; below and above the table its first and last.
    pub(super) fn at(&self, value: f64) -> u16 {
        let index = (libm::rint(value) - f64::from(self.first)).clamp(0.0, (self.entries.len() - 1) as f64);
        self.entries[index as usize]
    }
}

/// The luma of a palette's colours.
pub(super) fn palette(dataset: &Dataset, signed: bool) -> Result<Table, DicomError> {
    if dataset.has(tag::SEGMENTED_RED_PALETTE_DATA) {
        return Err(DicomError::Photometric { name: "PALETTE COLOR with segmented tables" });
    }
    let name = "the palette";
    let table = |i: usize| {
        let (descriptor, data) =
            (dataset.bytes(tag::PALETTE_DESCRIPTORS[i]), dataset.bytes(tag::PALETTE_DATA[i]));
        let raw = RawTable { descriptor, data, signed: None };
        Table::read(&raw, name, signed, dataset.syntax.encoding.big_endian)
    };
    let [red, green, blue] = [table(0)?, table(1)?, table(2)?];
    if [&green, &blue].iter().any(|t| (t.first, t.entries.len()) != (red.first, red.entries.len())) {
        return Err(DicomError::Table { name, entries: red.entries.len(), bytes: green.entries.len() });
    }
    let bits = red.bits.max(green.bits).max(blue.bits);
    let colours = red.entries.iter().zip(&green.entries).zip(&blue.entries);
    let entries = colours.map(|((&r, &g), &b)| luma(r.into(), g.into(), b.into())).collect();
    Ok(Table { first: red.first, entries, bits })
}

fn words(bytes: &[u8], big_endian: bool) -> Vec<u16> {
    let word = if big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    bytes.as_chunks::<2>().0.iter().map(|pair| word(*pair)).collect()
}

/// A word to an entry, or where there are too few bytes for that, a byte to each.
fn entries(data: &[u8], count: usize, big_endian: bool) -> Option<Vec<u16>> {
    if let Some(data) = data.get(..2 * count) {
        return Some(words(data, big_endian));
    }
    Some(data.get(..count)?.iter().map(|&byte| byte.into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(descriptor: [u16; 3], data: &[u8], signed: bool) -> Result<Table, DicomError> {
        let descriptor: Vec<u8> = descriptor.iter().flat_map(|word| word.to_le_bytes()).collect();
        Table::read(&RawTable { descriptor: &descriptor, data, signed: None }, "the table", signed, false)
    }

    #[test]
    fn values_beyond_a_table_have_its_ends() {
        let table = read([3, 10, 8], &[7, 0, 8, 0, 9, 0], false).unwrap();
        assert_eq!([-5.0, 10.0, 11.4, 12.0, 4000.0].map(|v| table.at(v)), [7, 7, 8, 9, 9]);
    }

    #[test]
    fn a_table_may_begin_below_nothing() {
        let table = read([2, 0xFFFF, 16], &[1, 0, 2, 0], true).unwrap();
        assert_eq!([-1.0, 0.0].map(|v| table.at(v)), [1, 2]);
    }

    #[test]
    fn entries_may_be_bytes_and_their_bits_are_what_they_use() {
        let table = read([4, 0, 8], &[1, 2, 3, 255], false).unwrap();
        assert_eq!((table.bits, table.at(3.0)), (8, 255));
        assert_eq!(read([2, 0, 8], &[0, 0, 0, 1], false).unwrap().bits, 9);
    }

    #[test]
    fn a_table_that_is_cut_short_is_no_table() {
        assert_eq!(read([0, 0, 8], &[0; 65_535], false).unwrap_err().code(), "dicom_table");
        assert_eq!(read([4, 0, 17], &[0; 8], false).unwrap_err().code(), "dicom_shades");
    }
}
