//! The rows of a map that lie under a kernel, beside each other, with the zero point at both ends and above and below
//! the map: so no output is at an edge.

use std::ops::Range;

use super::{ConvShape, MapShape};

/// Bytes behind each line that may be read with its last pixel.
pub const SLACK: usize = 4;

/// How a convolution's rows are kept: `kernel` lines, one for each row of the map that is needed.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    input: MapShape,
    kernel: usize,
    stride: usize,
    pad: usize,
    zero: i8,
    /// Whether 128 is added to each byte, for products of bytes without sign.
    without_sign: bool,
}

/// The lines under one row of the output.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    lines: &'a [i8],
    length: usize,
    kernel: usize,
    top: usize,
}

impl Lines {
    pub fn new(shape: &ConvShape, zero: i8) -> Self {
        let ConvShape { input, kernel, stride, pad, .. } = *shape;
        Self { input, kernel, stride, pad, zero, without_sign: false }
    }

    /// Lines whose bytes are 128 higher, modulo 256, than the map's.
    #[cfg(target_arch = "x86_64")]
    pub fn without_sign(shape: &ConvShape, zero: i8) -> Self {
        Self { without_sign: true, ..Self::new(shape, zero ^ i8::MIN) }
    }

    /// Bytes of working memory for [`Lines::under`].
    pub fn bytes(&self) -> usize {
        self.kernel * self.length()
    }

    /// Calls `each` with the lines under one of `rows` of the output after another, and with that row of `outputs`.
    pub fn under<'o>(
        &self,
        map: &[i8],
        rows: Range<usize>,
        outputs: impl Iterator<Item = &'o mut [i8]>,
        scratch: &mut [i8],
        mut each: impl FnMut(Window<'_>, &mut [i8]),
    ) {
        assert_eq!(map.len(), self.input.bytes());
        let lines = &mut scratch[..self.bytes()];
        lines.fill(self.zero);
        let mut next = rows.start * self.stride;
        for (row, output) in rows.zip(outputs) {
            let top = row * self.stride;
            (next.max(top)..top + self.kernel).for_each(|index| self.fetch(map, index, lines));
            next = top + self.kernel;
            each(Window { lines, length: self.length(), kernel: self.kernel, top }, output);
        }
    }

    /// Row `index` of the map with `pad` rows above it, to its place among the lines.
    fn fetch(&self, map: &[i8], index: usize, lines: &mut [i8]) {
        let start = index % self.kernel * self.length() + self.pad * self.input.channels;
        let line = &mut lines[start..start + self.input.row()];
        match index.checked_sub(self.pad) {
            Some(row) if row < self.input.height => {
                let row = &map[self.input.span(&(row..row + 1))];
                if self.without_sign {
                    line.iter_mut().zip(row).for_each(|(to, from)| *to = from ^ i8::MIN);
                } else {
                    line.copy_from_slice(row);
                }
            }
            _ => line.fill(self.zero),
        }
    }

    fn length(&self) -> usize {
        (self.input.width + 2 * self.pad) * self.input.channels + SLACK
    }
}

impl<'a> Window<'a> {
    /// The line under row `k` of the kernel; it begins `pad` pixels left of the map.
    pub fn line(&self, k: usize) -> &'a [i8] {
        &self.lines[(self.top + k) % self.kernel * self.length..][..self.length]
    }
}
