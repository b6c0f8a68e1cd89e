//! 95 % intervals by resampling patients.
//!
//! Radiographs of one patient resemble each other, so whole groups are drawn, with replacement, as many as
//! there are; the metric is computed anew from what was drawn, and the middle 95 % of its values is the interval
//! (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13: the percentile interval).
//! The seed is fixed: one set gives one interval, everywhere.

use rand_core::Rng;
use rand_pcg::Pcg32;

/// Times that the groups are drawn.
pub const RESAMPLES: usize = 1000;
/// A metric must be defined in so many of the draws; else its interval would leave out its odd draws.
const DEFINED_MIN: usize = RESAMPLES * 9 / 10;
/// A single group says nothing of how groups differ.
const GROUPS_MIN: usize = 2;
/// Ends of the interval.
const TAILS: [f64; 2] = [0.025, 0.975];
const SEED: u64 = 0x7261_796d_6170;
const STREAM: u64 = 1;

/// The interval of each of `measure`'s metrics; none where it has too few groups or is too often undefined.
pub fn intervals<T, const N: usize>(
    groups: &[Vec<&T>],
    measure: &dyn Fn(&[&T]) -> [Option<f64>; N],
) -> [Option<[f64; 2]>; N] {
    if groups.len() < GROUPS_MIN {
        return [None; N];
    }
    let mut chance = Pcg32::new(SEED, STREAM);
    let mut values: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(RESAMPLES));
    let mut drawn = Vec::new();
    for _ in 0..RESAMPLES {
        drawn.clear();
        for _ in groups {
            drawn.extend(&groups[below(&mut chance, groups.len())]);
        }
        for (values, value) in values.iter_mut().zip(measure(&drawn)) {
            values.extend(value);
        }
    }
    values.map(middle)
}

/// Uniform in 0..`n`; the bias for a few thousand groups is below one in a million.
fn below(chance: &mut Pcg32, n: usize) -> usize {
    ((u64::from(chance.next_u32()) * n as u64) >> 32) as usize
}

fn middle(mut values: Vec<f64>) -> Option<[f64; 2]> {
    if values.len() < DEFINED_MIN {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(TAILS.map(|share| quantile(&values, share)))
}

/// Value below which `share` of the sorted `values` lie, interpolated between neighbours.
fn quantile(values: &[f64], share: f64) -> f64 {
    let position = share * (values.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (values[above] - values[below]) * (position - below as f64)
}

#[cfg(test)]
mod tests {
    use super::super::statistics::mean;
    use super::*;

    fn mean_interval(groups: &[Vec<f64>]) -> Option<[f64; 2]> {
        let groups: Vec<Vec<&f64>> = groups.iter().map(|g| g.iter().collect()).collect();
        let [interval] = intervals(&groups, &|drawn: &[&f64]| [mean(drawn.iter().map(|v| **v))]);
        interval
    }

    #[test]
    fn the_interval_holds_the_mean_and_is_near_its_standard_error() {
        let groups: Vec<Vec<f64>> = (0..100).map(|i| vec![f64::from(i % 10)]).collect();
        let [low, high] = mean_interval(&groups).unwrap();
        assert!(low < 4.5 && high > 4.5);
        // The standard deviation of 0..=9 is 2.87: 2 * 1.96 * 2.87 / sqrt(100) = 1.126.
        assert!((high - low - 1.126).abs() < 0.12, "{low} to {high}");
    }

    #[test]
    fn radiographs_of_one_patient_do_not_count_as_many() {
        let alone: Vec<Vec<f64>> = (0..80).map(|i| vec![f64::from(i / 10)]).collect();
        let together: Vec<Vec<f64>> = (0..8).map(|i| vec![f64::from(i); 10]).collect();
        let width = |g: &[Vec<f64>]| mean_interval(g).map(|[l, h]| h - l).unwrap();
        assert!(width(&together) > 2.0 * width(&alone));
    }

    #[test]
    fn one_set_gives_one_interval() {
        let groups = [vec![1.0, 2.0], vec![4.0], vec![9.0]];
        assert_eq!(mean_interval(&groups), mean_interval(&groups));
        assert_eq!(mean_interval(&groups[..1]), None);
    }

    #[test]
    fn a_metric_that_is_rarely_defined_has_no_interval() {
        let values = [0.0, 1.0];
        let groups: Vec<Vec<&f64>> = values.iter().map(|v| vec![v]).collect();
        let both = |d: &[&f64]| [(d[0] != d[1]).then_some(1.0)];
        assert_eq!(intervals(&groups, &both), [None]);
    }
}
