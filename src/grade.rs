//! Shares of infected lung to severity scales, detection and the interval.
//!
//! The definition and source of each scale, and what this device estimates of it, are in `docs/severity.md`.
//! Cut-offs come from the model's manifest. This module does not know of pixels or files.

use crate::infection_map::{Level, Shares};
use crate::units::Fraction;

/// Offset inside the logarithms of [`DetectionRule`]: below it a probability counts as none.
const PROBABILITY_FLOOR: f32 = 0.001;

/// The device's own grade of severity, by the infected share of both lungs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    None,
    Mild,
    Moderate,
    Severe,
    Critical,
}

impl Grade {
    pub const ALL: [Self; 5] = [Self::None, Self::Mild, Self::Moderate, Self::Severe, Self::Critical];

    /// Stable lower-case name.
    pub fn name(self) -> &'static str {
        ["none", "mild", "moderate", "severe", "critical"][self as usize]
    }
}

/// From which infected share each grade begins, and what counts in the other scales.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cutoffs {
    /// Infected share of both lungs from which it is mild, moderate, severe, critical; rising.
    pub grades: [Fraction; 4],
    /// Infected share from which a zone counts as touched (Toussie).
    pub zone_touched: Fraction,
    /// Mean probability of a zone from which its Brixia score is estimated as 1, 2, 3; rising.
    pub brixia_zone: [Fraction; 3],
    /// Mean probability of a lung from which readers score its extent as 1, 2, 3, 4; rising. `None`: the definition's
    /// own limits on the lung's infected share.
    pub extent_lung: Option<[Fraction; 4]>,
}

/// Logistic rule from the map's level to the probability of opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectionRule {
    pub intercept: f32,
    /// Of the logarithm of the mean probability.
    pub slope: f32,
    /// Of the logarithm of the peak; 0 for models that were measured without.
    pub peak_slope: f32,
}

/// A 90 % interval of the share `s`: from `s - below[0] - below[1] s` to `s + above[0] + above[1] s`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalRule {
    pub below: [f32; 2],
    pub above: [f32; 2],
}

/// One map's severity on four scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Severity {
    pub grade: Grade,
    /// 0..=8, Wong 2020: each lung 0 to 4.
    pub geographic_extent: u8,
    /// 0..=6, after Toussie 2020: zones touched.
    pub toussie: u8,
    /// 0..=18, an estimate of Brixia (Borghesi and Maroldi 2020), which grades texture and not area.
    pub brixia_estimate: u8,
    /// The estimate's parts, zones A to F, 0..=3.
    pub brixia_zones: [u8; 6],
}

impl Severity {
    pub fn of(shares: &Shares, cutoffs: &Cutoffs) -> Self {
        let brixia_zones = shares.zone_means.map(|z| steps(z, &cutoffs.brixia_zone));
        Self {
            grade: Grade::ALL[usize::from(steps(shares.total, &cutoffs.grades))],
            geographic_extent: match &cutoffs.extent_lung {
                Some(limits) => shares.lung_means.iter().map(|&mean| steps(mean, limits)).sum(),
                None => lung_extent(shares.right) + lung_extent(shares.left),
            },
            toussie: shares.zones.iter().map(|&z| steps(z, &[cutoffs.zone_touched])).sum(),
            brixia_estimate: brixia_zones.iter().sum(),
            brixia_zones,
        }
    }
}

impl DetectionRule {
    /// Probability that the radiograph shows opacity.
    pub fn probability(&self, level: Level) -> Fraction {
        let log = |p: f32| libm::logf(p + PROBABILITY_FLOOR);
        let z = self.intercept + self.slope * log(level.mean) + self.peak_slope * log(level.peak);
        Fraction::clamped(1.0 / (1.0 + libm::expf(-z)))
    }
}

impl IntervalRule {
    /// Lower and upper end of the interval around `share`, inside 0..=1.
    pub fn around(&self, share: Fraction) -> [Fraction; 2] {
        let s = share.get();
        [
            Fraction::clamped(s - self.below[0] - self.below[1] * s),
            Fraction::clamped(s + self.above[0] + self.above[1] * s),
        ]
    }
}

/// How many of the rising `cutoffs` the share reaches; a share of 0 reaches none.
fn steps(share: Fraction, cutoffs: &[Fraction]) -> u8 {
    cutoffs.iter().filter(|&&c| share >= c && share > Fraction::ZERO).count() as u8
}

/// Wong's extent of one lung: 0 none, 1 below 25 %, 2 to 50 %, 3 to 75 %, 4 above.
///
/// Shares below half a percent count as none: that is the size of a few pixels.
fn lung_extent(share: Fraction) -> u8 {
    match share.get() {
        s if s < 0.005 => 0,
        s if s < 0.25 => 1,
        s if s < 0.50 => 2,
        s if s <= 0.75 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(value: f32) -> Fraction {
        Fraction::new(value).unwrap()
    }

    fn cutoffs() -> Cutoffs {
        Cutoffs {
            grades: [f(0.01), f(0.1), f(0.25), f(0.5)],
            zone_touched: f(0.05),
            brixia_zone: [f(0.05), f(0.3), f(0.7)],
            extent_lung: None,
        }
    }

    fn check(total: f32, right: f32, left: f32, zones: [f32; 6], expected: (Grade, u8, u8, u8)) {
        let (zones, zone_means, lung_means) = (zones.map(f), zones.map(f), [f(right), f(left)]);
        let shares =
            Shares { total: f(total), right: f(right), left: f(left), zones, zone_means, lung_means };
        let s = Severity::of(&shares, &cutoffs());
        assert_eq!((s.grade, s.geographic_extent, s.toussie, s.brixia_estimate), expected);
    }

    #[test]
    fn each_scale_follows_its_definition() {
        check(0.0, 0.0, 0.0, [0.0; 6], (Grade::None, 0, 0, 0));
        check(0.05, 0.1, 0.0, [0.0, 0.0, 0.3, 0.0, 0.0, 0.04], (Grade::Mild, 1, 1, 2));
        check(0.25, 0.25, 0.25, [0.0, 0.05, 0.7, 0.0, 0.05, 0.7], (Grade::Severe, 4, 4, 8));
        check(0.9, 0.75, 0.76, [1.0; 6], (Grade::Critical, 7, 6, 18));
    }

    #[test]
    fn a_sure_zone_scores_more_on_brixia_than_a_faint_one_of_the_same_area() {
        let score = |mean: f32| {
            let shares = Shares { zone_means: [f(mean); 6], ..Shares::even(f(0.5)) };
            Severity::of(&shares, &cutoffs()).brixia_estimate
        };
        assert_eq!([score(0.04), score(0.2), score(0.4), score(0.8)], [0, 6, 12, 18]);
    }

    #[test]
    fn extent_goes_by_a_models_own_limits_where_it_has_them() {
        let shares = Shares { lung_means: [f(0.5), f(0.09)], ..Shares::even(f(0.1)) };
        let own = Cutoffs { extent_lung: Some([f(0.1), f(0.2), f(0.3), f(0.6)]), ..cutoffs() };
        assert_eq!(Severity::of(&shares, &own).geographic_extent, 3);
        assert_eq!(Severity::of(&shares, &cutoffs()).geographic_extent, 2);
    }

    #[test]
    fn a_cutoff_of_zero_does_not_make_healthy_lungs_ill() {
        let zero = f(0.0);
        let shares = Shares::even(zero);
        let zero = Cutoffs {
            grades: [zero; 4],
            zone_touched: zero,
            brixia_zone: [zero; 3],
            extent_lung: Some([zero; 4]),
        };
        let severity = Severity::of(&shares, &zero);
        assert_eq!((severity.grade, severity.geographic_extent), (Grade::None, 0));
    }

    #[test]
    fn the_interval_holds_its_share_and_stays_a_share() {
        let rule = IntervalRule { below: [0.02, 0.5], above: [0.05, 0.5] };
        assert_eq!(rule.around(f(0.0)).map(Fraction::get), [0.0, 0.05]);
        assert_eq!(rule.around(f(0.9))[1], Fraction::ONE);
    }

    #[test]
    fn more_map_makes_opacity_likelier() {
        let rule = DetectionRule { intercept: 3.0, slope: 1.5, peak_slope: 0.5 };
        let p = |mean: f32, peak: f32| rule.probability(Level { mean, peak });
        assert!(p(0.5, 0.5) > p(0.1, 0.5));
        assert!(p(0.1, 0.9) > p(0.1, 0.5));
        assert!(p(0.0, 0.0) < f(0.01));
    }
}
