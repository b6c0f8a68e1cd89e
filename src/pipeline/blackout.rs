//! A control against shortcuts: what does detection say when the lungs cannot be seen?
//!
//! A network that reads lungs has nothing left to go by; one that reads the scanner, the border or burned-in text goes
//! on as before. Only for measuring: the device never reads a radiograph so.

use super::{Pipeline, PipelineError, Study};
use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::preprocess::{Display, Letterbox, NetworkInput};
use crate::units::Fraction;

/// Black as shown.
const BLACK: u8 = 0;

/// What is said of a radiograph whose lungs are black.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blackout {
    /// Of opacity, over the lung field that was painted over: what the network would say if it were asked.
    pub probability: Fraction,
    /// The device would not say it: the picture is unfit.
    pub refused: bool,
}

impl Pipeline {
    /// The same radiograph as `study` with its lung field black.
    ///
    /// `None` where no lungs were found.
    pub fn blackout(&mut self, study: &Study) -> Result<Option<Blackout>, PipelineError> {
        let Some(field) = study.field.as_ref().filter(|f| f.right().pixels + f.left().pixels > 0) else {
            return Ok(None);
        };
        let display = blackened(&study.display, field, &study.letterbox);
        let input = NetworkInput::of(&display, study.letterbox.side)?;
        let segmentation = self.network.infer(&input)?;
        let map = InfectionMap::of(&segmentation, field, self.rules.infected_from);
        let refused = self.rules.fitness.judge(&segmentation.fitness, &LungField::of(&segmentation)).is_err();
        Ok(map.map(|map| Blackout { probability: self.rules.detection.probability(map.level()), refused }))
    }
}

/// The radiograph with every pixel black whose centre lies in the field.
fn blackened(display: &Display, field: &LungField, letterbox: &Letterbox) -> Display {
    let width = display.size.width as usize;
    let last = field.side() - 1;
    let mut pixels = display.pixels.clone();
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = letterbox.to_square((i % width) as u32, (i / width) as u32);
        let at = (y as usize).min(last) * field.side() + (x as usize).min(last);
        if field.zones()[at].is_some() {
            *pixel = BLACK;
        }
    }
    Display { size: display.size, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lung_field::tests::drawn;
    use crate::units::PixelSize;

    #[test]
    fn the_lung_field_is_black_and_nothing_else() {
        let segmentation = drawn([10, 10, 28, 46], [36, 10, 54, 46]);
        let field = LungField::of(&segmentation);
        let size = PixelSize::new(640, 640);
        let display = Display { size, pixels: vec![200; size.area()] };
        let black = blackened(&display, &field, &segmentation.letterbox);
        let at = |x: usize, y: usize| black.pixels[y * 640 + x];
        assert_eq!([at(100, 100), at(279, 459), at(360, 100)], [0; 3]);
        assert_eq!([at(99, 100), at(280, 459), at(359, 100), at(100, 460)], [200; 4]);
        assert_eq!(black.pixels.iter().filter(|p| **p == 0).count(), 2 * 180 * 360);
    }
}
