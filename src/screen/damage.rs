//! What differs between two pictures, so that no more than that is sent to a device.

use super::Canvas;
use crate::units::{PixelSize, Turn};

/// Bytes of a pixel in a [`Canvas`].
const BYTES: usize = 3;
/// Bytes of a row that are compared at once.
const BLOCK: usize = 64;
/// Patches of one picture: where more would come, the two that are nearest each other become one.
const PATCHES_MAX: usize = 8;

/// A rectangle of pixels, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

impl Patch {
    /// All of a picture.
    pub fn whole(size: PixelSize) -> Self {
        Self { left: 0, top: 0, width: size.width, height: size.height }
    }

    /// Where it comes to lie when its picture of `size` is turned.
    pub fn turned(self, turn: Turn, size: PixelSize) -> Self {
        let Self { left, top, width, height } = self;
        let (right, below) = (size.width - left - width, size.height - top - height);
        match turn {
            Turn::None => self,
            Turn::Quarter => Self { left: below, top: left, width: height, height: width },
            Turn::Half => Self { left: right, top: below, width, height },
            Turn::ThreeQuarters => Self { left: top, top: right, width: height, height: width },
        }
    }

    /// The smallest patch that takes in both.
    fn with(self, other: Self) -> Self {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let right = (self.left + self.width).max(other.left + other.width);
        let bottom = (self.top + self.height).max(other.top + other.height);
        Self { left, top, width: right - left, height: bottom - top }
    }

    fn bottom(self) -> u32 {
        self.top + self.height
    }
}

/// What differs between two pictures of one size, from top to bottom; without a picture before, all.
pub fn changes(before: Option<&Canvas>, after: &Canvas) -> Vec<Patch> {
    let size = after.size();
    let Some(before) = before.filter(|b| b.size() == size) else { return vec![Patch::whole(size)] };
    let row = size.width as usize * BYTES;
    let rows = before.bytes().chunks_exact(row).zip(after.bytes().chunks_exact(row));
    let mut patches: Vec<Patch> = Vec::new();
    for (top, (old, new)) in (0..).zip(rows) {
        let Some((left, width)) = columns(old, new) else { continue };
        add(&mut patches, Patch { left, top, width, height: 1 });
    }
    patches
}

/// Adds what changed in a further row.
fn add(patches: &mut Vec<Patch>, row: Patch) {
    match patches.last_mut() {
        Some(last) if last.bottom() == row.top => *last = last.with(row),
        _ => patches.push(row),
    }
    if patches.len() > PATCHES_MAX {
        join_nearest(patches);
    }
}

fn join_nearest(patches: &mut Vec<Patch>) {
    let gap = |k: &usize| patches[k + 1].top - patches[*k].bottom();
    if let Some(k) = (0..patches.len().saturating_sub(1)).min_by_key(gap) {
        let below = patches.remove(k + 1);
        patches[k] = patches[k].with(below);
    }
}

/// The first column that differs, and how many from there to the last one.
fn columns(old: &[u8], new: &[u8]) -> Option<(u32, u32)> {
    if old == new {
        return None;
    }
    // By blocks first: most of a row that differs is still the same.
    let differs = |(a, b): (&[u8], &[u8])| a != b;
    let blocks = || old.chunks(BLOCK).zip(new.chunks(BLOCK));
    let (first, last) = (blocks().position(differs)?, blocks().rposition(differs)?);
    let pixel = |block: usize, is_last: bool| {
        let from = block * BLOCK;
        let bytes = || old[from..].iter().zip(&new[from..]).take(BLOCK);
        let differs = |(a, b): (&u8, &u8)| a != b;
        let at = if is_last { bytes().rposition(differs) } else { bytes().position(differs) };
        at.map(|at| (from + at) / BYTES)
    };
    let (first, last) = (pixel(first, false)?, pixel(last, true)?);
    Some((first as u32, (last - first + 1) as u32))
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point, RgbColor, Size};
    use embedded_graphics::primitives::Rectangle;

    use super::*;

    const SIZE: PixelSize = PixelSize::new(40, 50);

    fn blank() -> Canvas {
        Canvas::new(SIZE, Rgb888::BLACK)
    }

    fn with(areas: &[(i32, i32, u32, u32)]) -> Canvas {
        let mut picture = blank();
        for &(x, y, w, h) in areas {
            picture.fill_solid(&Rectangle::new(Point::new(x, y), Size::new(w, h)), Rgb888::RED).unwrap();
        }
        picture
    }

    #[test]
    fn the_same_picture_has_no_patch_and_the_first_one_is_all_patch() {
        assert_eq!(changes(Some(&blank()), &blank()), []);
        assert_eq!(changes(None, &blank()), [Patch::whole(SIZE)]);
    }

    #[test]
    fn two_changes_below_each_other_are_two_patches() {
        let patches = changes(Some(&blank()), &with(&[(3, 4, 5, 6), (30, 20, 10, 1)]));
        let expected = [(3, 4, 5, 6), (30, 20, 10, 1)];
        assert_eq!(patches, expected.map(|(left, top, width, height)| Patch { left, top, width, height }));
    }

    #[test]
    fn patches_are_bounded_and_take_in_every_change() {
        let stripes: Vec<_> = (0..25).map(|k| (k, 2 * k, 1, 1)).collect();
        let after = with(&stripes);
        let patches = changes(Some(&blank()), &after);
        assert!(patches.len() <= PATCHES_MAX, "{patches:?}");
        let inside = |x: u32, y: u32| {
            patches
                .iter()
                .any(|p| (p.left..p.left + p.width).contains(&x) && (p.top..p.bottom()).contains(&y))
        };
        assert!(stripes.iter().all(|&(x, y, ..)| inside(x as u32, y as u32)));
    }

    #[test]
    fn a_patch_turns_with_its_picture() {
        let patch = Patch { left: 1, top: 2, width: 3, height: 4 };
        let turned = |turn| patch.turned(turn, SIZE);
        assert_eq!(turned(Turn::Quarter), Patch { left: 44, top: 1, width: 4, height: 3 });
        assert_eq!(turned(Turn::Half), Patch { left: 36, top: 44, width: 3, height: 4 });
        let there = turned(Turn::ThreeQuarters);
        assert_eq!(there.turned(Turn::Quarter, Turn::Quarter.turned(SIZE)), patch);
    }
}
