//! Data elements written in explicit VR, little endian, and files of them.
//!
//! Source: DICOM PS3.5, 7.1.2 (explicit VR), 7.5 (sequences); PS3.10, 7.1 (file meta information).

use std::collections::BTreeMap;

/// Group and element.
pub type Tag = (u16, u16);

/// This program, as DICOM wants it named: an UUID made for it once (PS3.5, B.2).
const IMPLEMENTATION: &str = "2.25.276519844106187041960273338128764025413";
const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
/// Value representations with a 32-bit length, among those written here.
const LONG: [&[u8; 2]; 4] = [b"OB", b"OW", b"SQ", b"UT"];

/// Elements of a dataset or an item, in the order of their tags.
#[derive(Clone, Default)]
pub struct Elements(BTreeMap<Tag, (&'static [u8; 2], Vec<u8>)>);

impl Elements {
    /// A value as it is, padded to an even length.
    pub fn bytes(&mut self, tag: Tag, vr: &'static [u8; 2], mut value: Vec<u8>) -> &mut Self {
        if !value.len().is_multiple_of(2) {
            value.push(if matches!(vr, b"UI" | b"OB") { 0 } else { b' ' });
        }
        self.0.insert(tag, (vr, value));
        self
    }

    pub fn text(&mut self, tag: Tag, vr: &'static [u8; 2], value: &str) -> &mut Self {
        self.bytes(tag, vr, value.into())
    }

    pub fn short(&mut self, tag: Tag, value: u16) -> &mut Self {
        self.bytes(tag, b"US", value.to_le_bytes().into())
    }

    pub fn tag(&mut self, tag: Tag, (group, element): Tag) -> &mut Self {
        self.bytes(tag, b"AT", [group.to_le_bytes(), element.to_le_bytes()].concat())
    }

    pub fn remove(&mut self, tag: Tag) -> &mut Self {
        self.0.remove(&tag);
        self
    }

    /// A sequence of items.
    pub fn items(&mut self, tag: Tag, items: &[Elements]) -> &mut Self {
        let mut bytes = Vec::new();
        for item in items {
            let inside = item.encode();
            bytes.extend([0xFE, 0xFF, 0x00, 0xE0]);
            bytes.extend((inside.len() as u32).to_le_bytes());
            bytes.extend(inside);
        }
        self.bytes(tag, b"SQ", bytes)
    }

    /// A sequence of one coded concept (PS3.3, 8).
    pub fn code(&mut self, tag: Tag, [value, scheme, meaning]: Code) -> &mut Self {
        self.items(tag, &[concept([value, scheme, meaning])])
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for ((group, element), (vr, value)) in &self.0 {
            bytes.extend(group.to_le_bytes());
            bytes.extend(element.to_le_bytes());
            bytes.extend(*vr);
            if LONG.contains(vr) {
                bytes.extend([0, 0]);
                bytes.extend((value.len() as u32).to_le_bytes());
            } else {
                // Texts are cut long before 64 KiB.
                bytes.extend((value.len() as u16).to_le_bytes());
            }
            bytes.extend(value);
        }
        bytes
    }
}

/// Elements as [`Elements::encode`] writes them, in implicit VR: sequences and items in them have their lengths.
///
/// Source: DICOM PS3.5, 7.1.3.
pub fn implicit(mut explicit: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(explicit.len());
    while let Some((Encoded { tag, vr, value }, rest)) = element(explicit) {
        let value = if vr == b"SQ" { implicit_items(value) } else { value.to_vec() };
        bytes.extend(tag);
        bytes.extend((value.len() as u32).to_le_bytes());
        bytes.extend(value);
        explicit = rest;
    }
    bytes
}

/// Items of a sequence: of a tag and a length each, in both ways of writing.
fn implicit_items(mut items: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(items.len());
    while let Some((tag, rest)) = items.split_first_chunk::<4>()
        && let Some((length, rest)) = rest.split_first_chunk::<4>()
        && let Some((inside, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)
    {
        let inside = implicit(inside);
        bytes.extend(tag);
        bytes.extend((inside.len() as u32).to_le_bytes());
        bytes.extend(inside);
        items = rest;
    }
    bytes
}

/// One element as it lies in explicit VR.
struct Encoded<'a> {
    tag: &'a [u8; 4],
    vr: &'a [u8; 2],
    value: &'a [u8],
}

/// The first element in explicit VR, and what follows.
fn element(bytes: &[u8]) -> Option<(Encoded<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first_chunk::<4>()?;
    let (vr, rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = if LONG.contains(&vr) {
        let (length, rest) = rest.get(2..)?.split_first_chunk::<4>()?;
        (u32::from_le_bytes(*length) as usize, rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        (u16::from_le_bytes(*length).into(), rest)
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Encoded { tag, vr, value }, rest))
}

/// A whole file of the object with these UIDs and this dataset.
pub fn file(class: &str, instance: &str, dataset: &[u8]) -> Vec<u8> {
    let mut meta = Elements::default();
    meta.bytes((2, 0x01), b"OB", vec![0, 1])
        .text((2, 0x02), b"UI", class)
        .text((2, 0x03), b"UI", instance)
        .text((2, 0x10), b"UI", EXPLICIT_LITTLE_ENDIAN)
        .text((2, 0x12), b"UI", IMPLEMENTATION)
        .text((2, 0x13), b"SH", "RAYMAP_1");
    let meta = meta.encode();
    let mut length = Elements::default();
    length.bytes((2, 0x00), b"UL", (meta.len() as u32).to_le_bytes().into());
    [&[0; 128][..], b"DICM", &length.encode(), &meta, dataset].concat()
}

/// Value, scheme and meaning.
pub type Code = [&'static str; 3];

pub fn concept([value, scheme, meaning]: Code) -> Elements {
    let mut concept = Elements::default();
    concept.text((0x0008, 0x0100), b"SH", value);
    concept.text((0x0008, 0x0102), b"SH", scheme);
    concept.text((0x0008, 0x0104), b"LO", meaning);
    concept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implicit_vr_has_the_same_values_in_sequences_too() {
        let mut inside = Elements::default();
        inside.short((0x0028, 0x0010), 7).items((0x0008, 0x1115), &[]);
        let mut e = Elements::default();
        e.text((0x0008, 0x0060), b"CS", "OT").items((0x0008, 0x2112), &[inside.clone(), inside]).bytes(
            (0x7FE0, 0x0010),
            b"OB",
            vec![1, 2, 3],
        );
        let item = "FEFF00E0 12000000 08001511 00000000 28001000 02000000 0700";
        let expected =
            ["08006000 02000000 4F54", "08001221 34000000", item, item, "E07F1000 04000000 01020300"];
        let digits = |text: &str| text.replace(' ', "");
        let written: String = implicit(&e.encode()).iter().map(|b| format!("{b:02X}")).collect();
        assert_eq!(written, digits(&expected.concat()));
    }
}
