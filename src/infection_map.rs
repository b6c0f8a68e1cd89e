//! The infection map: how likely each pixel of the lung field is infected, and the shares that follow from it.
//!
//! Infected means ground glass or consolidation, as the radiologists of the training masks drew it.
//! This module does not know of severity scales or of colours.

use crate::lung_field::{LungField, ZONES, Zone};
use crate::network::Segmentation;
use crate::units::Fraction;

/// Probability of infection per pixel inside the lung field, on the network's square.
#[derive(Debug, Clone, PartialEq)]
pub struct InfectionMap {
    side: usize,
    probability: Vec<f32>,
    threshold: f32,
    shares: Shares,
    level: Level,
}

/// How much opacity there is anywhere, in two numbers of the lung field, 0..=1: what detection goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Mean probability.
    pub mean: f32,
    /// The probability that one pixel in [`PEAK_OF`] reaches: a small opacity hardly moves the mean, but this.
    pub peak: f32,
}

/// See [`Level::peak`].
pub const PEAK_OF: usize = 100;
/// Steps of probability in which the peak is found, each told by its middle.
const PEAK_STEPS: usize = 1024;

/// Infected shares of the lung field. A zone or lung without pixels has share 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    pub total: Fraction,
    pub right: Fraction,
    pub left: Fraction,
    /// In the order A to F.
    pub zones: [Fraction; ZONES],
    /// Mean probability of infection per zone, A to F: how much and how surely, in one number.
    pub zone_means: [Fraction; ZONES],
    /// The same of the right and of the left lung.
    pub lung_means: [Fraction; 2],
}

impl Shares {
    /// Its shares as a reading keeps them; the means, which no reading tells, stay as they are.
    pub fn rounded(self) -> Self {
        let [total, right, left] = [self.total, self.right, self.left].map(Fraction::rounded);
        Self { total, right, left, zones: self.zones.map(Fraction::rounded), ..self }
    }
}

#[cfg(test)]
impl Shares {
    /// The same everywhere.
    pub fn even(share: Fraction) -> Self {
        Self {
            total: share,
            right: share,
            left: share,
            zones: [share; ZONES],
            zone_means: [share; ZONES],
            lung_means: [share; 2],
        }
    }
}

impl InfectionMap {
    /// The network's probabilities inside `field`; a pixel counts as infected from `threshold` on.
    ///
    /// Returns `None` when the lung field is empty: no lung, no share.
    pub fn of(segmentation: &Segmentation, field: &LungField, threshold: Fraction) -> Option<Self> {
        let threshold = threshold.get();
        let (mut infected, mut pixels) = ([0usize; ZONES], [0usize; ZONES]);
        let mut sums = [0.0f64; ZONES];
        let mut steps = vec![0usize; PEAK_STEPS];
        let mut probability = vec![0.0; segmentation.infection.len()];
        for (i, zone) in field.zones().iter().enumerate() {
            let Some(zone) = zone else { continue };
            let p = segmentation.infection[i];
            probability[i] = p;
            sums[zone.index()] += f64::from(p);
            steps[((p * PEAK_STEPS as f32) as usize).min(PEAK_STEPS - 1)] += 1;
            pixels[zone.index()] += 1;
            infected[zone.index()] += usize::from(p >= threshold);
        }
        let shares = shares(&infected, &pixels, &sums)?;
        let mean = (sums.iter().sum::<f64>() / pixels.iter().sum::<usize>() as f64) as f32;
        let level = Level { mean, peak: peak(&steps) };
        Some(Self { side: segmentation.side, probability, threshold, shares, level })
    }

    /// Side of the square in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Probability of each pixel, row-major; 0 outside the lung field.
    pub fn probability(&self) -> &[f32] {
        &self.probability
    }

    /// Whether pixel `i` of the square counts as infected.
    pub fn is_infected(&self, i: usize) -> bool {
        self.probability[i] >= self.threshold
    }

    /// Probability from which a pixel counts as infected.
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    pub fn shares(&self) -> Shares {
        self.shares
    }

    pub fn level(&self) -> Level {
        self.level
    }
}

/// The highest step that one pixel in [`PEAK_OF`], rounded up, reaches.
fn peak(steps: &[usize]) -> f32 {
    let enough = steps.iter().sum::<usize>().div_ceil(PEAK_OF).max(1);
    let mut above = 0;
    let reached = steps.iter().rposition(|n| {
        above += n;
        above >= enough
    });
    reached.map_or(0.0, |step| (step as f32 + 0.5) / PEAK_STEPS as f32)
}

fn shares(infected: &[usize; ZONES], pixels: &[usize; ZONES], sums: &[f64; ZONES]) -> Option<Shares> {
    let sum = |of: &[usize; ZONES], right: bool| -> usize {
        Zone::ALL.iter().filter(|z| z.is_right() == right).map(|z| of[z.index()]).sum()
    };
    let share = |part, whole| Fraction::of(part, whole).unwrap_or(Fraction::ZERO);
    let mean = |sum: f64, pixels: usize| Fraction::clamped((sum / pixels.max(1) as f64) as f32);
    let lung_mean = |right: bool| {
        let own = Zone::ALL.iter().filter(|z| z.is_right() == right).map(|z| sums[z.index()]);
        mean(own.sum(), sum(pixels, right))
    };
    Some(Shares {
        total: Fraction::of(infected.iter().sum(), pixels.iter().sum())?,
        right: share(sum(infected, true), sum(pixels, true)),
        left: share(sum(infected, false), sum(pixels, false)),
        zones: std::array::from_fn(|k| share(infected[k], pixels[k])),
        zone_means: std::array::from_fn(|k| mean(sums[k], pixels[k])),
        lung_means: [true, false].map(lung_mean),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lung_field::tests::drawn;

    #[test]
    fn shares_count_only_pixels_of_the_lung_field() {
        let mut s = drawn([10, 10, 28, 46], [36, 10, 54, 46]);
        // The lower third of the right lung and everything outside both lungs is bright.
        for (i, p) in s.infection.iter_mut().enumerate() {
            let (x, y) = (i % 64, i / 64);
            let lung = (10..46).contains(&y) && ((10..28).contains(&x) || (36..54).contains(&x));
            *p = if !lung || (x < 28 && y >= 34) { 0.8 } else { 0.2 };
        }
        let field = LungField::of(&s);
        let map = InfectionMap::of(&s, &field, Fraction::new(0.5).unwrap()).unwrap();
        let shares = map.shares();
        assert_eq!(shares.zones.map(Fraction::get), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!((shares.total, shares.left), (Fraction::of(1, 6).unwrap(), Fraction::ZERO));
        assert!((map.level().mean - 0.3).abs() < 1e-6);
        let means = shares.zone_means.iter().chain(&shares.lung_means);
        for (mean, expected) in means.zip([0.2, 0.2, 0.8, 0.2, 0.2, 0.2, 0.4, 0.2]) {
            assert!((mean.get() - expected).abs() < 1e-6, "{mean:?}, not {expected}");
        }
        assert_eq!(map.probability()[0], 0.0);
    }

    #[test]
    fn the_peak_is_what_one_pixel_in_a_hundred_reaches() {
        let mut steps = vec![0; PEAK_STEPS];
        (steps[0], steps[512], steps[PEAK_STEPS - 1]) = (990, 5, 5);
        assert_eq!(peak(&steps), 512.5 / 1024.0);
        steps[512] = 4;
        assert_eq!(peak(&steps), 0.5 / 1024.0, "of 999, ten are needed: rounded up");
        steps[0] = 891;
        assert_eq!(peak(&steps), 512.5 / 1024.0, "of 900, nine");
        assert_eq!(peak(&vec![0; PEAK_STEPS]), 0.0, "nothing reaches anything");
    }

    #[test]
    fn no_lung_field_gives_no_map() {
        let s = drawn([0; 4], [0; 4]);
        assert_eq!(InfectionMap::of(&s, &LungField::of(&s), Fraction::ONE), None);
    }
}
