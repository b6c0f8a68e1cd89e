//! The thread that draws, shows and listens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::archive::Archive;
use super::desk::Desk;
use super::mailbox::{Mail, Mailbox, Told};
use super::marks::Health;
use super::page::Touched;
use super::showcase::{SIZE_WITHOUT_SCREEN, Showcase};
use crate::clock::{Clock, WallTime};
use crate::input::{Heard, Press, Spot};
use crate::render::{Badge, KEYS_MAX, Painting, key_at, row_at};
use crate::screen::{Attached, ScreenError};
use crate::station::{Naming, PanelError};
use crate::units::{PixelSize, Turn};

/// How often time alone is looked at: progress, ages, a screen that may be back.
const WAIT: Duration = Duration::from_millis(250);
/// How often the board is asked for its temperature and battery.
const HEALTH_EVERY: Duration = Duration::from_secs(20);

/// What the station is to know of the screen and of the operator.
#[derive(Default)]
pub struct Outcome {
    failure: Mutex<Option<ScreenError>>,
    shut_down: AtomicBool,
    turns: AtomicU64,
    namings: Mutex<Vec<Naming>>,
}

impl Outcome {
    /// The screen's failure since the last call.
    pub fn failure(&self) -> Result<(), PanelError> {
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(PanelError::new(error.code(), error)),
            None => Ok(()),
        }
    }

    /// Readings that were named since the last call.
    pub fn namings(&self) -> Vec<Naming> {
        std::mem::take(&mut *self.namings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many turns the worker has begun.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    pub fn wants_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }
}

/// A desk with a screen and a mailbox.
pub struct Worker {
    desk: Desk,
    archive: Archive,
    screen: Attached,
    turn: Turn,
    clock: Arc<dyn Clock>,
    mailbox: Arc<Mailbox>,
    outcome: Arc<Outcome>,
    /// What the screen was last given.
    painting: Option<Painting>,
    /// The failure that was told last, until a picture is shown again.
    told: Option<&'static str>,
    /// When the board is asked for its temperature and battery again.
    health_at: Duration,
    health: fn() -> Health,
    /// Where others may look; `None`: nowhere.
    showcase: Option<Showcase>,
}

impl Worker {
    pub fn new(
        (desk, archive): (Desk, Archive),
        screen: Attached,
        turn: Turn,
        clock: Arc<dyn Clock>,
        mailbox: Arc<Mailbox>,
        outcome: Arc<Outcome>,
    ) -> Self {
        Self {
            desk,
            archive,
            screen,
            turn,
            clock,
            mailbox,
            outcome,
            painting: None,
            told: None,
            health_at: Duration::ZERO,
            health: Health::default,
            showcase: None,
        }
    }

    /// The same, which asks `health` of the board from time to time.
    pub fn with_health(self, health: fn() -> Health) -> Self {
        Self { health, ..self }
    }

    /// The same, which lets others look.
    pub fn with_showcase(self, showcase: Option<Showcase>) -> Self {
        Self { showcase, ..self }
    }

    /// Works until the station has told its end.
    pub fn run(&mut self) {
        while self.round(WAIT) {}
    }

    /// Waits for mail, at most `wait`, and shows what comes of it; whether to go on.
    pub fn round(&mut self, wait: Duration) -> bool {
        self.outcome.turns.fetch_add(1, Ordering::Relaxed);
        let mail = self.mailbox.take(wait);
        let now = self.clock.uptime();
        let goes_on = self.heed(mail, now);
        match self.screen.attend(now) {
            Ok(true) => self.desk.renew(),
            Ok(false) => {}
            Err(error) => self.failed(error),
        }
        if let Some(time) = self.desk.take_clock_set() {
            self.clock.set(time);
            log::info!("the operator has set the time of day to {time}");
        }
        self.desk.tick(now);
        self.desk.time(self.clock.wall_time(), self.clock.is_kept());
        self.look_back(now);
        self.desk.looking_back(!self.archive.is_empty());
        if now >= self.health_at {
            self.health_at = now + HEALTH_EVERY;
            self.desk.health((self.health)());
        }
        if let Some(showcase) = &self.showcase {
            showcase.desk(&self.desk, now);
        }
        if self.desk.is_stale() {
            self.show(now);
        }
        self.hand_over();
        self.outcome.shut_down.store(self.desk.wants_shut_down(), Ordering::Relaxed);
        goes_on
    }

    fn heed(&mut self, mail: Mail, now: Duration) -> bool {
        let mut goes_on = true;
        for told in mail.told {
            match told {
                Told::Scene(scene) => self.desk.scene(scene, now),
                Told::Live(live) => self.desk.live(live, now),
                Told::Ready => self.desk.ready(now),
                Told::Reading(study, filed) => {
                    let time = self.clock.wall_time().map(WallTime::to_minute);
                    self.desk.reading(&study, filed, time, now);
                }
                Told::Keeping(does) => self.desk.keeping(does),
                Told::Serial(works) => self.desk.badge(Badge::SerialLost, !works),
                Told::End => goes_on = false,
            }
        }
        for heard in mail.heard {
            match heard {
                Heard::Press(press) => {
                    let touched = self.touched(press, now);
                    self.desk.press(press, touched, now);
                }
                Heard::Devices { buttons, touch } => {
                    self.desk.buttons(if touch { KEYS_MAX } else { buttons })
                }
                Heard::Flood => {}
            }
        }
        goes_on
    }

    /// Gives the station what was named, as soon as it has taken what was named before: so neither side holds much.
    fn hand_over(&mut self) {
        let mut waiting = self.outcome.namings.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            *waiting = self.desk.take_namings();
        }
    }

    /// Takes some more from before this start, unless a new reading is being made.
    fn look_back(&mut self, now: Duration) {
        if self.archive.is_empty() || self.desk.is_reading() {
            return;
        }
        if self.desk.has_room() {
            let past = self.archive.next(self.clock.as_ref());
            past.into_iter().for_each(|past| self.desk.past(past, now));
        } else {
            self.archive.next_lines().into_iter().for_each(|line| self.desk.line(line));
        }
    }

    /// Where a tap went; [`Touched::Elsewhere`] for every other press.
    fn touched(&self, press: Press, now: Duration) -> Touched {
        let (Press::Tap(spot), Some(size)) = (press, self.screen.size()) else { return Touched::Elsewhere };
        let (x, y) = on_picture(spot, self.turn, size);
        self.desk.seen(now, |view, context| {
            let key = key_at(view, context, size, x, y).map(Touched::Key);
            key.or_else(|| row_at(view, context, size, x, y).map(Touched::Row)).unwrap_or(Touched::Elsewhere)
        })
    }

    fn show(&mut self, now: Duration) {
        let without = self.showcase.as_ref().map(|_| SIZE_WITHOUT_SCREEN);
        let Some(size) = self.screen.size().or(without) else { return };
        let kept = self.painting.take().filter(|p| p.picture().size() == size);
        let painting = self.painting.insert(kept.unwrap_or_else(|| Painting::new(size)));
        let content = self.desk.content();
        self.desk.drawn(now, |view, context| painting.show(view, context, content));
        if let Some(showcase) = &self.showcase {
            showcase.picture(painting.picture());
        }
        match self.screen.show(painting.picture(), now) {
            Ok(()) => {
                if self.told.take().is_some() {
                    log::info!("the screen shows pictures again");
                }
            }
            Err(error) => self.failed(error),
        }
    }

    /// Tells a failure once for as long as it lasts.
    fn failed(&mut self, error: ScreenError) {
        let code = error.code();
        self.desk.renew();
        if self.told == Some(code) {
            log::debug!("the screen fails still: {error}");
            return;
        }
        self.told = Some(code);
        *self.outcome.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// Where a touch of a panel lies on a picture of `size` that is turned onto it.
fn on_picture(spot: Spot, turn: Turn, size: PixelSize) -> (i32, i32) {
    let (x, y) = match turn {
        Turn::None => (spot.x, spot.y),
        Turn::Quarter => (spot.y, 1.0 - spot.x),
        Turn::Half => (1.0 - spot.x, 1.0 - spot.y),
        Turn::ThreeQuarters => (1.0 - spot.y, spot.x),
    };
    let pixel = |share: f32, side: u32| ((share * side as f32) as i32).clamp(0, side as i32 - 1);
    (pixel(x, size.width), pixel(y, size.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_turns_with_the_panel() {
        let size = PixelSize::new(320, 240);
        let at = |turn| on_picture(Spot { x: 0.0, y: 0.0 }, turn, size);
        assert_eq!(at(Turn::None), (0, 0));
        assert_eq!(at(Turn::Quarter), (0, 239), "the panel's upper left is the picture's lower left");
        assert_eq!(at(Turn::Half), (319, 239));
        assert_eq!(at(Turn::ThreeQuarters), (319, 0));
    }
}
