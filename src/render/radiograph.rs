//! The radiograph at any size, with its infection map and outlines.

use embedded_graphics::pixelcolor::Rgb888;

use super::colour_map::ColourMap;
use super::contour::Segment;
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
    let (colours, size) = (ColourMap::new(), picture.size());
    let columns: Vec<_> = (0..size.width).map(|x| layers.between(placement.to_square(x, 0).0)).collect();
    let rows: Vec<_> = (0..size.height).map(|y| layers.between(placement.to_square(0, y).1)).collect();
    let (across, down) = (layers.columns(&columns), layers.rows(&rows));
    let [mut right, mut left, mut probability] = layers.stretched(&columns[across.clone()]);
    let mut lungs = vec![0.0; across.len()];
    for y in down {
        let row = rows[y];
        let either = row.down(right.beside(row)).zip(row.down(left.beside(row)));
        lungs.iter_mut().zip(either).for_each(|(lung, (right, left))| *lung = right.max(left));
        let first = y * size.width as usize + across.start;
        let points = lungs.iter().zip(row.down(probability.beside(row))).enumerate();
        for (x, (lung, probability)) in points.filter(|(_, (lung, _))| **lung > EDGE[0]) {
            let inside = ((lung - EDGE[0]) / (EDGE[1] - EDGE[0])).min(1.0);
            let tint = colours.tint(probability);
            picture.lay(first + x, tint.colour, tint.opacity * inside * opacity);
        }
    }
}

fn outline(picture: &mut RgbPicture, layers: &Layers, placement: Placement, weight: f32) {
    let placed = |segments: &[Segment]| -> Vec<_> {
        segments.iter().map(|s| s.mapped(|p| placement.to_drawn(p))).collect()
    };
    line(picture, &placed(layers.dashes()), THIN_PX * weight, LUNG_LINE, DASH_OPACITY);
    let (lungs, infected) = (placed(&layers.lung_lines()), placed(&layers.infected_lines()));
    let widths = |px: f32| [(px + HALO_PX) * weight, px * weight];
    haloed(picture, &lungs, widths(THIN_PX), HALO_OPACITY / 2.0, (LUNG_LINE, LUNG_OPACITY));
    haloed(picture, &infected, widths(BOLD_PX), HALO_OPACITY, (INFECTED_LINE, 1.0));
}

fn line(picture: &mut RgbPicture, segments: &[Segment], width_px: f32, colour: Rgb888, opacity: f32) {
    let [stroke] = Stroke::of(segments, [width_px], picture.size());
    stroke.lay_on(picture, colour, opacity);
}

/// A line on a halo so much wider, with the halo's opacity.
fn haloed(
    picture: &mut RgbPicture,
    segments: &[Segment],
    width_px: [f32; 2],
    halo_opacity: f32,
    (colour, opacity): (Rgb888, f32),
) {
    let [halo, stroke] = Stroke::of(segments, width_px, picture.size());
    halo.lay_on(picture, HALO, halo_opacity);
    stroke.lay_on(picture, colour, opacity);
}

/// Brightness in `size` pixels, row-major: box averages where reduced, straight lines between pixels where enlarged.
fn scaled(display: &Display, size: PixelSize) -> Vec<u8> {
    let enlarged = size.width > display.size.width || size.height > display.size.height;
    if enlarged { between(display, size) } else { averaged(display, size) }
}

/// Means of up to [`SAMPLES_MAX`] x [`SAMPLES_MAX`] samples spread evenly over each pixel's box.
fn averaged(display: &Display, size: PixelSize) -> Vec<u8> {
    let (across, columns) = samples(display.size.width, size.width);
    let (down, rows) = samples(display.size.height, size.height);
    let width = display.size.width as usize;
    let mut out = Vec::with_capacity(size.area());
    // Of the rows' samples, by column: eight bytes fit 16 bits.
    let mut sums = vec![0u16; width];
    let count = (across * down) as u32;
    for ys in rows.chunks_exact(down) {
        sums.fill(0);
        for y in ys {
            let row = &display.pixels[y * width..][..width];
            sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += u16::from(v));
        }
        let means = match across {
            1 => means::<1>,
            2 => means::<2>,
            3 => means::<3>,
            4 => means::<4>,
            5 => means::<5>,
            6 => means::<6>,
            7 => means::<7>,
            _ => means::<{ SAMPLES_MAX as usize }>,
        };
        means(&sums, &columns, count, &mut out);
    }
    out
}

/// Adds the means of each `N` places in `sums`, each the sum of as many samples as make `count` in all.
fn means<const N: usize>(sums: &[u16], places: &[usize], count: u32, out: &mut Vec<u8>) {
    let mean = |xs: &[usize; N]| {
        let sum: u32 = xs.iter().map(|&x| u32::from(sums[x])).sum();
        ((sum + count / 2) / count) as u8
    };
    out.extend(places.as_chunks::<N>().0.iter().map(mean));
}

/// How many of `from` source pixels make each of `to` pixels, and which, one pixel's after another's.
fn samples(from: u32, to: u32) -> (usize, Vec<usize>) {
    let (from, to) = (u64::from(from), u64::from(to));
    let count = from.div_ceil(to).clamp(1, SAMPLES_MAX);
    let places = (0..to * count).map(|k| ((k * 2 + 1) * from / (2 * to * count)) as usize).collect();
    (count as usize, places)
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
