//! Probability of infection to colour and opacity.
//!
//! The colours are plasma's (van der Walt and Smith, matplotlib): its lightness rises steadily, so it is read in
//! order with any colour vision and in a grey print; and it stays saturated from end to end, so that no value looks
//! like the grey of a radiograph. Viridis passes through the blue-green of the lung field's outline, cividis passes
//! through grey, magma and inferno begin black and end almost white.

use colorous::PLASMA;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};

/// Probability below which nothing is laid over the radiograph.
const CLEAR_BELOW: f32 = 0.08;
/// Probability from which opacity no longer rises.
const FULL_FROM: f32 = 0.85;
/// Largest opacity: anatomy is still seen through it.
const OPACITY_MAX: f32 = 0.55;
/// Steps of the table: as many as there are shades.
const STEPS: usize = 256;

/// A colour with how much it hides, 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tint {
    pub colour: Rgb888,
    pub opacity: f32,
}

/// The tints of all probabilities, in 256 steps.
#[derive(Debug, Clone)]
pub struct ColourMap(Vec<Tint>);

impl ColourMap {
    pub fn new() -> Self {
        Self((0..STEPS).map(|k| tint(k as f32 / (STEPS - 1) as f32)).collect())
    }

    /// The tint of `probability`; outside 0..=1 that of the nearer end.
    pub fn tint(&self, probability: f32) -> Tint {
        let step = libm::rintf(probability.clamp(0.0, 1.0) * (STEPS - 1) as f32) as usize;
        self.0[step.min(STEPS - 1)]
    }
}

impl Default for ColourMap {
    fn default() -> Self {
        Self::new()
    }
}

fn tint(probability: f32) -> Tint {
    let c = PLASMA.eval_continuous(f64::from(probability));
    let rise = ((probability - CLEAR_BELOW) / (FULL_FROM - CLEAR_BELOW)).clamp(0.0, 1.0);
    Tint { colour: Rgb888::new(c.r, c.g, c.b), opacity: OPACITY_MAX * rise }
}

/// `over` on top of `under`, hiding `opacity` of it.
pub fn blend(under: Rgb888, over: Rgb888, opacity: f32) -> Rgb888 {
    let part = libm::rintf(opacity.clamp(0.0, 1.0) * 256.0) as u32;
    let mix = |a: u8, b: u8| ((u32::from(a) * (256 - part) + u32::from(b) * part + 128) >> 8) as u8;
    Rgb888::new(mix(under.r(), over.r()), mix(under.g(), over.g()), mix(under.b(), over.b()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(c: Rgb888) -> i32 {
        let [r, g, b] = [c.r(), c.g(), c.b()].map(i32::from);
        r.max(g).max(b) - r.min(g).min(b)
    }

    #[test]
    fn opacity_rises_with_probability_and_never_hides_the_radiograph() {
        let map = ColourMap::new();
        let opacities: Vec<f32> = (0..=100).map(|p| map.tint(p as f32 / 100.0).opacity).collect();
        assert!(opacities.windows(2).all(|w| w[0] <= w[1]));
        assert_eq!((opacities[5], opacities[100]), (0.0, OPACITY_MAX));
    }

    #[test]
    fn no_visible_colour_looks_grey() {
        let map = ColourMap::new();
        let greyest = (10..=100).map(|p| spread(map.tint(p as f32 / 100.0).colour)).min();
        assert!(greyest >= Some(100), "{greyest:?}");
    }

    #[test]
    fn a_tint_of_full_opacity_replaces_and_of_none_leaves() {
        let (a, b) = (Rgb888::new(10, 20, 30), Rgb888::new(200, 100, 0));
        assert_eq!((blend(a, b, 0.0), blend(a, b, 1.0)), (a, b));
    }
}
