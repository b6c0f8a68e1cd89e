//! Soft tissue and air on a ray: how many centimetres of each lie on the straight line to the detector.
//!
//! Rays are taken as parallel and perpendicular to the detector. This module knows nothing of bone or grey.

use super::anatomy::{Anatomy, Side};
use super::chance::smooth_step;
use super::solid::capsule;

/// Aerated tissue starts this far from the medial border at full depth.
const MEDIAL_RIM_CM: f32 = 2.6;
/// How far below the dome's top the lung's last recess behind it ends.
const RECESS_CM: f32 = 4.5;
const ARM_RADIUS_CM: f32 = 4.6;
const WINDPIPE_RADIUS_CM: f32 = 0.95;
/// Height at which the windpipe divides.
const CARINA_Y: f32 = 8.6;

/// Centimetres of neck, trunk, shoulders, arms and breasts on the ray, lungs included; 0 beside the body.
pub fn body_cm(a: &Anatomy, x: f32, y: f32) -> f32 {
    let across = x.abs();
    let share = across / a.trunk_width.at(y);
    let trunk =
        if share < 1.0 { a.trunk_depth.at(y) * (1.0 - share * share * share * share).sqrt() } else { 0.0 };
    let shoulder = shoulder_cm(a, across, y - a.shoulder_y);
    let soft = trunk.max(shoulder) + 0.35 * trunk.min(shoulder);
    if soft > 0.0 { soft + breast_cm(a, across, y) } else { 0.0 }
}

fn shoulder_cm(a: &Anatomy, across: f32, y: f32) -> f32 {
    let joint = round_cm((across - 17.5) / 6.5, (y - 5.0) / 5.6) * 11.0;
    let upper = capsule((across, y), (18.4, 5.5), (18.4 + a.arm_out, 24.0));
    let arm = if upper < ARM_RADIUS_CM {
        2.0 * (ARM_RADIUS_CM * ARM_RADIUS_CM - upper * upper).sqrt()
    } else {
        0.0
    };
    joint.max(arm)
}

fn breast_cm(a: &Anatomy, across: f32, y: f32) -> f32 {
    // Breasts end in a fold below and fade out above.
    a.breast_cm * round_cm((across - 7.8) / 6.2, (y - 17.0) / 7.5) * smooth_step(9.0, 20.0, y)
}

/// 1 at the middle of a unit ball, 0 beside it.
fn round_cm(u: f32, v: f32) -> f32 {
    (1.0 - u * u - v * v).max(0.0).sqrt()
}

/// Centimetres of aerated lung on the ray: the rib cage less mediastinum, heart, great vessels and dome.
pub fn lung_cm(a: &Anatomy, x: f32, y: f32) -> f32 {
    let side = if x < 0.0 { Side::Right } else { Side::Left };
    let (across, i) = (x.abs(), side as usize);
    let (outer, inner) = (a.outer[i].at(y), a.inner[i].at(y));
    if y <= 0.0 || across >= outer || across <= inner {
        return 0.0;
    }
    let share = across / outer;
    let cage = a.cage_depth.at(y) * (1.0 - share * share * share).sqrt();
    let rim = ((across - inner) / MEDIAL_RIM_CM.min(0.6 * (outer - inner))).min(1.0);
    let beside = (cage * (rim * (2.0 - rim)).sqrt() - organs_cm(a, x, y)).max(0.0);
    beside * above_dome(a, side, across, y)
}

/// Share of the cage's depth that the diaphragm leaves to the lung.
fn above_dome(a: &Anatomy, side: Side, across: f32, y: f32) -> f32 {
    let below = (y - a.dome_y(side, across)) / RECESS_CM;
    if below <= 0.0 {
        return 1.0;
    }
    let open = 1.0 - below.min(1.0);
    1.0 - (1.0 - open * open).sqrt()
}

fn organs_cm(a: &Anatomy, x: f32, y: f32) -> f32 {
    let heart = a.heart_cm(x, y);
    let vessels: f32 = a.great_vessels.iter().map(|e| e.chord(x, y)).map(|c| c * c).sum();
    (heart * heart + vessels).sqrt()
}

/// Centimetres of windpipe, main bronchi and stomach gas on the ray.
pub fn gas_cm(a: &Anatomy, x: f32, y: f32) -> f32 {
    // The arch of the aorta pushes the windpipe a little to the patient's right.
    let middle = a.front_x * 0.6 - 0.25 * (1.0 - ((y - 7.0) / 5.0).abs()).max(0.0);
    let fork = (middle, CARINA_Y);
    let pipe = tube_cm((x, y), (middle, -14.0), fork, WINDPIPE_RADIUS_CM);
    let right = tube_cm((x, y), fork, (middle - 3.2, CARINA_Y + 2.6), 0.6);
    let left = tube_cm((x, y), fork, (middle + 3.8, CARINA_Y + 2.2), 0.5);
    pipe.max(right).max(left) + stomach_cm(a, x, y)
}

fn tube_cm(point: (f32, f32), from: (f32, f32), to: (f32, f32), radius: f32) -> f32 {
    let away = capsule(point, from, to);
    if away < radius { 2.0 * (radius * radius - away * away).sqrt() } else { 0.0 }
}

fn stomach_cm(a: &Anatomy, x: f32, y: f32) -> f32 {
    let fluid_y = a.stomach.centre.1 + a.stomach.half.1 * 0.45;
    a.stomach.chord(x, y) * (1.0 - smooth_step(fluid_y - 0.15, fluid_y + 0.15, y))
}
