//! What the desk shows of a live picture: alone, and behind a whole station that watches composed pictures.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::desk::Desk;
use super::scene::Scene;
use super::simulated::graded;
use super::tests::{button, press, s, seen, start};
use crate::clock::{BootId, Clock, SimulatedClock};
use crate::exposure::{Live, SettleRules};
use crate::frame::Frame;
use crate::pipeline::Study;
use crate::render::Badge;
use crate::serial::{Kind, Line, MemoryLink};
use crate::source::phantom::{self, PhantomSpec};
use crate::source::{FrameSource, Sourced};
use crate::station::{
    About, Asked, Edges, Fault, Filed, LiveFeed, Panel, PanelError, Policy, Reader, Station, TestReport,
};
use crate::units::{Percent, PixelSize};

const SIZE: PixelSize = PixelSize::new(320, 320);
/// Ten frames a second.
const STEP: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
#[error("nothing comes")]
struct Silent;

/// What a console shows, frame for frame; `None`: no signal.
#[derive(Default)]
struct Shown {
    frames: Vec<Option<Frame>>,
    /// At which of them a peer asks that nothing be read.
    freeze_at: Option<usize>,
}

impl Shown {
    fn then(mut self, frame: &Frame, times: usize) -> Self {
        self.frames.extend(vec![Some(frame.clone()); times]);
        self
    }

    fn lost(mut self, times: usize) -> Self {
        self.frames.extend(vec![None; times]);
        self
    }

    /// From `from` to `to` in so many frames.
    fn fade(mut self, from: &Frame, to: &Frame, times: u16) -> Self {
        let mixed = |i| drawn(|at| (from.pixels()[at] * (times - i) + to.pixels()[at] * i) / times);
        self.frames.extend((1..=times).map(|i| Some(mixed(i))));
        self
    }

    /// `under` with a pointer that is moved over it and a clock that blinks.
    fn busy(mut self, under: &Frame, times: usize) -> Self {
        let frame = |i: usize| {
            let pointer = |x: usize, y: usize| {
                (60 + i * 4 % 200..72 + i * 4 % 200).contains(&x) && (100..112).contains(&y)
            };
            let clock = |x: usize, y: usize| x > 290 && y < 12 && (i / 5).is_multiple_of(2);
            drawn(|at| {
                let (x, y) = (at % 320, at / 320);
                if pointer(x, y) || clock(x, y) { 255 } else { under.pixels()[at] }
            })
        };
        self.frames.extend((0..times).map(|i| Some(frame(i))));
        self
    }
}

fn drawn(grey: impl Fn(usize) -> u16) -> Frame {
    let pixels: Vec<u8> = (0..SIZE.area()).map(|at| grey(at) as u8).collect();
    Frame::from_grey8(SIZE, &pixels).unwrap()
}

fn radiograph(seed: u64) -> Frame {
    let spec = PhantomSpec { size: SIZE, ..PhantomSpec::new(seed, Percent::new(10.0).unwrap()) };
    let frame = phantom::compute(&spec).frame;
    drawn(|at| frame.pixels()[at] >> (frame.bits_stored() - 8))
}

fn blank() -> Frame {
    drawn(|_| 16)
}

/// Lines of a list.
fn menu(variety: usize) -> Frame {
    drawn(|at| if (at / 320 / 9 + variety).is_multiple_of(2) { 60 } else { 210 })
}

struct Stream {
    frames: VecDeque<Option<Frame>>,
    freeze_in: Option<usize>,
    clock: Arc<SimulatedClock>,
    link: MemoryLink,
}

impl FrameSource for Stream {
    type Error = Silent;

    fn next_frame(&mut self) -> Option<Result<Sourced, Silent>> {
        let frame = self.frames.pop_front()?;
        self.clock.advance(STEP);
        if self.freeze_in == Some(0) {
            self.link.ask(Line::new(Kind::Ask, 1, Duration::ZERO).text("do", "freeze").text("on", "1"));
        }
        self.freeze_in = self.freeze_in.and_then(|n| n.checked_sub(1));
        Some(frame.map(|frame| Sourced { name: "live".into(), frame }).ok_or(Silent))
    }
}

/// Finds 10 percent in the first radiograph, 20 in the second, and so on.
struct Counting(u8);

impl Reader for Counting {
    fn read(&mut self, _: &str, _: &Frame) -> Study {
        self.0 += 10;
        graded(self.0)
    }
}

/// A desk without a worker: what is on show in words, each once in a row, with `+` where the badge stands beside it.
struct Seat {
    desk: Desk,
    clock: Arc<SimulatedClock>,
    shown: Vec<String>,
}

impl Seat {
    fn note(&mut self) -> Result<(), PanelError> {
        let now = self.clock.uptime();
        let badge = self.desk.seen(now, |_, context| context.badges.contains(&Badge::ExposureSeen));
        let words = format!("{}{}", seen(&self.desk, now.as_secs()), if badge { "+" } else { "" });
        if self.shown.last() != Some(&words) {
            self.shown.push(words);
        }
        Ok(())
    }

    fn scene(&mut self, scene: Scene) -> Result<(), PanelError> {
        self.desk.scene(scene, self.clock.uptime());
        self.note()
    }
}

impl Panel for Seat {
    fn boot(&mut self, _: &About, _: &[TestReport]) -> Result<(), PanelError> {
        self.scene(Scene::Boot { lines: Vec::new() })
    }

    fn ready(&mut self) {
        self.desk.ready(self.clock.uptime());
    }

    fn reading(&mut self) {
        let _ = self.scene(Scene::Reading);
    }

    fn result(&mut self, study: &Study, filed: Filed) -> Result<(), PanelError> {
        self.desk.reading(study, filed, None, self.clock.uptime());
        self.note()
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), PanelError> {
        self.scene(Scene::Fault { code: fault.code, text: fault.text.clone() })
    }

    fn live(&mut self, live: Live) -> Result<(), PanelError> {
        self.desk.live(live, self.clock.uptime());
        self.note()
    }

    fn attend(&mut self) -> Result<Asked, PanelError> {
        self.desk.tick(self.clock.uptime());
        self.note().map(|()| Asked::default())
    }
}

/// Lets a station watch `shown`; what was on show from its start to its end.
fn watched(shown: Shown) -> Vec<String> {
    let (clock, link) = (Arc::new(SimulatedClock::new(BootId::unknown())), MemoryLink::default());
    let mut seat =
        Seat { desk: Desk::new(start(), Duration::ZERO), clock: Arc::clone(&clock), shown: Vec::new() };
    let stream = Stream {
        frames: shown.frames.into(),
        freeze_in: shown.freeze_at,
        clock: Arc::clone(&clock),
        link: link.clone(),
    };
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut feed = Some(LiveFeed::new(stream, |_| "capture_no_signal", SettleRules::default(), time));
    let (mut reader, mut serial) = (Counting(0), link);
    let edges = Edges {
        clock: clock.as_ref(),
        reader: &mut reader,
        panel: &mut seat,
        serial: &mut serial,
        record: None,
    };
    let text = || "x".to_owned();
    let (board, model_name, model_version, model_sha256) = (text(), text(), text(), text());
    let about = About { software: "0", board, model_name, model_version, model_sha256 };
    let policy = Policy { live: true, ..Policy::ONCE };
    Station::new(edges, policy).run(&about, vec![], &mut || Ok(Box::new(feed.take().unwrap())));
    seat.shown
}

fn check(shown: Shown, expected: &[&str]) {
    assert_eq!(watched(shown), expected);
}

/// A console that shows nothing until the station is ready.
fn console() -> Shown {
    Shown::default().then(&blank(), 60)
}

#[test]
fn a_new_radiograph_is_announced_read_and_shown() {
    check(
        console().then(&radiograph(1), 20).then(&blank(), 20),
        &["boot", "ready", "ExposureSeen", "reading", "result 10"],
    );
}

#[test]
fn one_that_comes_while_a_result_is_on_show_is_a_badge_beside_it_until_it_is_read() {
    let shown = console().then(&radiograph(1), 20).then(&blank(), 20).then(&radiograph(2), 20);
    let expected =
        ["boot", "ready", "ExposureSeen", "reading", "result 10", "result 10+", "reading", "result 20"];
    check(shown, &expected);
}

#[test]
fn a_candidate_that_was_nothing_takes_no_result_off_the_screen() {
    let shown = console().then(&radiograph(1), 20).then(&radiograph(2), 8).then(&blank(), 40);
    let expected = ["boot", "ready", "ExposureSeen", "reading", "result 10", "result 10+", "result 10"];
    check(shown, &expected);
}

#[test]
fn menus_fades_a_pointer_and_a_clock_announce_nothing() {
    let waiting = console().then(&menu(0), 15).then(&menu(1), 6).fade(&menu(1), &blank(), 30);
    check(waiting.busy(&menu(0), 60).then(&menu(1), 15), &["boot", "ready"]);
    let (one, menu) = (radiograph(1), menu(0));
    let read = console().then(&one, 20).busy(&one, 60).fade(&one, &menu, 20).then(&menu, 15);
    let expected = ["boot", "ready", "ExposureSeen", "reading", "result 10"];
    check(read.fade(&menu, &one, 20).busy(&one, 60), &expected);
}

#[test]
fn a_fade_to_a_new_radiograph_announces_it_once() {
    let (one, menu) = (radiograph(1), menu(0));
    let shown = console().then(&menu, 15).fade(&menu, &one, 20).busy(&one, 30);
    check(shown, &["boot", "ready", "ExposureSeen", "reading", "result 10"]);
}

#[test]
fn an_old_radiograph_that_is_shown_again_is_not_announced_again() {
    let (one, two) = (radiograph(1), radiograph(2));
    let shown = console().then(&one, 20).then(&two, 20).then(&menu(0), 15).then(&one, 30).then(&two, 30);
    let expected =
        ["boot", "ready", "ExposureSeen", "reading", "result 10", "result 10+", "reading", "result 20"];
    check(shown, &expected);
}

#[test]
fn a_signal_that_is_lost_while_one_settles_is_said_and_the_radiograph_is_read_once_it_is_back() {
    let one = radiograph(1);
    let shown = console().then(&one, 7).lost(3).then(&one, 30).lost(1).then(&one, 30);
    let expected = [
        "boot",
        "ready",
        "ExposureSeen",
        "fault capture_no_signal",
        "ready",
        "ExposureSeen",
        "reading",
        "result 10",
        "fault capture_no_signal",
        "ready",
        "result 10",
    ];
    check(shown, &expected);
}

#[test]
fn an_earlier_radiograph_that_comes_with_the_signal_does_not_bring_the_newest_result_back() {
    let (one, two) = (radiograph(1), radiograph(2));
    let shown = console().then(&one, 20).then(&two, 20).lost(1).then(&one, 30).then(&menu(0), 20);
    let read =
        ["boot", "ready", "ExposureSeen", "reading", "result 10", "result 10+", "reading", "result 20"];
    check(shown, &[&read[..], &["fault capture_no_signal", "ready"]].concat());
    // The newest on the console again is the answer to it.
    let shown = console().then(&one, 20).then(&two, 20).lost(1).then(&one, 30).then(&two, 20);
    check(shown, &[&read[..], &["fault capture_no_signal", "ready", "result 20"]].concat());
}

#[test]
fn a_result_comes_back_after_a_short_fault_though_its_radiograph_has_left_the_console() {
    let read = ["boot", "ready", "ExposureSeen", "reading", "result 10", "fault capture_no_signal", "ready"];
    let shown = || console().then(&radiograph(1), 20);
    check(shown().lost(1).then(&menu(0), 20), &[&read[..], &["result 10"]].concat());
    // Half a minute later it may be another patient's turn.
    check(shown().lost(40).then(&menu(0), 20), &read);
    // So it may where another radiograph seems to have come, though it was gone before it was read.
    let shown = shown().lost(1).then(&radiograph(2), 8).then(&menu(0), 20);
    check(shown, &[&read[..], &["ExposureSeen", "ready"]].concat());
}

#[test]
fn while_a_peer_wants_nothing_read_nothing_is_announced() {
    let shown = Shown { freeze_at: Some(63), ..console().then(&radiograph(1), 20) };
    // What it kept from being read settles on, and comes anew.
    check(shown, &["boot", "ready", "ExposureSeen", "ready", "ExposureSeen", "reading", "result 10"]);
}

#[test]
fn what_comes_during_the_self_test_is_announced_when_its_screen_goes() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.scene(Scene::Boot { lines: vec!["ok".into()] }, s(1));
    desk.live(Live::Candidate, s(2));
    assert_eq!(seen(&desk, 2), "boot");
    desk.tick(s(6));
    assert_eq!(seen(&desk, 6), "ExposureSeen");
}

#[test]
fn whoever_is_at_a_list_keeps_it_and_sees_the_badge() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(3);
    desk.reading(&graded(30), Filed::default(), None, s(1));
    press(&mut desk, button(1), 2);
    desk.live(Live::Candidate, s(3));
    let badges = |desk: &Desk| desk.seen(s(3), |_, context| context.badges.to_vec());
    assert_eq!((seen(&desk, 3).as_str(), badges(&desk)), ("list 0 of 1", vec![Badge::ExposureSeen]));
    desk.live(Live::NoRadiograph, s(4));
    assert_eq!((seen(&desk, 4).as_str(), badges(&desk)), ("list 0 of 1", vec![]));
}

#[test]
fn a_camera_that_sees_too_little_is_said_and_takes_no_result_off_the_screen() {
    let mut waiting = Desk::new(start(), Duration::ZERO);
    waiting.scene(Scene::Ready, s(1));
    waiting.live(Live::NoEdges, s(2));
    assert_eq!(seen(&waiting, 2), "NoEdges");
    let mut read = Desk::new(start(), Duration::ZERO);
    read.reading(&graded(30), Filed::default(), None, s(1));
    read.live(Live::NoEdges, s(2));
    assert_eq!(seen(&read, 2), "result 30");
}
