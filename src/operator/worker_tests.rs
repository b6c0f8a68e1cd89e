//! The worker with a simulated screen.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::OperatorPanel;
use super::archive::Archive;
use super::desk::Desk;
use super::mailbox::{Mailbox, Told};
use super::pulse::Pulse;
use super::showcase::{SIZE_WITHOUT_SCREEN, Showcase};
use super::simulated::{Monitor, graded};
use super::tests::{key, start};
use super::worker::{Outcome, Worker};
use crate::clock::{BootId, Clock, SimulatedClock, WallTime};
use crate::input::{Heard, Key, Press, Typed};
use crate::station::{Filed, Panel};
use crate::units::{PixelSize, Turn};

/// A worker that goes only when told to, with its world.
struct Bench {
    worker: Worker,
    monitor: Monitor,
    mailbox: Arc<Mailbox>,
    outcome: Arc<Outcome>,
    clock: Arc<SimulatedClock>,
}

impl Bench {
    fn new() -> Self {
        let (monitor, mailbox, outcome) =
            (Monitor::new(), Arc::<Mailbox>::default(), Arc::<Outcome>::default());
        let clock = Arc::new(SimulatedClock::new(BootId::unknown()));
        let worker = Worker::new(
            (Desk::new(start(), Duration::ZERO), Archive::none()),
            monitor.attached(),
            Turn::None,
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&mailbox),
            Arc::clone(&outcome),
        );
        Self { worker, monitor, mailbox, outcome, clock }
    }

    /// Goes round every quarter of a second for so long.
    fn go(&mut self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.clock.advance(Duration::from_millis(250));
            assert!(self.worker.round(Duration::ZERO));
        }
    }

    fn shown(&self) -> usize {
        self.monitor.shown.load(Ordering::Relaxed)
    }
}

#[test]
fn a_screen_that_is_away_is_told_once_and_shows_the_newest_when_it_is_back() {
    let mut bench = Bench::new();
    bench.mailbox.tell(Told::Reading(Box::new(graded(10)), Filed::default()));
    bench.go(1);
    let before = bench.monitor.last.lock().unwrap().clone();
    bench.monitor.unplugged.store(true, Ordering::Relaxed);
    bench.mailbox.tell(Told::Reading(Box::new(graded(90)), Filed::default()));
    bench.go(30);
    assert_eq!(bench.outcome.failure().map_err(|e| e.code()), Err("screen_absent"));
    assert!(bench.outcome.failure().is_ok(), "once");
    bench.monitor.unplugged.store(false, Ordering::Relaxed);
    bench.go(9);
    assert_ne!(*bench.monitor.last.lock().unwrap(), before);
}

#[test]
fn a_time_that_the_operator_sets_is_the_station_s_and_goes_on() {
    let mut bench = Bench::new();
    bench.go(1);
    let mut told = vec![key(Key::Menu)];
    told.extend(vec![key(Key::Next); 7]);
    told.push(key(Key::Select));
    told.extend("2027 03 04 05 06".chars().map(|c| Press::Typed(Typed::Character(c), None)));
    for press in told {
        bench.mailbox.hear(Heard::Press(press));
        bench.go(1);
    }
    assert_eq!(bench.clock.wall_time(), None, "not before it is confirmed");
    bench.mailbox.hear(Heard::Press(Press::Typed(Typed::End, None)));
    bench.go(1);
    let set = WallTime::parse("2027-03-04T05:06:00Z").unwrap();
    let after = bench.clock.wall_time().unwrap().unix_s() - set.unix_s();
    assert!((0..=1).contains(&after), "{after} s");
    bench.go(60);
    assert_eq!(bench.clock.wall_time().unwrap().unix_s() - set.unix_s(), after + 60);
}

#[test]
fn another_screen_in_its_place_gets_pictures_of_its_own_size() {
    let mut bench = Bench::new();
    bench.go(1);
    bench.monitor.unplugged.store(true, Ordering::Relaxed);
    bench.go(2);
    *bench.monitor.size.lock().unwrap() = PixelSize::new(1_024, 600);
    bench.monitor.unplugged.store(false, Ordering::Relaxed);
    bench.go(9);
    let size = bench.monitor.last.lock().unwrap().as_ref().map(|p| p.size());
    assert_eq!(size, Some(PixelSize::new(1_024, 600)));
}

#[test]
fn a_flood_of_presses_costs_a_few_pictures_only() {
    let mut bench = Bench::new();
    bench.go(6);
    let before = bench.shown();
    (0..10_000).for_each(|_| bench.mailbox.hear(Heard::Press(key(Key::Palette))));
    bench.go(1);
    assert!(bench.shown() - before <= 4, "{} pictures", bench.shown() - before);
}

#[test]
fn what_the_operator_asks_for_reaches_the_station() {
    let mut bench = Bench::new();
    bench.mailbox.hear(Heard::Press(Press::Held));
    bench.mailbox.hear(Heard::Press(key(Key::Select)));
    bench.go(1);
    assert!(bench.outcome.wants_shut_down());
}

#[test]
fn others_see_the_screen_s_own_picture_and_one_where_there_is_no_screen() {
    let (bench, showcase) = (Bench::new(), Showcase::default());
    let mut bench = Bench { worker: bench.worker.with_showcase(Some(showcase.clone())), ..bench };
    bench.mailbox.tell(Told::Reading(Box::new(graded(10)), Filed { record: Some(7), person: None }));
    bench.go(1);
    let seen = showcase.look();
    assert_eq!(seen.picture.as_deref(), bench.monitor.last.lock().unwrap().as_ref());
    assert!(seen.shelf.kept(7).is_some() && seen.shelf.kept(8).is_none());
    assert_eq!(seen.at, bench.clock.uptime());
    *bench.monitor.size.lock().unwrap() = PixelSize::new(320, 240);
    bench.monitor.unplugged.store(true, Ordering::Relaxed);
    bench.go(3);
    let without = showcase.look();
    assert!(without.pictures > seen.pictures);
    assert_eq!(without.picture.unwrap().size(), SIZE_WITHOUT_SCREEN);
    bench.monitor.unplugged.store(false, Ordering::Relaxed);
    bench.go(9);
    assert_eq!(showcase.look().picture.as_deref(), bench.monitor.last.lock().unwrap().as_ref());
}

/// With a thread of its own, on the system's clock.
fn panel(monitor: &Monitor) -> OperatorPanel {
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock::start());
    OperatorPanel::without_buttons(start(), Archive::none(), monitor.attached(), Turn::None, clock, None)
        .unwrap()
}

#[test]
fn a_screen_that_hangs_makes_no_reading_wait() {
    let monitor = Monitor::new();
    let hang = monitor.last.lock().unwrap();
    let mut panel = panel(&monitor);
    // Each of these returns though no picture can be shown; without that the test would never end.
    let refused = (0..20).filter(|_| panel.result(&graded(10), Filed::default()).is_err()).count();
    assert!(refused >= 20 - 2 * super::mailbox::TOLD_MAX, "{refused} of 20 readings found no room");
    drop(hang);
    panel.finish().unwrap();
}

#[test]
fn a_screen_that_hangs_is_told_though_nothing_is_read() {
    let monitor = Monitor::new();
    let hang = monitor.last.lock().unwrap();
    let mut panel = panel(&monitor);
    // Longer than a turn, so that only one that hangs lasts as long.
    panel.pulse = Pulse::new(Duration::from_secs(2));
    let mut told = || {
        std::thread::sleep(Duration::from_millis(50));
        panel.attend().err().map(|e| e.code())
    };
    // A worker that never took a turn would be told too; it hangs at its first picture.
    assert_eq!((0..1_000).find_map(|_| told()), Some("screen_stuck"));
    assert!((0..10).all(|_| told().is_none()), "once");
    drop(hang);
    assert!((0..60).all(|_| told().is_none()), "it goes on");
    panel.finish().unwrap();
}

#[test]
fn the_last_picture_is_shown_before_the_end() {
    let monitor = Monitor::new();
    let mut panel = panel(&monitor);
    panel.result(&graded(10), Filed::default()).unwrap();
    panel.finish().unwrap();
    assert!(monitor.last.lock().unwrap().is_some());
    assert!(!panel.attend().unwrap().shut_down);
}
