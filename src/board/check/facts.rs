//! What is known of the hardware, checked for its form.

use toml::Spanned;

use super::Checker;
use crate::board::raw::{RawFact, RawFacts};
use crate::board::{BoardError, Fact, Facts};

/// A fact is a sentence or two in a table.
pub const FACT_CHARACTERS_MAX: usize = 300;
/// Facts of one kind: a board has a handful of UARTs.
pub const FACTS_MAX: usize = 8;
/// Lines of configuration of one fact.
pub const SETUP_LINES_MAX: usize = 8;
/// Watchdogs of small boards end between 15 seconds and some minutes; a day is a mistake.
pub const WATCHDOG_S: [i64; 2] = [1, 86_400];

impl Checker<'_> {
    pub(super) fn facts(&self, raw: Option<&RawFacts>) -> Result<Facts, BoardError> {
        let Some(raw) = raw else { return Ok(Facts::default()) };
        Ok(Facts {
            processor: raw.processor.as_ref().map(|f| self.fact("processor", f)).transpose()?,
            uarts: self.list("uarts", raw.uarts.as_ref())?,
            watchdogs: self.list("watchdogs", raw.watchdogs.as_ref())?,
            screens: self.list("screens", raw.screens.as_ref())?,
            cameras: self.list("cameras", raw.cameras.as_ref())?,
        })
    }

    fn list(&self, what: &'static str, raw: Option<&Vec<RawFact>>) -> Result<Vec<Fact>, BoardError> {
        let facts: &[RawFact] = raw.map_or(&[], Vec::as_slice);
        if let Some(surplus) = facts.get(FACTS_MAX) {
            return Err(self.too_many(what, facts.len(), FACTS_MAX, &surplus.text));
        }
        facts.iter().map(|f| self.fact(what, f)).collect()
    }

    fn fact(&self, what: &'static str, raw: &RawFact) -> Result<Fact, BoardError> {
        let setup = raw.setup.as_deref().unwrap_or_default();
        if let Some(surplus) = setup.get(SETUP_LINES_MAX) {
            return Err(self.too_many("setup", setup.len(), SETUP_LINES_MAX, surplus));
        }
        if let (Some(timeout), false) = (&raw.timeout_s_max, what == "watchdogs") {
            let (place, what) = (self.place(timeout), "a fact that is no watchdog");
            return Err(BoardError::Surplus { place, what, key: "timeout_s_max" });
        }
        let timeout = raw.timeout_s_max.as_ref().map(|t| self.range("timeout_s_max", t, WATCHDOG_S));
        Ok(Fact {
            device: raw.device.as_ref().map(|d| self.sentence("device", d)).transpose()?,
            text: self.sentence("text", &raw.text)?,
            setup: setup.iter().map(|line| self.sentence("setup", line)).collect::<Result<_, _>>()?,
            timeout_s_max: timeout.transpose()?.map(|s| s as u32),
            status: self.status(Some(&raw.status))?,
            source: self.sentence("source", &raw.source)?,
        })
    }

    /// One line that can stand in a table.
    fn sentence(&self, key: &'static str, raw: &Spanned<String>) -> Result<String, BoardError> {
        let fits = |s: &str| {
            (1..=FACT_CHARACTERS_MAX).contains(&s.chars().count())
                && !s.chars().any(|c| c.is_control() || c == '|')
        };
        self.form(key, raw, "one line of 1 to 300 characters without |", fits)
    }

    fn too_many(&self, key: &'static str, count: usize, max: usize, at: &Spanned<String>) -> BoardError {
        let place = self.place(at);
        BoardError::Range { place, key, value: count as f64, min: 0.0, max: max as f64 }
    }
}
