//! Window level: stored values to 8-bit brightness.

use crate::frame::{Frame, Histogram, Photometric, VALUES, WindowLevel};
use crate::units::PixelSize;

/// Share of grey values that may fall below black; the same number stands in `corpus.py`.
pub const PERCENTILE_LOW: f64 = 0.005;
/// Share of grey values up to which brightness rises; the same number stands in `corpus.py`.
pub const PERCENTILE_HIGH: f64 = 0.995;

/// A radiograph as shown: 8-bit brightness, row-major, 0 black, the frame's own size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    pub size: PixelSize,
    pub pixels: Vec<u8>,
}

impl Display {
    /// Applies the frame's window (if any), inverts MONOCHROME1, and stretches between the percentiles.
    pub fn of(frame: &Frame) -> Self {
        Self::by(frame, &frame.histogram())
    }

    /// [`Display::of`] for whoever has the histogram of `frame` already.
    pub fn by(frame: &Frame, histogram: &Histogram) -> Self {
        let levels = 1usize << frame.bits_stored();
        let histogram = of_levels(histogram, levels);
        let brightness = brightness_of_levels(frame, levels);
        let inverted = frame.photometric() == Photometric::Monochrome1;
        let low = percentile(&histogram, &brightness, inverted, PERCENTILE_LOW);
        let high = percentile(&histogram, &brightness, inverted, PERCENTILE_HIGH);
        let table = of_values(&stretch(&brightness, low, high));
        let mut pixels = vec![0; frame.pixels().len()];
        // In eights, so that counting them costs little beside the look-ups.
        let (to, to_rest) = pixels.as_chunks_mut::<8>();
        let (from, from_rest) = frame.pixels().as_chunks::<8>();
        to.iter_mut().zip(from).for_each(|(to, from)| *to = from.map(|v| table[usize::from(v)]));
        to_rest.iter_mut().zip(from_rest).for_each(|(to, &v)| *to = table[usize::from(v)]);
        Self { size: frame.size(), pixels }
    }
}

/// The counts of `levels` stored values; higher ones count as the highest of them.
fn of_levels(histogram: &Histogram, levels: usize) -> Vec<u64> {
    let (inside, above) = histogram.counts().split_at(levels);
    let mut counts: Vec<u64> = inside.iter().map(|&n| n.into()).collect();
    if let Some(last) = counts.last_mut() {
        *last += above.iter().map(|&n| u64::from(n)).sum::<u64>();
    }
    counts
}

/// `levels` for every value that a pixel can have: with as many entries the look-up needs no bound.
fn of_values(levels: &[u8]) -> Box<[u8; VALUES]> {
    let mut table = Box::new([levels.last().copied().unwrap_or(0); VALUES]);
    table.iter_mut().zip(levels).for_each(|(to, from)| *to = *from);
    table
}

/// Brightness of each stored value, in stored units, after the window and the inversion.
fn brightness_of_levels(frame: &Frame, levels: usize) -> Vec<f64> {
    let range = (levels - 1) as f64;
    let inverted = frame.photometric() == Photometric::Monochrome1;
    (0..levels)
        .map(|v| {
            let shown = frame.window().map_or(v as f64, |w| windowed(v as f64, w, range));
            if inverted { range - shown } else { shown }
        })
        .collect()
}

/// The linear VOI function, DICOM PS3.3 C.11.2.1.2.1, onto 0..=`range`.
fn windowed(value: f64, window: WindowLevel, range: f64) -> f64 {
    let (center, width) = (f64::from(window.center) - 0.5, f64::from(window.width) - 1.0);
    if value <= center - width / 2.0 {
        0.0
    } else if value > center + width / 2.0 {
        range
    } else {
        ((value - center) / width + 0.5) * range
    }
}

/// Brightness below which `share` of the pixels lie, interpolated between neighbours in order of brightness.
fn percentile(histogram: &[u64], brightness: &[f64], inverted: bool, share: f64) -> f64 {
    let count: u64 = histogram.iter().sum();
    let position = share * (count.saturating_sub(1)) as f64;
    let (below, part) = (position as u64, position - (position as u64) as f64);
    let level = |rank: u64| {
        let rank = if inverted { count - 1 - rank.min(count - 1) } else { rank.min(count - 1) };
        brightness[level_at(histogram, rank)]
    };
    let (a, b) = (level(below), level(below + 1));
    a + (b - a) * part
}

fn level_at(histogram: &[u64], rank: u64) -> usize {
    let mut seen = 0;
    for (level, &n) in histogram.iter().enumerate() {
        seen += n;
        if seen > rank {
            return level;
        }
    }
    histogram.len() - 1
}

fn stretch(brightness: &[f64], low: f64, high: f64) -> Vec<u8> {
    let gain = 255.0 / (high - low).max(1.0);
    brightness.iter().map(|&b| libm::rint((b - low) * gain).clamp(0.0, 255.0) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize::new(64, 64);

    /// A ramp of 4096 values in 12 bits.
    fn ramp(photometric: Photometric) -> Frame {
        Frame::new(SIZE, (0..4096).collect(), 12, photometric).unwrap()
    }

    #[test]
    fn a_ramp_spans_black_to_white_between_its_percentiles() {
        let d = Display::of(&ramp(Photometric::Monochrome2));
        assert_eq!((d.pixels[0], d.pixels[20], d.pixels[4095]), (0, 0, 255));
        // 4095 * .005 = 20.475 is black, 4074.525 white, the middle half-way.
        assert_eq!(d.pixels[2048], 128);
    }

    #[test]
    fn monochrome1_is_the_mirror_of_monochrome2() {
        let (a, b) =
            (Display::of(&ramp(Photometric::Monochrome1)), Display::of(&ramp(Photometric::Monochrome2)));
        assert!(a.pixels.iter().zip(b.pixels.iter().rev()).all(|(x, y)| x == y));
    }

    #[test]
    fn monochrome1_is_inverted_after_its_window() {
        // The window keeps stored values 0..=1023. Inverted first, these would be the four upper thousand.
        let window = Some(WindowLevel { center: 512.0, width: 1024.0 });
        let d = Display::of(&ramp(Photometric::Monochrome1).with_window(window));
        assert_eq!((d.pixels[0], d.pixels[1500], d.pixels[4095]), (255, 0, 0));
        assert!(d.pixels[100] > d.pixels[900] && d.pixels[900] > 0);
    }

    #[test]
    fn an_empty_exposure_is_black_and_not_divided_by_nothing() {
        let frame = Frame::new(SIZE, vec![700; 4096], 12, Photometric::Monochrome2).unwrap();
        assert!(Display::of(&frame).pixels.iter().all(|&p| p == 0));
    }
}
