//! From logits to calibrated probabilities on the input's square.

use super::exponential;
use super::fitness::{Fitness, PictureClass};
use super::logits::Logits;
use super::manifest::{Calibration, Fit};

/// Pixels that are taken through a chain of steps together: few enough to stay near the processor.
const BLOCK: usize = 256;

/// A square plane of `from` x `from` values scaled to `to` x `to`, bilinear between pixel centres, the edge repeated.
///
/// Row-major on both sides. Source: PyTorch, `interpolate(mode="bilinear", align_corners=False)`.
pub fn enlarge(plane: &[f32], from: usize, to: usize) -> Vec<f32> {
    assert_eq!(plane.len(), from * from);
    let steps: Vec<(usize, usize, f32)> = (0..to).map(|i| between(i, from, to)).collect();
    let (mut out, mut row) = (vec![0.0; to * to], vec![0.0; from]);
    for (line, &(upper, lower, down)) in out.chunks_exact_mut(to).zip(&steps) {
        let (a, b) = (&plane[upper * from..][..from], &plane[lower * from..][..from]);
        row.iter_mut().zip(a.iter().zip(b)).for_each(|(m, (a, b))| *m = mix(*a, *b, down));
        let stretched = |(value, step): (&mut f32, &(usize, usize, f32))| {
            *value = mix(row[step.0], row[step.1], step.2);
        };
        if to == 2 * from {
            doubled(&row, line);
            let ends = [0, to - 1];
            ends.iter().for_each(|&x| stretched((&mut line[x], &steps[x])));
        } else {
            line.iter_mut().zip(&steps).for_each(stretched);
        }
    }
    out
}

/// `row` at twice its length but for the first and the last value.
fn doubled(row: &[f32], line: &mut [f32]) {
    let (pairs, _) = line[1..].as_chunks_mut::<2>();
    for ((pair, a), b) in pairs.iter_mut().zip(row).zip(&row[1..]) {
        *pair = [mix(*a, *b, 0.25), mix(*a, *b, 0.75)];
    }
}

/// The shares of the classes in each pixel; `planes` are their logits, equally long. The shares of a pixel sum to 1.
pub fn softmax<const CLASSES: usize>(mut planes: [Vec<f32>; CLASSES]) -> [Vec<f32>; CLASSES] {
    let length = planes[0].len();
    for start in (0..length).step_by(BLOCK) {
        let end = (start + BLOCK).min(length);
        let (mut largest, mut sums) = ([f32::NEG_INFINITY; BLOCK], [0.0; BLOCK]);
        for plane in &planes {
            let logits = largest.iter_mut().zip(&plane[start..end]);
            logits.for_each(|(a, &b)| *a = if b > *a { b } else { *a });
        }
        for plane in &mut planes {
            let powers = &mut plane[start..end];
            powers.iter_mut().zip(&largest).for_each(|(logit, largest)| *logit -= largest);
            exponential::of_all(powers);
            sums.iter_mut().zip(powers).for_each(|(sum, power)| *sum += *power);
        }
        for plane in &mut planes {
            plane[start..end].iter_mut().zip(&sums).for_each(|(power, sum)| *power /= sum);
        }
    }
    planes
}

/// The calibrated probability that `logit` stands for.
pub fn calibrated(logit: f32, calibration: &Calibration) -> f32 {
    1.0 / (1.0 + libm::expf(-score(logit, calibration)))
}

/// Makes logits their calibrated probabilities.
pub fn calibrate(logits: &mut [f32], calibration: &Calibration) {
    for block in logits.chunks_mut(BLOCK) {
        block.iter_mut().for_each(|v| *v = -score(*v, calibration));
        exponential::of_all(block);
        block.iter_mut().for_each(|v| *v = 1.0 / (1.0 + *v));
    }
}

fn score(logit: f32, calibration: &Calibration) -> f32 {
    calibration.logit_scale * logit + calibration.logit_offset
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
        let [a, b, c] = softmax([vec![800.0, 0.0], vec![800.0, 0.0], vec![-800.0, 0.0]]);
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
