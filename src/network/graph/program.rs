//! The model as a list of kernels in tract's order, and the memory that they work in.
//!
//! All memory is taken when the program is made: a map's place is given to another map once nobody needs it any more.
//! The rows of each map are shared among the threads of a [`Pool`].

use std::collections::HashMap;
use std::mem;
use std::ops::Range;
use std::sync::Mutex;

use tract_onnx::tract_core::internal::*;

use super::nodes::{KernelNode, Quantise};
use super::pool::Pool;
use crate::network::compute::THREADS_MAX;
use crate::network::kernels::{Kernel, KernelSet, MapShape};

/// Maps that one kernel reads: two are added, and no model joins more than four.
pub const MAPS_MAX: usize = 4;

/// Bytes of all maps and of all threads' working memory: several times what a board's network can sensibly want.
const MEMORY_MAX: usize = 256 << 20;
/// Of one inference; the shipped model takes less than half a thousand million.
const MULTIPLY_ACCUMULATES_MAX: u64 = 20_000_000_000;

/// One kernel, and the places of what it reads and fills.
#[derive(Debug)]
struct Step {
    kernel: Box<dyn Kernel>,
    inputs: Vec<Place>,
    output: usize,
}

/// Where a map lies: a buffer, and how many of its bytes.
#[derive(Debug, Clone, Copy)]
struct Place {
    buffer: usize,
    bytes: usize,
}

/// Kernels in order, with their memory.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    input: Place,
    outputs: Vec<Place>,
    buffers: Vec<Vec<i8>>,
    /// Working memory of each thread.
    scratch: Vec<Vec<i8>>,
    pool: Pool,
    multiply_accumulates: u64,
}

impl Program {
    /// The kernels of `set` for `model`, whose outputs are int8 maps; `pool` runs them.
    pub fn new(model: &TypedModel, set: KernelSet, pool: Pool) -> TractResult<Self> {
        let mut layout = Layout::of(model)?;
        let (mut steps, mut input, mut multiply_accumulates) = (vec![], None, 0);
        for (index, id) in model.eval_order()?.into_iter().enumerate() {
            let node = model.node(id);
            if let Some(quantise) = node.op_as::<Quantise>() {
                input = Some(layout.place(OutletId::new(id, 0), quantise.map));
            } else if let Some(kernel) = node.op_as::<KernelNode>() {
                let inputs: Option<Vec<Place>> =
                    node.inputs.iter().map(|i| layout.places.get(i).copied()).collect();
                let inputs = inputs.with_context(|| format!("{} reads what is no map", node.name))?;
                multiply_accumulates += kernel.operation.multiply_accumulates();
                let kernel = kernel.operation.kernel(set).with_context(|| node.name.clone())?;
                let output = layout.place(OutletId::new(id, 0), kernel.output()).buffer;
                steps.push(Step { kernel, inputs, output });
            }
            layout.free(index);
        }
        let outputs: Option<Vec<Place>> =
            model.output_outlets()?.iter().map(|o| layout.places.get(o).copied()).collect();
        let scratch = steps.iter().map(|step| step.kernel.scratch()).max().unwrap_or(0);
        let memory = layout.sizes.iter().sum::<usize>() + scratch * pool.threads();
        ensure!(memory <= MEMORY_MAX, "the maps take {memory} bytes, at most {MEMORY_MAX} are allowed");
        ensure!(
            multiply_accumulates <= MULTIPLY_ACCUMULATES_MAX,
            "{multiply_accumulates} multiply-accumulates, at most {MULTIPLY_ACCUMULATES_MAX} are allowed"
        );
        Ok(Self {
            input: input.context("the input is not quantised")?,
            outputs: outputs.context("an output is no map")?,
            buffers: layout.sizes.into_iter().map(|size| vec![0; size]).collect(),
            scratch: vec![vec![0; scratch]; pool.threads()],
            steps,
            pool,
            multiply_accumulates,
        })
    }

    /// Where the input's bytes are to be written before [`Program::run`].
    pub fn input(&mut self) -> &mut [i8] {
        &mut self.buffers[self.input.buffer][..self.input.bytes]
    }

    /// Output `index`, once the program has run.
    pub fn output(&self, index: usize) -> &[i8] {
        let place = self.outputs[index];
        &self.buffers[place.buffer][..place.bytes]
    }

    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Of all convolutions.
    pub fn multiply_accumulates(&self) -> u64 {
        self.multiply_accumulates
    }

    /// Computes the outputs from the input, which is lost.
    pub fn run(&mut self) {
        for step in &self.steps {
            let mut output = mem::take(&mut self.buffers[step.output]);
            let mut maps: [&[i8]; MAPS_MAX] = [&[]; MAPS_MAX];
            for (map, place) in maps.iter_mut().zip(&step.inputs) {
                *map = &self.buffers[place.buffer][..place.bytes];
            }
            let bytes = step.kernel.output().bytes();
            let maps = &maps[..step.inputs.len()];
            share(step.kernel.as_ref(), maps, &mut output[..bytes], &mut self.scratch, &self.pool);
            self.buffers[step.output] = output;
        }
    }
}

/// What one thread is to fill, and its working memory.
type Part<'a> = (Range<usize>, &'a mut [i8], &'a mut [i8]);

/// Runs one kernel, its rows shared among the threads.
fn share(kernel: &dyn Kernel, maps: &[&[i8]], output: &mut [i8], scratch: &mut [Vec<i8>], pool: &Pool) {
    let shape = kernel.output();
    let threads = pool.threads();
    let parts: [Mutex<Option<Part<'_>>>; THREADS_MAX] = [const { Mutex::new(None) }; THREADS_MAX];
    let (mut rest, mut first) = (output, 0);
    for (index, (part, scratch)) in parts.iter().zip(scratch).enumerate() {
        let rows = first..shape.height * (index + 1) / threads;
        let (now, later) = rest.split_at_mut(shape.span(&rows).len());
        (rest, first) = (later, rows.end);
        if let Ok(mut part) = part.lock() {
            *part = (!rows.is_empty()).then_some((rows, now, scratch));
        }
    }
    pool.run(&|thread| {
        let part = parts[thread].lock().ok().and_then(|mut part| part.take());
        if let Some((rows, output, scratch)) = part {
            kernel.run(maps, rows, output, scratch);
        }
    });
}

/// Which maps lie where, and until when.
struct Layout {
    places: HashMap<OutletId, Place>,
    /// The maps that nobody reads after the node at this place in the order.
    last: Vec<Vec<OutletId>>,
    sizes: Vec<usize>,
    unused: Vec<usize>,
}

impl Layout {
    fn of(model: &TypedModel) -> TractResult<Self> {
        let order = model.eval_order()?;
        let mut last_reader: HashMap<OutletId, usize> = HashMap::new();
        for (index, &id) in order.iter().enumerate() {
            last_reader.extend(model.node(id).inputs.iter().map(|&outlet| (outlet, index)));
        }
        for output in model.output_outlets()? {
            last_reader.remove(output);
        }
        let mut last = vec![vec![]; order.len()];
        last_reader.into_iter().for_each(|(outlet, index)| last[index].push(outlet));
        // A hash map has no order of its own, and memory should be laid out alike in every run.
        last.iter_mut().for_each(|outlets: &mut Vec<OutletId>| outlets.sort());
        Ok(Self { places: HashMap::new(), last, sizes: vec![], unused: vec![] })
    }

    /// A buffer for a map: the smallest that is free and large enough, else the largest that is free, made larger.
    fn place(&mut self, outlet: OutletId, map: MapShape) -> Place {
        let bytes = map.bytes();
        let fitness = |&buffer: &usize| (self.sizes[buffer] < bytes, self.sizes[buffer].abs_diff(bytes));
        let buffer = match self.unused.iter().copied().min_by_key(fitness) {
            Some(buffer) => {
                self.unused.retain(|&other| other != buffer);
                self.sizes[buffer] = self.sizes[buffer].max(bytes);
                buffer
            }
            None => {
                self.sizes.push(bytes);
                self.sizes.len() - 1
            }
        };
        let place = Place { buffer, bytes };
        self.places.insert(outlet, place);
        place
    }

    /// Frees what was read for the last time by the node at `index`.
    fn free(&mut self, index: usize) {
        let places = self.last[index].iter().filter_map(|outlet| self.places.get(outlet));
        self.unused.extend(places.map(|place| place.buffer));
    }
}
