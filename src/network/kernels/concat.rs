//! Maps side by side in one: the channels of each after those of the one before, brought to one scale.

use super::{Kernel, KernelError, MapShape, Quantisation};

/// Bytes of an int8 range.
const LEVELS: usize = 256;

/// One part: its channels and what each of its bytes becomes, by byte + 128.
#[derive(Debug, Clone)]
struct Part {
    channels: usize,
    table: Box<[i8; LEVELS]>,
}

/// A table a part: byte to real value to byte, as ONNX Runtime's `QLinearConcat` has it.
#[derive(Debug, Clone)]
pub struct Concat {
    output: MapShape,
    parts: Vec<Part>,
}

impl Concat {
    /// Fails when there is no part or their sides differ.
    pub fn new(parts: &[(MapShape, Quantisation)], joined: Quantisation) -> Result<Self, KernelError> {
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
            table: table(q, joined),
        };
        Ok(Self { output, parts: parts.iter().map(part).collect() })
    }
}

impl Kernel for Concat {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (self.parts.len(), self.output.bytes()));
        let mut start = 0;
        for (part, input) in self.parts.iter().zip(inputs) {
            assert_eq!(input.len(), self.output.pixels() * part.channels);
            let pixels = input.chunks_exact(part.channels);
            for (x, y) in pixels.zip(output.chunks_exact_mut(self.output.channels)) {
                for (y, &x) in y[start..start + part.channels].iter_mut().zip(x) {
                    *y = part.table[usize::from(x as u8 ^ 0x80)];
                }
            }
            start += part.channels;
        }
    }
}

fn table(from: Quantisation, to: Quantisation) -> Box<[i8; LEVELS]> {
    let entry = |index: usize| {
        let byte = (index as i32 - 128) as i8;
        if from == to { byte } else { to.quantise(from.dequantise(byte)) }
    };
    Box::new(std::array::from_fn(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_follow_one_another_on_the_new_scale() {
        let q = |scale, zero| Quantisation::new(scale, zero).unwrap();
        let (a, b) = (MapShape::new(1, 2, 1).unwrap(), MapShape::new(1, 2, 2).unwrap());
        let concat = Concat::new(&[(a, q(1.0, 0)), (b, q(0.5, -10))], q(1.0, 0)).unwrap();
        let mut out = [0; 6];
        concat.run(&[&[7, -128], &[-10, -8, -7, 127]], &mut out);
        // (127 + 10) / 2 = 68.5 goes to the even 68, 1.5 to 2.
        assert_eq!(out, [7, 0, 1, -128, 2, 68]);
    }

    #[test]
    fn maps_of_different_sides_are_refused() {
        let (a, b) = (MapShape::new(2, 2, 8).unwrap(), MapShape::new(4, 2, 8).unwrap());
        let q = Quantisation::new(1.0, 0).unwrap();
        assert_eq!(Concat::new(&[(a, q), (b, q)], q).unwrap_err(), KernelError::Mismatch(a, b));
        assert!(Concat::new(&[], q).is_err());
    }
}
