//! What the network says of its input, as probabilities.

use super::fitness::Fitness;
use crate::preprocess::Letterbox;

/// Probabilities on the network's square, row-major, `side` x `side` each.
///
/// `right`, `left` and `heart` are shares of one: with the background they add up to 1.
/// `right` is the patient's right lung (the image's left); `heart` is the part of the left lung's field that the
/// heart covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    pub side: usize,
    pub letterbox: Letterbox,
    pub right: Vec<f32>,
    pub left: Vec<f32>,
    pub heart: Vec<f32>,
    /// Probability that a pixel is infected (ground glass or consolidation), calibrated.
    pub infection: Vec<f32>,
    /// Whether this is a frontal, upright, uninverted chest radiograph.
    pub fitness: Fitness,
}
