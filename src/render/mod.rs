//! A study, or the station's state, as a picture: the operator screen and the overlay.
//!
//! The operator screen is drawn onto any embedded-graphics target, the overlay into memory.
//! What the parts are: [`palette`] and [`ColourMap`] the colours, `radiograph` the picture with map and outlines,
//! `groups` and `diagram` the numbers, `layout` where they stand.
//! Colour never carries anything alone: the infected region has a bold outline, the lung field a thin one, zones
//! are hatched and have their shares in numbers, grades are words.
//! This module does not know what devices show its pictures, nor where studies come from.

mod colour_map;
mod contour;
mod diagram;
mod groups;
mod layers;
mod layout;
mod overlay;
pub mod palette;
mod pen;
mod picture;
mod radiograph;
mod screens;
mod stroke;
mod text;
mod words;

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::DrawTarget;

pub use colour_map::{ColourMap, Tint};
pub use layout::{LAYOUTS, Layout};
pub use overlay::overlay;
pub use picture::RgbPicture;

use crate::pipeline::Study;
use crate::reading::Provenance;

/// What can be drawn on.
pub trait Surface: DrawTarget<Color = Rgb888> {}

impl<T: DrawTarget<Color = Rgb888>> Surface for T {}

/// What the operator screen shows.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// The self-test so far, a line each; the last ones are shown where they are many.
    Boot { lines: &'a [String] },
    /// Waiting for a radiograph from `source`; `note` is anything that the operator should know meanwhile.
    Ready { source: &'a str, model: &'a Provenance, note: Option<&'a str> },
    /// A study; one that was refused is shown as [`View::Refused`].
    Result(&'a Study),
    /// A study without a grade; one that has a grade is shown as [`View::Result`].
    Refused(&'a Study),
    /// A fault of the device.
    Fault { code: &'a str, text: &'a str },
}

/// Draws the whole operator screen on a device whose clock is not trusted; see [`draw_at`].
pub fn draw<D: DrawTarget<Color = Rgb888>>(view: &View, target: &mut D) -> Result<(), D::Error> {
    draw_at(view, None, target)
}

/// Draws the whole operator screen: the largest of [`LAYOUTS`] that fits, in the middle of the target.
///
/// `wall_time` is shown as it is; `None` says that the clock is not trusted.
/// A target smaller than every layout shows the upper left part of the smallest.
pub fn draw_at<D: DrawTarget<Color = Rgb888>>(
    view: &View,
    wall_time: Option<&str>,
    target: &mut D,
) -> Result<(), D::Error> {
    screens::draw(view, wall_time, target)
}
