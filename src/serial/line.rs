//! One line of the protocol: built, spelled and read back.
//!
//! `RM1 <sequence> <milliseconds> <kind> <key>=<value> ... *<checksum>`; the grammar is in `docs/serial.md`.

use std::time::Duration;

use super::checksum::checksum;
use super::value::{escape, unescape};
use crate::units::Fraction;

/// The first word of each line; another version is another protocol.
pub const VERSION: &str = "RM1";
/// Longest line with its checksum, without its line end: with CR LF it fills 256 bytes.
pub const LINE_BYTES_MAX: usize = 254;
/// The checksum with its star.
const CHECKSUM_BYTES: usize = 5;
/// Longest key.
const KEY_BYTES_MAX: usize = 12;

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The station has started.
    Boot,
    /// One self-test's outcome.
    SelfTest,
    /// One radiograph, graded.
    Reading,
    /// One radiograph, not graded.
    Refused,
    /// Something failed; the station goes on.
    Fault,
    /// Nothing else was to be told for a while.
    Alive,
    /// The station ends.
    End,
    /// What a peer asks of the station; all others are the station's.
    Ask,
    /// A question was done, or why not.
    Answer,
    /// A kept reading, for a question.
    Entry,
    /// Lines that were not acknowledged and will not come again.
    Gap,
    /// A record of the program's log.
    Log,
}

impl Kind {
    pub const ALL: [Self; 12] = [
        Self::Boot,
        Self::SelfTest,
        Self::Reading,
        Self::Refused,
        Self::Fault,
        Self::Alive,
        Self::End,
        Self::Ask,
        Self::Answer,
        Self::Entry,
        Self::Gap,
        Self::Log,
    ];

    /// The word in the line.
    pub fn word(self) -> &'static str {
        [
            "boot", "selftest", "reading", "refused", "fault", "alive", "end", "ask", "answer", "entry",
            "gap", "log",
        ][self as usize]
    }
}

/// What is no line of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// longer than any line
    #[error("{0} bytes are too long for a line: it has at most {LINE_BYTES_MAX}")]
    TooLong(usize),
    /// the end with its checksum is missing
    #[error("the line does not end in a star and four hexadecimal digits")]
    NoChecksum,
    /// damaged on the way
    #[error("the checksum is {got:04X} but should be {expected:04X}: the line was damaged")]
    Checksum { got: u16, expected: u16 },
    /// another protocol
    #[error("the line does not begin with {VERSION}")]
    Version,
    /// the sequence number or the time is none
    #[error("word {0} of the line is no number")]
    Number(usize),
    /// made by a newer version
    #[error("the kind of the line is not known; skip it")]
    Kind,
    /// not `key=value`
    #[error("field {0} of the line is not of the form key=value")]
    Field(usize),
    /// said twice
    #[error("field {0} of the line repeats a key")]
    Repeated(usize),
}

/// One event on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    sequence: u32,
    uptime_ms: u64,
    kind: Kind,
    fields: Vec<(String, String)>,
    /// The line up to its checksum.
    spelled: String,
}

impl Line {
    /// A line without fields; of `uptime` the whole milliseconds count.
    pub fn new(kind: Kind, sequence: u32, uptime: Duration) -> Self {
        let uptime_ms = u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX);
        let spelled = format!("{VERSION} {sequence} {uptime_ms} {}", kind.word());
        Self { sequence, uptime_ms, kind, fields: Vec::new(), spelled }
    }

    /// With `text` under `key`, cut to what still fits.
    pub fn text(self, key: &str, text: &str) -> Self {
        let room = self.room(key);
        match room {
            Some(bytes) => self.push(key, &escape(text, bytes)),
            None => self,
        }
    }

    /// With a number under `key`; left out whole where it does not fit, since a cut number is another number.
    pub fn number(self, key: &str, number: u64) -> Self {
        self.whole(key, &number.to_string(), 0)
    }

    /// With a share under `key`, in percent with one decimal.
    pub fn percent(self, key: &str, share: Fraction) -> Self {
        self.whole(key, &percent(share), 0)
    }

    /// With several shares under `key`, in percent with one decimal each, commas between.
    pub fn percents(self, key: &str, shares: &[Fraction]) -> Self {
        let list: Vec<String> = shares.iter().map(|&s| percent(s)).collect();
        self.whole(key, &list.join(","), 0)
    }

    /// With `text` under `key` where all of it fits and leaves `spare_bytes`; left out otherwise.
    pub fn whole(self, key: &str, text: &str, spare_bytes: usize) -> Self {
        let escaped = escape(text, usize::MAX);
        match self.room(key).and_then(|room| room.checked_sub(spare_bytes)) {
            Some(bytes) if escaped.len() <= bytes => self.push(key, &escaped),
            _ => self,
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// From 1, one more for each line of a start.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Time since the station's start.
    pub fn uptime(&self) -> Duration {
        Duration::from_millis(self.uptime_ms)
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Keys and values in their order.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The line as it is sent, without a line end; at most [`LINE_BYTES_MAX`] of printable ASCII.
    pub fn encode(&self) -> String {
        format!("{}*{:04X}", self.spelled, checksum(self.spelled.as_bytes()))
    }

    /// The line that `received` spells, with or without its line end.
    pub fn parse(received: &str) -> Result<Self, LineError> {
        let received = received.trim_end_matches(['\r', '\n']);
        if received.len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong(received.len()));
        }
        let body = checked(received)?;
        let mut words = body.split(' ');
        if words.next() != Some(VERSION) {
            return Err(LineError::Version);
        }
        let sequence = number(words.next()).ok_or(LineError::Number(2))?;
        let uptime_ms = number(words.next()).ok_or(LineError::Number(3))?;
        let kind = words.next().and_then(|w| Kind::ALL.into_iter().find(|k| k.word() == w));
        let mut line = Self::new(kind.ok_or(LineError::Kind)?, sequence, Duration::from_millis(uptime_ms));
        for (i, word) in words.enumerate() {
            let (key, value) = field(word).ok_or(LineError::Field(i + 1))?;
            if line.get(key).is_some() {
                return Err(LineError::Repeated(i + 1));
            }
            line.fields.push((key.into(), value));
        }
        line.spelled = body.into();
        Ok(line)
    }

    /// Bytes that a value under `key` may take, or `None` when not even the key fits.
    fn room(&self, key: &str) -> Option<usize> {
        assert!(is_key(key) && self.get(key).is_none(), "{key} is no key, or stands twice");
        LINE_BYTES_MAX.checked_sub(CHECKSUM_BYTES + self.spelled.len() + 1 + key.len() + 1)
    }

    fn push(mut self, key: &str, escaped: &str) -> Self {
        // What was escaped here can be read here; were it not so, the text itself would do for `get`.
        let value = unescape(escaped).unwrap_or_else(|| escaped.into());
        self.spelled.extend([" ", key, "=", escaped]);
        self.fields.push((key.into(), value));
        self
    }
}

/// A share in percent with one decimal, as lines tell it.
pub fn percent(share: Fraction) -> String {
    format!("{:.1}", share.percent().get())
}

/// What stands before the checksum, when that is right.
fn checked(received: &str) -> Result<&str, LineError> {
    let (body, digits) = received.rsplit_once('*').ok_or(LineError::NoChecksum)?;
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)) {
        return Err(LineError::NoChecksum);
    }
    let got = u16::from_str_radix(digits, 16).map_err(|_| LineError::NoChecksum)?;
    let expected = checksum(body.as_bytes());
    if got == expected { Ok(body) } else { Err(LineError::Checksum { got, expected }) }
}

/// Digits only: what Rust would read too, such as `+1`, is none.
fn number<T: std::str::FromStr>(word: Option<&str>) -> Option<T> {
    word.filter(|w| w.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

fn field(word: &str) -> Option<(&str, String)> {
    let (key, value) = word.split_once('=')?;
    if is_key(key) { Some((key, unescape(value)?)) } else { None }
}

fn is_key(key: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&key.len())
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
