//! What a peer asks and is answered, safe mode, and hangs: the run loop with everything outside it simulated.

use std::sync::mpsc::channel;
use std::thread;

use super::*;
use crate::clock::WallTime;
use crate::serial::Line;

fn ask(sequence: u32, fields: &[(&str, &str)]) -> Line {
    let line = Line::new(Kind::Ask, sequence, Duration::ZERO);
    fields.iter().fold(line, |line, (key, value)| line.text(key, value))
}

/// Asks each of `asks` while a station runs over `given`; the lines that came because of them.
fn check(world: &mut World, asks: &[&[(&str, &str)]], given: &[Given]) -> Vec<Line> {
    let policy = Policy { dwell: Duration::from_secs(1), ..Policy::ONCE };
    asks.iter().zip(1..).for_each(|(fields, n)| world.link.memory.ask(ask(n, fields)));
    world.run(policy, vec![], given);
    let lines = world.link.memory.lines();
    lines.into_iter().filter(|l| matches!(l.kind(), Kind::Answer | Kind::Entry | Kind::Gap)).collect()
}

fn text(lines: &[Line]) -> Vec<String> {
    let fields = |l: &Line| l.fields().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
    lines.iter().map(|l| format!("{} {}", l.kind().word(), fields(l))).collect()
}

#[test]
fn a_peer_is_told_how_the_station_is() {
    let answers = check(&mut World::new(), &[&[("do", "status")]], &[Ok("graded"), Ok("poor")]);
    let answer = &answers[0];
    let expected = [("re", "1"), ("ok", "1"), ("state", "ready"), ("radiographs", "1"), ("graded", "1")];
    expected.iter().for_each(|(key, value)| assert_eq!(answer.get(key), Some(*value), "{key}"));
}

#[test]
fn kept_readings_are_listed_and_given_without_names() {
    let (mut world, disk) = (World::new(), SimulatedStorage::default());
    world.record = Some(recorder(&disk));
    check(&mut world, &[], &[Ok("Doe_graded"), Ok("Doe_poor")]);
    let asks: [&[(&str, &str)]; 4] = [
        &[("do", "list"), ("from", "2")],
        &[("do", "last")],
        &[("do", "get"), ("id", "1")],
        &[("do", "get"), ("id", "99")],
    ];
    let answers = text(&check(&mut world, &asks, &[Ok("graded")]));
    assert!(
        answers[0].starts_with("entry re=1 id=2 start=1 at=") && answers[0].contains("code=lungs_not_found")
    );
    assert!(answers[1].starts_with("entry re=1 id=3") && answers[1].contains("grade=moderate total=25.0"));
    assert_eq!(answers[2], "answer re=1 ok=1 count=2 first=1 last=3");
    assert!(answers[3].starts_with("entry re=2 id=3") && answers[4].ends_with("count=1 first=1 last=3"));
    assert!(answers[5].contains("id=1") && answers[5].contains("zones=25.0,25.0,25.0,25.0,25.0,25.0"));
    assert_eq!(answers[6..], ["answer re=3 ok=1", "answer re=4 ok=0 code=record_unknown"]);
    assert!(!answers.concat().contains("Doe"), "{answers:?}");
}

#[test]
fn of_whom_a_reading_is_is_kept_as_the_operator_says_and_told_to_nobody() {
    let (mut world, disk) = (World::new(), SimulatedStorage::default());
    world.record = Some(recorder(&disk));
    check(&mut world, &[], &[Ok("graded"), Ok("graded")]);
    let person = Some(crate::person::Person::from_digest([0xAB; 32]));
    world.panel.namings = vec![Naming { reading: 2, person }, Naming { reading: 99, person }];
    let summary = world.run(Policy::ONCE, vec![], &[]);
    let journal = Journal::open(Box::new(disk)).unwrap();
    let named: Vec<_> = journal.entries().iter().filter_map(|e| journal.named(e)).collect();
    assert_eq!((named, summary.faults), (vec![(2, person)], 1));
    let lines = text(&world.link.memory.lines());
    let faults: Vec<&String> = lines.iter().filter(|l| l.contains("record_unknown")).collect();
    assert_eq!(faults.len(), 1, "what names a reading that is not there is a fault: {lines:?}");
    assert!(!lines.concat().to_lowercase().contains("abab"), "{lines:?}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let asks: [&[(&str, &str)]; 3] = [&[("do", "last")], &[("do", "fly")], &[("do", "time"), ("to", "noon")]];
    let answers = text(&check(&mut World::new(), &asks, &[Ok("graded")]));
    let expected = ["record_none", "ask_unknown", "ask_value"];
    assert_eq!(answers.len(), expected.len());
    for ((answer, code), n) in answers.iter().zip(expected).zip(1..) {
        assert_eq!(*answer, format!("answer re={n} ok=0 code={code}"));
    }
}

#[test]
fn a_time_that_was_set_is_told_and_changes_no_order() {
    let mut world = World::new();
    let asks: [&[(&str, &str)]; 2] = [
        &[("do", "time"), ("to", "2031-01-01T00:00:00Z")],
        &[("do", "time"), ("to", "2027-01-01T00:00:00Z")],
    ];
    check(&mut world, &asks, &[Ok("graded"), Ok("graded")]);
    assert_eq!(world.clock.wall_time().map(WallTime::unix_s), Some(1_798_761_600 + 2));
    let lines = world.link.memory.lines();
    assert!(lines.windows(2).all(|l| l[0].sequence() < l[1].sequence() && l[0].uptime() <= l[1].uptime()));
}

#[test]
fn a_frozen_station_takes_no_radiograph_until_it_is_let_go_or_forgotten() {
    let mut world = World::new();
    check(&mut world, &[&[("do", "freeze"), ("on", "1")]], &[Ok("graded"), Ok("graded")]);
    let readings: Vec<Duration> = {
        let lines = world.link.memory.lines();
        lines.iter().filter(|l| l.kind() == Kind::Reading).map(Line::uptime).collect()
    };
    assert!(readings[1] - readings[0] >= Duration::from_secs(600), "{readings:?}");
    let mut world = World::new();
    let asks: [&[(&str, &str)]; 2] = [&[("do", "freeze"), ("on", "1")], &[("do", "freeze"), ("on", "0")]];
    check(&mut world, &asks, &[Ok("graded"), Ok("graded")]);
    assert!(world.clock.uptime() < Duration::from_secs(10));
}

#[test]
fn what_a_peer_does_not_acknowledge_is_sent_again() {
    let mut world = World::new();
    // The boot line is number 1 and was made at 0.
    let given = [Ok("graded"); 5];
    check(&mut world, &[&[("do", "ack"), ("through", "1"), ("at", "0")]], &given);
    let sequences: Vec<u32> = world.link.memory.lines().iter().map(Line::sequence).collect();
    // One reading a second; after two, number 2 comes again, after four it and those that are two seconds old.
    assert_eq!(sequences, [1, 2, 3, 4, 2, 5, 6, 2, 3, 4, 7]);
}

#[test]
fn safe_mode_reads_nothing_shows_why_answers_and_ends_by_itself() {
    let mut world = World::new();
    world.link.memory.ask(ask(1, &[("do", "status")]));
    let mut reader = FakeReader;
    let supervision = Supervision {
        safe_mode: Some("3 starts in a row failed".into()),
        start: Some(4),
        ..Supervision::default()
    };
    let station = world.station(&mut reader, Policy::FOREVER).supervised(supervision);
    let summary = station.run(&about(), vec![], &mut || panic!("the source is opened"));
    assert_eq!((summary.ended, summary.radiographs), (Ended::SafeMode, 0));
    assert_eq!(world.panel.shown, ["fault safe_mode"]);
    let lines = world.link.memory.lines();
    assert_eq!(lines[0].get("start"), Some("4"));
    assert_eq!((lines[1].get("origin"), lines[1].get("code")), (Some("station"), Some("safe_mode")));
    let answer = lines.iter().find(|l| l.kind() == Kind::Answer).unwrap();
    assert_eq!(answer.get("state"), Some("safe_mode"));
    assert!((900..960).contains(&world.clock.uptime().as_secs()));
}

#[test]
fn a_station_that_is_to_go_on_stays_in_safe_mode_when_its_model_is_refused() {
    let mut world = World::new();
    let mut reader = FakeReader;
    let states = std::cell::RefCell::new(Vec::new());
    let station = world.station(&mut reader, Policy::FOREVER);
    let (stop, told) = (station.stopper(), &states);
    let supervision = Supervision {
        on_state: Box::new(move |state: State| {
            told.borrow_mut().push(state.name());
            stop.store(state == State::SafeMode, Ordering::Relaxed);
        }),
        ..Supervision::default()
    };
    let tests = vec![test("model", true, Err("3 of 4 differ".into()))];
    let summary =
        station.supervised(supervision).run(&about(), tests, &mut || panic!("the source is opened"));
    assert_eq!((summary.ended, summary.radiographs), (Ended::SelfTest, 0));
    assert_eq!(*states.borrow(), ["self_test", "safe_mode", "stopping"]);
}

#[test]
fn states_follow_each_other_as_they_may_and_a_start_settles_once() {
    let mut world = World::new();
    let mut reader = FakeReader;
    let (states, settled) = (std::cell::RefCell::new(Vec::new()), std::cell::Cell::new(0));
    let supervision = Supervision {
        on_state: Box::new(|state| states.borrow_mut().push(state)),
        on_settled: Box::new(|| settled.set(settled.get() + 1)),
        ..Supervision::default()
    };
    let given = [Ok("graded"), Err(Unplugged), Err(Unplugged), Ok("poor")];
    let station = world.station(&mut reader, Policy::ONCE).supervised(supervision);
    station.run(&about(), vec![], &mut || Ok(feed(&given)));
    use State::*;
    assert_eq!(*states.borrow(), [SelfTest, Ready, Reading, Ready, Fault, Reading, Ready, Stopping]);
    assert_eq!(settled.get(), 1);
}

/// Whether a start whose source fails so often, about once a second, settles before it is told to stop.
fn settles_without_a_source(faults: usize) -> bool {
    let (mut world, mut reader, mut openings) = (World::new(), FakeReader, 0);
    let settled = std::cell::Cell::new(false);
    let station = world.station(&mut reader, Policy { live: true, ..Policy::FOREVER });
    let (stop, is_told, its) = (station.stopper(), station.stopper(), &settled);
    let on_settled = Box::new(move || its.set(!is_told.load(Ordering::Relaxed)));
    let station = station.supervised(Supervision { on_settled, ..Supervision::default() });
    station.run(&about(), vec![], &mut || {
        openings += 1;
        stop.store(openings > 1, Ordering::Relaxed);
        Ok(feed(&vec![Err(Unplugged); faults]))
    });
    settled.get()
}

#[test]
fn a_start_settles_though_its_source_stays_away() {
    assert!(!settles_without_a_source(60));
    assert!(settles_without_a_source(180));
}

#[test]
fn a_hang_at_any_stage_of_the_loop_is_found_there() {
    let stages = [
        Stage::SelfTesting,
        Stage::Opening,
        Stage::Capturing,
        Stage::Reading,
        Stage::Keeping,
        Stage::Showing,
        Stage::Telling,
        Stage::Waiting,
        Stage::Stopping,
    ];
    for stage in stages {
        let progress = Progress::default().with_drill(Some(stage));
        let (hung, hangs) = channel();
        let on_hang: OnHang = Box::new(move |stage, _| hung.send(stage).unwrap());
        let _watch = Watch::start(progress.clone(), Duration::from_secs(1), Vec::new(), on_hang).unwrap();
        // The thread hangs for ever, as it should; the test does not wait for it.
        thread::spawn(move || {
            let mut world = World::new();
            let mut reader = FakeReader;
            let policy = Policy { dwell: Duration::from_secs(1), ..Policy::ONCE };
            let supervision = Supervision { progress, ..Supervision::default() };
            let tests = vec![test("golden", true, Ok("all agree".into()))];
            let station = world.station(&mut reader, policy).supervised(supervision);
            station.run(&about(), tests, &mut || Ok(feed(&[Ok("graded")])));
        });
        assert_eq!(hangs.recv_timeout(Duration::from_secs(30)), Ok(stage));
    }
}

/// A source that fails, then has nothing, and stops the station when it is asked once more.
struct FailsThenIdles {
    asked: u32,
    stop: Arc<AtomicBool>,
}

impl Feed for FailsThenIdles {
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        self.asked += 1;
        match self.asked {
            1 => Some(Err(Fault::source("unplugged", "gone".into()))),
            2 => Some(Ok(Fed::Idle)),
            _ => {
                self.stop.store(true, Ordering::Relaxed);
                Some(Ok(Fed::Idle))
            }
        }
    }
}

#[test]
fn a_source_that_has_nothing_after_a_fault_is_ready_again() {
    let mut world = World::new();
    let (states, told) = channel();
    let supervision =
        Supervision { on_state: Box::new(move |s| states.send(s).unwrap()), ..Supervision::default() };
    let mut reader = FakeReader;
    let station = world.station(&mut reader, Policy::FOREVER).supervised(supervision);
    let stop = station.stopper();
    station.run(&about(), vec![], &mut || Ok(Box::new(FailsThenIdles { asked: 0, stop: stop.clone() })));
    let told: Vec<State> = told.try_iter().collect();
    assert_eq!(told, [State::SelfTest, State::Ready, State::Fault, State::Ready, State::Stopping]);
}
