//! From attenuation to grey: scatter, detector, noise, response curve, marker and shutters.
//!
//! In: nepers per pixel. Out: 12-bit values, dense tissue bright. This module knows nothing of anatomy.

use super::blur::blurred;
use super::chance::{Chance, Purpose, lerp, smooth_step};
use super::rays::Range;
use super::solid::capsule;
use super::view::View;

/// Largest value of the 12 bits stored.
pub const GREY_MAX: f32 = 4095.0;
pub const BITS_STORED: u8 = 12;
/// Radius of the scattered light's spread.
const SCATTER_CM: f32 = 3.0;
/// Radius over which brightness is evened out, as digital detectors do for display.
const EVENING_CM: f32 = 4.0;
/// Quanta on a square millimetre behind one neper.
const QUANTA_PER_MM2: f32 = 22_000.0;
/// Less exposure than this is not told from none, in shares of the open beam.
const EXPOSURE_MIN: f32 = 2e-4;

/// How one radiograph is exposed and developed.
pub struct Film {
    /// Scattered light for each share of direct light around it, and the haze over the whole field.
    scatter: f32,
    haze: f32,
    /// Steepness of the response and the share of the range at its middle.
    contrast: f32,
    middle: f32,
    /// Share of the slow brightness that is evened out.
    evening: f32,
    vignette: f32,
    noise: f32,
    /// Shutters in shares of each side: left, top, right, bottom.
    shutters: [f32; 4],
    marker: (f32, f32),
    seed: u64,
}

impl Film {
    pub fn new(seed: u64) -> Self {
        let mut c = Chance::new(seed, Purpose::Film);
        let mut shutter = || c.between(0.0, 0.022);
        let shutters = [shutter(), shutter(), shutter(), shutter()];
        Self {
            scatter: c.between(0.5, 0.9),
            haze: c.between(0.001, 0.004),
            contrast: c.between(2.5, 3.5),
            middle: c.between(0.28, 0.44),
            evening: c.between(0.15, 0.45),
            vignette: c.between(0.02, 0.08),
            noise: c.between(0.7, 1.4),
            shutters,
            marker: (c.between(0.05, 0.075), c.between(0.05, 0.085)),
            seed,
        }
    }

    /// Grey values, row-major, of the radiograph with these nepers per pixel.
    pub fn develop(&self, nepers: &[f32], range: Range, view: &View) -> Vec<u16> {
        let (width, height) = (view.size.width as usize, view.size.height as usize);
        let mut light: Vec<f32> = nepers.iter().map(|&t| libm::expf(-t)).collect();
        let scattered = blurred(&light, width, height, SCATTER_CM / view.cm_per_px);
        for (i, cell) in light.iter_mut().enumerate() {
            let lead = self.marker_lead(i % width, i / width, view);
            *cell = (*cell + self.scatter * scattered.at(i) + self.haze) * lead;
        }
        let seen = self.detect(&soften(&light, width), view);
        let slow = blurred(&seen, width, height, EVENING_CM / view.cm_per_px);
        let range = self.with_scatter(range);
        (0..seen.len())
            .map(|i| {
                let (u, v) = ((i % width) as f32 / width as f32, (i / width) as f32 / height as f32);
                let grey = self.response(seen[i], slow.at(i), range, u, v);
                (grey * self.shutter(u, v) * GREY_MAX + 0.5) as u16
            })
            .collect()
    }

    /// Nepers as detected: quantum noise added, the logarithm taken.
    fn detect(&self, light: &[f32], view: &View) -> Vec<f32> {
        let mut chance = Chance::new(self.seed, Purpose::Quanta);
        let millimetres = view.cm_per_px * 10.0;
        let quanta = QUANTA_PER_MM2 * millimetres * millimetres * core::f32::consts::E;
        light
            .iter()
            .map(|&e| {
                let noisy = e + chance.normal() * self.noise * (e / quanta).sqrt();
                -libm::logf(noisy.max(EXPOSURE_MIN))
            })
            .collect()
    }

    fn with_scatter(&self, range: Range) -> Range {
        let lit = |t: f32, around: f32| -libm::logf(libm::expf(-t) + self.scatter * around + self.haze);
        let (bright, dim) = (libm::expf(-range.lung), libm::expf(-range.dense));
        Range {
            lung: lit(range.lung, lerp(bright, dim, 0.4)),
            dense: lit(range.dense, lerp(bright, dim, 0.8)),
        }
    }

    /// The S-shaped curve of film: toe in the open beam, shoulder behind the spine; 0..=1.
    fn response(&self, nepers: f32, slow: f32, range: Range, u: f32, v: f32) -> f32 {
        let share = |t: f32| (t - range.lung) / (range.dense - range.lung);
        // Evening out stops in the open beam, which stays black.
        let drift = (share(slow) - 0.5).clamp(-0.5, 0.6);
        let even = share(nepers) - self.evening * drift * smooth_step(-0.9, 0.0, share(nepers));
        let curve = 1.0 / (1.0 + libm::expf(-self.contrast * (even - self.middle)));
        let far = ((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5)) * 2.0;
        (curve * (1.0 - self.vignette * far)).clamp(0.0, 1.0)
    }

    /// 0 behind the collimator's shutters, 1 in the field.
    fn shutter(&self, u: f32, v: f32) -> f32 {
        let edge = |at: f32, limit: f32| smooth_step(limit - 0.0015, limit + 0.0015, at);
        let [left, top, right, bottom] = self.shutters;
        edge(u, left) * edge(v, top) * edge(1.0 - u, right) * edge(1.0 - v, bottom)
    }

    /// Share of light past the lead letter R on the image's left.
    fn marker_lead(&self, column: usize, row: usize, view: &View) -> f32 {
        let side = view.size.width.min(view.size.height) as f32;
        let x = column as f32 / side - self.marker.0;
        let y = row as f32 / side - self.marker.1;
        if !(-0.02..0.04).contains(&x) || !(-0.02..0.06).contains(&y) {
            return 1.0;
        }
        1.0 - 0.995 * (1.0 - smooth_step(0.0022, 0.0036, letter_r(x, y)))
    }
}

/// Distance from the strokes of a letter R 0.036 high with its upper left corner at the origin.
fn letter_r(x: f32, y: f32) -> f32 {
    let stem = capsule((x, y), (0.0, 0.0), (0.0, 0.036));
    let top = capsule((x, y), (0.0, 0.0), (0.010, 0.0));
    let middle = capsule((x, y), (0.0, 0.018), (0.010, 0.018));
    let leg = capsule((x, y), (0.009, 0.018), (0.020, 0.036));
    let (dx, dy) = (x - 0.010, y - 0.009);
    let bowl = if dx < 0.0 { 1.0 } else { ((dx * dx + dy * dy).sqrt() - 0.009).abs() };
    stem.min(top).min(middle).min(leg).min(bowl)
}

/// The detector's own blur: weights 1 2 1 both ways, edges repeated.
fn soften(light: &[f32], width: usize) -> Vec<f32> {
    let height = light.len() / width;
    let across: Vec<f32> = (0..light.len())
        .map(|i| {
            let column = i % width;
            let left = light[if column == 0 { i } else { i - 1 }];
            let right = light[if column + 1 == width { i } else { i + 1 }];
            0.25 * (left + right) + 0.5 * light[i]
        })
        .collect();
    (0..light.len())
        .map(|i| {
            let row = i / width;
            let above = across[if row == 0 { i } else { i - width }];
            let below = across[if row + 1 == height { i } else { i + width }];
            0.25 * (above + below) + 0.5 * across[i]
        })
        .collect()
}
