//! The vessels of the lungs: trees from the hila, thinning and fading towards the chest wall.
//!
//! Drawn as centimetres of blood on the ray, for the frame's pixels. This module knows nothing of grey.

use super::anatomy::Anatomy;
use super::chance::{Chance, Purpose};
use super::solid::capsule;
use super::view::View;

/// Generations of branching: the last are under a pixel wide.
const GENERATIONS: u32 = 7;
/// Thinner vessels are not seen.
const RADIUS_MIN_CM: f32 = 0.035;
/// Artery, vein, bronchus wall and sheath run together: this much more than the one tube drawn.
const BUNDLE: f32 = 2.6;
/// Directions in which trunks leave the hilum, in radians below the horizontal, and their radius.
const TRUNKS: [(f32, f32); 10] = [
    (-1.40, 0.42),
    (-1.05, 0.46),
    (-0.60, 0.40),
    (-0.15, 0.36),
    (0.20, 0.40),
    (0.52, 0.46),
    (0.82, 0.54),
    (1.08, 0.60),
    (1.32, 0.62),
    (1.50, 0.50),
];

/// Centimetres of blood on each pixel's ray, row-major.
pub fn blood_cm(a: &Anatomy, view: &View, seed: u64) -> Vec<f32> {
    let mut plane = Plane { view, cm: vec![0.0; view.size.area()] };
    let mut chance = Chance::new(seed, Purpose::Vessels);
    for (mirror, hilum) in [(-1.0, (2.9, 11.2)), (1.0, (3.1, 10.4))] {
        for (angle, radius) in TRUNKS {
            let angle = angle + chance.between(-0.15, 0.15);
            let start = (
                mirror * (hilum.0 + a.front_x * mirror * 0.3),
                hilum.1 + 1.3 * angle + chance.between(-0.5, 0.5),
            );
            let twig = Twig { start, angle, radius: radius * chance.between(0.85, 1.1), generation: 0 };
            plane.grow(&mut chance, mirror, twig);
        }
    }
    plane.cm
}

#[derive(Clone, Copy)]
struct Twig {
    start: (f32, f32),
    angle: f32,
    radius: f32,
    generation: u32,
}

struct Plane<'a> {
    view: &'a View,
    cm: Vec<f32>,
}

impl Plane<'_> {
    /// Draws a twig and those that leave it; at most 2^[`GENERATIONS`] of them.
    fn grow(&mut self, chance: &mut Chance, mirror: f32, twig: Twig) {
        let length = chance.between(1.1, 2.3) * (1.0 - 0.05 * twig.generation as f32);
        let bend = chance.between(-0.12, 0.12);
        let (mut start, mut angle, mut radius) = (twig.start, twig.angle, twig.radius);
        for _ in 0..2 {
            let half = length * 0.5;
            let end = (start.0 + mirror * half * libm::cosf(angle), start.1 + half * libm::sinf(angle));
            self.draw(start, end, radius, radius * 0.92);
            (start, angle, radius) = (end, angle + bend, radius * 0.92);
        }
        if twig.generation + 1 >= GENERATIONS {
            return;
        }
        let spread = chance.between(0.25, 0.6);
        for (turn, thinner) in [(-spread * 0.6, 0.84), (spread, 0.62)] {
            let radius = radius * thinner * chance.between(0.88, 1.0);
            if radius > RADIUS_MIN_CM {
                let generation = twig.generation + 1;
                self.grow(chance, mirror, Twig { start, angle: angle + turn, radius, generation });
            }
        }
    }

    /// A tube that narrows from `wide` to `narrow`; where tubes cross, the thicker one counts.
    fn draw(&mut self, from: (f32, f32), to: (f32, f32), wide: f32, narrow: f32) {
        let (p, q) = (self.view.pixel(from.0, from.1), self.view.pixel(to.0, to.1));
        let pixel = self.view.cm_per_px;
        let reach = wide / pixel + 1.5;
        let columns = span(p.0, q.0, reach, self.view.size.width);
        let rows = span(p.1, q.1, reach, self.view.size.height);
        let radius = 0.5 * (wide + narrow);
        // A tube thinner than a pixel is drawn a pixel wide and as much fainter.
        let drawn = radius.max(0.7 * pixel);
        for row in rows {
            for column in columns.clone() {
                let away = capsule((column as f32, row as f32), p, q) * pixel;
                if away < drawn {
                    let chord =
                        2.0 * (drawn * drawn - away * away).sqrt() * (radius / drawn) * (radius / drawn);
                    let chord = chord * BUNDLE;
                    let cell = &mut self.cm[row * self.view.size.width as usize + column];
                    *cell = cell.max(chord);
                }
            }
        }
    }
}

/// Pixels from `a` to `b` and `reach` beyond, inside the frame.
fn span(a: f32, b: f32, reach: f32, side: u32) -> std::ops::Range<usize> {
    let low = (a.min(b) - reach).max(0.0) as usize;
    let high = (a.max(b) + reach + 1.0).clamp(0.0, side as f32) as usize;
    low..high.max(low)
}
