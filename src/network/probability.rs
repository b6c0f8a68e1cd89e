//! From logits to calibrated probabilities on the input's square.

use super::fitness::{Fitness, PictureClass};
use super::logits::Logits;
use super::manifest::{Calibration, Fit};

/// A square plane of `from` x `from` values scaled to `to` x `to`, bilinear between pixel centres, the edge repeated.
///
/// Row-major on both sides. Source: PyTorch, `interpolate(mode="bilinear", align_corners=False)`.
pub fn enlarge(plane: &[f32], from: usize, to: usize) -> Vec<f32> {
    assert_eq!(plane.len(), from * from);
    let steps: Vec<(usize, usize, f32)> = (0..to).map(|i| between(i, from, to)).collect();
    let mut out = Vec::with_capacity(to * to);
    for &(upper, lower, down) in &steps {
        let (a, b) = (&plane[upper * from..][..from], &plane[lower * from..][..from]);
        let row: Vec<f32> = a.iter().zip(b).map(|(a, b)| mix(*a, *b, down)).collect();
        out.extend(steps.iter().map(|&(left, right, along)| mix(row[left], row[right], along)));
    }
    out
}

/// The shares of the classes in each pixel; `planes` are their logits, equally long. The shares of a pixel sum to 1.
pub fn softmax<const CLASSES: usize>(planes: &[Vec<f32>; CLASSES]) -> [Vec<f32>; CLASSES] {
    let mut shares = planes.clone();
    for pixel in 0..planes[0].len() {
        let logits: [f32; CLASSES] = std::array::from_fn(|class| planes[class][pixel]);
        let largest = logits.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        let powers = logits.map(|logit| libm::expf(logit - largest));
        let sum: f32 = powers.iter().sum();
        for (plane, power) in shares.iter_mut().zip(powers) {
            plane[pixel] = power / sum;
        }
    }
    shares
}

/// The calibrated probability that `logit` stands for.
pub fn calibrated(logit: f32, calibration: &Calibration) -> f32 {
    let score = calibration.logit_scale * logit + calibration.logit_offset;
    1.0 / (1.0 + libm::expf(-score))
}

/// What the picture may be, from the output `fit`: the mean logit of each channel, times the scale and plus, for the
/// classes that can be graded, the offset; then softmax over the channels.
///
/// With the one channel "fit" it is the calibrated probability of that.
pub fn fitness(logits: &Logits, rule: &Fit) -> Fitness {
    if let [_] = rule.classes.as_slice() {
        return Fitness::plain(calibrated(logits.mean(0), &rule.calibration));
    }
    let c = &rule.calibration;
    let offset = |class: PictureClass| if class.gradable() { c.logit_offset } else { 0.0 };
    let scores: Vec<f32> = (0..logits.channels)
        .zip(&rule.classes)
        .map(|(channel, &class)| c.logit_scale * logits.mean(channel) + offset(class))
        .collect();
    let largest = scores.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    let powers: Vec<f32> = scores.iter().map(|s| libm::expf(s - largest)).collect();
    let sum: f32 = powers.iter().sum();
    let shares: Vec<_> = rule.classes.iter().copied().zip(powers.iter().map(|p| p / sum)).collect();
    Fitness::of(&shares)
}

/// Logits of one channel on the input's square.
pub fn enlarged(logits: &Logits, channel: usize, side: usize) -> Vec<f32> {
    enlarge(&logits.plane(channel), logits.side, side)
}

/// The two source indices around target `index`, and how far it lies towards the second, 0..1.
fn between(index: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let at = ((index as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
    let first = (at as usize).min(from - 1);
    (first, (first + 1).min(from - 1), at - first as f32)
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a * (1.0 - share) + b * share
}

#[cfg(test)]
mod tests {
    use super::super::kernels::Quantisation;
    use super::*;
    use crate::units::Fraction;

    #[test]
    fn doubling_mixes_neighbours_three_to_one_and_repeats_the_edge() {
        let out = enlarge(&[0.0, 4.0, 8.0, 12.0], 2, 4);
        assert_eq!(out[..4], [0.0, 1.0, 3.0, 4.0]);
        assert_eq!(out[4..8], [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(out[12..], [8.0, 9.0, 11.0, 12.0]);
    }

    #[test]
    fn a_plane_of_the_same_side_stays_as_it_is() {
        let plane: Vec<f32> = (0..9).map(|i| i as f32).collect();
        assert_eq!(enlarge(&plane, 3, 3), plane);
    }

    #[test]
    fn shares_of_a_pixel_sum_to_one_even_for_large_logits() {
        let [a, b, c] = softmax(&[vec![800.0, 0.0], vec![800.0, 0.0], vec![-800.0, 0.0]]);
        assert_eq!((a[0], b[0], c[0]), (0.5, 0.5, 0.0));
        assert!((a[1] + b[1] + c[1] - 1.0).abs() < 1e-6);
    }

    /// Probability of grading and of the mirror image for `channels` of 2 x 2 bytes, each a whole logit.
    fn check_fitness(classes: &[PictureClass], channels: &[i8], scale: f32, offset: f32, expected: [f32; 2]) {
        let q = Quantisation::new(1.0, 0).unwrap();
        let map: Vec<i8> = (0..4).flat_map(|_| channels.iter().copied()).collect();
        let mut logits = Logits::empty("fit", 2, channels.len(), q);
        logits.fill(&map);
        let threshold = Fraction::ZERO;
        let calibration = Calibration { threshold, logit_scale: scale, logit_offset: offset };
        let f = fitness(&logits, &Fit { calibration, classes: classes.to_vec(), mirrored_from: None });
        for (got, expected) in [f.fit(), f.mirrored()].into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
        }
    }

    #[test]
    fn fitness_is_a_sigmoid_of_one_channel_and_a_softmax_of_more() {
        use PictureClass::*;
        let e = libm::expf;
        check_fitness(&[Fit], &[2], 1.0, 0.0, [1.0 / (1.0 + e(-2.0)), 0.0]);
        check_fitness(&[Fit], &[2], 0.5, 1.0, [1.0 / (1.0 + e(-2.0)), 0.0]);
        let (fit, mirrored) = (e(3.0), e(4.0));
        let all = fit + mirrored + 4.0;
        check_fitness(
            &PictureClass::ALL,
            &[3, 4, 0, 0, 0, 0],
            1.0,
            0.0,
            [(fit + mirrored) / all, mirrored / (fit + mirrored)],
        );
        check_fitness(&[Other, Fit], &[4, 2], 0.5, 1.0, [0.5, 0.0]);
    }

    #[test]
    fn calibration_scales_and_shifts_the_logit() {
        let c = Calibration { threshold: Fraction::ZERO, logit_scale: 2.0, logit_offset: -3.0 };
        assert_eq!(calibrated(1.5, &c), 0.5);
        assert_eq!((calibrated(1e9, &c), calibrated(-1e9, &c)), (1.0, 0.0));
    }
}
