//! What is printed on the keys of a keyboard, and what a code reader takes for granted.

/// Layouts that differ in where the characters of identifiers stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keyboard {
    /// American and British.
    #[default]
    Us,
    /// French, AZERTY: digits need shift.
    Fr,
    /// Belgian, AZERTY with another dash.
    Be,
    /// German and Swiss, QWERTZ.
    De,
    /// Spanish, Portuguese, Italian, Latin American: QWERTY with another dash and slash.
    Es,
    /// Brazilian (ABNT2).
    Br,
}

impl Keyboard {
    /// By the names that the X keyboard extension has for layouts; the first is taken unless another is given.
    pub const KNOWN: [(&str, Self); 11] = [
        ("us", Self::Us),
        ("gb", Self::Us),
        ("fr", Self::Fr),
        ("be", Self::Be),
        ("de", Self::De),
        ("ch", Self::De),
        ("es", Self::Es),
        ("latam", Self::Es),
        ("pt", Self::Es),
        ("it", Self::Es),
        ("br", Self::Br),
    ];
    pub const NAMES: [&str; Self::KNOWN.len()] = {
        let (mut names, mut k) = ([""; Self::KNOWN.len()], 0);
        while k < names.len() {
            names[k] = Self::KNOWN[k].0;
            k += 1;
        }
        names
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_names_is_taken_where_none_is_given() {
        assert_eq!((Keyboard::NAMES[0], Keyboard::NAMES[10]), ("us", "br"));
        assert_eq!(Keyboard::KNOWN[0].1, Keyboard::default());
    }
}
