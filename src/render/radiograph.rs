//! The radiograph at any size, with its infection map and outlines.

use embedded_graphics::pixelcolor::Rgb888;

use super::colour_map::ColourMap;
use super::layers::{Layers, Placement};
use super::options::{MapStyle, Options};
use super::palette::{HALO, INFECTED_LINE, LUNG_LINE};
use super::picture::RgbPicture;
use super::stroke::Stroke;
use crate::pipeline::Study;
use crate::preprocess::Display;
use crate::units::PixelSize;

/// Samples along each axis that make one pixel when the radiograph is reduced: bounds the work by the screen.
const SAMPLES_MAX: u64 = 8;
/// How far inside the lung field tints begin and are full; the edge itself is one half.
const EDGE: [f32; 2] = [0.42, 0.58];
/// Width of the lung field's outline and of the zones' dashes in pixels, at line weight 1.
const THIN_PX: f32 = 1.3;
/// Width of the infected region's outline in pixels, at line weight 1.
const BOLD_PX: f32 = 2.6;
/// What a dark halo adds to a line's width in pixels, at line weight 1.
const HALO_PX: f32 = 2.0;
/// How much of the radiograph a halo hides.
const HALO_OPACITY: f32 = 0.6;
/// How much of the radiograph the zones' dashes hide.
const DASH_OPACITY: f32 = 0.55;
/// How much of the radiograph the lung field's outline hides.
const LUNG_OPACITY: f32 = 0.85;

/// The largest size of the same shape as `frame` inside `room`.
pub fn fitted(frame: PixelSize, room: PixelSize) -> PixelSize {
    let (w, h) = (u64::from(frame.width), u64::from(frame.height));
    let (rw, rh) = (u64::from(room.width), u64::from(room.height));
    let along = |room: u64, length: u64, other: u64| ((room * length + other / 2) / other).max(1) as u32;
    if w * rh >= h * rw {
        PixelSize::new(room.width, along(rw, h, w).min(room.height))
    } else {
        PixelSize::new(along(rh, w, h).min(room.width), room.height)
    }
}

/// The radiograph in `size` pixels; with map and outlines as `options` has them, where the study has any. Lines are
/// `weight` times as wide. Colours are not the palette's yet: see [`super::palette::Colours::shown`].
pub fn drawn(study: &Study, size: PixelSize, weight: f32, options: Options) -> RgbPicture {
    let grey = scaled(&study.display, size);
    // The length is right by construction; a black picture is what would be seen if it were not.
    let mut picture =
        RgbPicture::from_grey(size, &grey).unwrap_or_else(|| RgbPicture::new(size, Rgb888::new(0, 0, 0)));
    if let (Some(field), Some(map), true) = (&study.field, &study.map, options.map != MapStyle::Off) {
        let layers = Layers::of(field, map);
        let placement = Placement::new(study.letterbox, size);
        if options.map == MapStyle::Filled {
            tint(&mut picture, &layers, placement, f32::from(options.opacity.percent()) / 100.0);
        }
        outline(&mut picture, &layers, placement, weight);
    }
    picture
}

fn tint(picture: &mut RgbPicture, layers: &Layers, placement: Placement, opacity: f32) {
    let colours = ColourMap::new();
    let size = picture.size();
    for y in 0..size.height {
        for x in 0..size.width {
            let (sx, sy) = placement.to_square(x, y);
            let (lung, probability) = layers.at(sx, sy);
            let inside = ((lung - EDGE[0]) / (EDGE[1] - EDGE[0])).clamp(0.0, 1.0);
            if inside > 0.0 {
                let tint = colours.tint(probability);
                picture.lay((y * size.width + x) as usize, tint.colour, tint.opacity * inside * opacity);
            }
        }
    }
}

fn outline(picture: &mut RgbPicture, layers: &Layers, placement: Placement, weight: f32) {
    let size = picture.size();
    let placed = |segments: &[super::contour::Segment]| -> Vec<_> {
        segments.iter().map(|s| s.mapped(|p| placement.to_drawn(p))).collect()
    };
    let mut line = |segments: &[_], width: f32, colour, opacity| {
        Stroke::of(segments, width * weight, size).lay_on(picture, colour, opacity);
    };
    line(&placed(layers.dashes()), THIN_PX, LUNG_LINE, DASH_OPACITY);
    let lungs = placed(&layers.lung_lines());
    line(&lungs, THIN_PX + HALO_PX, HALO, HALO_OPACITY / 2.0);
    line(&lungs, THIN_PX, LUNG_LINE, LUNG_OPACITY);
    let infected = placed(&layers.infected_lines());
    line(&infected, BOLD_PX + HALO_PX, HALO, HALO_OPACITY);
    line(&infected, BOLD_PX, INFECTED_LINE, 1.0);
}

/// Brightness in `size` pixels, row-major: box averages where reduced, straight lines between pixels where enlarged.
fn scaled(display: &Display, size: PixelSize) -> Vec<u8> {
    let enlarged = size.width > display.size.width || size.height > display.size.height;
    if enlarged { between(display, size) } else { averaged(display, size) }
}

/// Means of up to [`SAMPLES_MAX`] x [`SAMPLES_MAX`] samples spread evenly over each pixel's box.
fn averaged(display: &Display, size: PixelSize) -> Vec<u8> {
    let columns = samples(display.size.width, size.width);
    let rows = samples(display.size.height, size.height);
    let width = display.size.width as usize;
    let mut out = Vec::with_capacity(size.area());
    for ys in &rows {
        for xs in &columns {
            let sum: u32 = ys
                .iter()
                .map(|&y| xs.iter().map(|&x| u32::from(display.pixels[y * width + x])).sum::<u32>())
                .sum();
            let count = (xs.len() * ys.len()) as u32;
            out.push(((sum + count / 2) / count) as u8);
        }
    }
    out
}

/// Which of `from` source pixels make each of `to` pixels.
fn samples(from: u32, to: u32) -> Vec<Vec<usize>> {
    let (from, to) = (u64::from(from), u64::from(to));
    let count = from.div_ceil(to).clamp(1, SAMPLES_MAX);
    (0..to)
        .map(|k| (0..count).map(|s| (((k * count + s) * 2 + 1) * from / (2 * to * count)) as usize).collect())
        .collect()
}

fn between(display: &Display, size: PixelSize) -> Vec<u8> {
    let columns = neighbours(display.size.width, size.width);
    let rows = neighbours(display.size.height, size.height);
    let width = display.size.width as usize;
    let mut out = Vec::with_capacity(size.area());
    for &(y0, y1, ty) in &rows {
        for &(x0, x1, tx) in &columns {
            let at = |x: usize, y: usize| u32::from(display.pixels[y * width + x]);
            let row = |y: usize| at(x0, y) * (256 - tx) + at(x1, y) * tx;
            out.push(((row(y0) * (256 - ty) + row(y1) * ty + (1 << 15)) >> 16) as u8);
        }
    }
    out
}

/// The two source pixels beside the centre of each of `to` pixels, and how near it is to the second, in 256ths.
fn neighbours(from: u32, to: u32) -> Vec<(usize, usize, u32)> {
    let (from, to) = (i64::from(from), i64::from(to));
    (0..to)
        .map(|k| {
            let place = (((2 * k + 1) * from * 128) / to - 128).clamp(0, (from - 1) * 256);
            let first = place / 256;
            (first as usize, (first + 1).min(from - 1) as usize, (place % 256) as u32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(width: u32, height: u32, f: impl Fn(u32, u32) -> u8) -> Display {
        let size = PixelSize::new(width, height);
        let pixels =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| f(x, y)).collect();
        Display { size, pixels }
    }

    #[test]
    fn a_picture_keeps_its_shape_in_any_room() {
        let room = PixelSize::new(420, 416);
        assert_eq!(fitted(PixelSize::new(840, 416), room), PixelSize::new(420, 208));
        assert_eq!(fitted(PixelSize::new(100, 200), room), PixelSize::new(208, 416));
        assert_eq!(fitted(PixelSize::new(10_000, 64), room), PixelSize::new(420, 3));
    }

    #[test]
    fn a_reduced_picture_holds_the_means_of_its_boxes() {
        let d = display(12, 8, |x, _| if x % 2 == 0 { 0 } else { 200 });
        assert_eq!(scaled(&d, PixelSize::new(6, 4)), [100; 24]);
    }

    #[test]
    fn a_picture_at_its_own_size_is_unchanged() {
        let d = display(9, 5, |x, y| (x * 20 + y) as u8);
        assert_eq!(scaled(&d, d.size), d.pixels);
    }

    #[test]
    fn an_enlarged_picture_runs_evenly_from_end_to_end() {
        let d = display(2, 1, |x, _| (x * 200) as u8);
        assert_eq!(scaled(&d, PixelSize::new(4, 1)), [0, 50, 150, 200]);
    }
}
