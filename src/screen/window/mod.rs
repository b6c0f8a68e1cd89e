//! A window on a desktop (X11 or Wayland), to try the station without a board.

mod desktop;
mod display;
mod fit;
mod link;

use std::sync::{Mutex, MutexGuard, PoisonError};

use self::desktop::Asker;
pub use self::link::{Happened, LINK};
use super::{Canvas, Screen, ScreenError, fitting};
use crate::units::PixelSize;

/// The way to the desktop, once there was one.
static ASKER: Mutex<Option<Asker>> = Mutex::new(None);

/// The program's window.
#[derive(Debug)]
pub struct WindowScreen {
    size: PixelSize,
}

impl WindowScreen {
    /// A window for pictures of `size`; it takes the place of an earlier one.
    pub fn open(size: PixelSize) -> Result<Self, ScreenError> {
        let mut asker = asker();
        let asker = match &mut *asker {
            Some(asker) => asker,
            none => none.insert(Asker::start(display::find()?)?),
        };
        asker.open(size).map(|()| Self { size })
    }
}

impl Screen for WindowScreen {
    fn size(&self) -> PixelSize {
        self.size
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        fitting(picture, self.size)?;
        LINK.failure()?;
        // Where one waits, the desktop has been asked to show what is there.
        let is_first = LINK.leave(picture.clone());
        if is_first { with_asker(Asker::show) } else { Ok(()) }
    }

    fn check(&mut self) -> Result<(), ScreenError> {
        LINK.failure()
    }
}

impl Drop for WindowScreen {
    fn drop(&mut self) {
        LINK.opened(false);
        // Nothing is left to be done where the desktop has ended.
        let _ = with_asker(Asker::close);
    }
}

fn with_asker(act: impl FnOnce(&Asker) -> Result<(), ScreenError>) -> Result<(), ScreenError> {
    asker().as_ref().map_or(Ok(()), act)
}

fn asker() -> MutexGuard<'static, Option<Asker>> {
    ASKER.lock().unwrap_or_else(PoisonError::into_inner)
}
