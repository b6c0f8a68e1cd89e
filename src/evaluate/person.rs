//! What a manifest says of the person: sex and age.

use crate::person::ADULT_FROM_YEARS;

/// Youngest years of the older age groups.
const MIDDLE_FROM: f64 = 40.0;
const OLD_FROM: f64 = 65.0;

/// Sex as a source states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    /// `M`, `F`, `male` or `female`, in either case.
    pub(super) fn of(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "f" | "female" => Some(Self::Female),
            "m" | "male" => Some(Self::Male),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

/// Age in groups of years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeGroup {
    Child,
    Young,
    Middle,
    Old,
}

impl AgeGroup {
    /// By the years in `text`; some sources write words ("mid 50s"), which give nothing.
    pub(super) fn of(text: &str) -> Option<Self> {
        let years: f64 = text.parse().ok()?;
        Some(match years {
            y if y.is_nan() || y < 0.0 => return None,
            y if y < f64::from(ADULT_FROM_YEARS) => Self::Child,
            y if y < MIDDLE_FROM => Self::Young,
            y if y < OLD_FROM => Self::Middle,
            _ => Self::Old,
        })
    }

    /// In years.
    pub fn name(self) -> &'static str {
        match self {
            Self::Child => "0-17",
            Self::Young => "18-39",
            Self::Middle => "40-64",
            Self::Old => "65+",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_corpus_is_one_sex() {
        assert!(["M", "m", "male"].iter().all(|t| Sex::of(t) == Some(Sex::Male)));
        assert!(["F", "f", "female"].iter().all(|t| Sex::of(t) == Some(Sex::Female)));
        assert_eq!(Sex::of("x"), None);
    }

    #[test]
    fn ages_fall_into_their_groups_and_words_into_none() {
        let name = |t: &str| AgeGroup::of(t).map(AgeGroup::name);
        let ages = ["0.03", "17.9", "18", "39", "40.0", "64", "65", "94"];
        let groups = ["0-17", "0-17", "18-39", "18-39", "40-64", "40-64", "65+", "65+"];
        assert_eq!(ages.map(|a| name(a).unwrap()), groups);
        assert!(["mid 50s", "-1", "NaN", ""].iter().all(|t| name(t).is_none()));
    }
}
