//! Where a phantom is infected: an exact share of the lung area, and how dense each place is.
//!
//! Every lung pixel gets a score that prefers the periphery and the lower zones; those that score highest
//! are infected, as many as the share asks for. This module knows nothing of attenuation or film.

use super::anatomy::{Anatomy, Side};
use super::chance::{Chance, Noise, Purpose, lerp, smooth_step};
use super::view::View;
use crate::units::Fraction;

/// Score over which an opacity fades in, half of it on each side of its outline.
const SOFT_EDGE: f32 = 0.22;
/// Share of air that the thinnest and the densest opacity replace: ground glass and consolidation.
const GROUND_GLASS: f32 = 0.25;
const CONSOLIDATION: f32 = 0.5;
/// Score above the outline at which an opacity is as dense as it gets.
const DENSE_AT: f32 = 1.0;
/// How much less readily the part behind the heart is infected.
const HEART_SPARED: f32 = 0.6;
/// Share of the lungs up to which one side is clearly preferred.
const ONE_SIDED: f32 = 0.22;

/// Infected pixels, and the share of each pixel's air that is replaced.
pub struct Opacity {
    /// 0 or 255, row-major; never outside the lung mask.
    pub mask: Vec<u8>,
    /// 0..=1, row-major.
    pub replaced: Vec<f32>,
}

/// Opacities over `share` of the pixels in `lung` (0 = none), the number of pixels rounded to the nearest.
pub fn spread(a: &Anatomy, view: &View, seed: u64, lung: &[u8], air: &[f32], share: Fraction) -> Opacity {
    let field = Field::new(seed, share.get());
    let places: Vec<usize> = (0..lung.len()).filter(|&i| lung[i] != 0).collect();
    let score = |&i: &usize| {
        let (x, y) = view.body_at(i);
        field.score(a, x, y)
    };
    let mut ranked: Vec<(f32, usize)> = places.iter().map(|i| (score(i), *i)).collect();
    let count = (f64::from(share.get()) * places.len() as f64 + 0.5) as usize;
    let mut opacity = Opacity { mask: vec![0; lung.len()], replaced: vec![0.0; lung.len()] };
    if count == 0 {
        return opacity;
    }
    let count = count.min(ranked.len());
    // Highest score first; of equal scores, the earlier pixel.
    let order = |p: &(f32, usize), q: &(f32, usize)| q.0.total_cmp(&p.0).then(p.1.cmp(&q.1));
    let (_, &mut (outline, _), _) = ranked.select_nth_unstable_by(count - 1, order);
    for (_, i) in &ranked[..count] {
        opacity.mask[*i] = 255;
    }
    // Beyond the mask too: the lung goes on behind the dome, and a sharp end there would draw a line.
    for (i, replaced) in opacity.replaced.iter_mut().enumerate() {
        let (x, y) = view.body_at(i);
        if air[i] > 0.0 {
            *replaced = field.density(field.score(a, x, y) - outline, x, y);
        }
    }
    opacity
}

struct Field {
    coarse: Noise,
    middle: Noise,
    fine: Noise,
    grain: Noise,
    strand: Noise,
    /// Preference for the patient's left (positive) or right.
    lean: f32,
    /// Height around which opacities gather.
    level: f32,
}

impl Field {
    fn new(seed: u64, share: f32) -> Self {
        let mut c = Chance::new(seed, Purpose::Opacity);
        let mut noise = |wavelength| Noise::new(c.seed(), wavelength);
        let (coarse, middle, fine) = (noise(6.5), noise(3.0), noise(1.1));
        let (grain, strand) = (noise(0.22), noise(0.55));
        let side = if c.happens(0.6) { -1.0 } else { 1.0 };
        let lean = side * lerp(0.55, 0.08, smooth_step(0.0, ONE_SIDED, share));
        Self { coarse, middle, fine, grain, strand, lean, level: c.between(14.0, 18.5) }
    }

    /// How readily this place is infected; higher is sooner.
    fn score(&self, a: &Anatomy, x: f32, y: f32) -> f32 {
        let side = if x < 0.0 { Side::Right } else { Side::Left };
        let (inner, outer) = (a.inner[side as usize].at(y), a.outer[side as usize].at(y));
        let lateral = ((x.abs() - inner) / (outer - inner).max(0.1)).clamp(0.0, 1.0);
        let low = (y - self.level) / 8.0;
        let blobs = self.coarse.at(x, y) * 0.9 + self.middle.at(x, y) * 0.45 + self.fine.at(x, y) * 0.08;
        let lean = if x < 0.0 { -self.lean } else { self.lean };
        // Most lie in the outer half, few at the heart, and the outermost rim is spared a little.
        let outward = 0.85 * smooth_step(0.05, 0.6, lateral) - 0.25 * smooth_step(0.75, 1.0, lateral);
        // What the heart covers is hardly seen, so little is put there.
        let covered = HEART_SPARED * smooth_step(0.0, 5.0, a.heart_cm(x, y));
        blobs + outward - 0.55 * low * low + lean - covered
    }

    /// Share of air replaced at `above` the outline's score.
    fn density(&self, above: f32, x: f32, y: f32) -> f32 {
        let present = smooth_step(-0.5 * SOFT_EDGE, 0.5 * SOFT_EDGE, above);
        if present == 0.0 {
            return 0.0;
        }
        let solid = lerp(GROUND_GLASS, CONSOLIDATION, smooth_step(0.1, DENSE_AT, above));
        let texture =
            1.0 + 0.16 * self.grain.at(x, y) + 0.26 * self.strand.at(x, y) + 0.32 * self.fine.at(x, y);
        (present * solid * texture).clamp(0.0, 0.95)
    }
}
