//! What there is to look at, and where.

use std::fmt;

/// Something to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Station,
    Screen,
    Style,
    Triage,
    Reading(Id),
    ReadingPicture(Id),
    ReadingJson(Id),
    Figures,
}

/// Tells a reading from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Id {
    /// Its number in the record.
    Kept(u64),
    /// Its number since the start; it is not kept.
    Unkept(i64),
}

/// How the address of a reading that is not kept begins.
const UNKEPT: &str = "unkept-";

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(number) => write!(f, "{number}"),
            Self::Unkept(number) => write!(f, "{UNKEPT}{number}"),
        }
    }
}

impl Id {
    /// `None` for everything that is not spelt as [`Id`] is written.
    fn parse(text: &str) -> Option<Self> {
        let id = match text.strip_prefix(UNKEPT) {
            Some(number) => Self::Unkept(number.parse().ok()?),
            None => Self::Kept(text.parse().ok()?),
        };
        (id.to_string() == text).then_some(id)
    }
}

impl Route {
    /// What lies at `path`; `None`: nothing.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Station),
            "/screen.png" => Some(Self::Screen),
            "/style.css" => Some(Self::Style),
            "/triage" => Some(Self::Triage),
            "/metrics" => Some(Self::Figures),
            _ => {
                let name = path.strip_prefix("/reading/")?;
                match name.split_once('.') {
                    None => Id::parse(name).map(Self::Reading),
                    Some((id, "png")) => Id::parse(id).map(Self::ReadingPicture),
                    Some((id, "json")) => Id::parse(id).map(Self::ReadingJson),
                    Some(_) => None,
                }
            }
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Station => f.write_str("/"),
            Self::Screen => f.write_str("/screen.png"),
            Self::Style => f.write_str("/style.css"),
            Self::Triage => f.write_str("/triage"),
            Self::Reading(id) => write!(f, "/reading/{id}"),
            Self::ReadingPicture(id) => write!(f, "/reading/{id}.png"),
            Self::ReadingJson(id) => write!(f, "/reading/{id}.json"),
            Self::Figures => f.write_str("/metrics"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_one_address() {
        let ids = [Id::Kept(0), Id::Kept(u64::MAX), Id::Unkept(3)];
        let mut all = vec![Route::Station, Route::Screen, Route::Style, Route::Triage, Route::Figures];
        all.extend(ids.map(Route::Reading));
        all.extend(ids.map(Route::ReadingPicture));
        all.extend(ids.map(Route::ReadingJson));
        for route in all {
            assert_eq!(Route::parse(&route.to_string()), Some(route));
        }
    }

    #[test]
    fn there_is_nothing_anywhere_else() {
        for path in [
            "",
            "//",
            "/index.html",
            "/Triage",
            "/triage/",
            "/reading",
            "/reading/",
            "/reading/01",
            "/reading/+1",
            "/reading/-1",
            "/reading/18446744073709551616",
            "/reading/1.PNG",
            "/reading/1.png.png",
            "/reading/../token",
            "/reading/%31",
            "/reading/unkept-",
            "/reading/unkept-01",
            "/../etc/passwd",
            "//evil.example/",
            "/favicon.ico",
        ] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }
}
