//! A wide blur of a plane, cheaply: averaged into coarse cells, blurred there, read back smoothly.
//!
//! This module knows nothing of what the plane shows.

/// Passes of a box that together come near a bell curve.
const PASSES: usize = 3;
/// Coarse cells along a blur's radius.
const CELLS_PER_RADIUS: f32 = 4.0;

/// A blurred plane, kept coarse.
pub struct Blurred {
    cells: Vec<f32>,
    columns: usize,
    rows: usize,
    cell_px: usize,
    width: usize,
}

/// `plane` (row-major, `width` x `height`) blurred over about `radius_px`; edges repeat.
pub fn blurred(plane: &[f32], width: usize, height: usize, radius_px: f32) -> Blurred {
    assert!(plane.len() == width * height && width > 0 && height > 0);
    let cell_px = ((radius_px / CELLS_PER_RADIUS) as usize).max(1);
    let (columns, rows) = (width.div_ceil(cell_px), height.div_ceil(cell_px));
    let mut cells = averages(plane, width, height, cell_px);
    let reach = ((radius_px / cell_px as f32) * 0.5 + 0.5) as usize;
    for _ in 0..PASSES {
        cells = box_blur(&cells, columns, rows, reach.max(1), Axis::Row);
        cells = box_blur(&cells, columns, rows, reach.max(1), Axis::Column);
    }
    Blurred { cells, columns, rows, cell_px, width }
}

impl Blurred {
    /// The blurred value at a pixel's index in the plane.
    pub fn at(&self, index: usize) -> f32 {
        let place = |pixel: usize, count: usize| {
            let at = ((pixel as f32 + 0.5) / self.cell_px as f32 - 0.5).clamp(0.0, (count - 1) as f32);
            let low = at as usize;
            (low, (low + 1).min(count - 1), at - low as f32)
        };
        let (left, right, across) = place(index % self.width, self.columns);
        let (above, below, down) = place(index / self.width, self.rows);
        let row = |r: usize| {
            let (a, b) = (self.cells[r * self.columns + left], self.cells[r * self.columns + right]);
            a + (b - a) * across
        };
        row(above) + (row(below) - row(above)) * down
    }
}

fn averages(plane: &[f32], width: usize, height: usize, cell_px: usize) -> Vec<f32> {
    let (columns, rows) = (width.div_ceil(cell_px), height.div_ceil(cell_px));
    let mut sums = vec![(0.0f32, 0u32); columns * rows];
    for (y, line) in plane.chunks_exact(width).enumerate() {
        for (x, value) in line.iter().enumerate() {
            let cell = &mut sums[(y / cell_px) * columns + x / cell_px];
            *cell = (cell.0 + value, cell.1 + 1);
        }
    }
    sums.iter().map(|&(sum, count)| sum / count as f32).collect()
}

#[derive(Clone, Copy)]
enum Axis {
    Row,
    Column,
}

fn box_blur(cells: &[f32], columns: usize, rows: usize, reach: usize, axis: Axis) -> Vec<f32> {
    let (length, step) = match axis {
        Axis::Row => (columns, 1),
        Axis::Column => (rows, columns),
    };
    let mut out = vec![0.0; cells.len()];
    for (i, cell) in out.iter_mut().enumerate() {
        let at = (i / step) % length;
        let first = i - at * step;
        let sum: f32 = (0..=2 * reach)
            .map(|k| cells[first + (at + k).saturating_sub(reach).min(length - 1) * step])
            .sum();
        *cell = sum / (2 * reach + 1) as f32;
    }
    out
}
