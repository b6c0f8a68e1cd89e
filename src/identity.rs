//! Patient and study as a DICOM file says, for new objects that are to lie beside it in an archive.
//!
//! This is patient data: it goes from a file into the objects that are made of its reading, by way of a sealed record
//! at most, and nowhere else. Nothing of it can be printed.
//! Source: DICOM PS3.3, C.7.1.1 (patient), C.7.2.1 (general study).

use std::fmt;

/// Group and element.
pub type Tag = (u16, u16);

/// Longest value that is taken over: names have 64 characters in three groups.
pub const VALUE_BYTES_MAX: usize = 1024;
/// In which characters the texts are, then patient and study, each with its value representation; of type 2
/// throughout: it may be empty.
pub const ELEMENTS: [(Tag, &[u8; 2]); 11] = [
    ((0x0008, 0x0005), b"CS"),
    ((0x0008, 0x0020), b"DA"),
    ((0x0008, 0x0030), b"TM"),
    ((0x0008, 0x0050), b"SH"),
    ((0x0008, 0x0090), b"PN"),
    ((0x0010, 0x0010), b"PN"),
    ((0x0010, 0x0020), b"LO"),
    ((0x0010, 0x0030), b"DA"),
    ((0x0010, 0x0040), b"CS"),
    ((0x0020, 0x0010), b"SH"),
    ((0x0020, 0x0020), b"CS"),
];

/// Values of [`ELEMENTS`], in the file's own character set.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity([Vec<u8>; ELEMENTS.len()]);

impl Identity {
    /// What `value` gives for each element; what is longer than [`VALUE_BYTES_MAX`] counts as empty. `None` where
    /// nothing is left.
    pub fn of(mut value: impl FnMut(Tag) -> Vec<u8>) -> Option<Self> {
        let values = ELEMENTS.map(|(tag, _)| value(tag)).map(|value| match value.len() {
            0..=VALUE_BYTES_MAX => value,
            _ => Vec::new(),
        });
        values.iter().any(|v| !v.is_empty()).then_some(Self(values))
    }

    /// All values in the order of [`ELEMENTS`], empty ones too.
    pub fn values(&self) -> &[Vec<u8>; ELEMENTS.len()] {
        &self.0
    }

    /// Tag, value representation and value of each element that is there.
    pub fn elements(&self) -> impl Iterator<Item = (Tag, &'static [u8; 2], &[u8])> {
        let all = ELEMENTS.into_iter().zip(&self.0);
        all.filter(|(_, value)| !value.is_empty()).map(|((tag, vr), value)| (tag, vr, value.as_slice()))
    }
}

/// Says nothing: it belongs in no log.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_taken_over_within_bounds_and_cannot_be_printed() {
        let value = |tag| match tag {
            (0x0010, 0x0010) => b"DOE^JANE".to_vec(),
            (0x0010, 0x0020) => vec![b'7'; VALUE_BYTES_MAX + 1],
            _ => Vec::new(),
        };
        let identity = Identity::of(value).unwrap();
        let elements: Vec<_> = identity.elements().collect();
        assert_eq!(elements, [((0x0010, 0x0010), b"PN", b"DOE^JANE".as_slice())]);
        assert_eq!(format!("{identity:?}"), "Identity(..)");
        assert_eq!(Identity::of(|_| Vec::new()), None);
    }
}
