//! The solids that bodies are made of, as a frontal view has them.
//!
//! Lengths are centimetres. This module knows nothing of bodies.

/// An ellipsoid in front view: centre, half axes across and along, full depth, turn.
#[derive(Debug, Clone, Copy)]
pub struct Ellipsoid {
    pub centre: (f32, f32),
    pub half: (f32, f32),
    pub depth: f32,
    pub sine: f32,
    pub cosine: f32,
}

impl Ellipsoid {
    pub fn upright(centre: (f32, f32), half: (f32, f32), depth: f32) -> Self {
        Self { centre, half, depth, sine: 0.0, cosine: 1.0 }
    }

    /// Turned clockwise on the image by `angle` radians.
    pub fn turned(self, angle: f32) -> Self {
        Self { sine: libm::sinf(angle), cosine: libm::cosf(angle), ..self }
    }

    /// Centimetres of the ray at (x, y) inside; 0 beside it.
    pub fn chord(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let u = (dx * self.cosine + dy * self.sine) / self.half.0;
        let v = (dy * self.cosine - dx * self.sine) / self.half.1;
        let inside = 1.0 - u * u - v * v;
        if inside > 0.0 { self.depth * inside.sqrt() } else { 0.0 }
    }
}

/// Distance of a point from the line between two points.
pub fn capsule(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (point.0 - from.0, point.1 - from.1);
    let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    let (ex, ey) = (px - along * dx, py - along * dy);
    (ex * ex + ey * ey).sqrt()
}
