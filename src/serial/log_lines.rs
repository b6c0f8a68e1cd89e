//! The program's own log records, for the line: those of a chosen level and above, within bounds.
//!
//! Only records of this program are taken, since those hold no patient's data; what other crates log stays where
//! `env_logger` puts it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Metadata, Record};

/// Records that may wait for the run loop; while it is full, further ones are only in the usual log.
const QUEUE_MAX: usize = 32;
/// Where this program's records come from.
const OWN_TARGET: &str = "raymap";

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    pub text: String,
}

/// A logger round another, which gives records to the line as well once it is told to.
pub struct LogLines {
    inner: Box<dyn log::Log>,
    line: Mutex<Option<(LevelFilter, SyncSender<LogLine>)>>,
}

impl LogLines {
    /// Round `inner`; nothing goes to the line yet.
    pub fn new(inner: Box<dyn log::Log>) -> Self {
        Self { inner, line: Mutex::new(None) }
    }

    /// From now on records of `level` and above wait in what this gives.
    pub fn give(&self, level: LevelFilter) -> Receiver<LogLine> {
        // The usual logger goes by its own level in any case.
        log::set_max_level(log::max_level().max(level));
        let (queue, records) = sync_channel(QUEUE_MAX);
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some((level, queue));
        records
    }
}

impl log::Log for LogLines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        self.inner.log(record);
        let own = record.target().split("::").next() == Some(OWN_TARGET);
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, queue)) = line.as_ref().filter(|(level, _)| own && record.level() <= *level) {
            let level_name = level_name(record.level());
            // A full queue drops the record here; it is in the usual log.
            let _ = queue.try_send(LogLine { level: level_name, text: record.args().to_string() });
        }
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

fn level_name(level: log::Level) -> &'static str {
    ["error", "warn", "info", "debug", "trace"][level as usize - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::{Level, Log};

    struct Nowhere;

    impl Log for Nowhere {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn log(&self, _: &Record<'_>) {}

        fn flush(&self) {}
    }

    fn log(lines: &LogLines, target: &str, level: Level) {
        lines.log(&Record::builder().target(target).level(level).args(format_args!("{level}")).build());
    }

    #[test]
    fn own_records_of_the_level_go_to_the_line_and_no_others() {
        let lines = LogLines::new(Box::new(Nowhere));
        log(&lines, "raymap::station", Level::Error);
        let records = lines.give(LevelFilter::Warn);
        for (target, level) in [
            ("raymap::station", Level::Warn),
            ("raymap::station", Level::Info),
            ("other", Level::Error),
            ("raymapper", Level::Error),
            ("raymap", Level::Error),
        ] {
            log(&lines, target, level);
        }
        let levels: Vec<&str> = records.try_iter().map(|r| r.level).collect();
        assert_eq!(levels, ["warn", "error"]);
    }

    #[test]
    fn a_full_queue_drops_records_and_waits_for_nobody() {
        let lines = LogLines::new(Box::new(Nowhere));
        let records = lines.give(LevelFilter::Trace);
        (0..1_000).for_each(|_| log(&lines, "raymap", Level::Trace));
        assert_eq!(records.try_iter().count(), QUEUE_MAX);
    }
}
