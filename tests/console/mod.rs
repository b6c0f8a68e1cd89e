//! An X-ray unit's console as its video output shows it, drawn: menus, a work list, a radiograph in its pane with text
//! on it, a dialog, a pointer, a clock. Layout, words and grey values are made up; no product looks so.

pub mod camera;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::{FONT_8X13, FONT_10X20};
use embedded_graphics::pixelcolor::Gray8;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Line, PrimitiveStyle, Rectangle};
use embedded_graphics::text::Text;
use image::GrayImage;
use image::imageops::{self, FilterType};
use rand_core::Rng;
use rand_pcg::Pcg32;
use raymap::frame::Frame;
use raymap::preprocess::Display;
use raymap::units::PixelSize;

/// A picture in 8 bits that can be drawn on.
#[derive(Clone)]
pub struct Canvas(pub GrayImage);

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Gray8;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray8>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(at, grey) in pixels {
            let inside =
                (0..self.0.width() as i32).contains(&at.x) && (0..self.0.height() as i32).contains(&at.y);
            if inside {
                self.0.put_pixel(at.x as u32, at.y as u32, image::Luma([grey.luma()]));
            }
        }
        Ok(())
    }
}

impl Canvas {
    pub fn filled(size: PixelSize, grey: u8) -> Self {
        Self(GrayImage::from_pixel(size.width, size.height, image::Luma([grey])))
    }

    pub fn frame(&self) -> Frame {
        Frame::from_grey8(PixelSize::new(self.0.width(), self.0.height()), self.0.as_raw()).unwrap()
    }

    pub fn fill(&mut self, [x, y, w, h]: [i32; 4], grey: u8) {
        let place = Rectangle::new(Point::new(x, y), Size::new(w.max(0) as u32, h.max(0) as u32));
        place.into_styled(PrimitiveStyle::with_fill(Gray8::new(grey))).draw(self).unwrap();
    }

    pub fn text(&mut self, x: i32, y: i32, text: &str, grey: u8) {
        let font = if self.0.width() >= 1280 { &FONT_10X20 } else { &FONT_8X13 };
        Text::new(text, Point::new(x, y), MonoTextStyle::new(font, Gray8::new(grey))).draw(self).unwrap();
    }

    /// `self` and `other` mixed: all of `other` at 255.
    pub fn mixed(&self, other: &Self, part: u8) -> Self {
        let mut mixed = self.clone();
        let (part, rest) = (u32::from(part), 255 - u32::from(part));
        for (a, b) in mixed.0.iter_mut().zip(other.0.iter()) {
            *a = ((u32::from(*a) * rest + u32::from(*b) * part + 127) / 255) as u8;
        }
        mixed
    }
}

/// A console's screen of one size.
pub struct Console {
    pub size: PixelSize,
    /// Whether the pane is the whole screen but for a bar.
    pub wide: bool,
}

impl Console {
    /// Where radiographs are shown: `[x, y, w, h]`.
    pub fn pane(&self) -> [i32; 4] {
        let (w, h) = (self.size.width as i32, self.size.height as i32);
        if self.wide { [0, h / 20, w, h - h / 20] } else { [w / 5, h / 12, w * 3 / 5, h - h / 6] }
    }

    /// The frame round the pane: a title bar with a gradient, buttons, a list, a status line.
    fn chrome(&self) -> Canvas {
        let (w, h) = (self.size.width as i32, self.size.height as i32);
        let mut c = Canvas::filled(self.size, 58);
        for y in 0..h / 24 {
            c.fill([0, y, w, 1], (150 - y * 60 / (h / 24)) as u8);
        }
        c.text(12, h / 34, "ACQUISITION   Chest AP   portable", 230);
        if !self.wide {
            for i in 0..12 {
                let y = h / 10 + i * h / 15;
                c.fill([w / 100, y, w / 6, h / 18], 96 + (i * 7) as u8);
                c.text(w / 70, y + h / 30, &format!("{} kV  {} mAs", 80 + i, i * 2 + 1), 20);
                c.fill([w * 21 / 25, y, w / 8, h / 18], 84);
                c.text(
                    w * 171 / 200,
                    y + h / 30,
                    ["Accept", "Reject", "Rotate", "Print"][i as usize % 4],
                    240,
                );
            }
            c.fill([0, h - h / 14, w, h / 14], 34);
            c.text(w / 4, h - h / 30, "Detector ready   battery 81 %   dose 0.9 dGycm2", 180);
        }
        c
    }

    /// A work list, different for each `variety`.
    pub fn menu(&self, variety: u32) -> Canvas {
        let mut c = self.chrome();
        let [x, y, w, h] = self.pane();
        c.fill([x, y, w, h], 226);
        for (i, line) in (0..).zip((y + 30..y + h - 10).step_by(26)) {
            c.fill([x + 6, line - 16, w - 12, 22], if i % 2 == 0 { 214 } else { 236 });
            let number = (i * 7919 + variety * 104_729) % 9973;
            c.text(
                x + 16,
                line,
                &format!("{number:05}  Ward {}  chest portable  {}:{:02}", number % 9, i % 24, i),
                30,
            );
        }
        c
    }

    /// The radiograph in its pane, as large as fits, on black, with the text that consoles put over it.
    pub fn radiograph(&self, picture: &GrayImage, text: bool) -> (Canvas, [i32; 4]) {
        let mut c = self.chrome();
        let [x, y, w, h] = self.pane();
        c.fill([x, y, w, h], 0);
        let scale = (w as f32 / picture.width() as f32).min(h as f32 / picture.height() as f32);
        let scaled = |side: u32| ((side as f32 * scale) as u32).max(1);
        let (pw, ph) = (scaled(picture.width()), scaled(picture.height()));
        let shown = imageops::resize(picture, pw, ph, FilterType::Triangle);
        let (left, top) = (x + (w - pw as i32) / 2, y + (h - ph as i32) / 2);
        imageops::replace(&mut c.0, &shown, left.into(), top.into());
        if text {
            c.text(x + 14, y + 26, "DOE^JANE  F 061Y", 250);
            c.text(x + 14, y + h - 14, "W 2048 L 1024   zoom 0.41", 250);
            c.text(x + w - 190, y + 26, "Chest AP  R", 250);
        }
        (c, [left, top, pw as i32, ph as i32])
    }

    /// A question over what is shown.
    pub fn dialog(&self, under: &Canvas) -> Canvas {
        let (w, h) = (self.size.width as i32, self.size.height as i32);
        let mut c = under.clone();
        c.fill([w * 2 / 5, h * 2 / 5, w / 5, h / 6], 200);
        c.text(w * 2 / 5 + 10, h / 2, "Send the image?", 10);
        c
    }
}

/// An arrow with its tip at (x, y).
pub fn pointer(c: &mut Canvas, x: i32, y: i32) {
    for i in 0..16 {
        let line = Line::new(Point::new(x, y + i), Point::new(x + i * 2 / 3, y + i));
        line.into_styled(PrimitiveStyle::with_stroke(Gray8::new(255), 1)).draw(c).unwrap();
    }
}

/// A clock in the upper right whose colon blinks.
pub fn clock(c: &mut Canvas, second: u32) {
    let w = c.0.width() as i32;
    c.fill([w - 90, 2, 88, 20], 120);
    c.text(
        w - 84,
        18,
        &format!("10{}{:02}", if second.is_multiple_of(2) { ":" } else { " " }, second % 60),
        255,
    );
}

/// The noise of an analogue line or a poor grabber, near normal, the same for the same seed.
pub struct Noise {
    table: Vec<i8>,
    chance: Pcg32,
}

impl Noise {
    /// `levels`: its standard deviation.
    pub fn new(seed: u64, levels: f32) -> Self {
        let mut chance = Pcg32::new(seed, 1);
        let mut normal = || {
            let sum: f32 = (0..12).map(|_| chance.next_u32() as f32 / u32::MAX as f32).sum();
            ((sum - 6.0) * levels).round() as i8
        };
        let table = (0..1 << 18).map(|_| normal()).collect();
        Self { table, chance }
    }

    pub fn add(&mut self, c: &mut Canvas) {
        let mut at = self.chance.next_u32() as usize;
        for (i, pixel) in c.0.iter_mut().enumerate() {
            if i % 4096 == 0 {
                at = self.chance.next_u32() as usize;
            }
            *pixel = pixel.saturating_add_signed(self.table[(at + i) % self.table.len()]);
        }
    }
}

/// Grey values bent as an operator's window level does.
pub fn windowed(picture: &GrayImage, center: f32, width: f32) -> GrayImage {
    let mut bent = picture.clone();
    bent.iter_mut()
        .for_each(|v| *v = (((f32::from(*v) - center) / width + 0.5) * 255.0).clamp(0.0, 255.0) as u8);
    bent
}

/// A frame as a console shows it: stretched, in 8 bits.
pub fn shown(frame: &Frame) -> GrayImage {
    let display = Display::of(frame);
    GrayImage::from_raw(display.size.width, display.size.height, display.pixels).unwrap()
}
