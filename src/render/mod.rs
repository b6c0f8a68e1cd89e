//! A study, or the station's state, as a picture: the operator screen and the overlay.
//!
//! The operator screen is drawn onto any embedded-graphics target, the overlay into memory.
//! What the parts are: [`palette`] and [`ColourMap`] the colours, `radiograph` the picture with map and outlines,
//! `groups` and `diagram` the numbers, `layout` where they stand, `screens` the states; `language` the words, which
//! `shaper`, `raster` and `text` write.
//! Colour never carries anything alone: the infected region has a bold outline, the lung field a thin one, zones
//! are hatched and have their shares in numbers, grades are words.
//! [`Painting`] keeps a picture and draws on it what has changed.
//! This module does not know what devices show its pictures, nor where studies come from.

mod colour_map;
mod contour;
mod diagram;
mod groups;
mod language;
mod layers;
mod layout;
mod options;
mod overlay;
mod painting;
pub mod palette;
mod pdf;
mod picture;
mod radiograph;
mod raster;
mod report;
mod screens;
mod shaper;
mod sheet;
mod stroke;
mod text;
mod view;
pub mod words;

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, Point};

pub use colour_map::{ColourMap, Tint};
pub use language::{Words, filled};
pub use layout::LAYOUTS;
pub use options::{Language, MapStyle, Opacity, Options, Palette};
pub use overlay::overlay;
pub use painting::Painting;
pub use pdf::pdf;
pub use picture::RgbPicture;
pub use report::{Origin, Paper, report, report_cut_texts};
pub use screens::{CELLS, CLOCK_DIGITS, Cell};
pub use view::{
    Action, Badge, ClockProblem, Context, Earlier, Identify, KEYS_MAX, List, ListEntry, Listed, Order,
    SetClock, View,
};
pub use words::{BATTERY_LOW, STORAGE_HIGH};

use crate::infection_map::InfectionMap;
use crate::pipeline::Study;
use crate::units::PixelSize;
use screens::Screen;

/// Room of a thumbnail in pixels.
pub const THUMBNAIL: PixelSize = PixelSize::new(96, 96);
/// How wide lines are on a thumbnail, by those on a screen.
const THUMBNAIL_WEIGHT: f32 = 0.5;

/// What can be drawn on.
pub trait Surface: DrawTarget<Color = Rgb888> {}

impl<T: DrawTarget<Color = Rgb888>> Surface for T {}

/// Draws the whole operator screen on a device whose clock is not trusted; see [`draw_at`].
pub fn draw<D: DrawTarget<Color = Rgb888>>(view: &View, target: &mut D) -> Result<(), D::Error> {
    draw_at(view, None, target)
}

/// Draws the whole operator screen with nothing but the time beside it; see [`draw_in`].
///
/// `wall_time` is shown as it is; `None` says that the clock is not trusted.
pub fn draw_at<D: DrawTarget<Color = Rgb888>>(
    view: &View,
    wall_time: Option<&str>,
    target: &mut D,
) -> Result<(), D::Error> {
    draw_in(view, &Context { wall_time, ..Context::default() }, target)
}

/// Draws the whole operator screen, laid out for the target's size.
///
/// A target smaller than 200 pixels each way shows the upper left part.
pub fn draw_in<D: DrawTarget<Color = Rgb888>>(
    view: &View,
    context: &Context,
    target: &mut D,
) -> Result<(), D::Error> {
    let size = target.bounding_box().size;
    Screen::new(view, context, PixelSize::new(size.width, size.height)).draw(target)
}

/// Which of the context's keys lies at (`x`, `y`) of a screen of `size`; `None` beside them.
pub fn key_at(view: &View, context: &Context, size: PixelSize, x: i32, y: i32) -> Option<Action> {
    Screen::new(view, context, size).key_at(Point::new(x, y))
}

/// Which entry of a list, item of a menu or cell of a keypad lies at (`x`, `y`) of a screen of `size`; `None` beside them.
pub fn row_at(view: &View, context: &Context, size: PixelSize, x: i32, y: i32) -> Option<usize> {
    Screen::new(view, context, size).row_at(Point::new(x, y))
}

/// The texts that a screen of `size` has to cut for want of room; none where all is legible.
pub fn cut_texts(view: &View, context: &Context, size: PixelSize) -> Vec<String> {
    let screen = Screen::new(view, context, size);
    let Ok(()) = screen.draw(&mut sheet::Nothing);
    screen.cut_texts()
}

/// The radiograph of a study as a list shows it, with its map.
pub fn thumbnail(study: &Study) -> RgbPicture {
    let size = radiograph::fitted(study.display.size, THUMBNAIL);
    radiograph::drawn(study, size, THUMBNAIL_WEIGHT, Options::default())
}

/// The probability from which a pixel of the study counts as infected.
fn infected_threshold(study: &Study) -> f32 {
    // A study with numbers has a map; the middle stands for one that has neither.
    study.map.as_ref().map_or(0.5, InfectionMap::threshold)
}
