//! The operator at the desk, without a screen.

use std::time::Duration;

use super::archive::{Line, Past};
use super::desk::Desk;
use super::page::{Shown, Touched, keys};
use super::scene::{Scene, Start};
use super::simulated::{graded, provenance, refused};
use super::{CONFIRM_MAX, FRONT_AFTER, IDLE_MAX};
use crate::board::Keyboard;
use crate::exposure::Live;
use crate::input::{Control, Key, Press};
use crate::person::Person;
use crate::render::{Action, Badge, Earlier, Language, MapStyle, Opacity, View};
use crate::station::{Filed, Keeping};

pub(super) fn start() -> Start {
    let (language, keyboard) = (Language::English, Keyboard::Us);
    Start { source: "phantoms".into(), model: provenance(), language, keyboard }
}

pub(super) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn button(n: usize) -> Press {
    Press::Control(Control::Button(n))
}

pub(super) fn key(key: Key) -> Press {
    Press::Control(Control::Key(key))
}

/// A desk with three buttons and readings of these percentages, at 0 seconds.
fn desk(percents: &[u8]) -> Desk {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(3);
    for &percent in percents {
        desk.reading(&graded(percent), Filed::default(), None, Duration::ZERO);
    }
    desk
}

pub(super) fn press(desk: &mut Desk, press: Press, at: u64) {
    desk.press(press, Touched::Elsewhere, s(at));
}

/// What is on show in a word, and the number that goes with it.
pub(super) fn seen(desk: &Desk, at: u64) -> String {
    let percent = |study: &crate::pipeline::Study| {
        study.reading.outcome.as_ref().map_or(0, |f| (f.infected.total.get() * 100.0).round() as u32)
    };
    desk.seen(s(at), |view, context| match view {
        View::Result(study) => format!("result {}", percent(study)),
        View::Refused(_) => "refused".into(),
        View::Details(study) => format!("details {}", percent(study)),
        View::List(list) => format!("list {} of {}", list.selected, list.entries.len()),
        View::Menu { selected, .. } => format!("menu {selected}"),
        View::ConfirmShutDown => format!("shut down? {}", context.keys.len()),
        View::ShuttingDown => "shutting down".into(),
        View::Ready { .. } => "ready".into(),
        View::Boot { .. } => "boot".into(),
        View::InProgress { .. } => "reading".into(),
        View::Fault { code, .. } => format!("fault {code}"),
        View::SafeMode { text, .. } => format!("safe mode: {text}"),
        View::Compared { study, earlier, named, .. } => {
            let earlier = earlier.map(|all| all.iter().map(|e| (e.share.get() * 100.0).round() as u32));
            format!("compared {} {:?} {}", percent(study), earlier.map(Vec::from_iter), named.unwrap_or("-"))
        }
        View::Identify(i) => {
            let number = i.entry.id;
            format!("identify {number} {:?} {} {}", i.text, i.selected, i.problem.unwrap_or("-"))
        }
        View::SetClock(c) => {
            let digits: String = c.digits.iter().map(u8::to_string).collect();
            format!("clock {digits} at {} {:?}", c.selected, c.problem)
        }
        other => format!("{other:?}"),
    })
}

fn badges(desk: &Desk, at: u64) -> Vec<Badge> {
    desk.seen(s(at), |_, context| context.badges.to_vec())
}

/// Presses one after another at 100 seconds; what is on show after each.
fn check(desk: &mut Desk, presses: &[Press], expected: &[&str]) {
    let shown: Vec<String> = presses
        .iter()
        .map(|&p| {
            press(desk, p, 100);
            seen(desk, 100)
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_station_starts_waits_reads_and_shows() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.scene(Scene::Boot { lines: vec!["ok".into()] }, s(1));
    assert_eq!(seen(&desk, 1), "boot");
    desk.tick(s(6));
    assert_eq!(seen(&desk, 6), "ready");
    desk.scene(Scene::Reading, s(7));
    assert_eq!(seen(&desk, 7), "reading");
    desk.reading(&refused(), Filed::default(), None, s(8));
    assert_eq!(seen(&desk, 8), "refused");
    desk.scene(Scene::Fault { code: "capture_timeout", text: "no picture".into() }, s(9));
    assert_eq!(seen(&desk, 9), "fault capture_timeout");
}

#[test]
fn every_action_is_reached_with_three_buttons() {
    // Each of these can be pressed, below the screen or as a line of the menu, from some page that can be reached.
    let pages = [
        Shown::Latest { map: true },
        Shown::Latest { map: false },
        Shown::Earlier { map: true },
        Shown::Earlier { map: false },
        Shown::List,
        Shown::Menu,
        Shown::Details,
        Shown::Compared { nameable: true },
        Shown::Identify,
        Shown::SetClock,
        Shown::ShutDown,
        Shown::Other,
    ];
    let mut reached: Vec<Action> = pages.iter().flat_map(|&p| keys(p, 3)).copied().collect();
    reached.extend(super::page::MENU);
    use Action::*;
    for action in [
        Previous, Next, Open, Back, Menu, Triage, History, Details, Compare, Identify, Take, Done, Map,
        Outline, Palette, Language, Clock, Cancel, ShutDown,
    ] {
        assert!(reached.contains(&action), "{action:?}");
    }
    assert!(pages.iter().all(|&p| keys(p, 3).len() <= 3 && keys(p, 5).len() <= 5));
}

#[test]
fn earlier_readings_are_gone_through_and_left_again() {
    let mut desk = desk(&[10, 20, 30]);
    check(
        &mut desk,
        &[button(0), button(0), button(0), button(1), button(2)],
        &["result 20", "result 10", "result 10", "result 20", "result 30"],
    );
    check(&mut desk, &[key(Key::Previous), key(Key::Next)], &["result 20", "result 30"]);
}

#[test]
fn the_triage_list_opens_the_one_that_is_chosen() {
    let mut desk = desk(&[10, 90, 50]);
    check(
        &mut desk,
        &[button(1), button(0), button(1), button(2), key(Key::Back)],
        &["list 0 of 3", "list 1 of 3", "result 50", "menu 0", "result 50"],
    );
    // From the menu too, the most severe first.
    check(&mut desk, &[button(2), button(1), button(1)], &["menu 0", "list 0 of 3", "result 90"]);
    check(&mut desk, &[button(2)], &["result 50"]);
}

#[test]
fn the_bare_radiograph_is_one_press_away_from_every_step_of_the_map() {
    let mut desk = desk(&[50]);
    let mut steps = Vec::new();
    for _ in 0..8 {
        press(&mut desk, key(Key::Map), 1);
        steps.push(desk.seen(s(1), |_, c| (c.options.map == MapStyle::Off, c.options.opacity)));
    }
    use Opacity::{Full, Half, Quarter, ThreeQuarters};
    let expected = [Full, ThreeQuarters, ThreeQuarters, Half, Half, Quarter, Quarter, Full];
    let off = |k: usize| k.is_multiple_of(2);
    assert_eq!(steps, (0..8).map(|k| (off(k), expected[k])).collect::<Vec<_>>());
}

#[test]
fn a_new_reading_comes_to_the_front_unless_somebody_is_at_the_buttons() {
    let mut desk = desk(&[10, 20]);
    press(&mut desk, button(0), 100);
    desk.reading(&graded(90), Filed::default(), None, s(105));
    assert_eq!(seen(&desk, 105), "result 10");
    assert_eq!(badges(&desk, 105), [Badge::NewReading]);
    desk.tick(s(109));
    assert_eq!(seen(&desk, 109), "result 10");
    desk.tick(s(100) + FRONT_AFTER);
    assert_eq!((seen(&desk, 110).as_str(), badges(&desk, 110).as_slice()), ("result 90", [].as_slice()));
    // Nobody has pressed anything for long: at once.
    press(&mut desk, button(0), 111);
    desk.reading(&graded(50), Filed::default(), None, s(130));
    assert_eq!(seen(&desk, 130), "result 50");
}

#[test]
fn whoever_looks_at_the_newest_reading_keeps_it_while_pressing() {
    let mut desk = desk(&[10]);
    press(&mut desk, key(Key::Map), 50);
    desk.scene(Scene::Reading, s(51));
    assert_eq!(seen(&desk, 51), "result 10");
    desk.reading(&graded(90), Filed::default(), None, s(52));
    assert_eq!(seen(&desk, 52), "result 10");
    desk.tick(s(60));
    assert_eq!(seen(&desk, 60), "result 90");
}

#[test]
fn a_reading_from_before_this_start_is_shown_only_when_asked_for() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(3);
    let past =
        Past { record: 7, person: None, named: None, study: graded(30), time: None, age: Some(s(300)) };
    desk.past(past, Duration::ZERO);
    desk.scene(Scene::Live(Live::Settling), s(1));
    desk.live(Live::Seen, s(2));
    assert_ne!(seen(&desk, 2), "result 30", "nobody may take it for what is on the console");
    check(&mut desk, &[button(0), button(1)], &["list 0 of 1", "result 30"]);
    assert_eq!(desk.seen(s(160), |_, context| context.age), Some(s(460)));
}

#[test]
fn a_reading_is_compared_with_the_same_person_s_earlier_ones_and_nobody_else_s() {
    let [one, other] = [1, 2].map(|n| Person::from_digest([n; Person::BYTES]));
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(3);
    let past = |person, percent| Past {
        record: 7,
        person,
        named: None,
        study: graded(percent),
        time: None,
        age: None,
    };
    desk.past(past(Some(one), 30), Duration::ZERO);
    desk.past(past(Some(other), 40), Duration::ZERO);
    desk.past(past(None, 45), Duration::ZERO);
    for (person, percent) in [(other, 5), (one, 10), (one, 20)] {
        let share = crate::units::Fraction::clamped(f32::from(percent as u8) / 100.0);
        let reading = Earlier { time: None, share, interval90: [share; 2], warned: false };
        desk.line(Line { person, reading });
    }
    let filed = |person| Filed { record: None, person };
    desk.reading(&refused(), filed(Some(one)), None, s(1));
    desk.reading(&graded(50), filed(Some(one)), None, s(2));
    desk.reading(&graded(60), filed(None), None, s(3));
    let compared = |desk: &Desk| {
        desk.seen(s(100), |view, _| match view {
            View::Compared { earlier, .. } => earlier
                .map(|all| all.iter().map(|e| (e.share.get() * 100.0).round() as u8).collect::<Vec<_>>()),
            other => panic!("{other:?}"),
        })
    };
    press(&mut desk, key(Key::Details), 100);
    press(&mut desk, button(1), 100);
    assert_eq!(compared(&desk), None, "nobody knows of whom it is");
    check(&mut desk, &[button(0), button(0)], &["result 60", "result 50"]);
    press(&mut desk, key(Key::Details), 100);
    press(&mut desk, button(1), 100);
    assert_eq!(compared(&desk), Some(vec![20, 10, 30]), "the oldest first; what was refused has no share");
    check(&mut desk, &[button(1), button(0)], &["details 50", "result 50"]);
}

#[test]
fn an_old_reading_does_not_stay_for_ever() {
    let mut desk = desk(&[10, 20]);
    press(&mut desk, button(0), 100);
    desk.tick(s(100) + IDLE_MAX - s(1));
    assert_eq!(seen(&desk, 219), "result 10");
    desk.tick(s(100) + IDLE_MAX);
    assert_eq!(seen(&desk, 220), "result 20");
}

#[test]
fn shutting_down_takes_a_long_press_and_an_answer() {
    let mut asked = desk(&[10]);
    check(&mut asked, &[Press::Held, button(0)], &["shut down? 2", "result 10"]);
    press(&mut asked, Press::Held, 200);
    asked.tick(s(200) + CONFIRM_MAX);
    assert_eq!((seen(&asked, 215).as_str(), asked.wants_shut_down()), ("result 10", false));
    check(&mut asked, &[Press::Held, button(1)], &["shut down? 2", "shutting down"]);
    assert!(asked.wants_shut_down());
    // Nothing takes that off the screen again.
    asked.reading(&graded(90), Filed::default(), None, s(300));
    asked.tick(s(900));
    assert_eq!(seen(&asked, 900), "shutting down");
}

#[test]
fn a_touch_does_what_it_touches() {
    let mut desk = desk(&[10, 90]);
    let tap = Press::Tap(crate::input::Spot { x: 0.5, y: 0.5 });
    desk.press(tap, Touched::Key(Action::Triage), s(1));
    desk.press(tap, Touched::Row(1), s(2));
    assert_eq!(seen(&desk, 2), "result 10");
    desk.press(tap, Touched::Row(0), s(3));
    assert_eq!(seen(&desk, 3), "result 10", "there are no rows on a reading");
}

#[test]
fn a_list_that_is_open_takes_in_what_is_new_and_keeps_its_choice() {
    let mut desk = desk(&[10, 50]);
    check(&mut desk, &[key(Key::Triage), key(Key::Next)], &["list 0 of 2", "list 1 of 2"]);
    desk.reading(&graded(90), Filed::default(), None, s(101));
    assert_eq!(seen(&desk, 101), "list 2 of 3");
}

#[test]
fn a_screen_without_buttons_shows_no_keys() {
    let mut desk = desk(&[10]);
    desk.buttons(0);
    assert!(desk.seen(s(0), |_, c| c.keys.is_empty()));
    desk.buttons(2);
    assert!(desk.seen(s(0), |_, c| c.keys.is_empty()), "two do not reach everything");
}

#[test]
fn nothing_is_drawn_anew_that_has_not_changed() {
    let mut desk = desk(&[10]);
    let draw = |desk: &mut Desk, at: u64| desk.drawn(s(at), |_, _| ());
    draw(&mut desk, 0);
    desk.tick(s(59));
    assert!(!desk.is_stale());
    desk.tick(s(60));
    assert!(desk.is_stale(), "it is a minute old");
    draw(&mut desk, 60);
    desk.scene(Scene::Reading, s(61));
    draw(&mut desk, 61);
    let redrawn = (0..100u64)
        .filter(|tenth| {
            desk.tick(s(61) + Duration::from_millis(100 * tenth));
            let stale = desk.is_stale();
            desk.drawn(s(61) + Duration::from_millis(100 * tenth), |_, _| ());
            stale
        })
        .count();
    assert!((5..=10).contains(&redrawn), "{redrawn} pictures of progress");
}

#[test]
fn badges_and_a_minute_leave_the_content_and_a_press_does_not() {
    let mut desk = desk(&[10]);
    let content = desk.content();
    desk.drawn(s(0), |_, _| ());
    desk.badge(Badge::SerialLost, true);
    desk.keeping(Keeping::DropsOldest);
    desk.tick(s(60));
    assert!(desk.is_stale() && desk.content() == content);
    press(&mut desk, key(Key::Map), 61);
    assert!(desk.content() != content, "the map is fainter");
}

#[test]
fn a_record_that_fills_up_is_shown_until_it_drops_the_oldest() {
    let mut desk = desk(&[10]);
    let shown = |desk: &Desk| badges(desk, 0).into_iter().find(|b| matches!(b, Badge::Storage { .. }));
    desk.keeping(Keeping::All { percent: 89 });
    assert_eq!(shown(&desk), None);
    desk.keeping(Keeping::All { percent: 93 });
    assert_eq!(shown(&desk), Some(Badge::Storage { percent: 93 }));
    desk.keeping(Keeping::DropsOldest);
    assert_eq!(shown(&desk), None);
    assert!(badges(&desk, 0).contains(&Badge::OldestDropped));
}

#[test]
fn a_fault_goes_when_the_source_is_back_and_is_news_only_once() {
    let fault = || Scene::Fault { code: "capture_gone", text: "unplugged".into() };
    let mut desk = desk(&[10, 20]);
    desk.scene(fault(), s(50));
    assert_eq!(seen(&desk, 50), "fault capture_gone");
    press(&mut desk, key(Key::History), 51);
    desk.scene(fault(), s(80));
    desk.tick(s(80));
    assert_eq!(seen(&desk, 80), "list 0 of 2", "nobody is sent away from a list by the same fault again");
    press(&mut desk, key(Key::Back), 81);
    assert_eq!(seen(&desk, 81), "fault capture_gone");
    desk.ready(s(82));
    assert_eq!(seen(&desk, 82), "result 20");
}

#[test]
fn safe_mode_says_why_and_stays() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.scene(Scene::SafeMode { code: "safe_mode", text: "three starts failed".into() }, s(1));
    desk.ready(s(2));
    desk.tick(s(900));
    assert_eq!(seen(&desk, 900), "safe mode: three starts failed");
}
