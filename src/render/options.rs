//! What the operator may choose of how things are shown.

/// How a screen is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    pub map: MapStyle,
    pub opacity: Opacity,
    pub palette: Palette,
    pub language: Language,
}

/// What is laid over the radiograph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapStyle {
    /// Tints by probability, and the outlines.
    #[default]
    Filled,
    /// The outlines alone.
    Outlined,
    /// Nothing: the bare radiograph.
    Off,
}

/// How much of the radiograph the map's tints hide, in steps; [`MapStyle::Off`] is the step below the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opacity {
    Quarter,
    Half,
    ThreeQuarters,
    #[default]
    Full,
}

impl Opacity {
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Half, Self::ThreeQuarters, Self::Full];

    /// The share of the largest opacity, in percent.
    pub fn percent(self) -> u8 {
        match self {
            Self::Quarter => 25,
            Self::Half => 50,
            Self::ThreeQuarters => 75,
            Self::Full => 100,
        }
    }
}

/// Which colours everything but the map has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Palette {
    /// Light on dark: indoors.
    #[default]
    Day,
    /// Black on white: in the sun, and on paper.
    Sun,
    /// Dim and without blue, the radiograph dimmed too: in the dark.
    Night,
}

impl Palette {
    pub const ALL: [Self; 3] = [Self::Day, Self::Sun, Self::Night];
}

/// A language that the screens speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    English,
    French,
    Spanish,
    Portuguese,
    Swahili,
    Hindi,
    Arabic,
}

impl Language {
    pub const ALL: [Self; 7] = [
        Self::English,
        Self::French,
        Self::Spanish,
        Self::Portuguese,
        Self::Swahili,
        Self::Hindi,
        Self::Arabic,
    ];

    /// Its code in ISO 639-1, which names its file too.
    pub fn tag(self) -> &'static str {
        ["en", "fr", "es", "pt", "sw", "hi", "ar"][self as usize]
    }

    /// The language of an ISO 639-1 code; `None` for one that is not spoken.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.tag() == code)
    }

    /// Whether it is written from right to left: then everything but the radiograph is mirrored.
    pub fn right_to_left(self) -> bool {
        self == Self::Arabic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_its_own_code_and_by_no_other() {
        assert!(Language::ALL.into_iter().all(|l| Language::of(l.tag()) == Some(l)));
        assert_eq!(Language::of("EN"), None);
    }
}
