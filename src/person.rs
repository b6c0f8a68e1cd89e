//! Who was examined: never guessed, and kept as a digest alone.
//!
//! A radiograph's file may say it (`source/dicom`); where it does not, the operator may type or scan the patient's
//! *identifier*. The two are never mixed: their digests differ even where the identifier is the same.
//! This module does not know where an identifier comes from, nor what is done with it.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Completed years from which a person counts as an adult: nothing here has learned to read younger chests.
pub const ADULT_FROM_YEARS: u8 = 18;
/// Characters of the longest identifier: what a wristband's code and a narrow screen hold.
pub const IDENTIFIER_MAX: usize = 24;
/// Characters of the shortest: a bed's or a day's number is nobody's identifier.
pub const IDENTIFIER_MIN: usize = 4;
/// All characters of identifiers, in the order in which a screen offers them.
pub const CHARACTERS: &[u8; 39] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/.";
/// Sets what an operator typed apart from what a file says.
const TYPED: &[u8] = b"raymap: identifier by an operator\0";
/// What is written where nothing is known, without case, spaces and punctuation.
const NOBODY: [&str; 16] = [
    "unknown",
    "unknownpatient",
    "anonymous",
    "anonymized",
    "anonymised",
    "anon",
    "none",
    "noname",
    "noid",
    "na",
    "null",
    "nil",
    "test",
    "testpatient",
    "patient",
    "emergency",
];

/// Who was examined, as a digest: tells whether two radiographs are of one person.
///
/// It is made of what a file or an operator says of the person, none of which is kept; whoever knows all of that can
/// make it again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Person([u8; Person::BYTES]);

impl Person {
    pub const BYTES: usize = 32;

    pub fn from_digest(digest: [u8; Self::BYTES]) -> Self {
        Self(digest)
    }

    pub fn digest(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Of a digest in 64 hexadecimal digits; `None` for any other text.
    pub fn from_hexadecimal(text: &str) -> Option<Self> {
        let mut digest = [0; Self::BYTES];
        if text.len() != 2 * digest.len() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (k, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * k..2 * k + 2)?, 16).ok()?;
        }
        Some(Self(digest))
    }
}

/// Says nothing: not even a digest belongs in a log.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

/// Whether a value says who somebody is: `UNKNOWN`, `0000` and the like do not.
pub fn tells(value: &[u8]) -> bool {
    let bare: Vec<u8> = value
        .iter()
        .filter(|b| !b.is_ascii_punctuation() && **b != b' ')
        .map(u8::to_ascii_lowercase)
        .collect();
    let all_alike = bare.windows(2).all(|pair| pair[0] == pair[1]);
    !bare.is_empty()
        && !(all_alike && (bare.len() > 1 || bare[0] == b'0'))
        && !NOBODY.iter().any(|word| bare == word.as_bytes())
}

/// Why an identifier names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// fewer or more characters than an identifier has
    #[error("{characters} characters are no identifier: {IDENTIFIER_MIN} to {IDENTIFIER_MAX} are")]
    Length { characters: usize },
    /// a character that identifiers do not have
    #[error("an identifier has letters, digits, and - / . alone")]
    Character,
    /// what is written where nobody is known
    #[error("this stands for nobody")]
    Nobody,
}

impl IdentifierError {
    /// Stable name for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Length { .. } => "identifier_length",
            Self::Character => "identifier_character",
            Self::Nobody => "identifier_nobody",
        }
    }
}

/// A patient's identifier as it is being typed: at most [`IDENTIFIER_MAX`] of [`CHARACTERS`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Identifier {
    bytes: [u8; IDENTIFIER_MAX],
    length: usize,
}

impl Identifier {
    /// What a code reader sent; letters count without case.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let characters = text.chars().count();
        if characters > IDENTIFIER_MAX {
            return Err(IdentifierError::Length { characters });
        }
        let mut identifier = Self::default();
        text.chars().try_for_each(|c| identifier.push(c))?;
        Ok(identifier)
    }

    /// Adds a character; an error, and nothing added, where it is none of an identifier's or there is no room.
    pub fn push(&mut self, character: char) -> Result<(), IdentifierError> {
        let byte = u8::try_from(character.to_ascii_uppercase()).ok().filter(|b| CHARACTERS.contains(b));
        let byte = byte.ok_or(IdentifierError::Character)?;
        let full = IdentifierError::Length { characters: self.length + 1 };
        *self.bytes.get_mut(self.length).ok_or(full)? = byte;
        self.length += 1;
        Ok(())
    }

    /// Takes the last character away.
    pub fn pop(&mut self) {
        self.length = self.length.saturating_sub(1);
    }

    pub fn as_str(&self) -> &str {
        // All of them are ASCII.
        std::str::from_utf8(self.bytes.get(..self.length).unwrap_or_default()).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whom it names.
    pub fn person(&self) -> Result<Person, IdentifierError> {
        let text = self.as_str();
        if text.len() < IDENTIFIER_MIN {
            return Err(IdentifierError::Length { characters: text.len() });
        }
        if !tells(text.as_bytes()) {
            return Err(IdentifierError::Nobody);
        }
        let digest = Sha256::new().chain_update(TYPED).chain_update(text).finalize();
        Ok(Person::from_digest(digest.into()))
    }
}

/// Says nothing: an identifier belongs in no log.
impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({} characters)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(text: &str) -> Result<Person, IdentifierError> {
        Identifier::parse(text)?.person()
    }

    #[test]
    fn one_identifier_is_one_person_without_case() {
        let one = person("kb-17/204").unwrap();
        assert_eq!(one, person("KB-17/204").unwrap());
        for other in ["KB-17/205", "KB-17204", "KB-17/2040"] {
            assert_ne!(one, person(other).unwrap(), "{other}");
        }
    }

    #[test]
    fn what_names_nobody_is_refused_with_the_reason() {
        let long = "1".repeat(IDENTIFIER_MAX + 1);
        for (text, code) in [
            ("", "identifier_length"),
            ("17A", "identifier_length"),
            (long.as_str(), "identifier_length"),
            ("0000", "identifier_nobody"),
            ("UNKNOWN", "identifier_nobody"),
            ("n/a-.", "identifier_nobody"),
            ("17 204", "identifier_character"),
            ("17\u{e9}204", "identifier_character"),
            ("17_204", "identifier_character"),
        ] {
            assert_eq!(person(text).map_err(IdentifierError::code), Err(code), "{text}");
        }
    }

    #[test]
    fn typing_is_bounded_and_can_be_taken_back() {
        let mut identifier = Identifier::default();
        identifier.pop();
        assert!(identifier.is_empty());
        let taken = (0..99).filter(|_| identifier.push('7').is_ok()).count();
        assert_eq!(taken, IDENTIFIER_MAX);
        assert_eq!(identifier.push('7').map_err(IdentifierError::code), Err("identifier_length"));
        identifier.pop();
        assert_eq!(identifier.push('%'), Err(IdentifierError::Character));
        assert_eq!(identifier.push('a'), Ok(()));
        assert_eq!(identifier.as_str(), format!("{}A", "7".repeat(IDENTIFIER_MAX - 1)));
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let one = person("17-204").unwrap();
        let text: String = one.digest().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(Person::from_hexadecimal(&text), Some(one));
        let signed = format!("+{}", &text[1..]);
        for wrong in [&text[1..], signed.as_str(), ""] {
            assert_eq!(Person::from_hexadecimal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_of_a_person_can_be_printed() {
        let identifier = Identifier::parse("17-204").unwrap();
        let printed = format!("{identifier:?} {:?}", identifier.person());
        assert_eq!(printed, "Identifier(6 characters) Ok(Person(..))");
    }
}
