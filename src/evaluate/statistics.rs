//! Measures of agreement, by their textbook definitions.
//!
//! Sums run in the order of their input, so that a set of numbers gives the same bits everywhere.
//! Each gives `None` where it is not defined: on nothing, or where one side does not vary.

/// Bins of the calibration error, equally wide (Guo et al. 2017, "On Calibration of Modern Neural Networks").
pub const CALIBRATION_BINS: usize = 10;

/// Arithmetic mean.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.into_iter().fold((0.0, 0usize), |(s, n), v| (s + v, n + 1));
    ratio(sum, n as f64)
}

/// `part` of `whole`, or nothing of nothing.
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

/// Mean absolute difference of pairs.
pub fn mae(pairs: &[(f64, f64)]) -> Option<f64> {
    mean(pairs.iter().map(|(a, b)| (a - b).abs()))
}

/// Whether not all values are the same. Sums of squares cannot tell: a rounded mean leaves a little of them.
fn varies(mut values: impl Iterator<Item = f64>) -> bool {
    values.next().is_some_and(|first| values.any(|v| v != first))
}

/// Pearson's correlation.
pub fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    if !varies(pairs.iter().map(|p| p.0)) || !varies(pairs.iter().map(|p| p.1)) {
        return None;
    }
    let (ma, mb) = (mean(pairs.iter().map(|p| p.0))?, mean(pairs.iter().map(|p| p.1))?);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        ab += (a - ma) * (b - mb);
        aa += (a - ma) * (a - ma);
        bb += (b - mb) * (b - mb);
    }
    ratio(ab, libm::sqrt(aa * bb))
}

/// Spearman's correlation: Pearson's of the ranks; equal values share the mean of their ranks.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let a = ranks(&pairs.iter().map(|p| p.0).collect::<Vec<_>>());
    let b = ranks(&pairs.iter().map(|p| p.1).collect::<Vec<_>>());
    pearson(&a.into_iter().zip(b).collect::<Vec<_>>())
}

/// Share of the variance of the first of each pair (the reference) that the second (the estimate) explains:
/// 1 - residual / total sum of squares; negative where the reference's mean would estimate better.
pub fn r2(pairs: &[(f64, f64)]) -> Option<f64> {
    if !varies(pairs.iter().map(|p| p.0)) {
        return None;
    }
    let m = mean(pairs.iter().map(|p| p.0))?;
    let (mut residual, mut total) = (0.0, 0.0);
    for (reference, estimate) in pairs {
        residual += (reference - estimate) * (reference - estimate);
        total += (reference - m) * (reference - m);
    }
    ratio(residual, total).map(|unexplained| 1.0 - unexplained)
}

/// Cohen's kappa with quadratic weights (Cohen 1968): 1 - observed / expected squared difference.
///
/// The expected one is that of two raters with these marginals and no relation; it follows from sums alone.
pub fn kappa_quadratic(pairs: &[(f64, f64)]) -> Option<f64> {
    let (mut difference, mut a1, mut a2, mut b1, mut b2) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (a, b) in pairs {
        difference += (a - b) * (a - b);
        (a1, a2) = (a1 + a, a2 + a * a);
        (b1, b2) = (b1 + b, b2 + b * b);
    }
    let expected = a2 + b2 - 2.0 * ratio(a1 * b1, pairs.len() as f64)?;
    ratio(difference, expected).map(|excess| 1.0 - excess)
}

/// Area under the receiver operating characteristic: how often a positive outscores a negative, ties half
/// (Hanley and McNeil 1982). Pairs of score and truth.
pub fn auc(scored: &[(f64, bool)]) -> Option<f64> {
    let ranks = ranks(&scored.iter().map(|s| s.0).collect::<Vec<_>>());
    let positives = scored.iter().filter(|s| s.1).count() as f64;
    let negatives = scored.len() as f64 - positives;
    let sum: f64 = ranks.iter().zip(scored).filter(|(_, s)| s.1).map(|(r, _)| r).sum();
    ratio(sum - positives * (positives + 1.0) / 2.0, positives * negatives)
}

/// Expected calibration error: mean |observed share - mean probability| over bins, weighted by their size.
/// Pairs of probability and truth.
pub fn calibration_error(scored: &[(f64, bool)]) -> Option<f64> {
    let mut excess = [0.0; CALIBRATION_BINS];
    for (probability, truth) in scored {
        let bin = ((probability * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1);
        excess[bin] += probability - if *truth { 1.0 } else { 0.0 };
    }
    ratio(excess.iter().map(|e: &f64| e.abs()).sum(), scored.len() as f64)
}

/// Rank of each value, from 1; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = start as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|&i| ranks[i] = rank);
        start += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a dozen f64 operations on numbers near 1.
    const TOLERANCE: f64 = 1e-12;

    fn check(got: Option<f64>, expected: f64) {
        let got = got.expect("defined");
        assert!((got - expected).abs() < TOLERANCE, "{got} is not {expected}");
    }

    #[test]
    fn pearson_of_a_line_is_one_and_of_a_known_triple_a_half() {
        check(pearson(&[(1.0, 3.0), (2.0, 5.0), (4.0, 9.0)]), 1.0);
        // Deviations (-1, 0, 1) and (-1, 1, 0): 1 / sqrt(2 * 2).
        check(pearson(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]), 0.5);
        assert_eq!(pearson(&[(1.0, 2.0), (2.0, 2.0)]), None);
        assert_eq!(pearson(&[]), None);
    }

    #[test]
    fn spearman_gives_ties_their_mean_rank() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0]), [2.5, 1.0, 2.5, 4.0]);
        // Ranks (1, 2.5, 2.5, 4) against (1, 2, 3, 4): 4.5 / sqrt(4.5 * 5).
        let pairs = [(1.0, 10.0), (5.0, 20.0), (5.0, 30.0), (9.0, 40.0)];
        check(spearman(&pairs), 4.5 / 22.5f64.sqrt());
        check(spearman(&[(1.0, 1.0), (2.0, 8.0), (3.0, 1e6)]), 1.0);
    }

    #[test]
    fn r2_is_no_correlation() {
        check(r2(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]), 1.0);
        // A constant offset correlates fully and explains less than the mean does: 1 - 12 / 2.
        check(r2(&[(1.0, 3.0), (2.0, 4.0), (3.0, 5.0)]), -5.0);
        // The mean explains nothing.
        check(r2(&[(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]), 0.0);
        // The mean of three times .1 is not .1 in floats, and a total of 6e-34 is no spread.
        assert_eq!(r2(&[(0.1, 1.0), (0.1, 2.0), (0.1, 3.0)]), None);
        assert_eq!(pearson(&[(0.1, 1.0), (0.1, 2.0), (0.1, 3.0)]), None);
    }

    #[test]
    fn quadratic_kappa_matches_its_table() {
        // Table (rows reference 0..2, columns estimate): [[1,1,0],[0,1,0],[0,0,1]], n = 4.
        // The observed weighted sum is 1; the expected one follows from the marginals (2,1,1) and (1,2,1).
        let pairs = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (2.0, 2.0)];
        let (rows, columns) = ([2.0, 1.0, 1.0], [1.0, 2.0, 1.0]);
        let mut expected = 0.0;
        for (i, r) in rows.iter().enumerate() {
            for (j, c) in columns.iter().enumerate() {
                expected += (i as f64 - j as f64).powi(2) * r * c / 4.0;
            }
        }
        check(kappa_quadratic(&pairs), 1.0 - 1.0 / expected);
        check(kappa_quadratic(&[(0.0, 0.0), (18.0, 18.0)]), 1.0);
        check(kappa_quadratic(&[(0.0, 1.0), (1.0, 0.0)]), -1.0);
        assert_eq!(kappa_quadratic(&[(3.0, 3.0), (3.0, 3.0)]), None);
    }

    #[test]
    fn auc_counts_ties_half() {
        // Pairs (.5 over .2), (.5 with .5), (.9 over .2), (.9 over .5): 3.5 of 4.
        check(auc(&[(0.5, true), (0.9, true), (0.2, false), (0.5, false)]), 0.875);
        check(auc(&[(0.3, true), (0.3, false)]), 0.5);
        assert_eq!(auc(&[(0.3, true)]), None);
    }

    #[test]
    fn calibration_error_weighs_bins_by_their_size() {
        // Bin 2 holds .2 and .2 with one positive: |.4 - 1|; bin 9 holds .9 and 1.0, both positive: .1.
        check(calibration_error(&[(0.2, true), (0.2, false), (0.9, true), (1.0, true)]), 0.7 / 4.0);
        check(calibration_error(&[(1.0, true), (0.0, false)]), 0.0);
    }

    #[test]
    fn kappa_punishes_an_offset_that_pearson_does_not_see() {
        let pairs: Vec<(f64, f64)> = (0..10).map(|i| (f64::from(i), f64::from(i) + 3.0)).collect();
        check(pearson(&pairs), 1.0);
        assert!(kappa_quadratic(&pairs).is_some_and(|k| k < 0.7));
    }
}
