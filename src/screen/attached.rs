//! A screen that comes and goes: opened when it can be, tried again when it could not.

use std::time::Duration;

use super::{Canvas, Screen, ScreenError};
use crate::units::PixelSize;

/// First wait after a failure; doubles with each further one.
const RETRY_MIN: Duration = Duration::from_millis(500);
/// Longest wait: a screen that is plugged in again is used within it.
const RETRY_MAX: Duration = Duration::from_secs(8);
/// How often a screen that works is asked whether it is still there.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Opens the screen.
pub type OpenScreen = Box<dyn FnMut() -> Result<Box<dyn Screen>, ScreenError> + Send>;

/// Keeps a screen open for as long as it is there.
pub struct Attached {
    open: OpenScreen,
    screen: Option<Box<dyn Screen>>,
    /// When to try or to check next, in the caller's time.
    next: Duration,
    wait: Duration,
    failures: u64,
}

impl Attached {
    /// Nothing is opened yet.
    pub fn new(open: OpenScreen) -> Self {
        Self { open, screen: None, next: Duration::ZERO, wait: RETRY_MIN, failures: 0 }
    }

    /// The size of the pictures that it takes; `None` while it is not there.
    pub fn size(&self) -> Option<PixelSize> {
        self.screen.as_ref().map(|s| s.size())
    }

    /// How often it could not be opened, vanished or refused a picture.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// When [`Self::attend`] has something to do next.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Opens the screen where it is time to, or asks whether it is still there.
    ///
    /// `Ok(true)` when it has just been opened: all is to be shown anew. An error is to be told; the next call is a
    /// fresh attempt.
    pub fn attend(&mut self, now: Duration) -> Result<bool, ScreenError> {
        if now < self.next {
            return Ok(false);
        }
        self.next = now + CHECK_EVERY;
        let outcome = match &mut self.screen {
            Some(screen) => screen.check().map(|()| false),
            None => (self.open)().map(|screen| {
                self.screen = Some(screen);
                true
            }),
        };
        self.heed(outcome, now)
    }

    /// Shows a picture of [`Self::size`]; nothing where there is no screen.
    pub fn show(&mut self, picture: &Canvas, now: Duration) -> Result<(), ScreenError> {
        let Some(screen) = &mut self.screen else { return Ok(()) };
        let outcome = screen.show(picture);
        if outcome.is_ok() {
            self.wait = RETRY_MIN;
        }
        self.heed(outcome, now)
    }

    /// Lets go of a screen that failed, and waits longer each time.
    fn heed<T>(&mut self, outcome: Result<T, ScreenError>, now: Duration) -> Result<T, ScreenError> {
        if outcome.is_err() {
            self.screen = None;
            self.failures += 1;
            self.next = now + self.wait;
            self.wait = (self.wait * 2).min(RETRY_MAX);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use embedded_graphics::pixelcolor::Rgb888;

    use super::*;

    const SIZE: PixelSize = PixelSize::new(4, 3);

    /// A screen that is there while the flag is set; counts its pictures.
    #[derive(Clone, Default)]
    struct Plug {
        there: Arc<AtomicBool>,
        shown: Arc<AtomicUsize>,
        tries: Arc<AtomicUsize>,
    }

    impl Plug {
        fn found(&self) -> Result<(), ScreenError> {
            let absent = || ScreenError::Absent { what: "the test".into() };
            self.there.load(Ordering::Relaxed).then_some(()).ok_or_else(absent)
        }

        fn attached(&self) -> Attached {
            let plug = self.clone();
            Attached::new(Box::new(move || {
                plug.tries.fetch_add(1, Ordering::Relaxed);
                plug.found().map(|()| Box::new(plug.clone()) as Box<dyn Screen>)
            }))
        }
    }

    impl Screen for Plug {
        fn size(&self) -> PixelSize {
            SIZE
        }

        fn show(&mut self, _: &Canvas) -> Result<(), ScreenError> {
            self.found().inspect(|()| {
                self.shown.fetch_add(1, Ordering::Relaxed);
            })
        }

        fn check(&mut self) -> Result<(), ScreenError> {
            self.found()
        }
    }

    fn picture() -> Canvas {
        Canvas::new(SIZE, Rgb888::new(0, 0, 0))
    }

    #[test]
    fn a_screen_that_is_plugged_in_late_is_used() {
        let plug = Plug::default();
        let mut attached = plug.attached();
        assert!(attached.attend(Duration::ZERO).is_err() && attached.size().is_none());
        assert!(attached.show(&picture(), Duration::ZERO).is_ok(), "nothing to show it on");
        plug.there.store(true, Ordering::Relaxed);
        assert!(!attached.attend(Duration::from_millis(499)).unwrap());
        assert!(attached.attend(Duration::from_millis(500)).unwrap());
        assert_eq!((attached.size(), attached.failures()), (Some(SIZE), 1));
    }

    #[test]
    fn a_missing_screen_is_tried_less_and_less_often_within_bounds() {
        let plug = Plug::default();
        let mut attached = plug.attached();
        (0..600u64).for_each(|tenth| drop(attached.attend(Duration::from_millis(100 * tenth))));
        // At 0, 0.5, 1.5, 3.5, 7.5 and then every 8 seconds.
        assert_eq!(plug.tries.load(Ordering::Relaxed), 11);
    }

    #[test]
    fn a_screen_that_is_taken_away_is_told_once_and_comes_back() {
        let plug = Plug::default();
        plug.there.store(true, Ordering::Relaxed);
        let mut attached = plug.attached();
        attached.attend(Duration::ZERO).unwrap();
        attached.show(&picture(), Duration::ZERO).unwrap();
        plug.there.store(false, Ordering::Relaxed);
        let gone = attached.attend(Duration::from_secs(1)).unwrap_err();
        assert_eq!((gone.code(), attached.size()), ("screen_absent", None));
        plug.there.store(true, Ordering::Relaxed);
        assert!(attached.attend(Duration::from_millis(1_500)).unwrap());
        attached.show(&picture(), Duration::from_secs(2)).unwrap();
        assert_eq!(plug.shown.load(Ordering::Relaxed), 2);
    }
}
