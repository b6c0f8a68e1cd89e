//! Every colour that is drawn, and which text colour may stand on which ground.
//!
//! Text is written with an [`Ink`], so that a pair of colours that is not listed in [`INKS`] is never used;
//! a test computes the contrast of each (WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for text).

use embedded_graphics::pixelcolor::Rgb888;

/// Behind everything.
pub const GROUND: Rgb888 = Rgb888::new(13, 16, 21);
/// Behind the header and the footer.
pub const BAND: Rgb888 = Rgb888::new(30, 36, 46);
/// Lines between groups.
pub const RULE: Rgb888 = Rgb888::new(62, 71, 84);
/// Outline of the lung field, on the radiograph and in the diagram.
pub const LUNG_LINE: Rgb888 = Rgb888::new(96, 224, 232);
/// Outline of the infected region.
pub const INFECTED_LINE: Rgb888 = Rgb888::new(255, 255, 255);
/// Beside a light line, so that it is seen on light and dark pixels.
pub const HALO: Rgb888 = Rgb888::new(0, 0, 0);
/// Filled steps and hatching.
pub const ACCENT: Rgb888 = Rgb888::new(255, 196, 61);

/// A text colour and the ground that it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    pub text: Rgb888,
    pub ground: Rgb888,
}

const WHITE: Rgb888 = Rgb888::new(241, 244, 248);
const GREY: Rgb888 = Rgb888::new(172, 182, 194);

/// Values and sentences.
pub const PLAIN: Ink = Ink { text: WHITE, ground: GROUND };
/// Names of values, and small print.
pub const LABEL: Ink = Ink { text: GREY, ground: GROUND };
/// What asks for attention.
pub const ALERT: Ink = Ink { text: ACCENT, ground: GROUND };
/// A fault of the device.
pub const FAULT: Ink = Ink { text: Rgb888::new(255, 142, 128), ground: GROUND };
/// The header's and footer's text.
pub const ON_BAND: Ink = Ink { text: WHITE, ground: BAND };
/// The header's second text.
pub const LABEL_ON_BAND: Ink = Ink { text: GREY, ground: BAND };
/// A warning in the header.
pub const ALERT_ON_BAND: Ink = Ink { text: ACCENT, ground: BAND };
/// The marks of the patient's sides on the radiograph.
pub const MARK: Ink = Ink { text: WHITE, ground: HALO };

/// All pairs in use.
pub const INKS: [Ink; 8] = [PLAIN, LABEL, ALERT, FAULT, ON_BAND, LABEL_ON_BAND, ALERT_ON_BAND, MARK];

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::RgbColor;

    use super::*;

    /// Least contrast of text, WCAG 2.2 level AA.
    const TEXT_MIN: f64 = 4.5;
    /// Least contrast of graphics, WCAG 2.2, success criterion 1.4.11.
    const GRAPHICS_MIN: f64 = 3.0;

    fn luminance(c: Rgb888) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { libm::pow((v + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast(a: Rgb888, b: Rgb888) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn black_on_white_has_the_contrast_of_the_standard() {
        assert!((contrast(Rgb888::BLACK, Rgb888::WHITE) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn every_text_colour_is_readable_on_its_ground() {
        for ink in INKS {
            let ratio = contrast(ink.text, ink.ground);
            assert!(ratio >= TEXT_MIN, "{ink:?} has {ratio:.2}");
        }
    }

    #[test]
    fn lines_and_hatching_stand_out_from_what_is_beside_them() {
        for (a, b) in [(LUNG_LINE, GROUND), (ACCENT, GROUND), (INFECTED_LINE, HALO), (LUNG_LINE, HALO)] {
            assert!(contrast(a, b) >= GRAPHICS_MIN, "{a:?} on {b:?}");
        }
    }
}
