//! Rows of samples from bits: contexts, prediction, Golomb codes and runs [A.3 to A.7].

use super::bits::Bits;
use super::header::Coding;

/// Contexts of regular mode; the first is never used, its gradients make a run [A.3.4].
const CONTEXTS: usize = 365;
/// Bounds of the bias correction [A.2.1].
const BIAS_RANGE: std::ops::RangeInclusive<i32> = -128..=127;
/// Run lengths as powers of two [A.2.1, J].
const RUN_POWER: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Largest Golomb parameter that sound statistics can reach.
const GOLOMB_MAX: u32 = 24;

/// Statistics of regular mode: A, B, C and N of the standard.
#[derive(Clone)]
struct Context {
    magnitude: i32,
    bias: i32,
    correction: i32,
    count: i32,
}

/// Statistics of the sample that ends a run: A, N and Nn of the standard.
#[derive(Clone)]
struct RunContext {
    magnitude: i32,
    count: i32,
    negative: i32,
}

/// The state of a scan.
pub(super) struct Decoder {
    coding: Coding,
    /// Width of a quantised step: 2 NEAR + 1.
    step: i32,
    range: i32,
    /// Bits of a quantised error, and of the longest code [A.2.1].
    error_bits: u32,
    code_bits_max: u32,
    contexts: Vec<Context>,
    runs: [RunContext; 2],
    run_index: usize,
}

impl Decoder {
    pub(super) fn new(coding: &Coding) -> Self {
        let step = 2 * coding.near + 1;
        let range = (coding.max_value + 2 * coding.near) / step + 1;
        let sample_bits = bits_for(coding.max_value + 1).max(2);
        let magnitude = ((range + 32) / 64).max(2);
        let context = Context { magnitude, bias: 0, correction: 0, count: 1 };
        let run = RunContext { magnitude, count: 1, negative: 0 };
        Self {
            coding: *coding,
            step,
            range,
            error_bits: bits_for(range),
            code_bits_max: 2 * (sample_bits + sample_bits.max(8)),
            contexts: vec![context; CONTEXTS],
            runs: [run.clone(), run],
            run_index: 0,
        }
    }

    /// Decodes one row into `row[1..=width]`; both rows are `width + 2` long, their margins set.
    ///
    /// `None` when the bits end or cannot be a code.
    pub(super) fn row(&mut self, bits: &mut Bits, above: &[i32], row: &mut [i32]) -> Option<()> {
        let width = row.len() - 2;
        let mut x = 1;
        while x <= width {
            let (ra, rb, rc, rd) = (row[x - 1], above[x], above[x - 1], above[x + 1]);
            let gradients = [rd - rb, rb - rc, rc - ra];
            if gradients.iter().any(|gradient| gradient.abs() > self.coding.near) {
                row[x] = self.regular(bits, gradients, [ra, rb, rc])?;
                x += 1;
                continue;
            }
            x = self.run(bits, row, x)?;
            if x <= width {
                row[x] = self.run_end(bits, row[x - 1], above[x])?;
                x += 1;
            }
        }
        Some(())
    }

    /// One sample of regular mode [A.4, A.5, A.6].
    fn regular(&mut self, bits: &mut Bits, gradients: [i32; 3], [ra, rb, rc]: [i32; 3]) -> Option<i32> {
        let [q1, q2, q3] = gradients.map(|gradient| self.quantise(gradient));
        let number = 81 * q1 + 9 * q2 + q3;
        let sign = if number < 0 { -1 } else { 1 };
        // |number| is at most 4 * (81 + 9 + 1) = 364.
        let index = number.unsigned_abs() as usize;
        let Context { magnitude, bias, correction, count } = self.contexts[index];
        let predicted = median(ra, rb, rc) + sign * correction;
        let predicted = predicted.clamp(0, self.coding.max_value);
        let k = golomb_parameter(count, magnitude)?;
        let mapped = self.golomb(bits, k, self.code_bits_max)?;
        let turned = self.coding.near == 0 && k == 0 && 2 * bias <= -count;
        let error = match (mapped & 1 == 1, turned) {
            (false, false) => mapped / 2,
            (true, false) => -(mapped + 1) / 2,
            (true, true) => (mapped - 1) / 2,
            (false, true) => -(mapped / 2) - 1,
        };
        self.contexts[index].learn(error, self.step, self.coding.reset);
        Some(self.reconstruct(predicted, sign * error))
    }

    /// The region of a gradient, -4 to 4 [A.3.3].
    fn quantise(&self, gradient: i32) -> i32 {
        let size = gradient.abs();
        let [t1, t2, t3] = self.coding.thresholds;
        let region = if size <= self.coding.near {
            0
        } else {
            1 + i32::from(size >= t1) + i32::from(size >= t2) + i32::from(size >= t3)
        };
        region * gradient.signum()
    }

    /// A limited-length Golomb code [A.5.3].
    fn golomb(&self, bits: &mut Bits, k: u32, code_bits_max: u32) -> Option<i32> {
        let escape = code_bits_max.checked_sub(self.error_bits + 1)?;
        let zeros = bits.zeros(escape)?;
        let value = if zeros < escape { zeros << k | bits.take(k)? } else { bits.take(self.error_bits)? + 1 };
        // Errors are taken modulo the range, so a sound code stays far below; this bounds the statistics.
        i32::try_from(value).ok().filter(|&value| value <= 2 * self.range)
    }

    /// The run from `x` on: repeats the sample before it and gives the place after the run [A.7.1].
    fn run(&mut self, bits: &mut Bits, row: &mut [i32], start: usize) -> Option<usize> {
        let end = row.len() - 1;
        let value = row[start - 1];
        let mut x = start;
        while x < end {
            let power = RUN_POWER[self.run_index];
            let whole = bits.take(1)? == 1;
            let length = if whole { 1 << power } else { bits.take(power)? as usize };
            if !whole && length > end - x - 1 {
                return None;
            }
            let stop = (x + length).min(end);
            row[x..stop].fill(value);
            if !whole {
                return Some(stop);
            }
            if x + length <= end {
                self.run_index = (self.run_index + 1).min(RUN_POWER.len() - 1);
            }
            x = stop;
        }
        Some(end)
    }

    /// The sample that ends a run [A.7.2].
    fn run_end(&mut self, bits: &mut Bits, ra: i32, rb: i32) -> Option<i32> {
        let alike = (ra - rb).abs() <= self.coding.near;
        let kind = i32::from(alike);
        let context = &self.runs[usize::from(alike)];
        let weight =
            if alike { context.magnitude.saturating_add(context.count >> 1) } else { context.magnitude };
        let k = golomb_parameter(context.count, weight)?;
        let limit = self.code_bits_max - RUN_POWER[self.run_index] - 1;
        let mapped = self.golomb(bits, k, limit)?;
        let odd = (mapped + kind) & 1;
        let size = (mapped + kind + odd) / 2;
        let mostly_negative = k != 0 || 2 * context.negative >= context.count;
        let error = if mostly_negative == (odd == 1) { -size } else { size };
        self.runs[usize::from(alike)].learn(error, (mapped + 1 - kind) >> 1, self.coding.reset);
        self.run_index = self.run_index.saturating_sub(1);
        let sign = if !alike && ra > rb { -1 } else { 1 };
        Some(self.reconstruct(if alike { ra } else { rb }, sign * error))
    }

    /// Prediction and error to a sample, wrapped round and cut off at its range [A.4.5, A.8].
    fn reconstruct(&self, predicted: i32, error: i32) -> i32 {
        let Coding { near, max_value, .. } = self.coding;
        let sample = predicted + error * self.step;
        let turn = self.range * self.step;
        let sample = if sample < -near {
            sample + turn
        } else if sample > max_value + near {
            sample - turn
        } else {
            sample
        };
        sample.clamp(0, max_value)
    }
}

impl Context {
    /// Takes an error into the statistics and corrects the bias by at most one [A.6].
    fn learn(&mut self, error: i32, step: i32, reset: i32) {
        self.bias += error * step;
        self.magnitude = self.magnitude.saturating_add(error.abs());
        if self.count == reset {
            self.magnitude >>= 1;
            self.bias = if self.bias >= 0 { self.bias >> 1 } else { -((1 - self.bias) >> 1) };
            self.count >>= 1;
        }
        self.count += 1;
        if self.bias <= -self.count {
            self.bias = (self.bias + self.count).max(1 - self.count);
            self.correction = (self.correction - 1).max(*BIAS_RANGE.start());
        } else if self.bias > 0 {
            self.bias = (self.bias - self.count).min(0);
            self.correction = (self.correction + 1).min(*BIAS_RANGE.end());
        }
    }
}

impl RunContext {
    fn learn(&mut self, error: i32, magnitude: i32, reset: i32) {
        self.negative += i32::from(error < 0);
        self.magnitude = self.magnitude.saturating_add(magnitude);
        if self.count == reset {
            self.magnitude >>= 1;
            self.count >>= 1;
            self.negative >>= 1;
        }
        self.count += 1;
    }
}

/// The smallest k with `count * 2^k >= weight` [A.5.1].
fn golomb_parameter(count: i32, weight: i32) -> Option<u32> {
    (0..=GOLOMB_MAX).find(|&k| i64::from(count) << k >= i64::from(weight))
}

/// The prediction that finds edges [A.4.1].
fn median(ra: i32, rb: i32, rc: i32) -> i32 {
    if rc >= ra.max(rb) {
        ra.min(rb)
    } else if rc <= ra.min(rb) {
        ra.max(rb)
    } else {
        ra + rb - rc
    }
}

/// Bits that tell `values` values apart.
fn bits_for(values: i32) -> u32 {
    32 - (values - 1).leading_zeros()
}
