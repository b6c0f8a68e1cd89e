//! Pictures as PNG: the screen's own, and one reading as the screen would show it on a phone. One is made at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::operator::{OnShow, Shelved};
use crate::render::{Context, Language, Options, RgbPicture, View, draw_in};
use crate::units::PixelSize;

/// An upright telephone's screen, or a part of a larger one's.
pub const READING_SIZE: PixelSize = PixelSize::new(800, 1_200);
/// Pictures of readings that are remembered: about half a megabyte each.
const READINGS_MAX: usize = 8;

/// A picture as a file.
type Png = Arc<Vec<u8>>;

/// The pictures that were made last.
#[derive(Default)]
pub struct Pictures(Mutex<Made>);

#[derive(Default)]
struct Made {
    /// By its count.
    screen: Option<(u64, Png)>,
    /// By number and language, the oldest first.
    readings: VecDeque<((i64, Language), Png)>,
}

impl Pictures {
    /// What the screen shows; `None`: nothing yet.
    pub fn screen(&self, on_show: &OnShow) -> Option<Png> {
        let picture = on_show.picture.as_ref()?;
        // Held while a picture is made, so that many who ask at once cost no more than one.
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &made.screen {
            Some((count, png)) if *count == on_show.pictures => Some(Arc::clone(png)),
            _ => {
                let png = encoded(picture)?;
                made.screen = Some((on_show.pictures, Arc::clone(&png)));
                Some(png)
            }
        }
    }

    /// A reading with its map and numbers.
    pub fn reading(&self, shelved: &Shelved, language: Language) -> Option<Png> {
        let key = (shelved.number, language);
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, png)) = made.readings.iter().find(|(k, _)| *k == key) {
            return Some(Arc::clone(png));
        }
        let png = encoded(&drawn(shelved, language))?;
        while made.readings.len() >= READINGS_MAX {
            made.readings.pop_front();
        }
        made.readings.push_back((key, Arc::clone(&png)));
        Some(png)
    }
}

fn drawn(shelved: &Shelved, language: Language) -> RgbPicture {
    let mut picture = RgbPicture::new(READING_SIZE, Rgb888::BLACK);
    let study = &shelved.study;
    let view = if study.reading.fit() { View::Result(study) } else { View::Refused(study) };
    // The time beside it is its own.
    let options = Options { language, ..Options::default() };
    let context = Context { options, wall_time: shelved.entry.time.as_deref(), ..Context::default() };
    let Ok(()) = draw_in(&view, &context, &mut picture);
    picture
}

fn encoded(picture: &RgbPicture) -> Option<Png> {
    let (size, mut bytes) = (picture.size(), Vec::new());
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(picture.bytes(), size.width, size.height, ExtendedColorType::Rgb8)
        .map_err(|e| log::error!("a picture for the page could not be made: {e}"))
        .ok()?;
    Some(Arc::new(bytes))
}
