//! What each event says, and that the longest says it all.

use super::*;
use crate::clock::EARLIEST_UNIX_S;
use crate::grade::{Grade, Severity};
use crate::infection_map::Shares;
use crate::reading::{Detection, OperatingPoint, Provenance, Refusal};
use crate::serial::LINE_BYTES_MAX;
use crate::units::Fraction;

fn reading(outcome: Result<Finding, Refusal>) -> Reading {
    let provenance = Provenance {
        model_name: "m".into(),
        model_version: "1".into(),
        model_sha256: "00".into(),
        kernels: "portable",
    };
    let timing = Timing { preprocess_ms: 20.5, network_ms: 300.25, map_ms: 4.0 };
    Reading {
        name: "Doe_John.png".into(),
        lung_field: None,
        outcome,
        warnings: Vec::new(),
        provenance,
        timing,
    }
}

fn finding(share: f32) -> Finding {
    let s = Fraction::new(share).unwrap();
    Finding {
        infected: Shares::even(s),
        interval90: [s, s],
        severity: Severity {
            grade: Grade::Moderate,
            geographic_extent: 8,
            toussie: 6,
            brixia_estimate: 18,
            brixia_zones: [3; 6],
        },
        detection: Detection {
            probability: s,
            operating_point: OperatingPoint {
                threshold: s,
                sensitivity: None,
                specificity: None,
                measured_here: false,
            },
        },
    }
}

/// The line of `event` without its checksum.
fn check(event: &Event, expected: &str) {
    let line = event.line(9, Duration::from_millis(61_234)).encode();
    assert_eq!(line.rsplit_once('*').unwrap().0, expected);
}

#[test]
fn a_reading_says_its_numbers_and_no_name() {
    let reading = reading(Ok(finding(0.234)));
    let expected = "RM1 9 61234 reading n=3 id=41 grade=moderate total=23.4 i90=23.4,23.4 right=23.4 left=23.4 \
                    zones=23.4,23.4,23.4,23.4,23.4,23.4 extent=8 toussie=6 brixia=18 prob=23.4 opacity=1 ms=324 \
                    use=research_triage";
    check(&Event::Reading { ordinal: 3, id: Some(41), reading: &reading }, expected);
}

#[test]
fn a_refused_radiograph_sends_its_code_and_no_text() {
    let reading = reading(Err(Refusal { code: "lungs_not_found", text: "no lungs on Doe_John.png".into() }));
    let expected = "RM1 9 61234 refused n=4 code=lungs_not_found use=research_triage";
    check(&Event::Reading { ordinal: 4, id: None, reading: &reading }, expected);
}

#[test]
fn the_time_is_sent_when_there_is_one() {
    let alive = |wall_time: Option<WallTime>| Event::Alive {
        state: "ready",
        radiographs: 4,
        faults: 1,
        dropped: 2,
        celsius: wall_time.map(|_| 61.26),
        wall_time,
    };
    check(&alive(None), "RM1 9 61234 alive radiographs=4 faults=1 dropped=2 state=ready");
    let expected = "RM1 9 61234 alive radiographs=4 faults=1 dropped=2 state=ready temp=61.3 \
                    time=2026-01-01T00:00:00Z";
    check(&alive(WallTime::trusted(EARLIEST_UNIX_S, true)), expected);
}

#[test]
fn a_self_test_says_its_sentence() {
    let event = Event::SelfTest { code: "golden", passed: false, text: "3 of 4 outputs differ" };
    check(&event, "RM1 9 61234 selftest test=golden ok=0 text=3+of+4+outputs+differ");
}

/// A year's radiographs at one a second, a year's milliseconds.
const MANY: u64 = 31_536_000;

#[test]
fn the_longest_reading_is_whole() {
    let mut reading = reading(Ok(finding(1.0)));
    reading.timing.network_ms = 999_999.0;
    let event = Event::Reading { ordinal: MANY, id: Some(MANY), reading: &reading };
    let line = event.line(u32::MAX, Duration::from_secs(MANY));
    assert_eq!((line.fields().len(), line.get("use")), (15, Some("research_triage")), "{}", line.encode());
    assert!(line.encode().len() <= LINE_BYTES_MAX);
}

#[test]
fn a_boot_line_keeps_who_and_when_and_cuts_the_model_s_name() {
    let boot = Event::Boot {
        software: env!("CARGO_PKG_VERSION"),
        board: "a-board-of-thirty-two-characters",
        boot_id: "7c1f0e0a-93f5-4f0e-8a42-0b7f0f4e2d11",
        model_name: &"long".repeat(100),
        model_version: "1",
        model_sha256: &"0f".repeat(32),
        start: Some(MANY),
        wall_time: WallTime::trusted(EARLIEST_UNIX_S, true),
    };
    let line = boot.line(1, Duration::from_secs(MANY));
    assert_eq!(line.get("board"), Some("a-board-of-thirty-two-characters"));
    assert_eq!(
        (line.get("sha256"), line.get("time")),
        (Some("0f0f0f0f0f0f0f0f"), Some("2026-01-01T00:00:00Z"))
    );
    assert!(line.get("model").unwrap().starts_with("long"), "{}", line.encode());
}

#[test]
fn an_entry_that_is_too_long_leaves_fields_out_whole_and_says_its_use() {
    for bytes in 150..240 {
        let fields = [("a", "1".repeat(bytes)), ("zones", "100.0,".repeat(6)), ("opacity", "1".into())];
        let line = Event::Entry { to: u32::MAX, fields: &fields }.line(u32::MAX, Duration::from_secs(MANY));
        let text = line.encode();
        assert!(text.len() <= LINE_BYTES_MAX && line.get("use") == Some(USE), "{text}");
        for (key, value) in &fields {
            assert!(line.get(key).is_none_or(|told| told == value), "{key} is cut: {text}");
        }
    }
    let answer = [("dicom_sent", "7".repeat(300)), ("state", "ready".into())];
    let line = Event::Answer { to: 1, outcome: Ok(&answer) }.line(9, Duration::ZERO);
    assert_eq!((line.get("dicom_sent"), line.get("state")), (None, Some("ready")));
}

#[test]
fn the_longest_end_line_is_whole() {
    let (n, wall_time) = (MANY, WallTime::trusted(EARLIEST_UNIX_S, true));
    let event = Event::End { radiographs: n, graded: n, refused: n, faults: n, dropped: n, wall_time };
    assert_eq!(event.line(u32::MAX, Duration::from_secs(MANY)).fields().len(), 6);
}

#[test]
fn an_answer_says_to_what_and_whether() {
    let fields = [("state", "ready".to_owned()), ("queued", "3".to_owned())];
    check(
        &Event::Answer { to: 7, outcome: Ok(&fields) },
        "RM1 9 61234 answer re=7 ok=1 state=ready queued=3",
    );
    let refused = Event::Answer { to: 7, outcome: Err("ask_unknown") };
    check(&refused, "RM1 9 61234 answer re=7 ok=0 code=ask_unknown");
    let fields = [("id", "12".to_owned()), ("grade", "mild".to_owned())];
    let expected = "RM1 9 61234 entry re=7 id=12 grade=mild use=research_triage";
    check(&Event::Entry { to: 7, fields: &fields }, expected);
    check(&Event::Gap { through: 5 }, "RM1 9 61234 gap through=5");
    check(&Event::Log { level: "warn", text: "a b" }, "RM1 9 61234 log level=warn text=a+b");
}
