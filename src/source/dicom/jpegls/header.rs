//! The marker segments before a scan: size, depth, preset parameters [C.2].

use super::JpegLsError;
use crate::units::PixelSize;

/// Marker segments before the scan: a few are usual.
const SEGMENTS_MAX: usize = 256;

/// What governs the coding of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    pub max_value: i32,
    /// Largest difference between a coded sample and the original.
    pub near: i32,
    /// Gradients at which contexts part: T1, T2, T3.
    pub thresholds: [i32; 3],
    /// Samples of a context after which its statistics are halved.
    pub reset: i32,
}

#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub size: PixelSize,
    pub coding: Coding,
    /// Where the coded bits begin.
    pub scan_start: usize,
}

/// Preset parameters as written; 0 means the default.
#[derive(Default, Clone, Copy)]
struct Preset {
    max_value: i32,
    thresholds: [i32; 3],
    reset: i32,
}

pub(super) fn read(stream: &[u8]) -> Result<Header, JpegLsError> {
    let mut at = 2;
    let mut frame = None;
    let mut preset = Preset::default();
    if stream.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err(JpegLsError::Header { at: 0 });
    }
    for _ in 0..SEGMENTS_MAX {
        let damaged = JpegLsError::Header { at };
        let (marker, body, next) = segment(stream, at).ok_or(damaged)?;
        match marker {
            0xF7 => frame = Some(start_of_frame(body).ok_or(damaged)??),
            0xF8 => preset = preset_parameters(body).ok_or(damaged)??,
            0xDA => {
                let (size, bits) = frame.ok_or(damaged)?;
                let near = start_of_scan(body).ok_or(damaged)??;
                let coding = coding(bits, near, preset).ok_or(damaged)?;
                return Ok(Header { size, coding, scan_start: next });
            }
            0xDD if body.iter().any(|&byte| byte != 0) => {
                return Err(JpegLsError::Variety { what: "restart intervals" });
            }
            0xDD | 0xE0..=0xEF | 0xFE => {}
            0xC0..=0xCF => return Err(JpegLsError::Variety { what: "another JPEG inside" }),
            _ => return Err(damaged),
        }
        at = next;
    }
    Err(JpegLsError::Header { at })
}

/// A marker, its segment's body and where the next one begins; fill bytes are stepped over.
fn segment(stream: &[u8], start: usize) -> Option<(u8, &[u8], usize)> {
    let fill = stream.get(start..)?.iter().take_while(|&&byte| byte == 0xFF).count();
    let at = start + fill;
    let marker = *stream.get(at)?;
    let length = usize::from(u16::from_be_bytes(*stream.get(at + 1..)?.first_chunk()?));
    let body = stream.get(at + 3..at + 1 + length)?;
    (fill > 0).then_some((marker, body, at + 1 + length))
}

type Inner<T> = Option<Result<T, JpegLsError>>;

fn start_of_frame(body: &[u8]) -> Inner<(PixelSize, u8)> {
    let [bits, y1, y0, x1, x0, components] = *body.first_chunk()?;
    if components != 1 {
        return Some(Err(JpegLsError::Variety { what: "several components" }));
    }
    let size = PixelSize::new(u16::from_be_bytes([x1, x0]).into(), u16::from_be_bytes([y1, y0]).into());
    (2..=16).contains(&bits).then_some(Ok((size, bits)))
}

fn preset_parameters(body: &[u8]) -> Inner<Preset> {
    let (&id, numbers) = body.split_first()?;
    if id != 1 {
        return Some(Err(JpegLsError::Variety { what: "mapping tables or oversize pictures" }));
    }
    let [a, b, c, d, e, f, g, h, i, j] = *numbers.first_chunk()?;
    let number = |high, low| i32::from(u16::from_be_bytes([high, low]));
    let thresholds = [number(c, d), number(e, f), number(g, h)];
    Some(Ok(Preset { max_value: number(a, b), thresholds, reset: number(i, j) }))
}

/// NEAR of a scan of one component.
fn start_of_scan(body: &[u8]) -> Inner<i32> {
    let [components, _, table, near, interleave, transform] = *body.first_chunk()?;
    if table != 0 || interleave != 0 || transform != 0 {
        return Some(Err(JpegLsError::Variety { what: "mapping tables or point transforms" }));
    }
    (components == 1).then_some(Ok(near.into()))
}

/// The parameters in force, defaults filled in [C.2.4.1.1]; `None` where they contradict each other.
fn coding(bits: u8, near: i32, preset: Preset) -> Option<Coding> {
    let deepest = (1 << bits) - 1;
    let max_value = if preset.max_value == 0 { deepest } else { preset.max_value };
    if max_value > deepest || near > 255.min(max_value / 2) {
        return None;
    }
    let mut thresholds = default_thresholds(max_value, near);
    for (threshold, given) in thresholds.iter_mut().zip(preset.thresholds) {
        if given != 0 {
            *threshold = given;
        }
    }
    let [t1, t2, t3] = thresholds;
    let reset = if preset.reset == 0 { 64 } else { preset.reset };
    let sound =
        near < t1 && t1 <= t2 && t2 <= t3 && t3 <= max_value && (3..=max_value.max(255)).contains(&reset);
    sound.then_some(Coding { max_value, near, thresholds, reset })
}

fn default_thresholds(max_value: i32, near: i32) -> [i32; 3] {
    // The standard's CLAMP falls back to the lower bound on either side.
    let clamp = |value: i32, low: i32| if value > max_value || value < low { low } else { value };
    let [t1, t2, t3] = if max_value >= 128 {
        let factor = (max_value.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near]
    } else {
        let factor = 256 / (max_value + 1);
        [2.max(3 / factor + 3 * near), 3.max(7 / factor + 5 * near), 4.max(21 / factor + 7 * near)]
    };
    let t1 = clamp(t1, near + 1);
    let t2 = clamp(t2, t1);
    [t1, t2, clamp(t3, t2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_thresholds_are_those_of_the_standard() {
        assert_eq!(default_thresholds(255, 0), [3, 7, 21]);
        assert_eq!(default_thresholds(4095, 0), [18, 67, 276]);
        assert_eq!(default_thresholds(15, 0), [2, 3, 4]);
    }

    #[test]
    fn parameters_that_contradict_each_other_are_refused() {
        assert_eq!(coding(8, 200, Preset::default()), None);
        let crossed = Preset { thresholds: [9, 8, 7], ..Preset::default() };
        assert_eq!(coding(8, 0, crossed), None);
    }
}
