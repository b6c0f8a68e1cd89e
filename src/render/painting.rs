//! A screen's picture that is kept, so that a badge that changes does not cost a whole screen.

use embedded_graphics::geometry::Dimensions;
use embedded_graphics::primitives::Rectangle;

use super::palette::GROUND;
use super::picture::RgbPicture;
use super::screens::{Screen, Surroundings};
use super::view::{Context, View};
use crate::units::PixelSize;

/// The operator screen as it was last drawn.
#[derive(Debug, Clone)]
pub struct Painting {
    picture: RgbPicture,
    before: Option<(u64, Surroundings)>,
}

impl Painting {
    /// Nothing is drawn yet.
    pub fn new(size: PixelSize) -> Self {
        Self { picture: RgbPicture::new(size, GROUND), before: None }
    }

    pub fn picture(&self) -> &RgbPicture {
        &self.picture
    }

    /// Makes it the picture of `view` with `context`, as [`super::draw_in`] would; returns the areas that were drawn.
    ///
    /// `content` is a number of the caller's that differs where what `view` shows does: with the one before, no more
    /// is drawn than what changed in the header.
    pub fn show(&mut self, view: &View, context: &Context, content: u64) -> Vec<Rectangle> {
        let screen = Screen::new(view, context, self.picture.size());
        let now = screen.surroundings();
        let known = self.before.take().filter(|(of, _)| *of == content);
        let Ok(part) = known.map_or(Ok(None), |(_, before)| screen.redraw(&before, &now, &mut self.picture));
        let drawn = part.unwrap_or_else(|| {
            let Ok(()) = screen.draw(&mut self.picture);
            vec![self.picture.bounding_box()]
        });
        self.before = Some((content, now));
        drawn
    }
}
