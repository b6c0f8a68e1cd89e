//! Smooth lines of any width on a picture.

use embedded_graphics::pixelcolor::Rgb888;

use super::contour::Segment;
use super::picture::RgbPicture;
use crate::units::PixelSize;

/// Pixels that are looked at together when most are not covered.
const STRIDE: usize = 16;

/// How much of each pixel is covered by lines, so that crossings are laid once.
#[derive(Debug, Clone)]
pub struct Stroke {
    size: PixelSize,
    /// 0..=255 per pixel, row-major.
    cover: Vec<u8>,
}

impl Stroke {
    /// Covers the pixels within half of each of `widths_px` of `segments`, a stroke for each width, the first the
    /// widest; the rim fades over one pixel.
    pub fn of<const N: usize>(segments: &[Segment], widths_px: [f32; N], size: PixelSize) -> [Self; N] {
        let mut strokes = widths_px.map(|_| Self { size, cover: vec![0; size.area()] });
        for &segment in segments {
            add(&mut strokes, segment, widths_px.map(|w| w / 2.0), size);
        }
        strokes
    }

    /// Lays the lines on `picture`, which has the stroke's size.
    pub fn lay_on(&self, picture: &mut RgbPicture, colour: Rgb888, opacity: f32) {
        debug_assert_eq!(picture.size(), self.size);
        let covered = self.cover.chunks(STRIDE).enumerate().filter(|(_, c)| *c != &[0; STRIDE][..c.len()]);
        for (k, covers) in covered {
            for (i, &cover) in covers.iter().enumerate().filter(|(_, c)| **c > 0) {
                picture.lay(k * STRIDE + i, colour, opacity * f32::from(cover) / 255.0);
            }
        }
    }
}

/// Covers the pixels near `s` in each stroke, half as wide as said; the first is the widest.
fn add<const N: usize>(strokes: &mut [Stroke; N], s: Segment, half_widths: [f32; N], size: PixelSize) {
    let widest = half_widths.first().copied().unwrap_or(0.0);
    let columns = span(s.from.0, s.to.0, widest + 1.0, size.width);
    for y in span(s.from.1, s.to.1, widest + 1.0, size.height) {
        for x in columns.clone() {
            let away = distance(s, (x as f32 + 0.5, y as f32 + 0.5));
            for (stroke, half_width) in strokes.iter_mut().zip(half_widths) {
                let near = half_width + 0.5 - away;
                if near > 0.0 {
                    let cover = libm::rintf(near.min(1.0) * 255.0) as u8;
                    let pixel = &mut stroke.cover[y * size.width as usize + x];
                    *pixel = (*pixel).max(cover);
                }
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
        let [stroke] = Stroke::of(&[Segment { from, to }], [width_px], SIZE);
        stroke.cover
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
