//! Contrast and size of letters as they stand on the screen, computed from its pixels when all is drawn.
//!
//! Each letter is drawn by one call, which is how it is told from everything else.

use std::collections::{HashMap, HashSet};

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Point, Size};
use embedded_graphics::primitives::Rectangle;
use raymap::render::{self, Context, LAYOUTS, Options, Palette, RgbPicture, View};
use raymap::units::PixelSize;

use super::context;
use super::studies::Stock;

/// Least contrast of text, WCAG 2.2 level AA.
const TEXT_MIN: f64 = 4.5;
/// The same of marks, success criterion 1.4.11: a dash alone, where a value would stand, is one.
const MARK_MIN: f64 = 3.0;
/// The same of a single letter: a stem or a dash that lies between two pixels is drawn in half tones; no other letter of
/// its line is.
const LETTER_MIN: f64 = 2.0;
/// Height of capitals and digits of 11 pixels to the em, the least that is written; so many letters have one of these or
/// an ascender among them.
const CAPITALS_MIN: i32 = 8;
const WORD: usize = 4;
/// Height of the grade's letters by the screen's shorter side: 6 mm on a panel of 7 inches, read from two metres at a
/// fifth of a degree.
const GRADE_PERCENT_MIN: i32 = 7;

/// A screen that remembers which pixels each call drew.
struct Probe {
    picture: RgbPicture,
    marks: Vec<HashSet<Point>>,
}

impl OriginDimensions for Probe {
    fn size(&self) -> Size {
        let size = self.picture.size();
        Size::new(size.width, size.height)
    }
}

impl DrawTarget for Probe {
    type Color = Rgb888;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        let pixels: Vec<Pixel<Rgb888>> = pixels.into_iter().collect();
        self.marks.push(pixels.iter().map(|p| p.0).collect());
        self.picture.draw_iter(pixels)
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        area: &Rectangle,
        colours: I,
    ) -> Result<(), Self::Error> {
        self.picture.fill_contiguous(area, colours)
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Self::Error> {
        self.picture.fill_solid(area, colour)
    }
}

/// Relative luminance of WCAG 2.2.
fn luminance(c: Rgb888) -> f64 {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { libm::pow((v + 0.055) / 1.055, 2.4) }
    };
    0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
}

fn probed(view: &View, context: &Context, size: PixelSize) -> Probe {
    let mut probe = Probe { picture: RgbPicture::new(size, Rgb888::new(255, 0, 255)), marks: Vec::new() };
    render::draw_in(view, context, &mut probe).unwrap();
    probe
}

/// Left, top, right and bottom, both ends inside.
fn extent(mark: &HashSet<Point>) -> Option<[i32; 4]> {
    let x = mark.iter().map(|p| p.x);
    let y = mark.iter().map(|p| p.y);
    Some([x.clone().min()?, y.clone().min()?, x.max()?, y.max()?])
}

/// Of a mark's strongest pixel against what is most often beside it; `None` for a mark of nothing.
fn contrast(probe: &Probe, mark: &HashSet<Point>) -> Option<f64> {
    let [left, top, right, bottom] = extent(mark)?;
    let round = (top - 1..=bottom + 1).flat_map(|y| (left - 1..=right + 1).map(move |x| Point::new(x, y)));
    let mut beside: HashMap<[u8; 3], usize> = HashMap::new();
    for c in round.filter(|p| !mark.contains(p)).filter_map(|p| probe.picture.pixel(p)) {
        *beside.entry([c.r(), c.g(), c.b()]).or_default() += 1;
    }
    let [r, g, b] = beside.into_iter().max_by_key(|(c, n)| (*n, *c))?.0;
    let ground = luminance(Rgb888::new(r, g, b));
    let of = |l: f64| (l.max(ground) + 0.05) / (l.min(ground) + 0.05);
    mark.iter().filter_map(|p| probe.picture.pixel(*p)).map(|c| of(luminance(c))).reduce(f64::max)
}

/// Letters that follow each other on a line: the contrast of the strongest, and the height of the tallest.
#[derive(Debug)]
struct Line {
    at: [i32; 4],
    letters: usize,
    contrast: f64,
    height: i32,
}

fn lines(probe: &Probe) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for mark in &probe.marks {
        let (Some([left, top, right, bottom]), Some(contrast)) = (extent(mark), contrast(probe, mark)) else {
            continue;
        };
        assert!(contrast >= LETTER_MIN, "a letter at {left}, {top} has {contrast:.2}");
        let height = bottom - top + 1;
        let goes_on = |l: &&mut Line| {
            let apart = (left - l.at[2]).max(l.at[0] - right);
            apart <= 2 * l.height.max(height) && top <= l.at[3] && bottom >= l.at[1]
        };
        match lines.last_mut().filter(goes_on) {
            Some(line) => {
                let [l, t, r, b] = line.at;
                line.at = [l.min(left), t.min(top), r.max(right), b.max(bottom)];
                line.letters += 1;
                line.contrast = line.contrast.max(contrast);
                line.height = line.height.max(height);
            }
            None => lines.push(Line { at: [left, top, right, bottom], letters: 1, contrast, height }),
        }
    }
    lines
}

/// All states on all screens by day, and on two screens by the other palettes, whose letters stand at the same places.
fn check_each(check: impl Fn(&str, PixelSize, &[Line])) {
    let stock = Stock::new();
    let screens = |palette| if palette == Palette::Day { &LAYOUTS[..] } else { &LAYOUTS[1..4] };
    for (palette, size) in
        Palette::ALL.into_iter().flat_map(|p| screens(p).iter().map(move |&size| (p, size)))
    {
        let options = Options { palette, ..Options::default() };
        for (name, view, keys) in stock.views() {
            let probe = probed(&view, &Context { options, ..context(keys) }, size);
            check(&format!("{name} {palette:?} {size}"), size, &lines(&probe));
        }
    }
}

#[test]
fn letters_as_they_are_drawn_have_the_contrast_and_size_that_is_promised() {
    check_each(|name, size, lines| {
        assert!(lines.len() >= 5, "{name} has {} lines", lines.len());
        for line in lines {
            let is_dash = line.letters == 1 && line.height < CAPITALS_MIN;
            assert!(line.contrast >= if is_dash { MARK_MIN } else { TEXT_MIN }, "{name}: {line:?}");
            assert!(line.height >= CAPITALS_MIN || line.letters < WORD, "{name}: {line:?}");
        }
        let tallest = lines.iter().map(|l| l.height).max().unwrap();
        let shorter = size.width.min(size.height) as i32;
        let is_graded = name.starts_with("result-");
        assert!(!is_graded || 100 * tallest >= GRADE_PERCENT_MIN * shorter, "{name}: {tallest} pixels");
    });
}
