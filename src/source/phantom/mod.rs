//! A synthetic chest radiograph with its exact lung and infection masks, computed from geometry.
//!
//! Demo, self-test and golden tests live on it, since no person's radiograph may be shipped.
//! Attenuation is added up along parallel rays through simple solids (`anatomy`, `tissue`, `skeleton`,
//! `vessels`), opacities replace air (`opacity`), and a detector turns the rest into grey (`film`).
//! The same spec gives the same bytes on every processor: `libm`, integer generators, a fixed order of sums.
//! It is no model of a disease and proves nothing about patients; it must not know the network.

mod chance;
mod profile;
mod solid;
mod view;
mod anatomy;
mod tissue;
mod skeleton;
mod vessels;
mod rays;
mod opacity;
mod blur;
mod film;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

use super::{FrameSource, Sourced};
use crate::frame::{Frame, Photometric, check_size};
use crate::units::{Fraction, Percent, PixelSize};
use anatomy::{Anatomy, Side};
use film::Film;
use rays::Rays;
use view::View;

/// Size when nothing else is asked for.
pub const SIZE_DEFAULT: PixelSize = PixelSize::new(1024, 1024);
/// Pixels of the largest phantom: its planes take about 40 bytes a pixel, on boards with 1 GiB.
pub const AREA_MAX_PX: usize = 4_200_000;
/// Specs in one source: a demo shows a handful, a soak test some hundreds.
pub const SPECS_MAX: usize = 1_000;
/// In the lung mask: the lung on the image's left (the patient's right), and the other.
pub const LUNG_IMAGE_LEFT: u8 = 127;
pub const LUNG_IMAGE_RIGHT: u8 = 255;

/// Which phantom to compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhantomSpec {
    /// Anatomy, exposure and noise.
    pub seed: u64,
    /// Infected share of the lung area.
    pub infected: Percent,
    /// At least 64 a side, at most [`AREA_MAX_PX`] pixels.
    pub size: PixelSize,
}

impl PhantomSpec {
    /// A phantom of [`SIZE_DEFAULT`].
    pub fn new(seed: u64, infected: Percent) -> Self {
        Self { seed, infected, size: SIZE_DEFAULT }
    }
}

/// `phantom seed 3, 20 % infected`.
impl std::fmt::Display for PhantomSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "phantom seed {}, {} infected", self.seed, self.infected)
    }
}

/// Where the lungs are, as geometry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LungTruth {
    /// Row-major, frame-sized: 0, [`LUNG_IMAGE_LEFT`] or [`LUNG_IMAGE_RIGHT`].
    /// The left lung includes what lies behind the heart.
    pub mask: Vec<u8>,
    /// The part of the left lung's mask that the heart covers.
    pub heart_shadow: Vec<bool>,
}

/// A synthetic radiograph and what is true of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Phantom {
    /// 12 bits stored, MONOCHROME2.
    pub frame: Frame,
    pub lungs: LungTruth,
    /// Row-major, frame-sized: 0, or 255 where infected; only inside the lungs.
    pub infection: Vec<u8>,
    /// Infected share of the lung mask's pixels, as counted.
    pub infected: Fraction,
}

/// The phantom of `spec`; the same spec gives the same bytes.
///
/// The anatomy depends on the seed alone. The infected share is met to one pixel.
/// A size that no frame can have, or above [`AREA_MAX_PX`], is a bug of the caller's and panics.
pub fn compute(spec: &PhantomSpec) -> Phantom {
    assert!(check_size(spec.size).is_ok() && spec.size.area() <= AREA_MAX_PX, "{} pixels", spec.size);
    let anatomy = Anatomy::new(spec.seed);
    let view = View::new(spec.size, anatomy.stance);
    let lungs = lung_truth(&anatomy, &view);
    let rays = Rays::cast(&anatomy, &view, spec.seed);
    let range = rays.exposure(&lungs.mask, &anatomy, &view);
    let opacity =
        opacity::spread(&anatomy, &view, spec.seed, &lungs.mask, &rays.air_nepers, spec.infected.fraction());
    let nepers: Vec<f32> =
        (0..rays.healthy.len()).map(|i| rays.healthy[i] + rays.air_nepers[i] * opacity.replaced[i]).collect();
    let grey = Film::new(spec.seed).develop(&nepers, range, &view);
    let infected = count(&opacity.mask);
    Phantom {
        frame: into_frame(spec.size, grey),
        infected: Fraction::of(infected, count(&lungs.mask)).unwrap_or(Fraction::ZERO),
        infection: opacity.mask,
        lungs,
    }
}

fn into_frame(size: PixelSize, grey: Vec<u16>) -> Frame {
    match Frame::new(size, grey, film::BITS_STORED, Photometric::Monochrome2) {
        Ok(frame) => frame,
        Err(error) => unreachable!("the size was checked: {error}"),
    }
}

fn count(mask: &[u8]) -> usize {
    mask.iter().filter(|&&m| m != 0).count()
}

fn lung_truth(a: &Anatomy, view: &View) -> LungTruth {
    let area = view.size.area();
    let mut truth = LungTruth { mask: Vec::with_capacity(area), heart_shadow: Vec::with_capacity(area) };
    for i in 0..area {
        let (x, y) = view.body_at(i);
        let side = a.lung_at(x, y);
        truth.mask.push(match side {
            None => 0,
            Some(Side::Right) => LUNG_IMAGE_LEFT,
            Some(Side::Left) => LUNG_IMAGE_RIGHT,
        });
        truth.heart_shadow.push(side == Some(Side::Left) && a.heart_cm(x, y) > 0.0);
    }
    truth
}

/// Gives the phantoms of a list, one after another.
#[derive(Debug)]
pub struct PhantomSource {
    specs: std::vec::IntoIter<PhantomSpec>,
}

impl PhantomSource {
    /// The first [`SPECS_MAX`] of `specs`; the rest are left out.
    pub fn new(mut specs: Vec<PhantomSpec>) -> Self {
        specs.truncate(SPECS_MAX);
        Self { specs: specs.into_iter() }
    }
}

impl FrameSource for PhantomSource {
    type Error = Infallible;

    fn next_frame(&mut self) -> Option<Result<Sourced, Infallible>> {
        let spec = self.specs.next()?;
        Some(Ok(Sourced { name: spec.to_string(), frame: compute(&spec).frame }))
    }
}
