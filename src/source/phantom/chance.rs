//! Chance that repeats: numbers drawn from a seed, and smooth noise over the plane.
//!
//! The same seed gives the same bits on every processor: integer generators, and only the four basic
//! operations on floats. This module knows nothing of bodies.

use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

/// What a stream of numbers is for; streams of one seed do not disturb each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Anatomy = 1,
    Vessels = 2,
    Texture = 3,
    Opacity = 4,
    Film = 5,
    Quanta = 6,
}

/// Numbers drawn for one purpose.
pub struct Chance(Pcg64Mcg);

impl Chance {
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        let low = mix(seed ^ ((purpose as u64) << 56));
        let high = mix(low ^ seed.rotate_left(17));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// Uniform in `low..high`, in steps of 2^-24 of the span.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * unit(self.0.next_u32())
    }

    /// True with this probability.
    pub fn happens(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// A whole seed, for [`Noise`].
    pub fn seed(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// About normal, mean 0, deviation 1: four 16-bit numbers added, so never beyond 3.5.
    pub fn normal(&mut self) -> f32 {
        let bits = self.0.next_u64();
        let sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        // The sum of four uniforms on 0..1 has mean 2 and variance 1/3.
        (sum as f32 / 65_536.0 - 2.0) * 1.732_050_8
    }
}

/// Smooth noise over the plane: random values on a square lattice, joined smoothly.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    seed: u32,
    wavelength_cm: f32,
}

impl Noise {
    pub fn new(seed: u32, wavelength_cm: f32) -> Self {
        Self { seed, wavelength_cm }
    }

    /// The noise at a point in centimetres, -1..1.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (u, v) = (x / self.wavelength_cm, y / self.wavelength_cm);
        let (column, row) = (u.floor(), v.floor());
        let (fx, fy) = (ease(u - column), ease(v - row));
        let (i, j) = (column as i32, row as i32);
        let top = lerp(self.lattice(i, j), self.lattice(i.wrapping_add(1), j), fx);
        let j = j.wrapping_add(1);
        let bottom = lerp(self.lattice(i, j), self.lattice(i.wrapping_add(1), j), fx);
        lerp(top, bottom, fy)
    }

    fn lattice(&self, i: i32, j: i32) -> f32 {
        let key = (i as u32).wrapping_mul(0x9E37_79B1) ^ (j as u32).wrapping_mul(0x85EB_CA77) ^ self.seed;
        let mut h = key ^ (key >> 15);
        h = h.wrapping_mul(0x2C1B_3C6D);
        h ^= h >> 12;
        h = h.wrapping_mul(0x297A_2D39);
        unit(h ^ (h >> 15)) * 2.0 - 1.0
    }
}

/// From `a` at 0 to `b` at 1.
pub fn lerp(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// 0 at `low` and below, 1 at `high` and above, smooth between.
pub fn smooth_step(low: f32, high: f32, value: f32) -> f32 {
    ease(((value - low) / (high - low)).clamp(0.0, 1.0))
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

/// The upper 24 bits as 0..1, exactly.
fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 / 16_777_216.0
}

/// Spreads a seed's bits. Source: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
