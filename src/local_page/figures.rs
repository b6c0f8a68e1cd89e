//! Figures for Prometheus, in its text format: counts and states, no reading and nobody's data.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::site::Site;
use crate::station::{State, Vitals, battery, bytes_in, free_bytes, hottest_celsius, is_slowed};

/// The text that is being made.
#[derive(Default)]
struct Figures(String);

/// Name and value of one label.
type Label<'a> = (&'a str, &'a str);

impl Figures {
    /// Begins a metric: what it counts, and whether it only grows.
    fn metric(&mut self, name: &str, grows: bool, help: &str) {
        let kind = if grows { "counter" } else { "gauge" };
        // Writing to a text does not fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn value(&mut self, name: &str, labels: &[Label], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escaped(v))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// A metric of one value; none where there is no value.
    fn single(&mut self, name: &str, grows: bool, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.metric(name, grows, help);
            self.value(name, &[], value);
        }
    }
}

/// A label's value (Prometheus exposition formats, "Text-based format").
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// All figures at `now`, in the clock's time since the start.
pub fn text(site: &Site, now: Duration) -> String {
    let (mut figures, vitals) = (Figures::default(), site.sources.vitals.look());
    program(&mut figures, site, &vitals, now);
    readings(&mut figures, &vitals, now);
    outlets(&mut figures, &vitals);
    board(&mut figures, site);
    figures.0
}

fn program(f: &mut Figures, site: &Site, vitals: &Vitals, now: Duration) {
    let about = &site.sources.about;
    f.metric("raymap_build_info", false, "What runs where; always 1.");
    let labels = [
        ("version", about.software),
        ("board", &about.board),
        ("model", &about.model_name),
        ("model_version", &about.model_version),
        ("model_sha256", &about.model_sha256),
    ];
    f.value("raymap_build_info", &labels, 1);
    f.single("raymap_uptime_seconds", false, "Since the program's start.", Some(now.as_secs_f32()));
    let trusted = u8::from(site.sources.clock.wall_time().is_some());
    f.single("raymap_clock_trusted", false, "Whether the time of day is trusted.", Some(trusted));
    f.metric("raymap_state", false, "What the station is at: 1 for one of these.");
    for state in State::ALL {
        f.value("raymap_state", &[("state", state.name())], u8::from(state == vitals.state));
    }
    f.metric("raymap_self_test_passed", false, "The self-tests of this start.");
    for (code, passed) in &vitals.self_tests {
        f.value("raymap_self_test_passed", &[("code", code)], u8::from(*passed));
    }
    f.metric("raymap_page_answers_total", true, "Answers of this page by status.");
    for (status, count) in site.answers() {
        f.value("raymap_page_answers_total", &[("status", &(status as u16).to_string())], count);
    }
}

fn readings(f: &mut Figures, vitals: &Vitals, now: Duration) {
    let summary = &vitals.summary;
    f.metric("raymap_readings_total", true, "Radiographs read since the start.");
    f.value("raymap_readings_total", &[("outcome", "graded")], summary.graded);
    f.value("raymap_readings_total", &[("outcome", "refused")], summary.refused);
    f.metric("raymap_refusals_total", true, "Radiographs that were not graded, by the reason's code.");
    for (code, count) in &vitals.refusals {
        f.value("raymap_refusals_total", &[("code", code)], count);
    }
    f.metric("raymap_faults_total", true, "Faults by origin and code.");
    for ((origin, code), count) in &vitals.faults {
        f.value("raymap_faults_total", &[("origin", origin), ("code", code)], count);
    }
    let age = vitals.read_at.map(|at| now.saturating_sub(at).as_secs_f32());
    f.single("raymap_last_reading_age_seconds", false, "Since the newest reading of this start.", age);
}

/// The record, the serial line and the archive.
fn outlets(f: &mut Figures, vitals: &Vitals) {
    let summary = &vitals.summary;
    f.single("raymap_readings_kept_total", true, "Readings that are in the record.", Some(summary.kept));
    f.single(
        "raymap_readings_not_kept_total",
        true,
        "Readings that could not be kept.",
        Some(summary.not_kept),
    );
    let dropped = Some(summary.dropped);
    f.single("raymap_record_dropped_total", true, "Old readings dropped to make room.", dropped);
    let lost = Some(summary.serial_dropped);
    f.single("raymap_serial_dropped_total", true, "Lines that the serial link lost.", lost);
    let waiting = Some(vitals.unacknowledged);
    f.single("raymap_serial_unacknowledged", false, "Lines without acknowledgement.", waiting);
    let Some(dispatch) = vitals.dispatch else { return };
    f.single("raymap_dicom_send_waiting", false, "Readings still to be sent.", Some(dispatch.waiting));
    f.metric("raymap_dicom_send_objects_total", true, "Objects sent, over all starts.");
    f.value("raymap_dicom_send_objects_total", &[("outcome", "sent")], dispatch.sent);
    f.value("raymap_dicom_send_objects_total", &[("outcome", "refused")], dispatch.refused);
    f.metric("raymap_dicom_send_blocked", false, "1 with the code of what stands in the way, if anything.");
    if let Some(code) = dispatch.code {
        f.value("raymap_dicom_send_blocked", &[("code", code)], 1);
    }
}

fn board(f: &mut Figures, site: &Site) {
    let celsius = hottest_celsius();
    f.single("raymap_temperature_celsius", false, "The hottest part of the board.", celsius);
    let slowed = Some(u8::from(is_slowed()));
    f.single("raymap_slowed", false, "Whether the processor is kept slow because it is hot.", slowed);
    let percent = battery().map(|b| b.percent);
    f.single("raymap_battery_percent", false, "Charge of the board's battery.", percent);
    let Some(record) = &site.sources.record else { return };
    let used = Some(bytes_in(&record.folder));
    f.single("raymap_record_bytes", false, "Bytes of the record.", used);
    f.single("raymap_record_bytes_max", false, "Bytes that the record may have.", Some(record.bytes_max));
    let free = free_bytes(&record.folder).ok();
    f.single("raymap_free_bytes", false, "Bytes that are free where the record is.", free);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let mut figures = Figures::default();
        figures.value("a", &[("b", "x\"} 1\n\\")], 2);
        assert_eq!(figures.0, "a{b=\"x\\\"} 1\\n\\\\\"} 2\n");
    }
}
