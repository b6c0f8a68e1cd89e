//! Maps side by side in one: the channels of each after those of the one before, brought to one scale.

use std::ops::Range;

use super::{Kernel, KernelError, KernelSet, MapShape, Quantisation};

/// Bytes of an int8 range.
const LEVELS: usize = 256;

/// What each byte becomes, by byte + 128.
pub type Table = [i8; LEVELS];

/// One part: its channels and what each of its bytes becomes; `None`: it stays.
#[derive(Debug, Clone)]
struct Part {
    channels: usize,
    table: Option<Box<Table>>,
}

/// A table a part: byte to real value to byte, as ONNX Runtime's `QLinearConcat` has it.
#[derive(Debug, Clone)]
pub struct Concat {
    output: MapShape,
    parts: Vec<Part>,
    set: KernelSet,
}

impl Concat {
    /// Fails when there is no part or their sides differ.
    pub fn new(
        parts: &[(MapShape, Quantisation)],
        joined: Quantisation,
        set: KernelSet,
    ) -> Result<Self, KernelError> {
        let Some(&(first, _)) = parts.first() else {
            return Err(KernelError::Length { what: "a concatenation", expected: 1, actual: 0 });
        };
        if let Some((other, _)) =
            parts.iter().find(|(s, _)| (s.height, s.width) != (first.height, first.width))
        {
            return Err(KernelError::Mismatch(first, *other));
        }
        let channels = parts.iter().map(|(shape, _)| shape.channels).sum();
        let output = MapShape::new(first.height, first.width, channels)?;
        let part = |&(shape, q): &(MapShape, Quantisation)| Part {
            channels: shape.channels,
            table: (q != joined).then(|| table(q, joined)),
        };
        Ok(Self { output, parts: parts.iter().map(part).collect(), set })
    }
}

impl Kernel for Concat {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], _scratch: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (self.parts.len(), self.output.span(&rows).len()));
        let mut start = 0;
        for (part, input) in self.parts.iter().zip(inputs) {
            assert_eq!(input.len(), self.output.pixels() * part.channels);
            let shape = MapShape { channels: part.channels, ..self.output };
            part.run(&input[shape.span(&rows)], output, start, self.output.channels, self.set);
            start += part.channels;
        }
    }
}

impl Part {
    /// The part's bytes into each pixel of `stride` bytes in `output`, from byte `start` on.
    fn run(&self, input: &[i8], output: &mut [i8], start: usize, stride: usize, set: KernelSet) {
        #[cfg(target_arch = "arm")]
        if let (Some(table), KernelSet::NeonArmv7, Some(y)) = (&self.table, set, output.get_mut(start..))
            && super::armv7::look_up(table, input, self.channels, y, stride)
        {
            return;
        }
        let pixels = input.chunks_exact(self.channels).zip(output.chunks_exact_mut(stride));
        let pixels = pixels.map(|(x, y)| (x, &mut y[start..start + self.channels]));
        match (&self.table, set) {
            (None, _) => pixels.for_each(|(x, y)| y.copy_from_slice(x)),
            #[cfg(target_arch = "aarch64")]
            (Some(table), KernelSet::Neon | KernelSet::NeonDotprod) => super::neon::look_up(table, pixels),
            (Some(table), _) => pixels.for_each(|(x, y)| look_up(table, x, y)),
        }
    }
}

/// What `table` has for each byte.
pub fn look_up(table: &Table, x: &[i8], y: &mut [i8]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = table[usize::from(x as u8 ^ 0x80)];
    }
}

fn table(from: Quantisation, to: Quantisation) -> Box<Table> {
    let entry = |index: usize| to.quantise(from.dequantise((index as i32 - 128) as i8));
    Box::new(std::array::from_fn(entry))
}

#[cfg(test)]
mod tests {
    use super::super::whole;
    use super::*;

    #[test]
    fn channels_follow_one_another_on_the_new_scale() {
        let q = |scale, zero| Quantisation::new(scale, zero).unwrap();
        let (a, b) = (MapShape::new(1, 2, 1).unwrap(), MapShape::new(1, 2, 2).unwrap());
        let concat =
            Concat::new(&[(a, q(1.0, 0)), (b, q(0.5, -10))], q(1.0, 0), KernelSet::Portable).unwrap();
        let out = whole(&concat, &[&[7, -128], &[-10, -8, -7, 127]]);
        // (127 + 10) / 2 = 68.5 goes to the even 68, 1.5 to 2.
        assert_eq!(out, [7, 0, 1, -128, 2, 68]);
    }

    #[test]
    fn maps_of_different_sides_are_refused() {
        let (a, b) = (MapShape::new(2, 2, 8).unwrap(), MapShape::new(4, 2, 8).unwrap());
        let q = Quantisation::new(1.0, 0).unwrap();
        assert_eq!(
            Concat::new(&[(a, q), (b, q)], q, KernelSet::Portable).unwrap_err(),
            KernelError::Mismatch(a, b)
        );
        assert!(Concat::new(&[], q, KernelSet::Portable).is_err());
    }
}
