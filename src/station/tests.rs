//! The run loop with everything outside it simulated.

#[path = "serving_tests.rs"]
mod serving;
#[cfg(feature = "v4l")]
#[path = "faults_tests.rs"]
mod faults;

use std::collections::VecDeque;
use std::fmt;

use super::*;
use crate::clock::{BootId, SimulatedClock};
use crate::frame::Frame;
use crate::grade::{Grade, Severity};
use crate::infection_map::Shares;
use crate::preprocess::{Display, Letterbox};
use crate::reading::{Detection, Finding, OperatingPoint, Provenance, Reading, Refusal, Timing};
use crate::record::{Journal, Recorder, Rule, SimulatedStorage, Trouble, verify};
use crate::serial::{Kind, LinkCounts, MemoryLink, SerialError};
use crate::source::FrameSource;
use crate::units::{Fraction, PixelSize};

/// What comes from a simulated source: a radiograph by its name, or an error.
type Given = Result<&'static str, Unplugged>;

#[derive(Debug, Clone, Copy)]
struct Unplugged;

impl fmt::Display for Unplugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doe_John.dcm: the cable is out")
    }
}

impl std::error::Error for Unplugged {}

struct Script(VecDeque<Given>);

impl FrameSource for Script {
    type Error = Unplugged;

    fn next_frame(&mut self) -> Option<Result<Sourced, Unplugged>> {
        let given = self.0.pop_front()?;
        Some(given.map(|name| Sourced { name: name.into(), frame: frame() }))
    }
}

fn frame() -> Frame {
    Frame::from_grey8(PixelSize::new(64, 64), &[7; 4096]).unwrap()
}

/// Grades what is called `graded`, refuses the rest.
struct FakeReader;

impl Reader for FakeReader {
    fn read(&mut self, name: &str, frame: &Frame) -> Study {
        let share = Fraction::new(0.25).unwrap();
        let severity = Severity {
            grade: Grade::Moderate,
            geographic_extent: 2,
            toussie: 3,
            brixia_estimate: 4,
            brixia_zones: [1, 1, 1, 1, 0, 0],
        };
        let point =
            OperatingPoint { threshold: share, sensitivity: None, specificity: None, measured_here: false };
        let finding = Finding {
            infected: Shares::even(share),
            interval90: [share; 2],
            severity,
            detection: Detection { probability: share, operating_point: point },
        };
        let refusal = Refusal { code: "lungs_not_found", text: format!("no lungs in {name}") };
        let outcome = if name.contains("graded") { Ok(finding) } else { Err(refusal) };
        let provenance = Provenance {
            model_name: "m".into(),
            model_version: "1".into(),
            model_sha256: "00".into(),
            kernels: "portable",
        };
        let reading = Reading {
            name: name.into(),
            lung_field: None,
            outcome,
            warnings: Vec::new(),
            provenance,
            timing: Timing::default(),
        };
        let (display, letterbox) = (Display::of(frame), Letterbox::new(frame.size(), 64));
        Study { reading, display, letterbox, field: None, map: None }
    }
}

/// Writes down what it shows; fails on results when `broken`.
#[derive(Default)]
struct FakePanel {
    shown: Vec<String>,
    broken: bool,
    namings: Vec<Naming>,
}

/// A record on a simulated disk, so small that it is soon full.
fn recorder(disk: &SimulatedStorage) -> Recorder {
    let disk = disk.clone();
    let rule = Rule { bytes_max: 12_000, segment_bytes_max: 2_000, entries_max: 100 };
    Recorder::new("test".into(), rule, Box::new(move || Ok(Box::new(disk.clone()))))
}

impl Panel for FakePanel {
    fn boot(&mut self, about: &About, tests: &[TestReport]) -> Result<(), PanelError> {
        self.shown.push(format!("boot {} {}", about.board, tests.len()));
        Ok(())
    }

    fn result(&mut self, study: &Study, _filed: Filed) -> Result<(), PanelError> {
        if self.broken {
            return Err(PanelError::new("screen_gone", Unplugged));
        }
        self.shown.push(format!("result {}", study.reading.name));
        Ok(())
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), PanelError> {
        self.shown.push(format!("fault {}", fault.code));
        Ok(())
    }

    fn serial(&mut self, works: bool, dropped: u64) -> Result<(), PanelError> {
        self.shown.push(format!("serial {works} {dropped}"));
        Ok(())
    }

    fn attend(&mut self) -> Result<Asked, PanelError> {
        Ok(Asked { shut_down: false, namings: std::mem::take(&mut self.namings) })
    }

    fn record(&mut self, does: Keeping) {
        if !matches!(does, Keeping::All { .. }) {
            self.shown.push(format!("record {does:?}"));
        }
    }
}

/// Takes no line whose number is in `lost`.
struct Lossy {
    memory: MemoryLink,
    lost: std::ops::Range<u32>,
    dropped: u64,
}

impl SerialLink for Lossy {
    fn write_line(&mut self, line: &crate::serial::Line) -> Result<(), SerialError> {
        if self.lost.contains(&line.sequence()) {
            self.dropped += 1;
            return Err(SerialError::QueueFull { queued: 64 });
        }
        self.memory.write_line(line)
    }

    fn counts(&self) -> LinkCounts {
        LinkCounts { dropped: self.dropped, ..self.memory.counts() }
    }

    fn next_ask(&mut self) -> Option<crate::serial::Line> {
        self.memory.next_ask()
    }

    fn finish(&mut self) -> LinkCounts {
        self.counts()
    }
}

/// One run's outside world.
struct World {
    clock: SimulatedClock,
    panel: FakePanel,
    link: Lossy,
    record: Option<Recorder>,
}

impl World {
    fn new() -> Self {
        let link = Lossy { memory: MemoryLink::default(), lost: 0..0, dropped: 0 };
        Self {
            clock: SimulatedClock::new(BootId::unknown()),
            panel: FakePanel::default(),
            link,
            record: None,
        }
    }

    fn station<'a>(&'a mut self, reader: &'a mut FakeReader, policy: Policy) -> Station<'a> {
        let World { clock, panel, link, record } = self;
        Station::new(Edges { clock, reader, panel, serial: link, record: record.as_mut() }, policy)
    }

    /// Runs once over `given`.
    fn run(&mut self, policy: Policy, tests: Vec<SelfTest<'_>>, given: &[Given]) -> Summary {
        let mut reader = FakeReader;
        let station = self.station(&mut reader, policy);
        station.run(&about(), tests, &mut || Ok(feed(given)))
    }

    fn kinds(&self) -> Vec<Kind> {
        self.link.memory.lines().iter().map(|l| l.kind()).collect()
    }
}

fn feed(given: &[Given]) -> Box<dyn Feed> {
    Box::new(SourceFeed::new(Script(given.iter().copied().collect()), |_| "unplugged"))
}

fn about() -> About {
    About {
        software: "0.1.0",
        board: "test".into(),
        model_name: "m".into(),
        model_version: "1".into(),
        model_sha256: "00".into(),
    }
}

fn test(code: &'static str, vital: bool, outcome: Result<String, String>) -> SelfTest<'static> {
    SelfTest { code, vital, check: Box::new(move || outcome) }
}

#[test]
fn every_event_is_shown_and_told_in_its_order() {
    let mut world = World::new();
    let tests = vec![test("golden", true, Ok("all outputs agree".into()))];
    let summary = world.run(Policy::ONCE, tests, &[Ok("graded"), Err(Unplugged), Ok("poor")]);
    let expected = Summary { radiographs: 2, graded: 1, refused: 1, faults: 1, ..Summary::default() };
    assert_eq!(summary, expected);
    assert_eq!(world.panel.shown, ["boot test 1", "result graded", "fault unplugged", "result poor"]);
    let kinds = [Kind::Boot, Kind::SelfTest, Kind::Reading, Kind::Fault, Kind::Refused, Kind::End];
    assert_eq!(world.kinds(), kinds);
    let lines = world.link.memory.lines();
    assert!(lines.iter().zip(1..).all(|(line, n)| line.sequence() == n));
    assert_eq!((lines[4].get("n"), lines[5].get("faults")), (Some("2"), Some("1")));
}

#[test]
fn no_name_of_a_file_goes_over_the_line() {
    let mut world = World::new();
    world.run(Policy::ONCE, vec![], &[Ok("Doe_John_graded.dcm"), Ok("Doe_John.dcm"), Err(Unplugged)]);
    let told: String = world.link.memory.lines().iter().map(|l| l.encode()).collect();
    assert!(told.contains("code=unplugged") && !told.contains("Doe"), "{told}");
}

#[test]
fn a_failed_vital_test_grades_nothing() {
    let mut world = World::new();
    let tests =
        vec![test("screen", false, Err("dim".into())), test("golden", true, Err("3 of 4 differ".into()))];
    let summary = world.run(Policy::ONCE, tests, &[Ok("graded")]);
    assert_eq!((summary.ended, summary.radiographs, summary.self_tests_failed), (Ended::SelfTest, 0, 2));
    assert_eq!(world.kinds(), [Kind::Boot, Kind::SelfTest, Kind::SelfTest, Kind::End]);
    let summary =
        World::new().run(Policy::ONCE, vec![test("screen", false, Err("dim".into()))], &[Ok("graded")]);
    assert_eq!((summary.ended, summary.graded), (Ended::Source, 1));
}

#[test]
fn a_screen_that_fails_is_reported_and_stops_nobody() {
    let mut world = World::new();
    world.panel.broken = true;
    let summary = world.run(Policy::ONCE, vec![], &[Ok("graded"), Ok("graded")]);
    assert_eq!((summary.graded, summary.faults), (2, 2));
    let fault = world.link.memory.lines()[1].clone();
    assert_eq!((fault.get("origin"), fault.get("code")), (Some("screen"), Some("screen_gone")));
}

#[test]
fn a_silent_line_is_counted_and_shown_once_and_leaves_a_gap() {
    let mut world = World::new();
    world.link.lost = 2..4;
    let summary = world.run(Policy::ONCE, vec![], &[Ok("graded"), Ok("graded"), Ok("graded")]);
    assert_eq!((summary.graded, summary.faults, summary.serial_dropped), (3, 2, 2));
    let marks: Vec<&String> = world.panel.shown.iter().filter(|s| s.starts_with("serial")).collect();
    assert_eq!(marks, ["serial false 1", "serial true 2"]);
    let sequences: Vec<u32> = world.link.memory.lines().iter().map(|l| l.sequence()).collect();
    assert_eq!(sequences, [1, 4, 5]);
}

#[test]
fn a_live_source_is_tried_with_growing_waits_and_given_up() {
    let mut world = World::new();
    let live = Policy { live: true, ..Policy::ONCE };
    let summary = world.run(live, vec![], &[Err(Unplugged); 300]);
    assert_eq!((summary.ended, summary.faults), (Ended::SourceFaults, 100));
    assert!((60..180).contains(&world.clock.uptime().as_secs()), "{:?}", world.clock.uptime());
    let alive = world.kinds().iter().filter(|&&k| k == Kind::Alive).count();
    assert!(alive >= 4, "{alive} signs of life");
}

#[test]
fn one_radiograph_ends_a_row_of_faults() {
    let live = Policy { live: true, ..Policy::ONCE };
    let mut given = vec![Err(Unplugged); 99];
    given.push(Ok("graded"));
    given.extend([Err(Unplugged); 99]);
    let summary = World::new().run(live, vec![], &given);
    assert_eq!((summary.ended, summary.faults, summary.graded), (Ended::Source, 198, 1));
}

#[test]
fn many_bad_files_do_not_end_a_folder() {
    let mut given = vec![Err(Unplugged); 500];
    given.push(Ok("graded"));
    let summary = World::new().run(Policy::ONCE, vec![], &given);
    assert_eq!((summary.faults, summary.graded, summary.ended), (500, 1, Ended::Source));
}

#[test]
fn a_source_that_does_not_open_ends_a_single_round_only() {
    let gone = || Err(Fault::source("folder_read", "gone".into()));
    let mut world = World::new();
    let summary = world.station(&mut FakeReader, Policy::ONCE).run(&about(), vec![], &mut || gone());
    assert_eq!((summary.ended, summary.faults), (Ended::SourceFaults, 1));

    let mut world = World::new();
    let mut reader = FakeReader;
    let station = world.station(&mut reader, Policy::FOREVER);
    let (stop, mut openings) = (station.stopper(), 0);
    let summary = station.run(&about(), vec![], &mut || {
        openings += 1;
        match openings {
            1..=20 => gone(),
            _ => {
                stop.store(true, Ordering::Relaxed);
                Ok(feed(&[]))
            }
        }
    });
    assert_eq!((summary.ended, summary.faults), (Ended::Stopped, 20));
}

#[test]
fn a_station_that_is_to_go_on_begins_another_round() {
    let mut world = World::new();
    let mut reader = FakeReader;
    let station = world.station(&mut reader, Policy::FOREVER);
    let (stop, mut rounds) = (station.stopper(), 0);
    let summary = station.run(&about(), vec![], &mut || {
        rounds += 1;
        stop.store(rounds > 3, Ordering::Relaxed);
        Ok(feed(&[Ok("graded")]))
    });
    assert_eq!((summary.radiographs, summary.ended), (3, Ended::Stopped));
    assert_eq!(world.clock.uptime(), 3 * (Policy::FOREVER.dwell + Policy::FOREVER.between_rounds));
}

#[test]
fn a_reading_is_kept_before_it_is_shown() {
    let (mut world, disk) = (World::new(), SimulatedStorage::default());
    world.record = Some(recorder(&disk));
    let summary = world.run(Policy::ONCE, vec![], &[Ok("graded"), Ok("poor")]);
    assert_eq!((summary.kept, summary.not_kept, summary.faults), (2, 0, 0));
    let journal = Journal::open(Box::new(disk.clone())).unwrap();
    assert_eq!(journal.readings().count(), 2);
    assert!(verify(&disk).unwrap().is_clean());
}

#[test]
fn a_full_disk_is_said_for_each_reading_and_stops_nobody() {
    let (mut world, disk) = (World::new(), SimulatedStorage::default());
    world.record = Some(recorder(&disk));
    disk.set_trouble(Trouble::Writes(28));
    let summary = world.run(Policy::ONCE, vec![], &[Ok("graded"), Ok("graded")]);
    assert_eq!((summary.graded, summary.kept, summary.not_kept, summary.faults), (2, 0, 2, 2));
    let mut faults = world.link.memory.lines();
    faults.retain(|l| l.kind() == Kind::Fault);
    assert!(faults.iter().all(|l| l.get("origin") == Some("record") && l.get("code") == Some("record_full")));
    assert_eq!(world.panel.shown[1..3], ["record Nothing", "result graded"]);
    disk.set_trouble(Trouble::None);
    assert_eq!(world.run(Policy::ONCE, vec![], &[Ok("graded")]).kept, 1);
    assert!(verify(&disk).unwrap().is_clean());
}

#[test]
fn what_the_record_drops_is_shown_and_told() {
    let (mut world, disk) = (World::new(), SimulatedStorage::default());
    world.record = Some(recorder(&disk));
    let summary = world.run(Policy::ONCE, vec![], &[Ok("graded"); 20]);
    assert_eq!((summary.kept, summary.not_kept, summary.faults), (20, 0, 0));
    assert!(summary.dropped > 5, "{summary:?}");
    let said = world.panel.shown.iter().filter(|s| s.starts_with("record")).collect::<Vec<_>>();
    assert!(said.len() > 5 && said.iter().all(|s| *s == "record DropsOldest"), "{said:?}");
    let told = world.link.memory.lines().iter().filter(|l| l.get("code") == Some("record_dropped")).count();
    assert!(told > 1, "{told}");
    let left = Journal::open(Box::new(disk)).unwrap().readings().count() as u64;
    assert_eq!(left + summary.dropped, 20);
}
