//! What the window's thread and the others leave for each other; nobody waits for the window.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{Canvas, ScreenError};

/// What may wait to be heard: more than fingers can within the time of a look.
const HAPPENED_MAX: usize = 256;

/// What was done to the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Happened {
    /// A key went down, by its Linux code.
    Down(u16),
    Up(u16),
    /// The pointer is pressed, or moves pressed: shares of the picture's width and height.
    Touch([f32; 2]),
    Lift,
    /// The user closed the window: it stays until the station has ended.
    Closed,
}

struct State {
    is_open: bool,
    happened: VecDeque<Happened>,
    /// To be shown next.
    picture: Option<Canvas>,
    failed: Option<ScreenError>,
}

impl State {
    const fn new(is_open: bool) -> Self {
        Self { is_open, happened: VecDeque::new(), picture: None, failed: None }
    }
}

/// The window of this program: there is at most one, since a program has one connection to its desktop.
pub struct Link {
    state: Mutex<State>,
    came: Condvar,
}

pub static LINK: Link = Link::new();

impl Link {
    const fn new() -> Self {
        Self { state: Mutex::new(State::new(false)), came: Condvar::new() }
    }

    /// A window was opened, or let go.
    pub fn opened(&self, is_open: bool) {
        self.with(|state| *state = State::new(is_open));
    }

    pub fn is_open(&self) -> bool {
        self.with(|state| state.is_open)
    }

    /// Leaves a picture; whether none was waiting.
    pub fn leave(&self, picture: Canvas) -> bool {
        self.with(|state| state.picture.replace(picture).is_none())
    }

    /// The picture that waits.
    pub fn picture(&self) -> Option<Canvas> {
        self.with(|state| state.picture.take())
    }

    pub fn fail(&self, error: ScreenError) {
        self.with(|state| state.failed = Some(error));
    }

    /// The failure since the last call.
    pub fn failure(&self) -> Result<(), ScreenError> {
        self.with(|state| state.failed.take()).map_or(Ok(()), Err)
    }

    /// Leaves what was done; of moves without anything between them the last counts.
    pub fn tell(&self, happened: Happened) {
        self.with(|state| {
            if let (Some(Happened::Touch(last)), Happened::Touch(now)) = (state.happened.back_mut(), happened)
            {
                *last = now;
            } else if state.happened.len() < HAPPENED_MAX {
                state.happened.push_back(happened);
            }
        });
        self.came.notify_one();
    }

    /// Takes what was done.
    pub fn heard(&self) -> VecDeque<Happened> {
        self.with(|state| std::mem::take(&mut state.happened))
    }

    /// Waits until something was done, at most `time`.
    pub fn wait(&self, time: Duration) {
        drop(self.came.wait_timeout_while(self.lock(), time, |state| state.happened.is_empty()));
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_to_the_window_is_bounded_and_moves_are_one() {
        let link = Link::new();
        link.opened(true);
        (0..9).for_each(|k| link.tell(Happened::Touch([k as f32, 0.0])));
        link.tell(Happened::Lift);
        (0..1_000).for_each(|_| link.tell(Happened::Down(28)));
        link.wait(Duration::from_secs(60));
        let heard = link.heard();
        assert_eq!(heard.len(), HAPPENED_MAX);
        assert_eq!((heard[0], heard[1]), (Happened::Touch([8.0, 0.0]), Happened::Lift));
        assert!(link.heard().is_empty());
    }
}
