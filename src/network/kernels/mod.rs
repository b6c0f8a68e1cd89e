//! Int8 arithmetic on maps of one radiograph: convolution, addition, concatenation, doubling.
//!
//! A map is a slice of bytes in NHWC order: rows, then columns, then channels. Real value = scale x (byte - zero).
//! Weights are packed once, when a kernel is made; bias, requantisation and the clamp (ReLU6 is the clamp of an
//! output range) are part of each kernel. The rounding is ONNX Runtime's, so its outputs are met bit for bit, and
//! only IEEE operations in a fixed order occur, so every processor gives the same bytes.
//! This module does not know the graph, its file format or its engine.

mod add;
#[cfg(target_arch = "arm")]
mod armv7;
#[cfg(any(target_arch = "aarch64", target_arch = "arm", target_arch = "x86_64"))]
mod blocks;
mod concat;
mod conv;
mod dense;
mod depthwise;
mod double;
mod lines;
#[cfg(target_arch = "aarch64")]
mod neon;
mod packed;
mod pointwise;
mod product;
#[cfg(test)]
mod reference;
mod requantise;
mod set;
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
mod taps;
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
mod turns;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;
use std::ops::Range;

pub use add::Add;
pub use concat::Concat;
pub use conv::{ConvShape, ConvTensors, conv};
pub use double::Double;
pub use set::{KernelSet, KernelSetError};

/// Bytes of the largest map: 32 channels at 1024 x 1024, four times what the largest input side needs.
const MAP_BYTES_MAX: usize = 32 << 20;

/// Why no kernel can be made from what a model gives.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// neither dense nor depthwise with a known kernel
    #[error(
        "no kernel for a convolution of {inputs} to {outputs} channels in {groups} groups, \
         kernel {kernel}, stride {stride}, padding {pad}"
    )]
    Conv { inputs: usize, outputs: usize, groups: usize, kernel: usize, stride: usize, pad: usize },
    /// a tensor has not as many values as its shape says
    #[error("{what} has {actual} values, expected {expected}")]
    Length { what: &'static str, expected: usize, actual: usize },
    /// a scale that is zero, negative or not finite
    #[error("{0} is no scale: it must be positive and finite")]
    Scale(f32),
    /// a map that is empty or too large
    #[error("a map of {0} is outside 1 to {MAP_BYTES_MAX} bytes")]
    Map(MapShape),
    /// maps that should agree in size
    #[error("maps of {0} and {1} do not fit together")]
    Mismatch(MapShape, MapShape),
}

/// Rows, columns and channels of a map, in this order in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapShape {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl MapShape {
    /// A shape whose bytes lie within 1..=[`MAP_BYTES_MAX`].
    pub fn new(height: usize, width: usize, channels: usize) -> Result<Self, KernelError> {
        let shape = Self { height, width, channels };
        let bytes = height.checked_mul(width).and_then(|area| area.checked_mul(channels));
        match bytes {
            Some(1..=MAP_BYTES_MAX) => Ok(shape),
            _ => Err(KernelError::Map(shape)),
        }
    }

    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    pub fn bytes(self) -> usize {
        self.pixels() * self.channels
    }

    /// Bytes of one row.
    pub fn row(self) -> usize {
        self.width * self.channels
    }

    /// Where `rows` lie among the bytes of a map.
    pub fn span(self, rows: &Range<usize>) -> Range<usize> {
        rows.start * self.row()..rows.end * self.row()
    }
}

/// `128x128x24`.
impl fmt::Display for MapShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// Scale and zero point of a tensor: real value = `scale` x (byte - `zero`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantisation {
    pub scale: f32,
    pub zero: i8,
}

impl Quantisation {
    /// Fails unless `scale` is positive and finite.
    pub fn new(scale: f32, zero: i8) -> Result<Self, KernelError> {
        if scale.is_finite() && scale > 0.0 {
            Ok(Self { scale, zero })
        } else {
            Err(KernelError::Scale(scale))
        }
    }

    /// The byte nearest to `value`, ties to even, saturated.
    pub fn quantise(self, value: f32) -> i8 {
        let zero = f32::from(self.zero);
        let steps = (value / self.scale).clamp(-128.0 - zero, 127.0 - zero);
        (steps.round_ties_even() + zero) as i8
    }

    pub fn dequantise(self, byte: i8) -> f32 {
        (i32::from(byte) - i32::from(self.zero)) as f32 * self.scale
    }
}

/// One operator, ready to run: its shapes were checked and its constants packed when it was made.
///
/// The rows of a map may be computed in parts, by several threads: no part depends on another.
pub trait Kernel: fmt::Debug + Send + Sync {
    /// Shape of what [`Kernel::run`] fills.
    fn output(&self) -> MapShape;

    /// Bytes of working memory that [`Kernel::run`] needs.
    fn scratch(&self) -> usize {
        0
    }

    /// Fills `output`, the `rows` of the output map, from whole `inputs`; what is left in `scratch` means nothing.
    ///
    /// The number and lengths of all of them are those that the kernel was made for (asserted).
    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], scratch: &mut [i8]);
}

/// The whole output of `kernel`, computed at once.
#[cfg(test)]
fn whole(kernel: &dyn Kernel, inputs: &[&[i8]]) -> Vec<i8> {
    let (shape, mut scratch) = (kernel.output(), vec![0; kernel.scratch()]);
    let mut output = vec![0; shape.bytes()];
    kernel.run(inputs, 0..shape.height, &mut output, &mut scratch);
    output
}
