//! Whether two files are of one person: never guessed.
//!
//! A person is known by the identifier, its issuer, name and date of birth together (DICOM PS3.3, C.7.1.1): two files
//! are of one person only where all four are the same, byte for byte. Units that were set up in a hurry number their
//! patients anew each day or call all of them alike, so an identifier alone, or one that stands for none, is nobody.

use sha2::{Digest as _, Sha256};

use super::scan::Dataset;
use super::tag;
use crate::person::{Person, tells};

/// Longest value that counts: identifiers have 64 characters, names 64 in each of three groups.
const VALUE_BYTES_MAX: usize = 1024;
/// Who was examined; `None` where the file does not say it surely.
pub(super) fn of(dataset: &Dataset) -> Option<Person> {
    let value = |tag| trimmed(dataset.bytes(tag));
    let (id, issuer) = (value(tag::PATIENT_ID), value(tag::ISSUER_OF_PATIENT_ID));
    let (name, birth) = (value(tag::PATIENT_NAME), value(tag::PATIENT_BIRTH_DATE));
    if !tells(id) || !(tells(name) || tells(birth)) {
        return None;
    }
    let mut digest = Sha256::new();
    for value in [id, issuer, name, birth] {
        if value.len() > VALUE_BYTES_MAX {
            return None;
        }
        digest.update((value.len() as u32).to_le_bytes());
        digest.update(value);
    }
    Some(Person::from_digest(digest.finalize().into()))
}

/// Without the padding that DICOM allows.
fn trimmed(value: &[u8]) -> &[u8] {
    let is_padding = |b: &u8| matches!(b, b' ' | 0);
    let start = value.iter().position(|b| !is_padding(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !is_padding(b)).map_or(start, |last| last + 1);
    &value[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, issuer: &str, name: &str, birth: &str) -> Option<Person> {
        let mut dataset = Dataset::empty();
        let values = [
            (tag::PATIENT_ID, id),
            (tag::ISSUER_OF_PATIENT_ID, issuer),
            (tag::PATIENT_NAME, name),
            (tag::PATIENT_BIRTH_DATE, birth),
        ];
        values.into_iter().for_each(|(tag, value)| dataset.put(tag, value.as_bytes()));
        of(&dataset)
    }

    #[test]
    fn one_person_is_who_is_the_same_in_all_four() {
        let one = person("17-204", "CLINIC", "ODHIAMBO^ACHIENG", "19710304");
        assert!(one.is_some());
        assert_eq!(one, person("17-204 ", "CLINIC\0", "ODHIAMBO^ACHIENG ", "19710304"));
        for other in [
            person("17-205", "CLINIC", "ODHIAMBO^ACHIENG", "19710304"),
            person("17-204", "OTHER", "ODHIAMBO^ACHIENG", "19710304"),
            person("17-204", "CLINIC", "ODHIAMBO^AKINYI", "19710304"),
            person("17-204", "CLINIC", "ODHIAMBO^ACHIENG", "19710305"),
            // Nothing moves from one value into the next.
            person("17-204CLINIC", "", "ODHIAMBO^ACHIENG", "19710304"),
        ] {
            assert!(other.is_some() && other != one);
        }
    }

    #[test]
    fn an_identifier_that_stands_for_nobody_is_nobody_and_one_alone_is_not_enough() {
        for (id, name, birth) in [
            ("", "DOE^JANE", "19710304"),
            ("0000", "DOE^JANE", "19710304"),
            ("UNKNOWN", "DOE^JANE", "19710304"),
            ("N/A", "DOE^JANE", "19710304"),
            ("Test Patient", "DOE^JANE", "19710304"),
            ("12", "", ""),
            ("12", "Anonymous", "00000000"),
        ] {
            assert_eq!(person(id, "", name, birth), None, "{id} {name}");
        }
        assert!(person("12", "", "", "19710304").is_some() && person("1", "", "DOE^JANE", "").is_some());
    }
}
