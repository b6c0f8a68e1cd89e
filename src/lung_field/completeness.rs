//! Whether the lungs are whole in the picture, or run into an edge of the radiograph.
//!
//! Lungs end inside a complete radiograph: apices below the upper edge, costophrenic angles above the lower one, ribs
//! beside them. A lung that ends at the radiograph's own edge (not the square's) goes on beyond it.
//! The bounds are measured, see `docs/fitness.md`.

use std::fmt;

use super::Extent;
use crate::preprocess::Letterbox;
use crate::units::Fraction;

/// From these shares on a cut is told: upper, lower, side edge. 1.9, 0.9 and 1.8 % of the corpus reach them.
const SLIGHT_FROM: [f32; 3] = [0.15, 0.1, 0.3];
/// From these shares on a large part must be missing; one radiograph of the corpus in 1,685 reaches them.
const LARGE_FROM: [f32; 3] = [0.75, 0.8, 0.85];
/// The network's outlines end up to this part of the square before the edge that cuts the lung.
const EDGE_PARTS: usize = 128;

/// An edge of the radiograph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Upper,
    Lower,
    Side,
}

/// A lung that runs into an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    pub edge: Edge,
    /// Length at the edge by the lung's largest width (upper, lower edge) or height (side).
    pub share: Fraction,
}

impl Cut {
    /// Whether a large part of the lung must be missing.
    pub fn is_large(&self) -> bool {
        self.share.get() >= LARGE_FROM[self.edge as usize]
    }

    fn is_told(&self) -> bool {
        self.share.get() >= SLIGHT_FROM[self.edge as usize]
    }

    /// How far beyond the bound of its edge: to compare cuts.
    fn weight(&self) -> f32 {
        self.share.get() / LARGE_FROM[self.edge as usize]
    }
}

/// `a lung runs into the upper edge of the picture over 34 % of its width`
impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (edge, length) = match self.edge {
            Edge::Upper => ("the upper edge", "width"),
            Edge::Lower => ("the lower edge", "width"),
            Edge::Side => ("a side", "height"),
        };
        write!(f, "a lung runs into {edge} of the picture over {} of its {length}", self.share.percent())
    }
}

/// The worst cut of either lung that is worth telling; `masks` lie on the square of `letterbox`.
pub fn cut(masks: [(&[bool], Extent); 2], letterbox: &Letterbox) -> Option<Cut> {
    let all = masks.into_iter().filter(|(_, e)| e.pixels > 0).flat_map(|(mask, _)| cuts(mask, letterbox));
    all.filter(Cut::is_told).reduce(|a, b| if b.weight() > a.weight() { b } else { a })
}

/// One lung at the upper, the lower and both side edges.
fn cuts(mask: &[bool], letterbox: &Letterbox) -> [Cut; 3] {
    let side = letterbox.side as usize;
    let (left, top) = (letterbox.left as usize, letterbox.top as usize);
    let (width, height) = (letterbox.inner.width as usize, letterbox.inner.height as usize);
    let near = (side / EDGE_PARTS).max(1);
    let (mut columns, mut rows) = (vec![0usize; width], vec![0usize; height]);
    let mut touched = [vec![false; width], vec![false; width]];
    let mut sides = [vec![false; height], vec![false; height]];
    for y in 0..height {
        let row = &mask[(top + y) * side + left..][..width];
        rows[y] = super::count(row);
        columns.iter_mut().zip(row).for_each(|(n, m)| *n += usize::from(*m));
        let at_edge = [y < near, y + near >= height];
        for (touched, _) in touched.iter_mut().zip(at_edge).filter(|(_, at_edge)| *at_edge) {
            touched.iter_mut().zip(row).for_each(|(t, m)| *t |= m);
        }
        sides[0][y] = row.iter().take(near).any(|m| *m);
        sides[1][y] = row.iter().rev().take(near).any(|m| *m);
    }
    let count = super::count;
    let longest = |lengths: &[usize]| lengths.iter().copied().max().unwrap_or(0);
    let share = |part, whole| Fraction::of(part, whole).unwrap_or(Fraction::ZERO);
    let beside = count(&sides[0]).max(count(&sides[1]));
    [
        Cut { edge: Edge::Upper, share: share(count(&touched[0]), longest(&rows)) },
        Cut { edge: Edge::Lower, share: share(count(&touched[1]), longest(&rows)) },
        Cut { edge: Edge::Side, share: share(beside, longest(&columns)) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PixelSize;

    /// A lung of `rect` (left, top, right, bottom; exclusive at the end) on a square of 64 pixels.
    fn lung(rects: &[[usize; 4]]) -> Vec<bool> {
        let inside =
            |r: &[usize; 4], i: usize| (r[0]..r[2]).contains(&(i % 64)) && (r[1]..r[3]).contains(&(i / 64));
        (0..64 * 64).map(|i| rects.iter().any(|r| inside(r, i))).collect()
    }

    fn found(frame: PixelSize, rects: &[[usize; 4]]) -> Option<(Edge, f32)> {
        let mask = lung(rects);
        let whole = lung(&[[34, 20, 50, 44]]);
        let masks = [&mask, &whole].map(|m| (m.as_slice(), Extent::of(m, 64)));
        cut(masks, &Letterbox::new(frame, 64)).map(|c| (c.edge, c.share.get()))
    }

    #[test]
    fn a_lung_inside_the_radiograph_is_whole() {
        let square = PixelSize::new(640, 640);
        assert_eq!(found(square, &[[10, 10, 28, 46]]), None);
        assert_eq!(found(square, &[]), None);
    }

    #[test]
    fn the_edge_is_the_radiographs_and_not_the_squares() {
        // 64 x 32 inside the square, from row 16 to 48.
        let wide = PixelSize::new(640, 320);
        assert_eq!(found(wide, &[[10, 16, 20, 40]]), Some((Edge::Upper, 1.0)));
        assert_eq!(found(wide, &[[10, 20, 20, 48]]), Some((Edge::Lower, 1.0)));
        assert_eq!(found(wide, &[[0, 18, 20, 40]]), Some((Edge::Side, 1.0)));
        assert_eq!(found(PixelSize::new(640, 640), &[[10, 16, 20, 40]]), None);
    }

    #[test]
    fn the_share_is_of_the_lungs_own_width() {
        let square = PixelSize::new(640, 640);
        let cut = found(square, &[[10, 10, 30, 50], [14, 0, 20, 10]]);
        assert_eq!(cut, Some((Edge::Upper, 0.3)));
        assert_eq!(found(square, &[[10, 10, 30, 50], [14, 0, 16, 10]]), None);
    }

    #[test]
    fn a_cut_is_told_in_words_with_its_share() {
        let cut = Cut { edge: Edge::Lower, share: Fraction::new(0.8).unwrap() };
        assert_eq!(cut.to_string(), "a lung runs into the lower edge of the picture over 80 % of its width");
        assert!(cut.is_large());
    }
}
