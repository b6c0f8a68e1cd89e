//! What a peer may ask: one line of kind `ask`, whose `do` says what.

use std::time::Duration;

use super::line::{Kind, Line};
use crate::clock::WallTime;

/// Entries that one `list` gives at most: they fit into the queue of lines with room to spare.
pub const LIST_MAX: u64 = 20;

/// A peer's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// How the station is.
    Status,
    /// The newest kept reading.
    Last,
    /// At most `max` kept readings from number `from` on, in short.
    List { from: u64, max: u64 },
    /// One kept reading.
    Get { id: u64 },
    /// Take no further radiograph for a while, or go on.
    Freeze { on: bool },
    /// Every line up to number `through`, which was made at `at`, has come.
    Acknowledge { through: u32, at: Duration },
    /// It is now this time.
    Time { to: WallTime },
}

/// What cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// an unknown wish
    #[error("there is no such thing to ask")]
    Unknown,
    /// a field that the wish needs
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// a field with a value that cannot be
    #[error("the value of the field {0} cannot be")]
    Value(&'static str),
}

impl AskError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "ask_unknown",
            Self::Missing(_) => "ask_missing",
            Self::Value(_) => "ask_value",
        }
    }
}

impl Ask {
    /// What `line` asks; lines of other kinds ask nothing.
    pub fn of(line: &Line) -> Result<Self, AskError> {
        if line.kind() != Kind::Ask {
            return Err(AskError::Unknown);
        }
        match line.get("do").ok_or(AskError::Missing("do"))? {
            "status" => Ok(Self::Status),
            "last" => Ok(Self::Last),
            "list" => Ok(Self::List {
                from: optional(line, "from", 1)?,
                max: optional(line, "max", LIST_MAX)?.clamp(1, LIST_MAX),
            }),
            "get" => Ok(Self::Get { id: number(line, "id")? }),
            "freeze" => match line.get("on").ok_or(AskError::Missing("on"))? {
                "1" => Ok(Self::Freeze { on: true }),
                "0" => Ok(Self::Freeze { on: false }),
                _ => Err(AskError::Value("on")),
            },
            "ack" => Ok(Self::Acknowledge {
                through: u32::try_from(number(line, "through")?).map_err(|_| AskError::Value("through"))?,
                at: Duration::from_millis(number(line, "at")?),
            }),
            "time" => {
                let to = line.get("to").ok_or(AskError::Missing("to"))?;
                Ok(Self::Time { to: WallTime::parse(to).ok_or(AskError::Value("to"))? })
            }
            _ => Err(AskError::Unknown),
        }
    }
}

fn number(line: &Line, key: &'static str) -> Result<u64, AskError> {
    let text = line.get(key).ok_or(AskError::Missing(key))?;
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(AskError::Value(key))
}

fn optional(line: &Line, key: &'static str, otherwise: u64) -> Result<u64, AskError> {
    match line.get(key) {
        Some(_) => number(line, key),
        None => Ok(otherwise),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[(&str, &str)], expected: Result<Ask, AskError>) {
        let line = Line::new(Kind::Ask, 1, Duration::ZERO);
        let line = fields.iter().fold(line, |line, (key, value)| line.text(key, value));
        assert_eq!(Ask::of(&Line::parse(&line.encode()).unwrap()), expected, "{fields:?}");
    }

    #[test]
    fn what_is_asked_is_understood_whole_or_refused() {
        check(&[("do", "status")], Ok(Ask::Status));
        check(&[("do", "list")], Ok(Ask::List { from: 1, max: LIST_MAX }));
        check(&[("do", "list"), ("from", "7"), ("max", "9999")], Ok(Ask::List { from: 7, max: LIST_MAX }));
        check(&[("do", "get"), ("id", "12")], Ok(Ask::Get { id: 12 }));
        check(&[("do", "get")], Err(AskError::Missing("id")));
        check(&[("do", "get"), ("id", "+1")], Err(AskError::Value("id")));
        check(&[("do", "freeze"), ("on", "2")], Err(AskError::Value("on")));
        let at = Duration::from_millis(90);
        check(&[("do", "ack"), ("through", "5"), ("at", "90")], Ok(Ask::Acknowledge { through: 5, at }));
        check(&[("do", "ack"), ("through", "4294967296"), ("at", "0")], Err(AskError::Value("through")));
        let to = WallTime::parse("2026-11-24T01:29:15Z").unwrap();
        check(&[("do", "time"), ("to", "2026-11-24T01:29:15Z")], Ok(Ask::Time { to }));
        check(&[("do", "time"), ("to", "1999-01-01T00:00:00Z")], Err(AskError::Value("to")));
        check(&[("do", "reboot")], Err(AskError::Unknown));
        check(&[], Err(AskError::Missing("do")));
    }

    #[test]
    fn a_line_of_another_kind_asks_nothing() {
        let line = Line::new(Kind::Alive, 1, Duration::ZERO).text("do", "status");
        assert_eq!(Ask::of(&line), Err(AskError::Unknown));
    }
}
