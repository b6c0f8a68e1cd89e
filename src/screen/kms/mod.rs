//! A display through the kernel's mode setting: two buffers, of which one is on show.
//!
//! What is here is which pixels go into which buffer; the card itself is `card`, the only file that names the crate
//! `drm`.

mod card;

use std::io;

pub use self::card::CardScanout;
use super::damage::{Patch, changes};
use super::raster::Raster;
use super::{Canvas, Screen, ScreenError, fitting};
use crate::units::{PixelSize, Turn};

/// Two buffers of a display, numbered 0 and 1.
pub trait Scanout: Send {
    /// How both are laid out.
    fn raster(&self) -> Raster;

    /// Gives the memory of a buffer that is not on show to `write`.
    fn fill(&mut self, buffer: usize, write: &mut dyn FnMut(&mut [u8])) -> io::Result<()>;

    /// Puts a buffer on show and waits, within bounds, until it is.
    fn flip(&mut self, buffer: usize) -> Result<(), ScreenError>;

    /// Whether the display is still the one that was found.
    fn check(&mut self) -> Result<(), ScreenError>;
}

/// A display, one picture after another.
pub struct KmsScreen<S: Scanout> {
    scanout: S,
    turn: Turn,
    /// What is on show.
    shown: Option<Canvas>,
    /// The buffer that is not on show.
    hidden: usize,
    /// Where the hidden buffer differs from the one on show; `None`: everywhere.
    stale: Option<Vec<Patch>>,
}

impl<S: Scanout> KmsScreen<S> {
    /// `scanout` with pictures turned by `turn` onto it.
    pub fn new(scanout: S, turn: Turn) -> Self {
        Self { scanout, turn, shown: None, hidden: 0, stale: None }
    }

    /// Writes `patches` of `picture` into the hidden buffer.
    fn write(&mut self, picture: &Canvas, patches: &[Patch]) -> io::Result<()> {
        let (raster, turn) = (self.scanout.raster(), self.turn);
        let mut outside = false;
        self.scanout.fill(self.hidden, &mut |memory| {
            for &patch in patches {
                let put = |at: usize, row: &[u8]| {
                    let place = memory.get_mut(at..at + row.len());
                    place.map(|p| p.copy_from_slice(row)).ok_or(())
                };
                outside |= raster.rows(picture, turn, patch, put).is_err();
            }
        })?;
        if outside { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }
}

impl<S: Scanout> Screen for KmsScreen<S> {
    fn size(&self) -> PixelSize {
        self.turn.back().turned(self.scanout.raster().size)
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        fitting(picture, self.size())?;
        let changed = changes(self.shown.as_ref(), picture);
        if changed.is_empty() {
            return Ok(());
        }
        let patches = match &self.stale {
            Some(stale) => stale.iter().chain(&changed).copied().collect(),
            None => vec![Patch::whole(picture.size())],
        };
        self.write(picture, &patches).map_err(|source| ScreenError::Device {
            path: "/dev/dri".into(),
            doing: "writing pixels",
            source,
        })?;
        self.scanout.flip(self.hidden)?;
        self.hidden = 1 - self.hidden;
        // The buffer that was on show has never been written where this is the first picture.
        self.stale = self.shown.is_some().then_some(changed);
        self.shown = Some(picture.clone());
        Ok(())
    }

    fn check(&mut self) -> Result<(), ScreenError> {
        self.scanout.check()
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point, RgbColor, Size};
    use embedded_graphics::primitives::Rectangle;

    use super::super::raster::PixelForm;
    use super::*;

    const SIZE: PixelSize = PixelSize::new(8, 6);
    const RASTER: Raster = Raster { size: SIZE, stride: 40, start: 0, form: PixelForm::XRGB8888 };

    /// A display in memory, which fails when its cable is out.
    struct Simulated {
        buffers: [Vec<u8>; 2],
        on_show: Option<usize>,
        filled: usize,
        unplugged: bool,
    }

    impl Scanout for Simulated {
        fn raster(&self) -> Raster {
            RASTER
        }

        fn fill(&mut self, buffer: usize, write: &mut dyn FnMut(&mut [u8])) -> io::Result<()> {
            assert_ne!(self.on_show, Some(buffer), "nobody may see a picture while it is written");
            let before = self.buffers[buffer].clone();
            write(&mut self.buffers[buffer]);
            self.filled = before.iter().zip(&self.buffers[buffer]).filter(|(a, b)| a != b).count();
            Ok(())
        }

        fn flip(&mut self, buffer: usize) -> Result<(), ScreenError> {
            self.on_show = Some(buffer);
            Ok(())
        }

        fn check(&mut self) -> Result<(), ScreenError> {
            let gone = ScreenError::Exchanged { connector: "HDMI-A-1".into() };
            if self.unplugged { Err(gone) } else { Ok(()) }
        }
    }

    fn screen(turn: Turn) -> KmsScreen<Simulated> {
        let buffers = [vec![0; 240], vec![0; 240]];
        KmsScreen::new(Simulated { buffers, on_show: None, filled: 0, unplugged: false }, turn)
    }

    /// The picture on show, turned as the device has it.
    fn on_show(screen: &KmsScreen<Simulated>) -> Vec<[u8; 3]> {
        let memory = &screen.scanout.buffers[screen.scanout.on_show.unwrap()];
        let rows = memory.chunks_exact(RASTER.stride).map(|row| &row[..8 * 4]);
        rows.flat_map(|row| row.chunks_exact(4).map(|p| [p[2], p[1], p[0]])).collect()
    }

    fn pixels(picture: &Canvas) -> Vec<[u8; 3]> {
        picture.bytes().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect()
    }

    /// Each area is drawn over the pictures before it; each is on show whole.
    #[test]
    fn every_picture_is_shown_whole_though_only_changes_are_written() {
        let mut screen = screen(Turn::None);
        let mut picture = Canvas::new(SIZE, Rgb888::new(10, 20, 30));
        let areas = [(0, 0, 2, 2, Rgb888::RED), (5, 3, 3, 2, Rgb888::GREEN), (1, 1, 1, 4, Rgb888::BLUE)];
        screen.show(&picture).unwrap();
        for (x, y, w, h, colour) in areas.into_iter().chain(areas) {
            picture.fill_solid(&Rectangle::new(Point::new(x, y), Size::new(w, h)), colour).unwrap();
            screen.show(&picture).unwrap();
            assert_eq!(on_show(&screen), pixels(&picture));
        }
        assert!(screen.scanout.filled < 60, "{} bytes", screen.scanout.filled);
    }

    #[test]
    fn the_same_picture_again_costs_no_flip() {
        let mut screen = screen(Turn::None);
        let picture = Canvas::new(SIZE, Rgb888::RED);
        screen.show(&picture).unwrap();
        let before = screen.scanout.on_show;
        screen.show(&picture).unwrap();
        assert_eq!(screen.scanout.on_show, before);
    }

    #[test]
    fn a_display_on_its_side_shows_the_picture_upright() {
        let mut screen = screen(Turn::ThreeQuarters);
        assert_eq!(screen.size(), PixelSize::new(6, 8));
        let mut picture = Canvas::new(screen.size(), Rgb888::BLACK);
        picture.fill_solid(&Rectangle::new(Point::new(0, 0), Size::new(1, 1)), Rgb888::RED).unwrap();
        screen.show(&picture).unwrap();
        let red = on_show(&screen).iter().position(|p| *p == [255, 0, 0]);
        assert_eq!(red, Some(5 * 8), "its upper left corner is the panel's lower left one");
    }

    #[test]
    fn a_display_that_is_taken_away_is_said() {
        let mut screen = screen(Turn::None);
        screen.check().unwrap();
        screen.scanout.unplugged = true;
        assert_eq!(screen.check().map_err(|e| e.code()), Err("screen_exchanged"));
    }
}
