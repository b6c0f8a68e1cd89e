//! The outlines of one chest in centimetres, as a frontal radiograph shows them.
//!
//! Standard coordinates: x = 0 on the midline, positive towards the image's right (the patient's left);
//! y = 0 at the top of the lungs, positive downwards. A `View` stretches and turns them onto pixels.
//! Proportions are those of anatomy books and of a 36 cm field; none is measured from a person.
//! This module knows nothing of attenuation or grey values.

use super::chance::{Chance, Purpose};
use super::profile::Profile;
use super::solid::Ellipsoid;
use super::view::Stance;

/// The patient's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On the image's left.
    Right,
    /// On the image's right.
    Left,
}

/// One chest.
#[derive(Debug, Clone)]
pub struct Anatomy {
    pub stance: Stance,
    /// Half-width of the rib cage's inside at each height, and the medial border of the lungs.
    pub outer: [Profile; 2],
    pub inner: [Profile; 2],
    /// Top of the diaphragm at each share of the half-width.
    dome: [Profile; 2],
    /// Depth of the rib cage's inside at each height.
    pub cage_depth: Profile,
    /// Half-width and depth of neck and trunk at each height.
    pub trunk_width: Profile,
    pub trunk_depth: Profile,
    /// The heart's chambers.
    pub heart: [Ellipsoid; 4],
    /// Great vessels beside the spine.
    pub great_vessels: [Ellipsoid; 4],
    /// Horizontal offset of spine, and of trachea and breastbone: the patient is turned a little.
    pub spine_x: f32,
    pub front_x: f32,
    /// Lowers (positive) or raises the shoulder girdle.
    pub shoulder_y: f32,
    /// How far the arms stand off, in centimetres at the frame's lower edge.
    pub arm_out: f32,
    /// Depth of the breasts' shadow.
    pub breast_cm: f32,
    /// Gas under the left dome.
    pub stomach: Ellipsoid,
}

impl Anatomy {
    /// The anatomy of a seed.
    pub fn new(seed: u64) -> Self {
        let mut c = Chance::new(seed, Purpose::Anatomy);
        let girth = c.between(1.04, 1.24);
        let turned = c.between(-0.35, 0.35);
        let rise = c.between(-0.8, 1.0);
        let heart_size = c.between(0.9, 1.12);
        let left_lower = c.between(0.5, 1.6);
        let breast = c.happens(0.45);
        Self {
            stance: Stance {
                zoom: c.between(0.95, 1.06),
                stretch: (c.between(0.94, 1.07), c.between(0.92, 1.06)),
                shift: (c.between(-0.7, 0.7), c.between(-0.5, 0.9)),
                tilt: c.between(-0.03, 0.03),
            },
            outer: [outer(c.between(-0.2, 0.2)), outer(c.between(-0.25, 0.1))],
            inner: [inner(c.between(0.1, 0.5)), inner(c.between(-0.2, 0.2))],
            dome: [right_dome(rise), left_dome(rise + left_lower)],
            cage_depth: Profile::through(&CAGE_DEPTH),
            trunk_width: trunk_width(girth),
            trunk_depth: trunk_depth(c.between(0.95, 1.08)),
            heart: heart(heart_size, c.between(0.5, 0.8), rise * 0.5),
            great_vessels: great_vessels(c.between(0.9, 1.15)),
            spine_x: -turned * 0.4,
            front_x: turned,
            shoulder_y: c.between(-0.7, 0.8),
            arm_out: c.between(0.5, 5.0),
            breast_cm: if breast { c.between(1.5, 3.2) } else { 0.0 },
            stomach: stomach(&mut c, 21.3 + rise + left_lower),
        }
    }

    /// Height of the diaphragm's dome at this distance from the midline.
    pub fn dome_y(&self, side: Side, across: f32) -> f32 {
        self.dome[side as usize].at(across)
    }

    /// Which lung's outline holds this point; the left one goes on behind the heart.
    pub fn lung_at(&self, x: f32, y: f32) -> Option<Side> {
        let side = if x < 0.0 { Side::Right } else { Side::Left };
        let across = x.abs();
        let i = side as usize;
        let inside = y > 0.0
            && across > self.inner[i].at(y)
            && across < self.outer[i].at(y)
            && y < self.dome[i].at(across);
        inside.then_some(side)
    }

    /// Centimetres of heart on the ray.
    pub fn heart_cm(&self, x: f32, y: f32) -> f32 {
        let squares: f32 = self.heart.iter().map(|e| e.chord(x, y)).map(|c| c * c).sum();
        squares.sqrt()
    }
}

/// Depth of the rib cage's inside at each height.
const CAGE_DEPTH: [(f32, f32); 11] = [
    (0.0, 0.0),
    (0.12, 2.2),
    (0.35, 3.8),
    (0.8, 5.6),
    (1.5, 7.6),
    (3.0, 10.4),
    (6.0, 14.0),
    (10.0, 16.8),
    (16.0, 18.6),
    (22.0, 19.0),
    (32.0, 19.0),
];

/// The lateral border: narrow rounded top, widest at the foot.
fn outer(wider: f32) -> Profile {
    let knots: [(f32, f32); 14] = [
        (0.0, 4.9),
        (0.08, 5.6),
        (0.25, 6.2),
        (0.55, 6.9),
        (1.1, 7.7),
        (2.2, 8.8),
        (3.6, 9.8),
        (5.2, 10.6),
        (8.0, 11.5),
        (12.0, 12.3),
        (16.0, 12.9),
        (20.0, 13.3),
        (26.0, 13.75),
        (32.0, 13.9),
    ];
    Profile::through(&knots.map(|(y, x)| (y, x + wider * (y / 20.0).min(1.0))))
}

/// The medial border, near the spine all the way down.
fn inner(wider: f32) -> Profile {
    let knots: [(f32, f32); 10] = [
        (0.0, 4.7),
        (0.08, 4.0),
        (0.25, 3.4),
        (0.55, 2.8),
        (1.1, 2.2),
        (2.4, 1.65),
        (5.0, 1.55),
        (10.0, 1.8),
        (16.0, 2.05),
        (26.0, 2.3),
    ];
    Profile::through(&knots.map(|(y, x)| (y, x + wider * (y / 10.0).min(1.0))))
}

/// Right dome over the distance from the midline; ends in the sharp costophrenic angle.
fn right_dome(lower: f32) -> Profile {
    let knots = [
        (1.5, 22.6),
        (2.6, 22.1),
        (4.2, 21.1),
        (6.4, 20.6),
        (8.5, 21.0),
        (10.5, 22.1),
        (12.0, 23.5),
        (13.0, 25.1),
        (13.6, 26.6),
        (14.2, 28.0),
    ];
    Profile::through(&knots.map(|(x, y)| (x, y + lower)))
}

/// Left dome; the lung goes further down beside the spine, behind the heart.
fn left_dome(lower: f32) -> Profile {
    let knots = [
        (1.6, 21.4),
        (2.1, 22.9),
        (2.8, 23.3),
        (3.8, 22.6),
        (5.2, 21.2),
        (7.2, 20.6),
        (9.0, 20.9),
        (10.7, 21.9),
        (12.0, 23.2),
        (13.0, 24.8),
        (13.6, 26.2),
        (14.2, 27.6),
    ];
    Profile::through(&knots.map(|(x, y)| (x, y + lower)))
}

fn trunk_width(girth: f32) -> Profile {
    let knots = [
        (-12.0, 7.4),
        (-5.0, 6.3),
        (-3.0, 6.6),
        (-1.6, 8.4),
        (-0.4, 11.5),
        (1.0, 15.8),
        (3.0, 19.0),
        (6.0, 19.4),
        (9.0, 17.6),
        (12.0, 16.2),
        (16.0, 16.2),
        (20.0, 16.4),
        (26.0, 16.5),
        (36.0, 16.2),
    ];
    Profile::through(&knots.map(|(y, x)| (y, x * if y > -1.0 { girth } else { 1.0 })))
}

fn trunk_depth(girth: f32) -> Profile {
    let knots =
        [(-12.0, 12.5), (-3.0, 13.2), (0.0, 15.8), (3.0, 18.0), (8.0, 21.0), (14.0, 23.5), (36.0, 24.0)];
    Profile::through(&knots.map(|(y, d)| (y, d * girth)))
}

/// Left ventricle, right atrium, the base with the left atrium, and the fat in the angle with the dome.
fn heart(size: f32, angle: f32, lower: f32) -> [Ellipsoid; 4] {
    let s = size;
    [
        Ellipsoid::upright((2.7, 17.6 + lower), (6.2 * s, 4.5 * s), 8.5 * s).turned(angle),
        Ellipsoid::upright((-0.6, 17.2 + lower), (2.9 * s, 4.8 * s), 7.5 * s),
        Ellipsoid::upright((1.5, 14.2 + lower * 0.6), (3.7 * s, 5.2 * s), 6.5 * s),
        Ellipsoid::upright((2.6, 22.4 + lower * 1.5), (4.6 * s, 3.2), 9.0),
    ]
}

/// Arch of the aorta, pulmonary trunk, upper vena cava with ascending aorta, descending aorta.
fn great_vessels(size: f32) -> [Ellipsoid; 4] {
    [
        Ellipsoid::upright((1.35, 7.2), (1.9 * size, 1.8 * size), 6.0),
        Ellipsoid::upright((1.9, 10.6), (1.9, 2.2), 5.5),
        Ellipsoid::upright((-1.1, 9.0), (1.7 * size, 7.0), 4.5),
        Ellipsoid::upright((1.3, 15.5), (1.3 * size, 11.0), 3.5),
    ]
}

fn stomach(c: &mut Chance, dome_y: f32) -> Ellipsoid {
    let half = (c.between(1.6, 3.4), c.between(0.9, 2.0));
    Ellipsoid::upright((c.between(5.5, 8.5), dome_y + half.1 + 0.5), half, c.between(2.5, 5.0))
}
