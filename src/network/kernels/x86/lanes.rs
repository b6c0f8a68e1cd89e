//! Where a depthwise convolution's channels stand in registers of four lanes.

use super::super::taps::{groups, tap_of};
use super::super::{ConvShape, ConvTensors};

/// Bytes of a register.
pub const REGISTER: usize = 64;

/// 64, 32 or 16 channels, and one, two or four parts of a row that are computed at a time.
#[derive(Debug)]
pub struct Block {
    pub first: usize,
    pub parts: usize,
    /// For each group of taps: four registers as [`channel_of`] says, four taps of each channel.
    pub weights: Vec<i8>,
    pub bias: [i32; REGISTER],
    pub scales: [f32; REGISTER],
}

/// First channel and parts of each block; where eight channels are left over, the last sixteen are computed, eight of
/// them once more.
pub fn blocks(channels: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let parts = match channels - next {
            0 => return None,
            REGISTER.. => 1,
            32.. => 2,
            _ => 4,
        };
        let first = next.min(channels - REGISTER / parts);
        next = first + REGISTER / parts;
        Some((first, parts))
    })
}

/// Which of a block's channels stands at a place of four registers of sixteen: each lane of the first has the first
/// four of the lane's sixteen, and so on.
fn channel_of(place: usize, parts: usize) -> usize {
    let (register, lane, within) = (place / 16, place / 4 % 4, place % 4);
    lane % (4 / parts) * 16 + 4 * register + within
}

impl Block {
    pub fn new(
        first: usize,
        parts: usize,
        shape: &ConvShape,
        tensors: &ConvTensors<'_>,
        bias: &[i32],
    ) -> Self {
        let taps = shape.kernel * shape.kernel;
        let weight = |index: usize| {
            let (group, place, four) = (index / (4 * REGISTER), index / 4 % REGISTER, index % 4);
            let channel = first + channel_of(place, parts);
            tap_of(group, four, shape).map_or(0, |tap| tensors.weights[channel * taps + tap])
        };
        let channel = |place| first + channel_of(place, parts);
        Self {
            first,
            parts,
            weights: (0..groups(shape.kernel) * 4 * REGISTER).map(weight).collect(),
            bias: std::array::from_fn(|place| bias[channel(place)]),
            scales: std::array::from_fn(|place| tensors.scales[channel(place)]),
        }
    }
}
