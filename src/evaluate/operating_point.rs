//! An operating point for detection, chosen on labelled cases of one's own.
//!
//! The threshold is the one that reaches the wished sensitivity, or specificity, at the least cost to the other; what
//! was measured at it comes with a 95 % interval over patients. The cases choose and measure, so the figures are a
//! little too good; `docs/integrators.md` says so to who uses them. Refused radiographs have no probability and are
//! only counted.

use std::collections::BTreeMap;

use super::bootstrap::intervals;
use super::row::Row;
use crate::pipeline::Study;
use crate::units::Fraction;

/// Fewer cases of a class say too little: with 30 a sensitivity of 90 % may be 74 to 97 %.
pub const CASES_MIN: usize = 30;

/// What is wished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    Sensitivity(Fraction),
    Specificity(Fraction),
}

/// One labelled case.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Case {
    probability: Fraction,
    opacity: bool,
}

/// Labelled cases, patient by patient.
#[derive(Debug, Default)]
pub struct Cases {
    groups: Vec<Vec<Case>>,
    patients: BTreeMap<String, usize>,
    pub refused: usize,
    /// Rows without a label that says whether there is opacity.
    pub unlabelled: usize,
}

/// A threshold and what was measured at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    pub threshold: Fraction,
    pub sensitivity: Fraction,
    pub sensitivity95: Option<[f64; 2]>,
    pub specificity: Fraction,
    pub specificity95: Option<[f64; 2]>,
    pub positives: usize,
    pub negatives: usize,
}

/// Why no operating point is chosen.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChoiceError {
    /// too few cases of a class
    #[error(
        "{positives} cases with opacity and {negatives} without: at least {CASES_MIN} of each are needed"
    )]
    TooFew { positives: usize, negatives: usize },
    /// not even the extreme threshold reaches what is wished
    #[error("no threshold reaches what is wished on these cases")]
    OutOfReach,
}

impl ChoiceError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => "calibrate_too_few",
            Self::OutOfReach => "calibrate_out_of_reach",
        }
    }
}

impl Cases {
    /// Takes what the device said of one row.
    pub fn add(&mut self, row: &Row, study: &Study) {
        match (row.opacity(), &study.reading.outcome) {
            (None, _) => self.unlabelled += 1,
            (Some(_), Err(_)) => self.refused += 1,
            (Some(opacity), Ok(finding)) => {
                self.push(row.group.as_deref(), finding.detection.probability, opacity);
            }
        }
    }

    fn push(&mut self, patient: Option<&str>, probability: Fraction, opacity: bool) {
        let next = self.groups.len();
        let at = patient.map_or(next, |p| *self.patients.entry(p.into()).or_insert(next));
        if at == next {
            self.groups.push(Vec::new());
        }
        if let Some(group) = self.groups.get_mut(at) {
            group.push(Case { probability, opacity });
        }
    }

    /// The threshold that fulfils `wish`.
    pub fn choose(&self, wish: Wish) -> Result<Chosen, ChoiceError> {
        let all: Vec<&Case> = self.groups.iter().flatten().collect();
        let positives = all.iter().filter(|c| c.opacity).count();
        let negatives = all.len() - positives;
        if positives.min(negatives) < CASES_MIN {
            return Err(ChoiceError::TooFew { positives, negatives });
        }
        let threshold = threshold(&all, wish).ok_or(ChoiceError::OutOfReach)?;
        let measure = |cases: &[&Case]| [share(cases, threshold, true), share(cases, threshold, false)];
        let groups: Vec<Vec<&Case>> = self.groups.iter().map(|g| g.iter().collect()).collect();
        let [sensitivity95, specificity95] = intervals(&groups, &measure);
        let [sensitivity, specificity] = measure(&all).map(|s| Fraction::clamped(s.unwrap_or(0.0) as f32));
        Ok(Chosen { threshold, sensitivity, sensitivity95, specificity, specificity95, positives, negatives })
    }
}

/// Share of the cases with, or without, opacity that are told right at `threshold`.
fn share(cases: &[&Case], threshold: Fraction, opacity: bool) -> Option<f64> {
    let those = cases.iter().filter(|c| c.opacity == opacity);
    let (right, count) = those.fold((0, 0), |(right, count), case| {
        (right + usize::from((case.probability >= threshold) == opacity), count + 1)
    });
    (count > 0).then(|| right as f64 / f64::from(count))
}

/// The highest threshold that is sensitive enough, or the lowest that is specific enough.
///
/// Only the cases' own probabilities are tried, and 1, which hardly any reaches: between two of them nothing changes.
fn threshold(cases: &[&Case], wish: Wish) -> Option<Fraction> {
    let mut tried: Vec<Fraction> = cases.iter().map(|c| c.probability).collect();
    tried.push(Fraction::ONE);
    tried.sort_by(|a, b| a.get().total_cmp(&b.get()));
    tried.dedup();
    let reaches = |threshold: &Fraction, opacity, wished: Fraction| {
        share(cases, *threshold, opacity).is_some_and(|s| s as f32 >= wished.get())
    };
    match wish {
        Wish::Sensitivity(wished) => tried.into_iter().rev().find(|t| reaches(t, true, wished)),
        Wish::Specificity(wished) => tried.into_iter().find(|t| reaches(t, false, wished)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(value: f32) -> Fraction {
        Fraction::new(value).unwrap()
    }

    /// Forty cases without opacity at 0.01 to 0.40, forty with it at 0.31 to 0.70: ten overlap.
    fn cases() -> Cases {
        let mut cases = Cases::default();
        for i in 1..=40_u8 {
            cases.push(None, fraction(f32::from(i) / 100.0), false);
            cases.push(Some(&format!("p{i}")), fraction(f32::from(i + 30) / 100.0), true);
        }
        cases
    }

    #[test]
    fn the_threshold_costs_the_other_figure_least() {
        let sensitive = cases().choose(Wish::Sensitivity(fraction(0.9))).unwrap();
        // 36 of 40 lie at 0.35 and above; 34 of 40 without opacity lie below it.
        assert_eq!((sensitive.threshold, sensitive.sensitivity), (fraction(0.35), fraction(0.9)));
        assert_eq!(sensitive.specificity, fraction(0.85));
        let specific = cases().choose(Wish::Specificity(fraction(1.0))).unwrap();
        assert_eq!((specific.threshold, specific.specificity), (fraction(0.41), Fraction::ONE));
        assert_eq!((specific.positives, specific.negatives), (40, 40));
    }

    #[test]
    fn the_interval_holds_the_figure() {
        let chosen = cases().choose(Wish::Sensitivity(fraction(0.9))).unwrap();
        let [low, high] = chosen.sensitivity95.unwrap();
        assert!(low < 0.9 && 0.9 < high && high - low < 0.3, "{low} {high}");
    }

    #[test]
    fn too_few_cases_choose_nothing() {
        let mut few = Cases::default();
        (0..29).for_each(|_| few.push(None, fraction(0.5), true));
        (0..99).for_each(|_| few.push(None, fraction(0.1), false));
        let error = few.choose(Wish::Sensitivity(fraction(0.5))).unwrap_err();
        assert_eq!(error, ChoiceError::TooFew { positives: 29, negatives: 99 });
        few.push(None, fraction(0.5), true);
        assert_eq!(few.choose(Wish::Sensitivity(fraction(0.5))).unwrap().threshold, fraction(0.5));
    }

    #[test]
    fn radiographs_of_one_patient_are_one_group() {
        let mut cases = Cases::default();
        (0..5).for_each(|_| cases.push(Some("p"), fraction(0.5), true));
        cases.push(None, fraction(0.5), true);
        assert_eq!(cases.groups.iter().map(Vec::len).collect::<Vec<_>>(), [5, 1]);
    }
}
