//! By what an exposure that has been read is known again.
//!
//! A signature keeps the picture in small cells and where its field lay. Another picture shows the same exposure when
//! one curve of grey values leads from the old cells to the new: a change of window level or an inversion bends the
//! curve, a pointer or a dialog takes some cells out, another exposure fits no curve.
//! The rules with their reasons: `docs/exposure.md`.

use super::field::Field;
use super::levels_of;
use crate::board::Area;
use crate::frame::Frame;
use crate::units::PixelSize;

/// Cells across a picture: 20 pixels of 1,920.
const CELLS_ACROSS: usize = 96;
/// Cells across a field and down, wherever it lies.
const FIELD_CELLS: usize = 48;
/// Points of the curve; each is a median, so that it bears up to half of its cells covered.
const CURVE_POINTS: usize = 24;
/// Fewest cells that tell anything.
const CELLS_MIN: usize = 100;
/// How far from the curve a cell may lie, as a share of the new cells' spread.
const TOLERANCE: f32 = 0.03;
/// The same in levels of 8 bits at least: rounding and noise.
const TOLERANCE_LEVELS: f32 = 1.0;
/// Difference from a neighbour, in levels of 8 bits, from which a cell tells anything: black matches black.
const TELLING_LEVELS: f32 = 1.5;
/// Before all cells are compared, every so many-th is; other exposures mostly end there.
const GLANCE_STEP: usize = 8;
/// Share of a glance's cells below which the rest is not looked at.
const GLANCE_SHARE_MIN: f32 = 0.4;
/// Growth of the tonal blocks, and what is left of the drawn ones, when a dialog has been closed.
const UNCOVERED_GROWTH: f32 = 1.05;
const UNCOVERED_EDGES: f32 = 0.8;
/// Share of the smaller of two fields that the other covers where they are taken for one place: a dialog may hide a part
/// of an exposure, but an exposure beside it is another.
const SAME_PLACE_MIN: f32 = 0.5;
/// Spread of the new cells below which nothing is shown that could be compared.
const SPREAD_LEVELS_MIN: f32 = 12.0;

/// A grid of means in levels of 8 bits.
#[derive(Debug, Clone)]
struct Cells {
    columns: usize,
    values: Vec<f32>,
}

/// A picture in which an exposure was seen.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    size: PixelSize,
    picture: Cells,
    field: Cells,
    place: Field,
}

impl Signature {
    pub fn of(frame: &Frame, field: &Field) -> Self {
        let size = frame.size();
        let rows = (CELLS_ACROSS * size.height as usize / size.width.max(1) as usize).max(1);
        let whole = Area { left: 0, top: 0, size };
        Self {
            size,
            picture: Cells::of(frame, whole, [CELLS_ACROSS, rows]),
            field: Cells::of(frame, field.area, [FIELD_CELLS, FIELD_CELLS]),
            place: *field,
        }
    }

    /// The share of cells of this exposure that `new` shows too: at the same place, or wherever its field lies.
    pub fn share_in(&self, new: &Self) -> f32 {
        let stays = self.size == new.size && is_one_place(self.place.area, new.place.area);
        let here = if stays { self.share_at_its_place(new) } else { 0.0 };
        here.max(share(pairs(&self.field, &new.field, |_| true)))
    }

    /// Whether `new` shows what a dialog covered here: more tone, fewer straight edges.
    pub fn is_uncovered_in(&self, new: &Self) -> bool {
        let times = |count: usize, factor: f32| count as f32 * factor;
        new.place.tonal_blocks as f32 >= times(self.place.tonal_blocks, UNCOVERED_GROWTH)
            && new.place.drawn_blocks as f32 <= times(self.place.drawn_blocks, UNCOVERED_EDGES)
    }

    fn share_at_its_place(&self, new: &Self) -> f32 {
        let columns = self.picture.columns;
        let rows = self.picture.values.len() / columns.max(1);
        let in_field = |at: usize| {
            let x = (at % columns) as f32 + 0.5;
            let y = (at / columns) as f32 + 0.5;
            let x = x * self.size.width as f32 / columns as f32 - self.place.area.left as f32;
            let y = y * self.size.height as f32 / rows as f32 - self.place.area.top as f32;
            (0.0..self.place.area.size.width as f32).contains(&x)
                && (0.0..self.place.area.size.height as f32).contains(&y)
        };
        share(pairs(&self.picture, &new.picture, in_field))
    }
}

/// Whether two fields of a picture lie one over the other.
fn is_one_place(one: Area, other: Area) -> bool {
    let common = |from: u32, side: u32, from_other: u32, side_other: u32| {
        (from + side).min(from_other + side_other).saturating_sub(from.max(from_other)) as f32
    };
    let shared = common(one.left, one.size.width, other.left, other.size.width)
        * common(one.top, one.size.height, other.top, other.size.height);
    shared >= SAME_PLACE_MIN * one.size.area().min(other.size.area()) as f32
}

impl Cells {
    /// Means over `area` cut into `[columns, rows]`.
    fn of(frame: &Frame, area: Area, [columns, rows]: [usize; 2]) -> Self {
        let level = levels_of(frame.bits_stored());
        let width = frame.size().width as usize;
        let cut = |i: usize, count: usize, from: u32, side: u32| from as usize + i * side as usize / count;
        let mut values = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let [top, bottom] = [row, row + 1].map(|r| cut(r, rows, area.top, area.size.height));
            for column in 0..columns {
                let [left, right] = [column, column + 1].map(|c| cut(c, columns, area.left, area.size.width));
                let lines =
                    (top..bottom.max(top + 1)).map(|y| y * width + left..y * width + right.max(left + 1));
                let (mut sum, mut count) = (0u64, 0usize);
                for line in lines.filter_map(|line| frame.pixels().get(line)) {
                    sum += line.iter().map(|&v| u64::from(v)).sum::<u64>();
                    count += line.len();
                }
                values.push(sum as f32 / count.max(1) as f32 * level);
            }
        }
        Self { columns, values }
    }

    /// Whether a cell differs from the one beside or below it.
    fn tells(&self, at: usize) -> bool {
        let Some(&value) = self.values.get(at) else { return false };
        let other = |i: usize| self.values.get(i).is_some_and(|v| (v - value).abs() >= TELLING_LEVELS);
        other(at + 1) || other(at + self.columns)
    }
}

/// Old and new values of the cells that `wanted` picks, as far as the old ones tell anything.
fn pairs(old: &Cells, new: &Cells, wanted: impl Fn(usize) -> bool) -> Vec<[f32; 2]> {
    let both = old.values.iter().zip(&new.values).enumerate();
    both.filter(|(at, _)| wanted(*at) && old.tells(*at)).map(|(_, (&old, &new))| [old, new]).collect()
}

/// The share of pairs that lie on one curve; 0 where there are too few, nothing is shown, or a glance is enough.
fn share(pairs: Vec<[f32; 2]>) -> f32 {
    if pairs.len() < CELLS_MIN {
        return 0.0;
    }
    let glance = share_on_curve(pairs.iter().step_by(GLANCE_STEP).copied().collect());
    if glance < GLANCE_SHARE_MIN { 0.0 } else { share_on_curve(pairs) }
}

fn share_on_curve(mut pairs: Vec<[f32; 2]>) -> f32 {
    let mut new: Vec<f32> = pairs.iter().map(|p| p[1]).collect();
    new.sort_by(f32::total_cmp);
    let at = |percent: usize| new.get(new.len() * percent / 100).copied().unwrap_or(0.0);
    let spread = at(95) - at(5);
    if spread < SPREAD_LEVELS_MIN {
        return 0.0;
    }
    pairs.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let curve: Vec<[f32; 2]> = pairs.chunks(pairs.len().div_ceil(CURVE_POINTS)).map(point).collect();
    let tolerance = (TOLERANCE * spread).max(TOLERANCE_LEVELS);
    let on = pairs.iter().filter(|p| (p[1] - on_curve(&curve, p[0])).abs() <= tolerance).count();
    on as f32 / pairs.len() as f32
}

/// The medians of some pairs.
fn point(pairs: &[[f32; 2]]) -> [f32; 2] {
    [0, 1].map(|i| {
        let mut values: Vec<f32> = pairs.iter().map(|p| p[i]).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    })
}

/// The curve's value at `old`, straight between its points and beyond them.
fn on_curve(curve: &[[f32; 2]], old: f32) -> f32 {
    let above = curve.partition_point(|p| p[0] <= old).clamp(1, curve.len().saturating_sub(1).max(1));
    match (curve.get(above - 1), curve.get(above)) {
        (Some(a), Some(b)) if b[0] - a[0] > f32::EPSILON => {
            a[1] + (b[1] - a[1]) * (old - a[0]) / (b[0] - a[0])
        }
        (Some(a), _) => a[1],
        _ => old,
    }
}
