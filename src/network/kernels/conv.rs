//! Which kernel a convolution gets, and what all of them need: shapes, constants, the corrected bias.

use super::dense::Dense;
use super::depthwise;
use super::pointwise::Pointwise;
use super::product::depth_step;
use super::{Kernel, KernelError, KernelSet, MapShape};

/// Geometry of a convolution: a square kernel, the same stride and padding on both axes, no dilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    pub input: MapShape,
    pub outputs: usize,
    pub groups: usize,
    pub kernel: usize,
    pub stride: usize,
    pub pad: usize,
}

/// A convolution's constants: weights as OIHW, and for each output channel a bias and a scale.
#[derive(Debug, Clone)]
pub struct ConvTensors<'a> {
    pub weights: &'a [i8],
    pub bias: &'a [i32],
    /// Input scale x weight scale / output scale.
    pub scales: Vec<f32>,
    pub input_zero: i8,
    pub output_zero: i8,
}

/// The kernel of `set` for a convolution, its weights packed.
///
/// Dense with any kernel, or depthwise (3 or 5, stride 1 or 2, channels a multiple of eight); else an error.
pub fn conv(
    shape: &ConvShape,
    tensors: &ConvTensors<'_>,
    set: KernelSet,
) -> Result<Box<dyn Kernel>, KernelError> {
    shape.output()?;
    tensors.check(shape)?;
    let one_pixel = (shape.kernel, shape.stride, shape.pad) == (1, 1, 0);
    let straight = one_pixel && shape.input.channels.is_multiple_of(depth_step(set));
    Ok(match shape.groups {
        1 if straight => Box::new(Pointwise::new(shape, tensors, set)?),
        1 => Box::new(Dense::new(shape, tensors, set)?),
        _ => depthwise::depthwise(shape, tensors, set)?,
    })
}

impl ConvShape {
    /// Shape of the output; an error where no kernel here computes it.
    pub fn output(&self) -> Result<MapShape, KernelError> {
        self.check()?;
        let side = |length: usize| {
            (length + 2 * self.pad).checked_sub(self.kernel).map_or(0, |rest| rest / self.stride + 1)
        };
        MapShape::new(side(self.input.height), side(self.input.width), self.outputs)
    }

    /// The input pixel under tap `tap` of the kernel at output (`row`, `column`); `None` outside the map.
    #[inline(always)]
    pub fn source(&self, row: usize, column: usize, tap: usize) -> Option<usize> {
        let y = (row * self.stride + tap / self.kernel).wrapping_sub(self.pad);
        let x = (column * self.stride + tap % self.kernel).wrapping_sub(self.pad);
        (y < self.input.height && x < self.input.width).then(|| y * self.input.width + x)
    }

    fn check(&self) -> Result<(), KernelError> {
        let channels = self.input.channels;
        let plausible =
            (1..=7).contains(&self.kernel) && (1..=2).contains(&self.stride) && self.pad < self.kernel;
        let depthwise = self.groups == channels
            && self.outputs == channels
            && channels.is_multiple_of(depthwise::LANES)
            && matches!(self.kernel, 3 | 5);
        if plausible && (self.groups == 1 || depthwise) {
            return Ok(());
        }
        let Self { outputs, groups, kernel, stride, pad, .. } = *self;
        Err(KernelError::Conv { inputs: channels, outputs, groups, kernel, stride, pad })
    }
}

impl ConvTensors<'_> {
    /// Bias less the input's zero point, `shift` added to it, times the sum of the `depth` weights of each output channel.
    ///
    /// `shift` is what a kernel adds to the bytes that it multiplies.
    /// With it a kernel multiplies raw bytes, provided that pixels outside the map count as the zero point.
    /// Sums are modulo 2^32, here and in every kernel, as in ONNX Runtime: the order of the terms never matters.
    pub fn corrected_bias(&self, depth: usize, shift: i32) -> Vec<i32> {
        let zero = i32::from(self.input_zero) + shift;
        let corrected = |(weights, &bias): (&[i8], &i32)| {
            let sum = weights.iter().fold(0i32, |sum, &w| sum.wrapping_add(w.into()));
            bias.wrapping_sub(zero.wrapping_mul(sum))
        };
        self.weights.chunks_exact(depth).zip(self.bias).map(corrected).collect()
    }

    fn check(&self, shape: &ConvShape) -> Result<(), KernelError> {
        let depth = shape.input.channels / shape.groups * shape.kernel * shape.kernel;
        let lengths = [
            ("the weights", depth * shape.outputs, self.weights.len()),
            ("the bias", shape.outputs, self.bias.len()),
            ("the scales", shape.outputs, self.scales.len()),
        ];
        for (what, expected, actual) in lengths {
            if expected != actual {
                return Err(KernelError::Length { what, expected, actual });
            }
        }
        match self.scales.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            Some(&scale) => Err(KernelError::Scale(scale)),
            None => Ok(()),
        }
    }
}
