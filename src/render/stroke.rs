//! Smooth lines of any width on a picture.

use embedded_graphics::pixelcolor::Rgb888;

use super::contour::Segment;
use super::picture::RgbPicture;
use crate::units::PixelSize;

/// How much of each pixel is covered by lines, so that crossings are laid once.
#[derive(Debug, Clone)]
pub struct Stroke {
    size: PixelSize,
    /// 0..=255 per pixel, row-major.
    cover: Vec<u8>,
}

impl Stroke {
    /// Covers the pixels within half of `width_px` of `segments`; the rim fades over one pixel.
    pub fn of(segments: &[Segment], width_px: f32, size: PixelSize) -> Self {
        let mut stroke = Self { size, cover: vec![0; size.area()] };
        for &segment in segments {
            stroke.add(segment, width_px / 2.0);
        }
        stroke
    }

    /// Lays the lines on `picture`, which has the stroke's size.
    pub fn lay_on(&self, picture: &mut RgbPicture, colour: Rgb888, opacity: f32) {
        debug_assert_eq!(picture.size(), self.size);
        for (i, &cover) in self.cover.iter().enumerate().filter(|(_, c)| **c > 0) {
            picture.lay(i, colour, opacity * f32::from(cover) / 255.0);
        }
    }

    fn add(&mut self, s: Segment, half_width: f32) {
        let reach = half_width + 1.0;
        let columns = span(s.from.0, s.to.0, reach, self.size.width);
        for y in span(s.from.1, s.to.1, reach, self.size.height) {
            for x in columns.clone() {
                let away = distance(s, (x as f32 + 0.5, y as f32 + 0.5));
                let cover = libm::rintf((half_width + 0.5 - away).clamp(0.0, 1.0) * 255.0) as u8;
                let pixel = &mut self.cover[y * self.size.width as usize + x];
                *pixel = (*pixel).max(cover);
            }
        }
    }
}

/// Pixels from `reach` before the smaller of two places to `reach` after the larger, inside 0..`length`.
fn span(a: f32, b: f32, reach: f32, length: u32) -> std::ops::Range<usize> {
    let from = (a.min(b) - reach).max(0.0) as usize;
    let to = (a.max(b) + reach).max(0.0).min(length as f32) as usize;
    from.min(to)..to
}

/// Distance of `p` from the nearest point of `s`.
fn distance(s: Segment, p: (f32, f32)) -> f32 {
    let (dx, dy) = (s.to.0 - s.from.0, s.to.1 - s.from.1);
    let (px, py) = (p.0 - s.from.0, p.1 - s.from.1);
    let squared = dx * dx + dy * dy;
    let t = if squared > 0.0 { ((px * dx + py * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
    let (rx, ry) = (px - t * dx, py - t * dy);
    libm::sqrtf(rx * rx + ry * ry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize::new(12, 9);

    fn cover(from: (f32, f32), to: (f32, f32), width_px: f32) -> Vec<u8> {
        Stroke::of(&[Segment { from, to }], width_px, SIZE).cover
    }

    #[test]
    fn a_line_three_wide_covers_three_rows() {
        let c = cover((0.0, 4.5), (12.0, 4.5), 3.0);
        let column: Vec<u8> = (0..9).map(|y| c[y * 12 + 6]).collect();
        assert_eq!(column, [0, 0, 0, 255, 255, 255, 0, 0, 0]);
    }

    #[test]
    fn a_line_outside_the_picture_covers_nothing() {
        assert!(cover((-50.0, -50.0), (-20.0, -30.0), 3.0).iter().all(|&c| c == 0));
        assert!(cover((50.0, 50.0), (90.0, 70.0), 3.0).iter().all(|&c| c == 0));
    }
}
