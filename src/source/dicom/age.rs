//! Whether a file says that the patient is a child.
//!
//! The model has learned opacity from adults alone, and its card rules children out.
//! An age that nobody stated is not guessed: such a file is read.

use super::scan::Dataset;
use super::tag;
use crate::person::ADULT_FROM_YEARS;

/// Days, weeks and months of a year: an age is rounded down to whole ones of its unit.
const UNITS: [(char, u32); 4] = [('D', 365), ('W', 52), ('M', 12), ('Y', 1)];
/// The first year in which anybody was born whose radiograph could be taken.
const BORN_FROM: u32 = 1880;

/// By the stated age, and where there is none by the date of birth and that of the study.
pub(super) fn is_child(dataset: &Dataset) -> bool {
    let at_study = || {
        let (birth, study) = (date(dataset, tag::PATIENT_BIRTH_DATE)?, date(dataset, tag::STUDY_DATE)?);
        // Year, month and day in one number: its ten thousands are the completed years. The same date twice is what is
        // written where nobody knew either.
        (birth < study).then(|| (study - birth) / 10_000)
    };
    let years = dataset.text(tag::PATIENT_AGE).and_then(stated).or_else(at_study);
    years.is_some_and(|years| years < u32::from(ADULT_FROM_YEARS))
}

/// Completed years of an age string such as `045Y`, `011M` or, without its unit, `45` (DICOM PS3.5, 6.2, AS).
///
/// `None` for no years: files whose patient was taken out say `000Y`, and an infant's age has days, weeks or months.
fn stated(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = (digits.parse::<u16>().ok()?, text[digits.len()..].to_ascii_uppercase());
    let of_year = match unit.as_str() {
        "" => 1,
        letter => UNITS.iter().find(|(name, _)| letter.chars().eq([*name]))?.1,
    };
    (number > 0 || of_year > 1).then_some(u32::from(number) / of_year)
}

/// A date as the number that its digits `YYYYMMDD` are; `None` for anything else (DICOM PS3.5, 6.2, DA).
fn date(dataset: &Dataset, tag: tag::Tag) -> Option<u32> {
    let text = dataset.text(tag)?;
    let number =
        (text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())??;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    (year >= BORN_FROM && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(age: &str, birth: &str, study: &str, expected: bool) {
        let mut dataset = Dataset::empty();
        let values = [(tag::PATIENT_AGE, age), (tag::PATIENT_BIRTH_DATE, birth), (tag::STUDY_DATE, study)];
        values.into_iter().for_each(|(tag, value)| dataset.put(tag, value.as_bytes()));
        assert_eq!(is_child(&dataset), expected, "{age:?} {birth:?} {study:?}");
    }

    #[test]
    fn a_stated_age_is_of_a_child_below_eighteen_years() {
        for age in ["017Y", "001Y", "9", "17", "17y", "000D", "003D", "012W", "215M"] {
            check(age, "", "", true);
        }
        for age in ["018Y", "045Y", "45", "018y", "216M", "150"] {
            check(age, "", "", false);
        }
    }

    #[test]
    fn the_dates_tell_the_age_where_none_is_stated() {
        check("", "20081129", "20261128", true);
        check("", "20081128", "20261128", false);
        check("", "20261127", "20261128", true);
        check("000Y", "20200101", "20261128", true);
        check("045Y", "20261128", "20261128", false);
    }

    #[test]
    fn what_tells_no_age_makes_nobody_a_child() {
        for age in ["", "000Y", "0", "Y", "17X", "17MY", "-3Y", "ABCD", "99999Y", "é"] {
            check(age, "", "", false);
        }
        for (birth, study) in [
            ("", "20261128"),
            ("20200101", ""),
            ("19010101", "19010101"),
            ("20270101", "20261128"),
            ("2020.1.1", "20261128"),
            ("20201301", "20261128"),
            ("20200100", "20261128"),
            ("00010101", "00050101"),
        ] {
            check("", birth, study, false);
        }
    }
}
