//! What is on show: decided here, without a device and without a clock.

use std::time::Duration;

use super::archive::{Line, Past};
use super::marks::{Health, Marks};
use super::page::{Listing, MENU, Page, Shown, keys};
use super::scene::{Scene, Start};
use super::set_clock::TimeOfDay;
use super::shelf::{Shelf, Shelved};
use crate::clock::WallTime;
use crate::exposure::Live;
use crate::person::Identifier;
use crate::pipeline::Study;
use crate::render::{Badge, Context, List, Options, STORAGE_HIGH, View};
use crate::station::{Filed, Keeping, Naming};
use crate::units::Fraction;

/// A new reading comes to the front unless the operator has pressed something within this time.
pub const FRONT_AFTER: Duration = Duration::from_secs(10);
/// After so long without a press the newest reading is shown again, so that nobody takes an old one for it.
pub const IDLE_MAX: Duration = Duration::from_secs(120);
/// A question that nobody answers is answered with no.
pub const CONFIRM_MAX: Duration = Duration::from_secs(15);
/// After a fault no longer than this a result is shown again though its radiograph has left the console.
const FAULT_SHORT: Duration = Duration::from_secs(30);
/// How long the self-test stays where nothing else comes.
const BOOT_FOR: Duration = Duration::from_secs(5);
/// How long a reading is thought to take before the first one.
const READING_FOR: Duration = Duration::from_secs(3);
/// Grades of known persons that are remembered: a hundred bytes each.
const LINES_MAX: usize = 10_000;
/// Steps in which progress is shown: each is a picture.
const PROGRESS_STEPS: u32 = 10;
/// The age of a reading is told in minutes.
const AGE_STEP: Duration = Duration::from_secs(60);

/// What is on show.
pub struct Desk {
    start: Start,
    pub(super) shelf: Shelf,
    /// Grades from before all that is on the shelf, the newest first.
    pub(super) lines: Vec<Line>,
    pub(super) scene: Scene,
    since: Duration,
    /// What a live picture shows, where nothing else has been told since.
    live: Option<Live>,
    /// When a fault took the newest result off the screen, unless another radiograph has been on the console since.
    result_left: Option<Duration>,
    pub(super) page: Page,
    pub(super) options: Options,
    pub(super) buttons: usize,
    pub(super) last_press: Option<Duration>,
    /// The badge for what waits until the operator is done.
    waiting: Option<Badge>,
    marks: Marks,
    pub(super) time: TimeOfDay,
    reading_for: Duration,
    pub(super) wants_shut_down: bool,
    /// Readings that were named, for the record.
    pub(super) namings: Vec<Naming>,
    /// What was drawn last differs from what is to be shown.
    is_stale: bool,
    /// Counts what changed of it between header and keys.
    content: u64,
    drawn: (u32, u64),
}

impl Desk {
    /// Starting at `now`.
    pub fn new(start: Start, now: Duration) -> Self {
        let options = Options { language: start.language, ..Options::default() };
        Self {
            start,
            shelf: Shelf::default(),
            lines: Vec::new(),
            scene: Scene::Boot { lines: Vec::new() },
            since: now,
            live: None,
            result_left: None,
            page: Page::Station,
            options,
            buttons: 0,
            last_press: None,
            waiting: None,
            marks: Marks::default(),
            time: TimeOfDay::default(),
            reading_for: READING_FOR,
            wants_shut_down: false,
            namings: Vec::new(),
            is_stale: true,
            content: 0,
            drawn: (0, 0),
        }
    }

    /// The station does something else now.
    pub fn scene(&mut self, scene: Scene, now: Duration) {
        if matches!(self.scene, Scene::Ending) {
            return;
        }
        self.hold(now);
        let comes = match &scene {
            Scene::Reading | Scene::Ready | Scene::Live(_) => None,
            // The same fault once more is nothing new.
            Scene::Fault { .. } if scene == self.scene => None,
            Scene::Result => Some(Badge::NewReading),
            Scene::Boot { .. } | Scene::Fault { .. } | Scene::SafeMode { .. } | Scene::Ending => {
                Some(Badge::DeviceFault)
            }
        };
        if !matches!(scene, Scene::Live(_)) {
            self.live = None;
            self.badge(Badge::ExposureSeen, false);
        }
        if self.scene == Scene::Result {
            self.result_left = matches!(scene, Scene::Fault { .. }).then_some(now);
        }
        self.scene = scene;
        self.since = now;
        self.change();
        if let Some(what) = comes {
            self.come(what, now);
        }
    }

    /// What a live picture shows now: it takes the place of a fault and of the screen that waits, never of a result.
    ///
    /// The newest radiograph, still on the console or again, brings its result back, and so does a fault that was short
    /// where the console shows no radiograph. An earlier radiograph does not: the newest result is not its own. One that
    /// may be new is a badge beside a result: it may turn out to be nothing.
    pub fn live(&mut self, live: Live, now: Duration) {
        if matches!(live, Live::Candidate | Live::Recalled) {
            self.result_left = None;
        }
        if matches!(self.scene, Scene::Fault { .. } | Scene::Ready | Scene::Live(_)) {
            let was_here = self.result_left.is_some_and(|left| now.saturating_sub(left) < FAULT_SHORT);
            let returns = live == Live::Seen || live == Live::NoRadiograph && was_here;
            let returns = returns && self.shelf.latest().is_some();
            self.scene(if returns { Scene::Result } else { Scene::Live(live) }, now);
        }
        self.live = Some(live);
        self.badge(Badge::ExposureSeen, live == Live::Candidate);
    }

    /// The source works again, or for the first time.
    pub fn ready(&mut self, now: Duration) {
        if matches!(self.scene, Scene::Fault { .. }) {
            self.scene = if self.shelf.latest().is_some() { Scene::Result } else { Scene::Ready };
            self.since = now;
            self.change();
        }
    }

    /// A new reading, at `time` in words.
    pub fn reading(&mut self, study: &Study, filed: Filed, time: Option<String>, now: Duration) {
        if matches!(self.scene, Scene::Reading) {
            self.reading_for = now.saturating_sub(self.since).max(Duration::from_millis(1));
        }
        self.hold(now);
        self.shelf.add(study, filed, time, now);
        self.scene(Scene::Result, now);
        if let Page::List(Listing { order, .. }) = self.page {
            self.list(order, now);
        }
    }

    /// Whether one more reading from before this start finds room.
    pub fn has_room(&self) -> bool {
        self.shelf.has_room()
    }

    /// A reading from before this start.
    pub fn past(&mut self, past: Past, now: Duration) {
        self.shelf.put_back(past, now);
        if let Page::List(Listing { order, .. }) = self.page {
            self.list(order, now);
            self.change();
        }
    }

    /// The grade of a known person from before all readings here.
    pub fn line(&mut self, line: Line) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(line);
        }
    }

    /// What the record does with readings.
    pub fn keeping(&mut self, does: Keeping) {
        self.badge(Badge::NotKept, does == Keeping::Nothing);
        self.badge(Badge::OldestDropped, does == Keeping::DropsOldest);
        let percent = if let Keeping::All { percent } = does { percent } else { 0 };
        self.badge(Badge::Storage { percent }, percent >= STORAGE_HIGH);
    }

    /// The time of day; `None` while it is not to be trusted. `kept`: a time service sets the clock.
    pub fn time(&mut self, time: Option<WallTime>, kept: bool) {
        self.is_stale |= self.time.hear(time, kept);
    }

    /// Whether a badge is to be seen.
    pub fn badge(&mut self, badge: Badge, there: bool) {
        self.is_stale |= self.marks.set(badge, there);
    }

    /// What the board says of itself.
    pub fn health(&mut self, health: Health) {
        self.is_stale |= self.marks.health(health);
    }

    /// There are so many buttons below the screen; a touch screen has as many as can be drawn.
    pub fn buttons(&mut self, buttons: usize) {
        self.is_stale |= self.buttons != buttons;
        self.buttons = buttons;
    }

    /// Lets time go by: what waits comes to the front, what was left is left.
    pub fn tick(&mut self, now: Duration) {
        if self.waiting.is_some() && !self.is_busy(now) {
            self.leave();
        }
        let idle = self.last_press.is_none_or(|t| now.saturating_sub(t) >= IDLE_MAX);
        let unanswered = self.last_press.is_none_or(|t| now.saturating_sub(t) >= CONFIRM_MAX);
        if self.page != Page::Station && (idle || unanswered && self.page == Page::ShutDown) {
            self.leave();
        }
        if matches!(self.scene, Scene::Boot { .. }) && now.saturating_sub(self.since) >= BOOT_FOR {
            let live = self.live;
            self.scene(Scene::Ready, now);
            live.into_iter().for_each(|live| self.live(live, now));
        }
        let (step, age) = self.moving(now);
        if step != self.drawn.0 {
            self.change();
        }
        self.is_stale |= age != self.drawn.1;
    }

    /// Whether what is on show is no longer what was drawn last.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// All is to be drawn anew.
    pub fn renew(&mut self) {
        self.change();
    }

    /// A number that differs where what stands between header and keys does.
    pub fn content(&self) -> u64 {
        self.content
    }

    pub(super) fn change(&mut self) {
        self.is_stale = true;
        self.content += 1;
    }

    /// Whether a radiograph is being read: the processor has enough to do.
    pub fn is_reading(&self) -> bool {
        self.scene == Scene::Reading
    }

    /// Whether the operator wants the device to be shut down.
    pub fn wants_shut_down(&self) -> bool {
        self.wants_shut_down
    }

    /// Gives `draw` what is to be seen; from then on that is what was drawn.
    pub fn drawn<R>(&mut self, now: Duration, draw: impl FnOnce(&View, &Context) -> R) -> R {
        self.is_stale = false;
        self.drawn = self.moving(now);
        self.seen(now, draw)
    }

    /// Gives `look` what is to be seen.
    pub fn seen<R>(&self, now: Duration, look: impl FnOnce(&View, &Context) -> R) -> R {
        let shelved = self.on_show();
        let view = self.view(shelved, now);
        let mut badges = self.marks.with(self.waiting);
        // Beside the screen that says so it would say nothing.
        badges.retain(|badge| *badge != Badge::ExposureSeen || !matches!(view, View::ExposureSeen));
        let context = Context {
            options: self.options,
            wall_time: self.time.said(),
            age: shelved.and_then(|s| s.age(now)),
            badges: &badges,
            keys: keys(self.shown(), self.buttons),
        };
        look(&view, &context)
    }

    fn view<'a>(&'a self, shelved: Option<&'a Shelved>, now: Duration) -> View<'a> {
        match (&self.page, shelved, &self.scene) {
            (_, _, Scene::Ending) => View::ShuttingDown,
            (Page::ShutDown, ..) => View::ConfirmShutDown,
            (Page::Menu(selected), ..) => View::Menu { items: &MENU, selected: *selected },
            (Page::List(l), ..) => {
                View::List(List { order: l.order, entries: &l.entries, selected: l.selected })
            }
            (Page::SetClock(setting), ..) => setting.view(),
            (Page::Details(_), Some(s), _) => View::Details(&s.study),
            (Page::Compared(_, earlier), Some(s), _) => {
                let named = s.identifier.as_ref().map(Identifier::as_str);
                View::Compared { study: &s.study, earlier: earlier.as_deref(), named }
            }
            (Page::Identify(identifying), Some(s), _) => identifying.view(&s.entry),
            (_, Some(s), _) if s.study.reading.fit() => View::Result(&s.study),
            (_, Some(s), _) => View::Refused(&s.study),
            (_, None, Scene::Boot { lines }) => View::Boot { lines },
            (_, None, Scene::Reading) => View::InProgress { progress: self.progress(now) },
            (_, None, Scene::Fault { code, text }) => View::Fault { code, text },
            (_, None, Scene::SafeMode { code, text }) => View::SafeMode { code, text },
            (_, None, Scene::Live(Live::NoSignal)) => View::NoSignal { source: &self.start.source },
            (_, None, Scene::Live(Live::NoEdges)) => View::NoEdges,
            (_, None, Scene::Live(Live::Candidate)) => View::ExposureSeen,
            (_, None, Scene::Ready | Scene::Live(_) | Scene::Result) => {
                View::Ready { source: &self.start.source, model: &self.start.model, note: None }
            }
        }
    }

    /// The reading that is on show, or lies under what is.
    pub(super) fn on_show(&self) -> Option<&Shelved> {
        match (&self.page, &self.scene) {
            (Page::Reading(number) | Page::Details(number) | Page::Compared(number, _), _) => {
                self.shelf.get(*number)
            }
            (Page::Identify(identifying), _) => self.shelf.get(identifying.number),
            (Page::Station, Scene::Result) => self.shelf.latest(),
            _ => None,
        }
    }

    pub(super) fn shown(&self) -> Shown {
        let map = self.on_show().is_some_and(|s| s.study.map.is_some());
        match (&self.page, &self.scene) {
            (_, Scene::Ending) => Shown::Ending,
            (Page::Station, Scene::Result) => Shown::Latest { map },
            (Page::Station, _) => Shown::Other,
            (Page::Reading(_), _) => Shown::Earlier { map },
            (Page::Details(_), _) => Shown::Details,
            (Page::Compared(..), _) => {
                Shown::Compared { nameable: self.on_show().is_some_and(|s| s.person.is_none()) }
            }
            (Page::Identify(_), _) => Shown::Identify,
            (Page::SetClock(_), _) => Shown::SetClock,
            (Page::List(_), _) => Shown::List,
            (Page::Menu(_), _) => Shown::Menu,
            (Page::ShutDown, _) => Shown::ShutDown,
        }
    }

    /// What changes by itself: the step of progress and the minutes of age.
    fn moving(&self, now: Duration) -> (u32, u64) {
        let age = self.on_show().and_then(|s| s.age(now)).map_or(0, |a| a.as_secs() / AGE_STEP.as_secs());
        let reading = self.page == Page::Station && self.scene == Scene::Reading;
        let step = if reading { (self.progress(now).get() * PROGRESS_STEPS as f32) as u32 } else { 0 };
        (step, age)
    }

    /// How far a reading has come, by how long the last one took; never quite done before it is.
    fn progress(&self, now: Duration) -> Fraction {
        let share = now.saturating_sub(self.since).as_secs_f32() / self.reading_for.as_secs_f32();
        Fraction::new(share.clamp(0.0, 0.95)).unwrap_or(Fraction::ZERO)
    }

    fn is_busy(&self, now: Duration) -> bool {
        self.last_press.is_some_and(|t| now.saturating_sub(t) < FRONT_AFTER)
    }

    /// Something new is there: in front at once, or when the operator is done.
    fn come(&mut self, what: Badge, now: Duration) {
        if self.page == Page::Station {
            return;
        }
        if self.is_busy(now) {
            self.waiting = Some(what);
        } else {
            self.leave();
        }
    }

    /// Whoever is busy with the newest reading stays at it, though it will no longer be the newest.
    fn hold(&mut self, now: Duration) {
        if self.is_busy(now) && self.page == Page::Station && self.scene == Scene::Result {
            self.page = self.shelf.latest().map_or(Page::Station, |s| Page::Reading(s.number));
        }
    }

    pub(super) fn leave(&mut self) {
        self.page = Page::Station;
        self.waiting = None;
        self.change();
    }
}
