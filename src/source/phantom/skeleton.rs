//! Bone on a ray, in nepers: how much more it takes from the beam than the soft tissue in its place.
//!
//! Ribs are tilted rings with a dense rim; spine, collar bones and shoulder blades are plain solids.
//! This module knows nothing of grey values.

use super::anatomy::{Anatomy, Side};
use super::chance::smooth_step;
use super::profile::Profile;
use super::solid::{Ellipsoid, capsule};

/// Height of each rib at the spine, at its outermost point, and in front at the breastbone's edge, in cm.
const RIBS: [(f32, f32, f32); 11] = [
    (-0.2, 1.3, 3.6),
    (1.0, 3.9, 7.6),
    (2.7, 6.6, 11.0),
    (4.7, 9.4, 14.2),
    (6.9, 12.2, 17.2),
    (9.1, 14.9, 20.0),
    (11.4, 17.6, 22.6),
    (13.7, 20.2, 24.6),
    (16.1, 22.6, 26.2),
    (18.6, 25.0, 27.6),
    (21.2, 27.2, 28.6),
];
/// Nepers through the middle of a rib seen flat.
const RIB_NEPERS: f32 = 0.095;
const RIB_HALF_HEIGHT_CM: f32 = 0.68;
/// A ring seen along its own plane takes no more than this many times what it takes seen flat.
const RIB_GRAZING_MAX: f32 = 2.6;
const VERTEBRA_NEPERS: f32 = 0.30;

/// The bones of one chest.
pub struct Skeleton<'a> {
    anatomy: &'a Anatomy,
    ribs: Vec<Rib>,
    /// Number of the vertebra at each height, counted from the uppermost in the frame.
    vertebra: Profile,
    /// Height and half-thickness of the collar bones at each distance from the midline.
    collar: Profile,
    collar_half: Profile,
}

struct Rib {
    wall_y: f32,
    rise: f32,
    fall: f32,
    /// Half-width of the ring on each side.
    half: [f32; 2],
}

impl<'a> Skeleton<'a> {
    pub fn new(anatomy: &'a Anatomy) -> Self {
        let rib = |&(back_y, wall_y, front_y): &(f32, f32, f32)| Rib {
            wall_y,
            rise: wall_y - back_y,
            fall: front_y - wall_y,
            half: [0, 1].map(|side| anatomy.outer[side].at(wall_y) + 0.25 - 0.22 * (wall_y - 20.0).max(0.0)),
        };
        let vertebra = [(-14.0, 0.0), (-1.0, 7.0), (10.0, 12.4), (24.0, 18.4), (36.0, 22.4)];
        let collar = [(1.2, 4.5), (3.0, 4.1), (5.5, 3.1), (8.5, 2.2), (12.0, 1.8), (15.0, 1.3), (18.0, 1.5)];
        let collar_half =
            [(1.2, 0.85), (2.5, 0.8), (5.0, 0.6), (9.0, 0.52), (13.0, 0.6), (16.0, 0.75), (18.0, 0.7)];
        Self {
            anatomy,
            ribs: RIBS.iter().map(rib).collect(),
            vertebra: Profile::through(&vertebra),
            collar: Profile::through(&collar),
            collar_half: Profile::through(&collar_half),
        }
    }

    /// Nepers that bone adds on the ray at (x, y).
    pub fn nepers(&self, x: f32, y: f32) -> f32 {
        let ribs: f32 = self.ribs.iter().map(|rib| rib.nepers(x, y)).sum();
        ribs + self.spine(x - self.anatomy.spine_x, y)
            + self.collar_bone(x - self.anatomy.front_x, y - self.anatomy.shoulder_y)
            + shoulder(x.abs(), y - self.anatomy.shoulder_y)
    }

    fn spine(&self, x: f32, y: f32) -> f32 {
        let half = 1.45 + 0.02 * (y + 4.0).max(0.0);
        if x.abs() > half + 1.8 {
            return 0.0;
        }
        let number = self.vertebra.at(y);
        let level = number - number.floor();
        let plate = smooth_step(0.02, 0.10, level) * (1.0 - smooth_step(0.84, 0.92, level));
        let rim = plate * (smooth_step(0.70, 0.84, level) + 1.0 - smooth_step(0.08, 0.24, level));
        // Bodies are waisted.
        let waist = half * (0.9 + 0.4 * (level - 0.47) * (level - 0.47));
        let across = (x / waist) * (x / waist);
        let body = (1.0 - across * across).max(0.0).sqrt() * (0.6 + 0.3 * plate + 0.14 * rim);
        VERTEBRA_NEPERS * (body + vertebral_arch(x.abs(), level, half))
    }

    fn collar_bone(&self, x: f32, y: f32) -> f32 {
        let across = x.abs();
        if !(1.2..18.0).contains(&across) {
            return 0.0;
        }
        let away = (y - self.collar.at(across)).abs() / (1.04 * self.collar_half.at(across));
        let ends = smooth_step(1.2, 1.6, across) * (1.0 - smooth_step(17.0, 18.0, across));
        0.27 * ends * hollow(away)
    }
}

/// Pedicles, transverse and spinous processes of one vertebra; `level` 0..1 from its top.
fn vertebral_arch(across: f32, level: f32, half: f32) -> f32 {
    let pedicle = 0.26 * hollow(radius((across - half * 0.62) / 0.36, (level - 0.34) / 0.22));
    let spinous = 0.30 * hollow(radius(across / 0.34, (level - 0.86) / 0.24));
    let side = 0.16 * hollow(radius((across - half - 0.5) / 1.1, (level - 0.3) / 0.2));
    pedicle + spinous + side
}

impl Rib {
    /// Distance from the ring by its implicit equation, over the slope of that equation.
    fn nepers(&self, x: f32, y: f32) -> f32 {
        let above = y < self.wall_y;
        let height = if above { self.rise } else { self.fall };
        let across = x.abs();
        let u = (y - self.wall_y).abs() / height;
        let side = if x < 0.0 { Side::Right } else { Side::Left };
        let half = self.half[side as usize];
        if u > 1.6 || across > half + 1.0 {
            return 0.0;
        }
        let v = across / half;
        let root = u.sqrt();
        let excess = u * root + v * v - 1.0;
        let (slope_y, slope_x) = (1.5 * root / height, 2.0 * v / half);
        let steep = (slope_y * slope_y + slope_x * slope_x).sqrt().max(1e-4);
        // Behind, ribs begin at the spine; in front, bone ends where cartilage begins.
        let ends = if above { smooth_step(1.6, 2.3, across) } else { 0.5 * smooth_step(0.35, 0.6, v) };
        if ends == 0.0 {
            return 0.0;
        }
        let taper = RIB_HALF_HEIGHT_CM * if above { 0.9 } else { 1.08 };
        let grazing = (1.0 / (1.05 - v * v).max(0.02).sqrt()).min(RIB_GRAZING_MAX);
        RIB_NEPERS * ends * grazing * hollow((excess / steep).abs() / taper)
    }
}

/// Shoulder blade, its spine, and the head and shaft of the upper arm.
fn shoulder(across: f32, y: f32) -> f32 {
    if across < 8.5 || !(-2.0..26.0).contains(&y) {
        return 0.0;
    }
    let head = Ellipsoid::upright((18.2, 4.4), (2.3, 2.4), 0.30).chord(across, y);
    let shaft = 0.34 * hollow(capsule((across, y), (18.6, 6.0), (22.0, 24.0)) / 1.15);
    let margin = 0.10 * hollow(capsule((across, y), (15.6, 5.6), (13.3, 14.0)) / 0.55);
    let crest = 0.12 * hollow(capsule((across, y), (10.3, 4.6), (17.4, 1.4)) / 0.6);
    let blade = 0.05
        * (1.0 - smooth_step(-0.6, 0.2, across - (15.6 - 0.27 * (y - 5.6))))
        * smooth_step(-0.3, 0.3, across - (10.4 + 0.2 * (y - 4.0)))
        * smooth_step(3.0, 4.2, y)
        * (1.0 - smooth_step(12.5, 14.5, y));
    head.max(shaft) + margin + crest + blade
}

/// A bone with a dense rim, seen across: 1 in the middle, more near the edge, 0 beyond it.
fn hollow(away: f32) -> f32 {
    if away >= 1.0 {
        return 0.0;
    }
    let solid = (1.0 - away * away).sqrt();
    let marrow = (1.0 - away * away * 1.5).max(0.0).sqrt();
    1.9 * solid - 0.9 * marrow
}

fn radius(u: f32, v: f32) -> f32 {
    (u * u + v * v).sqrt()
}
