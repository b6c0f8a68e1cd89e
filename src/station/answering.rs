//! What a peer asks over the serial line, done and answered.
//!
//! Nothing here takes long: a peer gets a few questions answered between two slices of the loop's wait, the rest
//! waits in the link's bounded queue.

use std::time::Duration;

use super::Station;
use super::machine;
use crate::record::{Entry, Journal, RecordError, Restored};
use crate::serial::{self, Ask, Event, Line};
use crate::units::Fraction;

/// Questions that are answered at once.
const ASKS_AT_ONCE: usize = 8;
/// Log records that are sent at once.
const RECORDS_AT_ONCE: usize = 8;
/// A station that was frozen and forgotten goes on by itself.
pub(super) const FROZEN_MAX: Duration = Duration::from_secs(600);

/// A field of an answer.
type Field = (&'static str, String);

impl Station<'_> {
    /// Answers what was asked, sends log records, and again what was not acknowledged.
    pub(super) fn serve(&mut self) {
        for _ in 0..ASKS_AT_ONCE {
            let Some(line) = self.teller.next_ask() else { break };
            self.answer(&line);
        }
        self.tell_records();
        self.teller.resend();
    }

    fn answer(&mut self, line: &Line) {
        let to = line.sequence();
        let done = match Ask::of(line) {
            Ok(Ask::Acknowledge { through, at }) => return self.acknowledged(through, at),
            Ok(ask) => self.done(to, ask),
            Err(error) => Err(error.code()),
        };
        let outcome = done.as_deref().map_err(|code| *code);
        self.tell(&Event::Answer { to, outcome });
    }

    /// No answer: it would have to be acknowledged in turn.
    fn acknowledged(&mut self, through: u32, at: Duration) {
        if let Some(through) = self.teller.acknowledge(through, at) {
            self.tell(&Event::Gap { through });
        }
    }

    fn done(&mut self, to: u32, ask: Ask) -> Result<Vec<Field>, &'static str> {
        match ask {
            Ask::Status => Ok(self.status()),
            Ask::Last => self.entries(to, None, 1),
            Ask::List { from, max } => self.entries(to, Some(from), max),
            Ask::Get { id } => self.entry(to, id),
            Ask::Freeze { on } => {
                self.frozen_until = on.then(|| self.clock.uptime() + FROZEN_MAX);
                Ok(vec![("frozen", u8::from(on).to_string())])
            }
            Ask::Time { to } => {
                self.clock.set(to);
                log::info!("the time of day was set over the serial line");
                Ok(self.clock.wall_time().map(|t| ("time", t.to_string())).into_iter().collect())
            }
            Ask::Acknowledge { .. } => Ok(Vec::new()),
        }
    }

    fn status(&self) -> Vec<Field> {
        let mut fields = vec![
            ("state", self.state.name().to_owned()),
            ("frozen", u8::from(self.is_frozen()).to_string()),
            ("radiographs", self.summary.radiographs.to_string()),
            ("graded", self.summary.graded.to_string()),
            ("kept", self.summary.kept.to_string()),
            ("faults", self.summary.faults.to_string()),
            ("dropped", self.teller.dropped().to_string()),
            ("unacked", self.teller.unacknowledged().to_string()),
        ];
        fields.extend(self.dispatch_fields());
        fields.extend(machine::hottest_celsius().map(|c| ("temp", format!("{c:.1}"))));
        fields.extend(self.clock.wall_time().map(|t| ("time", t.to_string())));
        fields
    }

    /// Entries from number `from` on, or the newest; then how many there were, and the record's first and last.
    fn entries(&mut self, to: u32, from: Option<u64>, max: u64) -> Result<Vec<Field>, &'static str> {
        let journal = self.journal()?;
        let (first, last) = (journal.readings().next(), journal.readings().next_back());
        let span = [("first", first), ("last", last)].map(|(key, e)| (key, e.map_or(0, |e| e.sequence)));
        let from = from.unwrap_or(span[1].1);
        let found = journal.readings().filter(|e| e.sequence >= from).take(max as usize);
        let lines: Vec<Vec<Field>> = found.map(|entry| short(journal, entry)).collect();
        lines.iter().for_each(|fields| self.tell(&Event::Entry { to, fields }));
        let mut fields = vec![("count", lines.len().to_string())];
        fields.extend(span.map(|(key, id)| (key, id.to_string())));
        Ok(fields)
    }

    fn entry(&mut self, to: u32, id: u64) -> Result<Vec<Field>, &'static str> {
        let journal = self.journal()?;
        let entry = journal.reading(id).map_err(|e| e.code())?;
        let fields = Restored::load(journal, &entry).map(|r| whole(&r)).map_err(|e| e.code())?;
        self.tell(&Event::Entry { to, fields: &fields });
        Ok(Vec::new())
    }

    fn journal(&mut self) -> Result<&Journal, &'static str> {
        let record = self.record.as_mut().ok_or("record_none")?;
        record.open(self.clock).map(|store| store.journal()).map_err(|e: RecordError| e.code())
    }

    fn tell_records(&mut self) {
        let Some(records) = &self.teller.records else { return };
        let records: Vec<_> = records.try_iter().take(RECORDS_AT_ONCE).collect();
        for record in records {
            self.tell(&Event::Log { level: record.level, text: &record.text });
        }
    }

    /// Whether no further radiograph is to be taken for now.
    pub(super) fn is_frozen(&self) -> bool {
        self.frozen_until.is_some_and(|until| self.clock.uptime() < until)
    }
}

/// An entry in a list; one that is damaged says so.
fn short(journal: &Journal, entry: &Entry) -> Vec<Field> {
    match Restored::load(journal, entry) {
        Ok(restored) => result(&restored),
        Err(error) => vec![("id", entry.sequence.to_string()), ("error", error.code().to_owned())],
    }
}

/// Number, moment, and grade or refusal.
fn result(restored: &Restored) -> Vec<Field> {
    let moment = &restored.moment;
    let mut fields = vec![
        ("id", restored.id.to_string()),
        ("start", moment.start.to_string()),
        ("at", moment.uptime.as_millis().to_string()),
    ];
    fields.extend(moment.wall_time.map(|t| ("time", t.to_string())));
    match (restored.refusal(), restored.grade()) {
        (Some(code), _) => fields.push(("code", code.to_owned())),
        (None, grade) => {
            fields.push(("grade", grade.unwrap_or("unknown").to_owned()));
            fields.extend(restored.share().map(|share| ("total", percent(share))));
        }
    }
    fields
}

/// What a `reading` line says of the radiograph, as far as the entry has it. No name of a file.
///
/// What a line of the longest values has no room for comes last: `list` gives the time too.
fn whole(restored: &Restored) -> Vec<Field> {
    let (mut fields, reading) = (result(restored), &restored.json["reading"]);
    let time: Vec<Field> = fields.extract_if(.., |(key, _)| *key == "time").collect();
    let infected = &reading["infected"];
    let share = |value: &serde_json::Value| value.as_f64().map(percent);
    let interval: Vec<String> = (0..2).filter_map(|i| share(&infected["interval90"][i])).collect();
    if interval.len() == 2 {
        fields.push(("i90", interval.join(",")));
    }
    for side in ["right", "left"] {
        fields.extend(share(&infected[side]).map(|s| (side, s)));
    }
    let scales = [("extent", "geographic_extent"), ("toussie", "toussie"), ("brixia", "brixia_estimate")];
    for (key, name) in scales {
        fields.extend(reading["severity"][name].as_u64().map(|n| (key, n.to_string())));
    }
    fields.extend(share(&reading["detection"]["probability"]).map(|p| ("prob", p)));
    fields.extend(reading["detection"]["positive"].as_bool().map(|p| ("opacity", u8::from(p).to_string())));
    let zones: Vec<String> =
        ["A", "B", "C", "D", "E", "F"].iter().filter_map(|z| share(&infected["zones"][z])).collect();
    if zones.len() == 6 {
        fields.push(("zones", zones.join(",")));
    }
    fields.extend(time);
    fields
}

fn percent(share: f64) -> String {
    serial::percent(Fraction::clamped(share as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BootId, WallTime};
    use crate::record::Moment;

    /// The line of a reading in which every number is as long as it gets; `id` and `at` of a year.
    fn longest(id: u64, at: Duration, share: f64) -> Line {
        let moment = Moment {
            start: 100_000,
            boot_id: BootId::unknown(),
            uptime: at,
            wall_time: WallTime::parse("2031-05-06T07:08:09Z"),
        };
        let zones: serde_json::Map<_, _> =
            ["A", "B", "C", "D", "E", "F"].map(|z| (z.to_owned(), share.into())).into_iter().collect();
        let json = serde_json::json!({"reading": {
            "fit": true,
            "infected": {"total": share, "right": share, "left": share, "zones": zones,
                         "interval90": [share, share]},
            "severity": {"grade": "moderate", "geographic_extent": 8, "toussie": 6, "brixia_estimate": 18},
            "detection": {"probability": share, "positive": true},
        }});
        let fields = whole(&Restored { id, moment, json, digest: [0; 32] });
        Event::Entry { to: u32::MAX, fields: &fields }.line(u32::MAX, at)
    }

    #[test]
    fn the_longest_reading_is_given_with_all_that_decides() {
        let line = longest(31_536_000, Duration::from_secs(31_536_000), 1.0);
        let decides = ["grade", "total", "i90", "right", "left", "extent", "toussie", "brixia", "prob"];
        decides.iter().for_each(|key| assert!(line.get(key).is_some(), "{key}: {}", line.encode()));
        assert_eq!((line.get("opacity"), line.get("use")), (Some("1"), Some("research_triage")));
        assert_eq!(line.get("zones"), None, "there is no room for them: {}", line.encode());
        let usual = longest(41, Duration::from_secs(70), 0.234);
        assert_eq!(usual.get("zones"), Some("23.4,23.4,23.4,23.4,23.4,23.4"));
    }
}
