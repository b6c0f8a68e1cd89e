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
/// Growth of the tonal blocks when a dialog has been closed; a wider window lets them grow as much.
const UNCOVERED_GROWTH: f32 = 1.05;
/// Cells of a picture that a dialog leaves, at least, which no window level could have changed so. On 26 radiographs of the
/// validation split, made-up dialogs of a fifth by a sixth of the picture left so many in 451 of 468 cases, and 503 changes
/// of window level between six that are known again 13 at most, but for one with 34.
const UNCOVERED_CELLS_MIN: usize = 16;
/// Levels of 8 bits within which grey values lie at one end of a picture's: a window level may have cut them off there.
const END_LEVELS: f32 = 3.0;
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
    pub place: Field,
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
        let here = if self.stays_in(new) { self.share_at_its_place(new) } else { 0.0 };
        here.max(share(pairs(&self.field, &new.field, |_| true)))
    }

    /// Whether `new` shows what a dialog covered here: there is more tone, and many cells that were plain have got grey
    /// values that no curve gives them.
    pub fn is_uncovered_in(&self, new: &Self) -> bool {
        let has_grown = new.place.tonal_blocks as f32 >= self.place.tonal_blocks as f32 * UNCOVERED_GROWTH;
        has_grown && self.stays_in(new) && self.uncovered(new) >= UNCOVERED_CELLS_MIN
    }

    fn stays_in(&self, new: &Self) -> bool {
        self.size == new.size && is_one_place(self.place.area, new.place.area)
    }

    /// How many cells of the new field tell something where nothing told here, and lie off the curve.
    ///
    /// What a window level had cut off lies beyond the curve's end; a dialog's plain grey hides values of all kinds.
    fn uncovered(&self, new: &Self) -> usize {
        let inside = |at: usize| new.is_in_field(at);
        let mut told = pairs(&self.picture, &new.picture, inside);
        let Some(curve) = Curve::of(&mut told) else { return 0 };
        let cells = self.picture.values.iter().zip(&new.picture.values).enumerate();
        let is_uncovered = |(at, (old, new_value)): &(usize, (&f32, &f32))| {
            inside(*at)
                && !self.picture.tells(*at)
                && new.picture.tells(*at)
                && !curve.allows(**old, **new_value)
        };
        cells.filter(is_uncovered).count()
    }

    fn share_at_its_place(&self, new: &Self) -> f32 {
        share(pairs(&self.picture, &new.picture, |at| self.is_in_field(at)))
    }

    /// Whether the middle of the picture's cell `at` lies in the field.
    fn is_in_field(&self, at: usize) -> bool {
        let columns = self.picture.columns;
        let rows = self.picture.values.len() / columns.max(1);
        let x = (at % columns) as f32 + 0.5;
        let y = (at / columns) as f32 + 0.5;
        let x = x * self.size.width as f32 / columns as f32 - self.place.area.left as f32;
        let y = y * self.size.height as f32 / rows as f32 - self.place.area.top as f32;
        (0.0..self.place.area.size.width as f32).contains(&x)
            && (0.0..self.place.area.size.height as f32).contains(&y)
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
    let Some(curve) = Curve::of(&mut pairs) else { return 0.0 };
    let on = pairs.iter().filter(|p| (p[1] - curve.at(p[0])).abs() <= curve.tolerance).count();
    on as f32 / pairs.len() as f32
}

/// From old grey values to new ones.
struct Curve {
    /// In the order of the old values.
    points: Vec<[f32; 2]>,
    /// How far from it a new value may lie.
    tolerance: f32,
}

impl Curve {
    /// The curve of pairs, which get into the order of their old values; `None`: nothing is shown that could be compared.
    fn of(pairs: &mut [[f32; 2]]) -> Option<Self> {
        let mut new: Vec<f32> = pairs.iter().map(|p| p[1]).collect();
        new.sort_by(f32::total_cmp);
        let at = |percent: usize| new.get(new.len() * percent / 100).copied().unwrap_or(0.0);
        let spread = at(95) - at(5);
        if spread < SPREAD_LEVELS_MIN {
            return None;
        }
        pairs.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let points = pairs.chunks(pairs.len().div_ceil(CURVE_POINTS)).map(point).collect();
        Some(Self { points, tolerance: (TOLERANCE * spread).max(TOLERANCE_LEVELS) })
    }

    /// The new value for `old`, straight between the points and beyond them.
    fn at(&self, old: f32) -> f32 {
        let points = &self.points;
        let above = points.partition_point(|p| p[0] <= old).clamp(1, points.len().saturating_sub(1).max(1));
        match (points.get(above - 1), points.get(above)) {
            (Some(a), Some(b)) if b[0] - a[0] > f32::EPSILON => {
                a[1] + (b[1] - a[1]) * (old - a[0]) / (b[0] - a[0])
            }
            (Some(a), _) => a[1],
            _ => old,
        }
    }

    /// Whether a change of window level may lead from `old` to `new`: at the curve's ends to anything beyond them.
    fn allows(&self, old: f32, new: f32) -> bool {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return true };
        let near = [old - END_LEVELS, old + END_LEVELS].map(|old| self.at(old.clamp(first[0], last[0])));
        let is_rising = last[1] >= first[1];
        let (is_first, is_last) = (old - END_LEVELS <= first[0], old + END_LEVELS >= last[0]);
        let (falls_below, rises_above) = if is_rising { (is_first, is_last) } else { (is_last, is_first) };
        let low = near[0].min(near[1]) - self.tolerance;
        let high = near[0].max(near[1]) + self.tolerance;
        (falls_below || new >= low) && (rises_above || new <= high)
    }
}

/// The medians of some pairs.
fn point(pairs: &[[f32; 2]]) -> [f32; 2] {
    [0, 1].map(|i| {
        let mut values: Vec<f32> = pairs.iter().map(|p| p[i]).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    })
}
