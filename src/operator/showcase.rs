//! What others than the operator may look at: the picture on the screen and the readings on the shelf, as they were
//! last shown. Nothing can be changed from here, and whoever looks never makes the screen wait for long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::desk::Desk;
use super::shelf::Shelf;
use crate::render::{Badge, Language, RgbPicture};
use crate::units::PixelSize;

/// The picture's size where no screen is attached.
pub const SIZE_WITHOUT_SCREEN: PixelSize = PixelSize::new(800, 480);

/// What is on show at one moment.
#[derive(Clone, Default)]
pub struct OnShow {
    /// What the screen was last given; `None`: nothing yet.
    pub picture: Option<Arc<RgbPicture>>,
    /// Counts the pictures.
    pub pictures: u64,
    pub shelf: Shelf,
    /// The most urgent first.
    pub badges: Vec<Badge>,
    pub language: Language,
    /// When all this was so, in the clock's time since the start.
    pub at: Duration,
}

/// Where the operator's worker puts it. A clone is the same showcase.
#[derive(Clone, Default)]
pub struct Showcase(Arc<Mutex<OnShow>>);

impl Showcase {
    /// One with this in it.
    #[cfg(test)]
    pub fn of(on_show: OnShow) -> Self {
        Self(Arc::new(Mutex::new(on_show)))
    }

    pub fn look(&self) -> OnShow {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The screen is about to show `picture`.
    pub(super) fn picture(&self, picture: &RgbPicture) {
        let picture = Some(Arc::new(picture.clone()));
        let before = self.with(|on_show| {
            on_show.pictures += 1;
            std::mem::replace(&mut on_show.picture, picture)
        });
        drop(before);
    }

    /// What is at the desk `now`.
    pub(super) fn desk(&self, desk: &Desk, now: Duration) {
        let shelf = desk.shelf.clone();
        let (badges, language) =
            desk.seen(now, |_, context| (context.badges.to_vec(), context.options.language));
        let before = self.with(|on_show| {
            (on_show.badges, on_show.language, on_show.at) = (badges, language, now);
            std::mem::replace(&mut on_show.shelf, shelf)
        });
        drop(before);
    }

    /// What is replaced is given back, so that it is let go of without the lock.
    fn with<R>(&self, act: impl FnOnce(&mut OnShow) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
