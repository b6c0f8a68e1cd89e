//! What each code means, and what to do about it: `docs/codes.md`, which is inside the program.
//!
//! The page is the one table of codes, so that what people read and what the program says cannot differ.

/// The page.
const PAGE: &str = include_str!("../../docs/codes.md");

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    pub code: &'static str,
    /// A sentence: what it means.
    pub meaning: &'static str,
    /// A sentence: what to do.
    pub remedy: &'static str,
}

impl Advice {
    /// Of `code`; `None` where there is no such code.
    pub fn of(code: &str) -> Option<Self> {
        Self::all().find(|a| a.code == code)
    }

    /// Every code, as the page lists them.
    pub fn all() -> impl Iterator<Item = Self> {
        PAGE.lines().filter_map(Self::of_line)
    }

    /// The code of a table's row; `None` for every other line.
    fn of_line(line: &'static str) -> Option<Self> {
        let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
        let code = cells.next()?.strip_suffix('`')?;
        let (meaning, remedy) = (cells.next()?, cells.next()?);
        cells.next().is_none().then_some(Self { code, meaning, remedy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_of_the_page_is_understood_and_no_code_stands_twice() {
        let rows = PAGE.lines().filter(|l| l.starts_with("| `")).count();
        assert_eq!(Advice::all().count(), rows);
        let codes: BTreeSet<&str> = Advice::all().map(|a| a.code).collect();
        assert_eq!(codes.len(), rows);
        assert!(Advice::all().all(|a| a.meaning.ends_with('.') && a.remedy.ends_with('.')));
    }

    #[test]
    fn a_code_is_found_whole_or_not_at_all() {
        assert!(Advice::of("record_full").unwrap().remedy.contains("Make room"));
        assert_eq!(Advice::of("record_ful"), None);
        assert_eq!(Advice::of(""), None);
    }
}
