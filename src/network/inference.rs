//! A checked model: from a square radiograph to probabilities.

use image::ImageFormat;

use super::bundle::Bundle;
use super::error::ModelError;
use super::graph::Graph;
use super::logits::Logits;
use super::manifest::{Manifest, OUTPUTS};
use super::probability::{calibrate, enlarged, fitness, softmax};
use super::{Compute, KernelSet, Segmentation};
use crate::preprocess::NetworkInput;

/// A network that has given its bundle's golden output on this machine, bit for bit.
#[derive(Debug)]
pub struct Network {
    manifest: Manifest,
    manifest_sha256: String,
    graph: Graph,
    kernels: KernelSet,
    /// The network's byte for each grey value.
    levels: [i8; 256],
}

impl Network {
    /// The network on the fastest kernels and all cores, see [`Network::load_for`].
    pub fn load(bundle: Bundle) -> Result<Self, ModelError> {
        Self::load_for(bundle, Compute::default())
    }

    /// Builds the graph, compares its shapes with the manifest, and tries it on the golden input.
    pub fn load_for(bundle: Bundle, compute: Compute) -> Result<Self, ModelError> {
        let graph = Graph::load(bundle.model(), compute)?;
        let manifest = bundle.manifest().clone();
        let (mean, std) = (manifest.input.mean, manifest.input.std);
        let levels = std::array::from_fn(|grey| graph.input_byte((grey as f32 - mean) / std));
        let manifest_sha256 = bundle.manifest_sha256();
        let mut network = Self { manifest, manifest_sha256, graph, kernels: compute.kernels(), levels };
        network.check_shapes()?;
        compare(network.infer_raw(&golden_input(&bundle)?)?, bundle.golden_expected())?;
        Ok(network)
    }

    /// Probabilities on the input's square; with `input.mirrored_too` the network runs twice.
    pub fn infer(&mut self, input: &NetworkInput) -> Result<Segmentation, ModelError> {
        let side = self.graph.side();
        let outputs = outputs(&mut self.graph, &self.levels, input)?;
        let [lung, infection, fit] = outputs else {
            return Err(ModelError::OutputCount { expected: OUTPUTS.len(), actual: outputs.len() });
        };
        let classes: [Vec<f32>; 4] = std::array::from_fn(|class| enlarged(lung, class, side));
        let [_, right, left, heart] = softmax(classes);
        let mut infected = enlarged(infection, 0, side);
        let fit = self::fitness(fit, &self.manifest.fit);
        if self.manifest.input.mirrored_too {
            self.average_with_mirrored(input, &mut infected)?;
        }
        calibrate(&mut infected, &self.manifest.infection);
        Ok(Segmentation {
            side,
            letterbox: input.letterbox(),
            right,
            left,
            heart,
            infection: infected,
            fitness: fit,
        })
    }

    /// Makes `infected`, the infection logits of `input`, their mean with those of its mirror image.
    fn average_with_mirrored(
        &mut self,
        input: &NetworkInput,
        infected: &mut [f32],
    ) -> Result<(), ModelError> {
        let side = self.graph.side();
        let outputs = self.infer_raw(&input.mirrored())?;
        let mirrored = enlarged(&outputs[1], 0, side);
        for (line, other) in infected.chunks_exact_mut(side).zip(mirrored.chunks_exact(side)) {
            line.iter_mut().zip(other.iter().rev()).for_each(|(a, b)| *a = 0.5 * (*a + b));
        }
        Ok(())
    }

    /// The outputs as the graph gives them, in the manifest's order; no memory is taken for them.
    pub fn infer_raw(&mut self, input: &NetworkInput) -> Result<&[Logits], ModelError> {
        outputs(&mut self.graph, &self.levels, input)
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// SHA-256 of the manifest, in hexadecimal digits: that of the bundle, since the manifest names all its files'.
    pub fn manifest_sha256(&self) -> &str {
        &self.manifest_sha256
    }

    /// SHA-256 of the model file, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.manifest.files.model.sha256
    }

    /// Which kernels run on this machine.
    pub fn kernels(&self) -> &'static str {
        self.kernels.name()
    }

    /// On how many threads.
    pub fn threads(&self) -> usize {
        self.graph.threads()
    }

    /// Multiply-accumulates of one inference.
    pub fn multiply_accumulates(&self) -> u64 {
        self.graph.multiply_accumulates()
    }

    /// How often the network runs for one radiograph.
    pub fn inferences(&self) -> usize {
        if self.manifest.input.mirrored_too { 2 } else { 1 }
    }

    fn check_shapes(&self) -> Result<(), ModelError> {
        let (expected, actual) = (self.manifest.input.side as usize, self.graph.side());
        if expected != actual {
            return Err(ModelError::InputSide { expected, actual });
        }
        let (said, given) = (&self.manifest.outputs, self.graph.outputs());
        if said.len() != given.len() {
            return Err(ModelError::OutputCount { expected: said.len(), actual: given.len() });
        }
        let text = |name: &str, channels, side| format!("{name} {channels}x{side}x{side}");
        for (index, (said, given)) in said.iter().zip(given).enumerate() {
            let expected = text(&said.name, said.channels.len(), said.side as usize);
            let actual = text(&given.name, given.channels, given.side);
            if expected != actual {
                return Err(ModelError::OutputShape { index, expected, actual });
            }
        }
        Ok(())
    }
}

/// The outputs of `graph` for an input whose grey values are bytes of `levels` to it.
fn outputs<'a>(
    graph: &'a mut Graph,
    levels: &[i8; 256],
    input: &NetworkInput,
) -> Result<&'a [Logits], ModelError> {
    let (expected, actual) = (graph.side(), input.letterbox().side as usize);
    if expected != actual {
        return Err(ModelError::Input { expected, actual });
    }
    Ok(graph.run(input.pixels().iter().map(|&grey| levels[usize::from(grey)])))
}

/// The golden input as the network takes it.
fn golden_input(bundle: &Bundle) -> Result<NetworkInput, ModelError> {
    let side = bundle.manifest().input.side;
    let mut reader =
        image::ImageReader::with_format(std::io::Cursor::new(bundle.golden_input()), ImageFormat::Png);
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(side), Some(side));
    reader.limits(limits);
    let picture = reader.decode().map_err(ModelError::GoldenPicture)?.into_luma8();
    let (width, height) = picture.dimensions();
    NetworkInput::square(picture.into_raw(), side).filter(|_| width == height).ok_or(ModelError::GoldenSide {
        width,
        height,
        side,
    })
}

/// Whether `outputs` are exactly `golden`.
fn compare(outputs: &[Logits], golden: &[u8]) -> Result<(), ModelError> {
    let expected = outputs.iter().map(|o| o.bytes.len()).sum();
    if expected != golden.len() {
        return Err(ModelError::GoldenLength { expected, actual: golden.len() });
    }
    let mut rest = golden;
    for output in outputs {
        let (golden, after) = rest.split_at(output.bytes.len());
        rest = after;
        let distances = output.bytes.iter().zip(golden).map(|(&a, &b)| a.abs_diff(b as i8));
        let (differing, largest) = distances.fold((0, 0), |(n, l), d| (n + usize::from(d > 0), d.max(l)));
        if differing > 0 {
            let (output, of) = (output.name.clone(), golden.len());
            return Err(ModelError::Golden { output, differing, of, largest });
        }
    }
    Ok(())
}
