//! Versions of models, in their order.

use std::fmt;

use super::error::StoreError;

/// Numbers that a version has at most.
const NUMBERS: usize = 4;

/// One to four numbers with dots between; missing ones are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; NUMBERS]);

impl Version {
    /// The version that `text` spells.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let fail = || StoreError::Version(text.into());
        let (mut numbers, mut count) = ([0; NUMBERS], 0);
        for part in text.split('.') {
            let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let number = part.parse().ok().filter(|_| plain).ok_or_else(fail)?;
            *numbers.get_mut(count).ok_or_else(fail)? = number;
            count += 1;
        }
        Ok(Self(numbers))
    }
}

/// `0.2.0`: three numbers, and the fourth where there is one.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a}.{b}.{c}")?;
        if d > 0 { write!(f, ".{d}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_by_their_numbers() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("0.9.0") < version("0.10.0") && version("1") > version("0.99.99.99"));
        assert_eq!((version("0.2"), version("0.2").to_string()), (version("0.2.0.0"), "0.2.0".into()));
    }

    #[test]
    fn what_has_no_order_is_refused() {
        for text in ["", "1.", ".1", "1.2.3.4.5", "1.0-rc1", "+1", "v1", "4294967296"] {
            assert_eq!(Version::parse(text).unwrap_err().code(), "store_version", "{text}");
        }
    }
}
