//! Every colour that is drawn, and which text colour may stand on which ground.
//!
//! Text is written with an [`Ink`], so that a pair of colours that is not listed in [`Colours::inks`] is never used;
//! tests compute the contrast of each (WCAG 2.2, success criteria 1.4.3 and 1.4.11: 4.5 to 1 for text, 3 to 1 for
//! lines and marks).

use embedded_graphics::pixelcolor::Rgb888;

use super::options::Palette;

/// Behind everything before a screen is drawn.
pub const GROUND: Rgb888 = DAY.ground;

/// All of a radiograph's brightness is shown.
pub const FULL_BRIGHTNESS: u16 = 256;

/// A text colour and the ground that it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    pub text: Rgb888,
    pub ground: Rgb888,
}

/// The colours of one palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Behind everything.
    pub ground: Rgb888,
    /// Behind the header and the footer.
    pub band: Rgb888,
    /// Behind keys, and behind what is selected.
    pub key: Rgb888,
    /// Lines between groups, which part and say nothing.
    pub rule: Rgb888,
    /// Outline of the lung field in the diagram.
    pub lung_line: Rgb888,
    /// Filled steps and hatching.
    pub accent: Rgb888,
    /// Values and sentences.
    pub text: Rgb888,
    /// Names of values, and small print.
    pub label: Rgb888,
    /// What asks for attention.
    pub alert: Rgb888,
    /// A fault of the device.
    pub fault: Rgb888,
    /// How much of a radiograph's brightness is shown, in 256ths.
    pub brightness: u16,
}

const DAY: Colours = Colours {
    ground: Rgb888::new(13, 16, 21),
    band: Rgb888::new(30, 36, 46),
    key: Rgb888::new(44, 54, 70),
    rule: Rgb888::new(62, 71, 84),
    lung_line: Rgb888::new(96, 224, 232),
    accent: Rgb888::new(255, 196, 61),
    text: Rgb888::new(241, 244, 248),
    label: Rgb888::new(176, 186, 198),
    alert: Rgb888::new(255, 196, 61),
    fault: Rgb888::new(255, 150, 136),
    brightness: FULL_BRIGHTNESS,
};
const SUN: Colours = Colours {
    ground: Rgb888::new(255, 255, 255),
    band: Rgb888::new(226, 230, 235),
    key: Rgb888::new(205, 212, 221),
    rule: Rgb888::new(160, 168, 178),
    lung_line: Rgb888::new(0, 88, 104),
    accent: Rgb888::new(140, 72, 0),
    text: Rgb888::new(0, 0, 0),
    label: Rgb888::new(44, 50, 58),
    alert: Rgb888::new(128, 48, 0),
    fault: Rgb888::new(150, 0, 16),
    brightness: FULL_BRIGHTNESS,
};
const NIGHT: Colours = Colours {
    ground: Rgb888::new(0, 0, 0),
    band: Rgb888::new(20, 10, 6),
    key: Rgb888::new(34, 17, 10),
    rule: Rgb888::new(62, 34, 20),
    lung_line: Rgb888::new(196, 132, 84),
    accent: Rgb888::new(208, 116, 44),
    text: Rgb888::new(222, 156, 108),
    label: Rgb888::new(190, 126, 85),
    alert: Rgb888::new(236, 128, 48),
    fault: Rgb888::new(242, 112, 92),
    brightness: 140,
};

/// On the radiograph, in every palette: outline of the lung field.
pub const LUNG_LINE: Rgb888 = Rgb888::new(96, 224, 232);
/// On the radiograph: outline of the infected region, and the marks of the patient's sides.
pub const INFECTED_LINE: Rgb888 = Rgb888::new(255, 255, 255);
/// On the radiograph: beside a light line, so that it is seen on light and dark pixels.
pub const HALO: Rgb888 = Rgb888::new(0, 0, 0);

impl Palette {
    pub fn colours(self) -> &'static Colours {
        match self {
            Self::Day => &DAY,
            Self::Sun => &SUN,
            Self::Night => &NIGHT,
        }
    }
}

impl Colours {
    pub fn plain(&self) -> Ink {
        Ink { text: self.text, ground: self.ground }
    }

    pub fn label(&self) -> Ink {
        Ink { text: self.label, ground: self.ground }
    }

    pub fn alert(&self) -> Ink {
        Ink { text: self.alert, ground: self.ground }
    }

    pub fn fault(&self) -> Ink {
        Ink { text: self.fault, ground: self.ground }
    }

    pub fn on_band(&self) -> Ink {
        Ink { text: self.text, ground: self.band }
    }

    pub fn label_on_band(&self) -> Ink {
        Ink { text: self.label, ground: self.band }
    }

    pub fn alert_on_band(&self) -> Ink {
        Ink { text: self.alert, ground: self.band }
    }

    pub fn on_key(&self) -> Ink {
        Ink { text: self.text, ground: self.key }
    }

    pub fn label_on_key(&self) -> Ink {
        Ink { text: self.label, ground: self.key }
    }

    pub fn alert_on_key(&self) -> Ink {
        Ink { text: self.alert, ground: self.key }
    }

    /// The marks of the patient's sides on the radiograph.
    pub fn mark(&self) -> Ink {
        Ink { text: self.shown(INFECTED_LINE), ground: HALO }
    }

    /// Every pair of text and ground.
    pub fn inks(&self) -> [Ink; 11] {
        [
            self.plain(),
            self.label(),
            self.alert(),
            self.fault(),
            self.on_band(),
            self.label_on_band(),
            self.alert_on_band(),
            self.on_key(),
            self.label_on_key(),
            self.alert_on_key(),
            self.mark(),
        ]
    }

    /// A radiograph's or a map's colour as this palette shows it.
    pub fn shown(&self, c: Rgb888) -> Rgb888 {
        use embedded_graphics::pixelcolor::RgbColor;
        let dim = |v: u8| ((u16::from(v) * self.brightness) >> 8).min(255) as u8;
        if self.brightness == FULL_BRIGHTNESS { c } else { Rgb888::new(dim(c.r()), dim(c.g()), dim(c.b())) }
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::RgbColor;

    use super::*;

    /// Least contrast of text, WCAG 2.2 level AA.
    const TEXT_MIN: f64 = 4.5;
    /// Least contrast of graphics, WCAG 2.2, success criterion 1.4.11.
    const GRAPHICS_MIN: f64 = 3.0;
    /// Most light that any colour of the night palette gives, as a share of white: eyes stay used to the dark.
    const NIGHT_LUMINANCE_MAX: f64 = 0.42;

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
        for palette in Palette::ALL {
            for ink in palette.colours().inks() {
                let ratio = contrast(ink.text, ink.ground);
                assert!(ratio >= TEXT_MIN, "{palette:?} {ink:?} has {ratio:.2}");
            }
        }
    }

    #[test]
    fn lines_and_hatching_stand_out_from_what_is_beside_them() {
        for palette in Palette::ALL {
            let c = palette.colours();
            let on_picture =
                [(INFECTED_LINE, HALO), (LUNG_LINE, HALO)].map(|(a, b)| (c.shown(a), c.shown(b)));
            let in_panel =
                [(c.lung_line, c.ground), (c.accent, c.ground), (c.label, c.ground), (c.accent, c.key)];
            for (a, b) in on_picture.into_iter().chain(in_panel) {
                assert!(contrast(a, b) >= GRAPHICS_MIN, "{palette:?}: {a:?} on {b:?}");
            }
        }
    }

    #[test]
    fn the_night_palette_is_dim_and_has_little_blue() {
        let c = Palette::Night.colours();
        for ink in c.inks() {
            assert!(luminance(ink.text) <= NIGHT_LUMINANCE_MAX, "{ink:?}");
        }
        assert!(
            [c.text, c.label, c.accent, c.alert].iter().all(|c| u16::from(c.b()) * 2 <= u16::from(c.r()))
        );
    }
}
