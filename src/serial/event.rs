//! What is told over the serial line, field by field.
//!
//! Free text is sent of nothing but the station itself: a file's name, and a message that may hold one, stay here.

use std::time::Duration;

use super::line::{Kind, Line};
use crate::clock::WallTime;
use crate::reading::{Finding, Reading, Timing};

/// Goes with every result.
const USE: &str = "research_triage";
/// Bytes of ` use=` and that.
const USE_BYTES: usize = 5 + USE.len();
/// Enough of the model's SHA-256 to tell two models apart.
const MODEL_SHA256_DIGITS: usize = 16;

/// One thing that is told.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    Boot {
        software: &'a str,
        board: &'a str,
        boot_id: &'a str,
        model_name: &'a str,
        model_version: &'a str,
        model_sha256: &'a str,
        /// Number of this start, where starts are counted.
        start: Option<u64>,
        wall_time: Option<WallTime>,
    },
    SelfTest {
        code: &'a str,
        passed: bool,
        text: &'a str,
    },
    /// Radiograph `ordinal` of this start, graded or refused; `id` is its number in the record, where it is kept.
    Reading {
        ordinal: u64,
        id: Option<u64>,
        reading: &'a Reading,
    },
    /// `radiographs` had come when it happened; `count` faults so far, this one included.
    Fault {
        origin: &'a str,
        code: &'a str,
        radiographs: u64,
        count: u64,
    },
    Alive {
        /// The station's state, such as `ready`.
        state: &'a str,
        radiographs: u64,
        faults: u64,
        dropped: u64,
        /// Of the board's hottest part, where it is known.
        celsius: Option<f32>,
        wall_time: Option<WallTime>,
    },
    End {
        radiographs: u64,
        graded: u64,
        refused: u64,
        faults: u64,
        dropped: u64,
        wall_time: Option<WallTime>,
    },
    /// Question `to` was done, with what was asked for; or the code of why not.
    Answer {
        to: u32,
        outcome: Result<&'a [(&'static str, String)], &'static str>,
    },
    /// A kept reading, for question `to`.
    Entry {
        to: u32,
        fields: &'a [(&'static str, String)],
    },
    /// Lines up to number `through` were not acknowledged, and will not come again.
    Gap {
        through: u32,
    },
    /// A record of the log.
    Log {
        level: &'a str,
        text: &'a str,
    },
}

impl Event<'_> {
    /// The event as a line.
    pub fn line(&self, sequence: u32, uptime: Duration) -> Line {
        let line = |kind| Line::new(kind, sequence, uptime);
        match *self {
            Self::Boot { .. } => self.boot(line(Kind::Boot)),
            Self::SelfTest { code, passed, text } => {
                line(Kind::SelfTest).text("test", code).number("ok", passed.into()).text("text", text)
            }
            Self::Reading { ordinal, id, reading } => match &reading.outcome {
                Ok(finding) => {
                    graded(kept(line(Kind::Reading).number("n", ordinal), id), finding, reading.timing)
                }
                Err(refusal) => kept(line(Kind::Refused).number("n", ordinal), id)
                    .text("code", refusal.code)
                    .text("use", USE),
            },
            Self::Fault { origin, code, radiographs, count } => line(Kind::Fault)
                .text("origin", origin)
                .text("code", code)
                .number("radiographs", radiographs)
                .number("count", count),
            Self::Alive { state, radiographs, faults, dropped, celsius, wall_time } => {
                let line = line(Kind::Alive).number("radiographs", radiographs).number("faults", faults);
                let line = line.number("dropped", dropped).text("state", state);
                let line = celsius.into_iter().fold(line, |l, c| l.text("temp", &format!("{c:.1}")));
                time(line, wall_time)
            }
            Self::Answer { to, outcome: Ok(fields) } => {
                with(line(Kind::Answer).number("re", to.into()).number("ok", 1), fields, 0)
            }
            Self::Answer { to, outcome: Err(code) } => {
                line(Kind::Answer).number("re", to.into()).number("ok", 0).text("code", code)
            }
            Self::Entry { to, fields } => {
                with(line(Kind::Entry).number("re", to.into()), fields, USE_BYTES).text("use", USE)
            }
            Self::Gap { through } => line(Kind::Gap).number("through", through.into()),
            Self::Log { level, text } => line(Kind::Log).text("level", level).text("text", text),
            Self::End { radiographs, graded, refused, faults, dropped, wall_time } => {
                let line = line(Kind::End).number("radiographs", radiographs).number("graded", graded);
                let line = line.number("refused", refused).number("faults", faults);
                time(line.number("dropped", dropped), wall_time)
            }
        }
    }

    fn boot(&self, line: Line) -> Line {
        let Self::Boot {
            software,
            board,
            boot_id,
            model_name,
            model_version,
            model_sha256,
            start,
            wall_time,
        } = *self
        else {
            return line;
        };
        let sha256 = model_sha256.get(..MODEL_SHA256_DIGITS).unwrap_or(model_sha256);
        let line = start.into_iter().fold(line, |l, n| l.number("start", n));
        let line = line.text("boot", boot_id).text("software", software).text("sha256", sha256);
        let line = time(line, wall_time).text("use", USE).text("board", board);
        line.text("model", model_name).text("version", model_version)
    }
}

fn graded(line: Line, finding: &Finding, timing: Timing) -> Line {
    let (shares, severity) = (&finding.infected, &finding.severity);
    let whole_ms = timing.preprocess_ms + timing.network_ms + timing.map_ms;
    line.text("grade", severity.grade.name())
        .percent("total", shares.total)
        .percents("i90", &finding.interval90)
        .percent("right", shares.right)
        .percent("left", shares.left)
        .percents("zones", &shares.zones)
        .number("extent", severity.geographic_extent.into())
        .number("toussie", severity.toussie.into())
        .number("brixia", severity.brixia_estimate.into())
        .percent("prob", finding.detection.probability)
        .number("opacity", finding.detection.positive().into())
        .number("ms", whole_ms as u64)
        .text("use", USE)
}

/// Every field that fits whole and leaves `spare_bytes`, in its order: a cut number or code is another one.
fn with(line: Line, fields: &[(&'static str, String)], spare_bytes: usize) -> Line {
    fields.iter().fold(line, |line, (key, value)| line.whole(key, value, spare_bytes))
}

fn kept(line: Line, id: Option<u64>) -> Line {
    id.into_iter().fold(line, |line, id| line.number("id", id))
}

fn time(line: Line, wall_time: Option<WallTime>) -> Line {
    match wall_time {
        Some(time) => line.text("time", &time.to_string()),
        None => line,
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
