//! Convolution of each channel with its own kernel of 3 x 3 or 5 x 5.

use std::ops::Range;

use super::requantise::Requantise;
use super::{ConvShape, ConvTensors, Kernel, KernelError, KernelSet, MapShape};

/// Channels computed at a time; a depthwise convolution has a multiple of them.
pub const LANES: usize = 8;

/// The kernel of `set` for a depthwise convolution.
pub fn depthwise(
    shape: &ConvShape,
    tensors: &ConvTensors<'_>,
    set: KernelSet,
) -> Result<Box<dyn Kernel>, KernelError> {
    match set {
        #[cfg(target_arch = "arm")]
        KernelSet::NeonArmv7
            if shape.output()?.width >= super::armv7::TWIN
                && super::turns::sums_of_pairs_fit(tensors.weights) =>
        {
            Ok(Box::new(super::armv7::Depthwise::new(shape, tensors)?))
        }
        #[cfg(target_arch = "aarch64")]
        KernelSet::NeonDotprod => Ok(Box::new(super::neon::Depthwise::by_fours(shape, tensors)?)),
        #[cfg(target_arch = "aarch64")]
        KernelSet::Neon if super::turns::sums_of_pairs_fit(tensors.weights) => {
            Ok(Box::new(super::neon::Depthwise::by_pairs(shape, tensors)?))
        }
        #[cfg(target_arch = "x86_64")]
        KernelSet::Avx512Vnni if shape.input.channels >= super::x86::LANES => {
            Ok(Box::new(super::x86::WideDepthwise::new(shape, tensors)?))
        }
        #[cfg(target_arch = "x86_64")]
        KernelSet::Avx2 if shape.input.channels >= super::x86::LANES => {
            Ok(Box::new(super::x86::Depthwise::new(shape, tensors)?))
        }
        _ => Ok(Box::new(Depthwise::new(shape, tensors)?)),
    }
}

#[derive(Debug, Clone)]
pub struct Depthwise {
    shape: ConvShape,
    output: MapShape,
    /// For each block of eight channels: taps x 8.
    weights: Vec<i16>,
    bias: Vec<i32>,
    scales: Vec<f32>,
    requantise: Requantise,
    /// A pixel outside the map: every channel at the zero point.
    outside: Vec<i8>,
}

impl Depthwise {
    /// `shape` is that of a depthwise convolution whose channels are a multiple of [`LANES`].
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        let taps = shape.kernel * shape.kernel;
        let weight = |index: usize| {
            let (block, tap, lane) = (index / (taps * LANES), index / LANES % taps, index % LANES);
            i16::from(tensors.weights[(block * LANES + lane) * taps + tap])
        };
        Ok(Self {
            shape: *shape,
            output: shape.output()?,
            weights: (0..tensors.weights.len()).map(weight).collect(),
            bias: tensors.corrected_bias(taps, 0),
            scales: tensors.scales.clone(),
            requantise: Requantise::new(tensors.output_zero),
            outside: vec![tensors.input_zero; shape.input.channels],
        })
    }

    /// All pixels from row `first` on, with `TAPS` = kernel x kernel known to the compiler.
    fn pixels<const TAPS: usize>(&self, map: &[i8], first: usize, output: &mut [i8]) {
        let channels = self.output.channels;
        for (index, y) in output.chunks_exact_mut(channels).enumerate() {
            let (row, column) = (first + index / self.output.width, index % self.output.width);
            let taps: [&[i8]; TAPS] = std::array::from_fn(|tap| match self.shape.source(row, column, tap) {
                Some(pixel) => &map[pixel * channels..][..channels],
                None => &self.outside[..channels],
            });
            self.pixel(&taps, y);
        }
    }

    /// One pixel of all channels from the pixels under its kernel.
    #[inline(always)]
    fn pixel<const TAPS: usize>(&self, taps: &[&[i8]; TAPS], y: &mut [i8]) {
        let (weights, _) = self.weights.as_chunks::<LANES>();
        let (bias, _) = self.bias.as_chunks::<LANES>();
        let (scales, _) = self.scales.as_chunks::<LANES>();
        let (blocks, _) = y.as_chunks_mut::<LANES>();
        for (block, y) in blocks.iter_mut().enumerate() {
            let mut sums = bias[block];
            for (tap, weights) in taps.iter().zip(&weights[block * TAPS..][..TAPS]) {
                let x = &tap.as_chunks::<LANES>().0[block];
                for lane in 0..LANES {
                    let product = i32::from(i16::from(x[lane])) * i32::from(weights[lane]);
                    sums[lane] = sums[lane].wrapping_add(product);
                }
            }
            *y = self.requantise.bytes(&sums, &scales[block]);
        }
    }
}

impl Kernel for Depthwise {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], _scratch: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.span(&rows).len()));
        assert_eq!(inputs[0].len(), self.shape.input.bytes());
        match self.shape.kernel {
            3 => self.pixels::<9>(inputs[0], rows.start, output),
            _ => self.pixels::<25>(inputs[0], rows.start, output),
        }
    }
}
