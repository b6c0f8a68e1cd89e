//! What a chest takes from the beam, pixel by pixel, and how an automatic exposure would see it.
//!
//! This module knows nothing of opacities or of grey values.

use super::anatomy::Anatomy;
use super::chance::{Chance, Noise, Purpose};
use super::view::View;
use super::{skeleton, tissue, vessels};

/// Nepers a centimetre of soft tissue takes from the hardened beam.
const SOFT_NEPERS_PER_CM: f32 = 0.165;
/// Aerated lung is this share of soft tissue.
const LUNG_DENSITY: f32 = 0.24;
/// Every so many rows and columns the automatic exposure looks.
const EXPOSURE_STRIDE: usize = 8;

/// Nepers of the darkest lung and of the densest middle, as the automatic exposure sees them.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    pub lung: f32,
    pub dense: f32,
}

/// What the body takes from each ray.
pub struct Rays {
    /// Nepers without any infection.
    pub healthy: Vec<f32>,
    /// Nepers that come on top when all air of the lung is replaced.
    pub air_nepers: Vec<f32>,
}

impl Rays {
    /// Adds everything up for each pixel.
    pub fn cast(a: &Anatomy, view: &View, seed: u64) -> Self {
        let blood = vessels::blood_cm(a, view, seed);
        let bones = skeleton::Skeleton::new(a);
        let texture = Texture::new(seed);
        let mut rays =
            Rays { healthy: Vec::with_capacity(blood.len()), air_nepers: Vec::with_capacity(blood.len()) };
        for (i, blood) in blood.iter().enumerate() {
            let (x, y) = view.body_at(i);
            let body = tissue::body_cm(a, x, y);
            let lung = tissue::lung_cm(a, x, y) * texture.at(x, y);
            let air = (lung * (1.0 - LUNG_DENSITY) - blood.min(lung)).max(0.0);
            let soft = (body - air - tissue::gas_cm(a, x, y)).max(0.0);
            let bone = if body > 0.0 { bones.nepers(x, y) } else { 0.0 };
            rays.healthy.push(SOFT_NEPERS_PER_CM * soft * texture.fat(x, y) + bone);
            rays.air_nepers.push(SOFT_NEPERS_PER_CM * air);
        }
        rays
    }

    /// Where the automatic exposure sets black and white: the tenth of the lungs that takes least, and the
    /// tenth of the body's middle that takes most, both without infection.
    pub fn exposure(&self, lung: &[u8], a: &Anatomy, view: &View) -> Range {
        let width = view.size.width as usize;
        let (mut lungs, mut middle) = (Vec::new(), Vec::new());
        for row in (0..view.size.height as usize).step_by(EXPOSURE_STRIDE) {
            for column in (0..width).step_by(EXPOSURE_STRIDE) {
                let i = row * width + column;
                let (x, y) = view.body(column, row);
                if lung[i] != 0 && a.heart_cm(x, y) == 0.0 {
                    lungs.push(self.healthy[i]);
                } else if x.abs() < 8.0 && (4.0..28.0).contains(&y) {
                    middle.push(self.healthy[i]);
                }
            }
        }
        Range { lung: quantile(&mut lungs, 0.1), dense: quantile(&mut middle, 0.9) }
    }
}

/// Unevenness of lung and fat.
struct Texture {
    lobule: Noise,
    strand: Noise,
    flesh: Noise,
    fold: Noise,
}

impl Texture {
    fn new(seed: u64) -> Self {
        let mut c = Chance::new(seed, Purpose::Texture);
        let mut noise = |wavelength| Noise::new(c.seed(), wavelength);
        Self { lobule: noise(0.35), strand: noise(1.3), flesh: noise(3.5), fold: noise(9.0) }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        1.0 + 0.012 * self.lobule.at(x, y) + 0.025 * self.strand.at(x, y)
    }

    fn fat(&self, x: f32, y: f32) -> f32 {
        1.0 + 0.012 * self.flesh.at(x, y) + 0.03 * self.fold.at(x, y)
    }
}

/// The value below which `share` of them lie; 0 of none.
fn quantile(values: &mut [f32], share: f32) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let at = (values.len() as f32 * share) as usize;
    values.get(at).copied().unwrap_or(0.0)
}
