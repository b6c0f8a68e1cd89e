//! A radiograph's grey values without what is written on it.

use super::tone::Tone;
use crate::frame::{Frame, VALUES, WindowLevel};

/// Share of the blocks that are text or lines, from which they could move the percentiles that `preprocess` stretches
/// between, and up to which they are taken for text and not for the radiograph itself.
const DRAWN_SHARE: [f32; 2] = [0.001, 0.2];
/// Pixels per thousand beyond the window at either end: as in `preprocess`.
const OUTLIERS_PER_MILLE: usize = 5;

/// A window from the darkest to the brightest of the pixels that are not text or lines; `None` where there is no text.
pub(super) fn window_without_text(frame: &Frame) -> Option<WindowLevel> {
    let tone = Tone::of(frame);
    let blocks = tone.columns * tone.rows;
    let drawn: Vec<bool> = (0..blocks).map(|at| tone.round(at).any(|near| tone.is_drawn(near))).collect();
    let share = (0..blocks).filter(|&at| tone.is_drawn(at)).count() as f32 / blocks.max(1) as f32;
    if !(DRAWN_SHARE[0]..=DRAWN_SHARE[1]).contains(&share) {
        return None;
    }
    let width = frame.size().width as usize;
    let mut counts = vec![0u32; VALUES];
    for (y, row) in frame.pixels().chunks_exact(width).enumerate() {
        let marks = drawn.get(y / tone.side * tone.columns..).unwrap_or_default();
        for (part, _) in row.chunks_exact(tone.side).zip(marks).filter(|(_, drawn)| !**drawn) {
            part.iter().for_each(|&v| counts.iter_mut().skip(v.into()).take(1).for_each(|n| *n += 1));
        }
    }
    let total: usize = counts.iter().map(|&n| n as usize).sum();
    let outliers = total * OUTLIERS_PER_MILLE / 1000;
    let (low, high) =
        (super::level_of(&counts, outliers), super::level_of(&counts, total.checked_sub(1 + outliers)?));
    // DICOM PS3.3, C.11.2.1.2.1: the window's ends are at center - .5 and half of width - 1 to either side.
    let (center, width) = ((low + high) as f32 / 2.0 + 0.5, (high - low) as f32 + 1.0);
    Some(WindowLevel { center, width })
}
