//! Calibration of the map's pixels: when it says 30 %, are 30 % infected?
//!
//! Every radiograph weighs the same, whatever its size: what is kept of one is, for each bin of probability, how far
//! the sum of probabilities exceeds the number of infected pixels, as a share of its pixels.

use super::statistics::{CALIBRATION_BINS, ratio};

/// Excess of probability over truth by bin, in shares of the radiograph's pixels.
pub type Excess = [f64; CALIBRATION_BINS];

/// The excess of pixels given as (probability, infected); `None` of no pixels.
pub fn excess(pixels: impl IntoIterator<Item = (f64, bool)>) -> Option<Excess> {
    let (mut sums, mut n) = ([0.0; CALIBRATION_BINS], 0usize);
    for (probability, infected) in pixels {
        let bin = ((probability * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1);
        sums[bin] += probability - if infected { 1.0 } else { 0.0 };
        n += 1;
    }
    (n > 0).then(|| sums.map(|s| s / n as f64))
}

/// Expected calibration error over radiographs: |mean excess|, summed over the bins.
pub fn error(radiographs: &[&Excess]) -> Option<f64> {
    let bin = |k: usize| radiographs.iter().map(|e| e[k]).sum::<f64>().abs();
    ratio((0..CALIBRATION_BINS).map(bin).sum(), radiographs.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::super::statistics::calibration_error;
    use super::*;

    #[test]
    fn on_one_radiograph_it_is_the_calibration_error_of_its_pixels() {
        let pixels = [(0.2, true), (0.2, false), (0.9, true), (1.0, true)];
        let got = error(&[&excess(pixels).unwrap()]).unwrap();
        assert!((got - calibration_error(&pixels).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn radiographs_weigh_the_same_and_may_balance_each_other() {
        let over = excess([(0.5, false)]).unwrap();
        let under = excess([(0.5, true); 100]).unwrap();
        assert_eq!((error(&[&over]), error(&[&under])), (Some(0.5), Some(0.5)));
        assert_eq!(error(&[&over, &under]), Some(0.0));
        assert_eq!((excess([]), error(&[])), (None, None));
    }
}
