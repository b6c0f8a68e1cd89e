//! From pixels to the standard coordinates of a chest, and back.
//!
//! This module knows nothing of what is where in a chest.

use crate::units::PixelSize;

/// Centimetres along the frame's shorter side, before zoom.
const FIELD_CM: f32 = 36.0;
/// The height about which a body turns and stretches.
const CENTRE_Y: f32 = 13.0;

/// How a patient stands before the detector.
#[derive(Debug, Clone, Copy)]
pub struct Stance {
    /// Above 1: less of the patient fills the frame.
    pub zoom: f32,
    /// Width and height over those of the standard chest.
    pub stretch: (f32, f32),
    /// Centimetres to the image's right and down.
    pub shift: (f32, f32),
    /// Clockwise turn on the image, radians.
    pub tilt: f32,
}

/// From pixels to standard coordinates.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub size: PixelSize,
    pub cm_per_px: f32,
    sine: f32,
    cosine: f32,
    shift: (f32, f32),
    stretch: (f32, f32),
}

impl View {
    /// A frame of `size` before a patient who stands so.
    pub fn new(size: PixelSize, stance: Stance) -> Self {
        let Stance { zoom, stretch, shift, tilt } = stance;
        let cm_per_px = FIELD_CM / zoom / size.width.min(size.height) as f32;
        let (sine, cosine) = (libm::sinf(tilt), libm::cosf(tilt));
        Self { size, cm_per_px, sine, cosine, shift, stretch }
    }

    /// Standard coordinates of a pixel's centre.
    pub fn body(&self, column: usize, row: usize) -> (f32, f32) {
        let u = (column as f32 + 0.5 - self.size.width as f32 * 0.5) * self.cm_per_px - self.shift.0;
        let v = (row as f32 + 0.5 - self.size.height as f32 * 0.5) * self.cm_per_px - self.shift.1;
        let (x, y) = (u * self.cosine + v * self.sine, v * self.cosine - u * self.sine);
        (x / self.stretch.0, y / self.stretch.1 + CENTRE_Y)
    }

    /// Standard coordinates of the pixel at this row-major index.
    pub fn body_at(&self, index: usize) -> (f32, f32) {
        let width = self.size.width as usize;
        self.body(index % width, index / width)
    }

    /// Pixel position (column, row) of standard coordinates.
    pub fn pixel(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x * self.stretch.0, (y - CENTRE_Y) * self.stretch.1);
        let (u, v) = (x * self.cosine - y * self.sine, y * self.cosine + x * self.sine);
        let column = (u + self.shift.0) / self.cm_per_px + self.size.width as f32 * 0.5 - 0.5;
        let row = (v + self.shift.1) / self.cm_per_px + self.size.height as f32 * 0.5 - 0.5;
        (column, row)
    }
}
