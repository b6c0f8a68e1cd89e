//! A live picture as a feed: only settled, new radiographs come out of it. What it shows meanwhile is shown.

use std::sync::Arc;
use std::time::Duration;

use super::Station;
use super::fault::Fault;
use super::feed::{Fed, Feed};
use super::stage::{Stage, State};
use crate::clock::Clock;
use crate::exposure::{Live, SettleRules, Settler};
use crate::source::{FrameSource, Sourced};

/// Longest time in one call without a radiograph: the station must stay able to stop and to give signs of life.
const LOOK_FOR_MAX: Duration = Duration::from_millis(500);
/// How often the log says at most that a camera sees too little: the edges may come and go for hours.
const NO_EDGES_EVERY: Duration = Duration::from_secs(60);
/// Frames in one call, where the source knows its own time and sends as fast as it is asked.
const FRAMES_MAX: u32 = 64;

/// A live source whose frames pass a [`Settler`].
pub struct LiveFeed<S: FrameSource> {
    source: S,
    code: fn(&S::Error) -> &'static str,
    settler: Settler,
    clock: Arc<dyn Clock>,
    /// What was last told.
    live: Live,
    /// When a camera that sees too little was last told of.
    no_edges_told: Option<Duration>,
    /// When the source was last looked at, and how long nobody looked, all in all.
    looked: Option<Duration>,
    away: Duration,
}

impl<S: FrameSource> LiveFeed<S> {
    /// `source`, whose errors have the stable name that `code` gives.
    pub fn new(
        source: S,
        code: fn(&S::Error) -> &'static str,
        rules: SettleRules,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (settler, live) = (Settler::new(rules), Live::NoSignal);
        Self { source, code, settler, clock, live, no_edges_told: None, looked: None, away: Duration::ZERO }
    }

    /// Time as the settler is to have it: without that in which nobody looked, for what a device has kept since then
    /// would seem to have stood still for as long.
    fn time(&self) -> Duration {
        self.source.time_of_last().unwrap_or_else(|| self.clock.uptime().saturating_sub(self.away))
    }

    /// Whether it is time to say that a camera sees too little; from then on it has been said.
    fn tells_no_edges(&mut self, now: Duration) -> bool {
        let is_due = self.no_edges_told.is_none_or(|told| now.saturating_sub(told) >= NO_EDGES_EVERY);
        if is_due {
            self.no_edges_told = Some(now);
        }
        is_due
    }

    /// What the source gives next, within [`LOOK_FOR_MAX`].
    fn watch(&mut self) -> Option<Result<Fed, Fault>> {
        let until = self.clock.uptime() + LOOK_FOR_MAX;
        for _ in 0..FRAMES_MAX {
            let Sourced { name, frame } = match self.source.next_frame()? {
                Ok(sourced) => sourced,
                Err(error) => {
                    self.settler.signal_lost();
                    self.live = Live::NoSignal;
                    return Some(Err(Fault::source((self.code)(&error), error.to_string())));
                }
            };
            let look = self.settler.look(&frame, self.time());
            let has_changed = std::mem::replace(&mut self.live, look.live) != look.live;
            if has_changed && look.live == Live::NoEdges && self.tells_no_edges(self.clock.uptime()) {
                log::warn!("{}", look.live.text());
            }
            if let Some(exposure) = look.exposure {
                log::info!(
                    "a radiograph stands still: {}, the average of at least {} frames",
                    exposure.area,
                    exposure.frames_averaged
                );
                return Some(Ok(Fed::Radiograph(Sourced { name, frame: exposure.frame })));
            }
            if has_changed || self.clock.uptime() >= until {
                break;
            }
        }
        Some(Ok(Fed::Live(self.live)))
    }
}

impl<S: FrameSource> Feed for LiveFeed<S> {
    /// The next new radiograph; [`Fed::Live`] as soon as the picture shows something else, or after half a second.
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        let now = self.clock.uptime();
        self.away += self.looked.map_or(Duration::ZERO, |looked| now.saturating_sub(looked));
        let next = self.watch();
        self.looked = Some(self.clock.uptime());
        next
    }
}

impl Station<'_> {
    /// The live picture shows no new radiograph: says so, and gives a sign of life where one is due.
    pub(super) fn watching(&mut self, live: Live) {
        self.become_state(State::Ready);
        self.serve();
        self.settle_when_long_at_work();
        self.show_live(live);
        self.sign_of_life();
    }

    /// Nobody looks at the live picture for now: what seemed to come is not waited for.
    pub(super) fn look_away(&mut self) {
        if self.live == Live::Candidate {
            self.show_live(Live::Settling);
        }
    }

    fn show_live(&mut self, live: Live) {
        self.live = live;
        self.enter(Stage::Showing);
        let shown = self.panel.live(live);
        self.shown(shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BootId, SimulatedClock};
    use crate::frame::Frame;
    use crate::source::phantom::{self, PhantomSpec};
    use crate::units::{Percent, PixelSize};

    #[derive(Debug, thiserror::Error)]
    #[error("nothing comes")]
    struct Silent;

    /// Gives what its letters say, ten frames a second: a blank, a phantom, or nothing.
    struct Letters(std::str::Chars<'static>, Arc<SimulatedClock>, Frame);

    impl FrameSource for Letters {
        type Error = Silent;

        fn next_frame(&mut self) -> Option<Result<Sourced, Silent>> {
            let letter = self.0.next()?;
            self.1.advance(Duration::from_millis(100));
            let blank = || Frame::from_grey8(self.2.size(), &vec![9; self.2.size().area()]).unwrap();
            let frame = match letter {
                'b' => blank(),
                'p' => self.2.clone(),
                _ => return Some(Err(Silent)),
            };
            Some(Ok(Sourced { name: "live".into(), frame }))
        }
    }

    fn feed(letters: &'static str) -> (LiveFeed<Letters>, Arc<SimulatedClock>) {
        let clock = Arc::new(SimulatedClock::new(BootId::unknown()));
        let size = PixelSize::new(320, 320);
        let spec = PhantomSpec { size, ..PhantomSpec::new(1, Percent::new(10.0).unwrap()) };
        let source = Letters(letters.chars(), Arc::clone(&clock), phantom::compute(&spec).frame);
        let its = Arc::clone(&clock);
        (LiveFeed::new(source, |_| "capture_no_signal", SettleRules::default(), its), clock)
    }

    fn word(next: Result<Fed, Fault>) -> &'static str {
        match next {
            Ok(Fed::Radiograph(_)) => "RADIOGRAPH",
            Ok(Fed::Live(live)) => live.name(),
            Ok(Fed::Idle) => "idle",
            Err(fault) => fault.code,
        }
    }

    fn check(letters: &'static str, expected: &str) {
        let (mut feed, _) = feed(letters);
        let mut told: Vec<&str> = Vec::new();
        while let Some(next) = feed.next() {
            let word = word(next);
            if told.last() != Some(&word) {
                told.push(word);
            }
        }
        assert_eq!(told.join(" "), expected);
    }

    #[test]
    fn a_radiograph_among_blanks_comes_out_once() {
        check(
            "bbbbbbbbbbbbbbbpppppppppppppppppppppp",
            "settling no_radiograph settling candidate RADIOGRAPH seen",
        );
    }

    #[test]
    fn a_signal_that_is_lost_while_a_radiograph_settles_costs_no_reading_and_makes_no_second() {
        check(
            "bbbbbbbbbbbbpppppp-pppppppppppppppppppppppp",
            "settling no_radiograph settling candidate capture_no_signal settling candidate RADIOGRAPH seen",
        );
    }

    #[test]
    fn what_is_shown_again_after_a_lost_signal_does_not_come_out_again() {
        check(
            "pppppppppppppppppppp--pppppppppppppppppppp",
            "settling candidate RADIOGRAPH seen capture_no_signal settling seen",
        );
    }

    #[test]
    fn time_in_which_nobody_looks_lets_nothing_settle() {
        // One frame, half a minute in which anything may be shown, then what the device has kept, and a blank.
        let (mut feed, clock) = feed("pppppbbbbb");
        assert_eq!(feed.next().map(word), Some("settling"));
        clock.advance(Duration::from_secs(30));
        let mut told = Vec::new();
        while let Some(next) = feed.next() {
            told.push(word(next));
        }
        assert!(!told.contains(&"RADIOGRAPH"), "{told:?}");
        // What goes on standing there is given after the rest of its time, whoever looked away meanwhile.
        let (mut feed, clock) = self::feed("pppppppppppp");
        let mut told = Vec::new();
        while let Some(next) = feed.next() {
            told.push((word(next), clock.uptime().as_millis() % 10_000));
            clock.advance(Duration::from_secs(10));
        }
        let given = told.iter().find(|(word, _)| *word == "RADIOGRAPH");
        assert_eq!(given, Some(&("RADIOGRAPH", 1_100)), "{told:?}");
    }

    #[test]
    fn that_a_camera_sees_too_little_is_logged_once_a_minute_at_most() {
        let (mut feed, _) = feed("");
        let told: Vec<u64> =
            (0..150).filter(|second| feed.tells_no_edges(Duration::from_secs(*second))).collect();
        assert_eq!(told, [0, 60, 120]);
    }
}
