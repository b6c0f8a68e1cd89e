//! The token: who has it may look.
//!
//! It is offered as `Authorization: Bearer`, or once in an address, for which a cookie is given that holds a digest of
//! it. Digests are compared, in the same time whatever differs.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::PageError;
use crate::record::hexadecimal;
use crate::secret::{self, Secret};

/// Fewest and most characters: 24 drawn at random cannot be guessed, and 128 fit into any address.
pub const CHARACTERS: [usize; 2] = [24, 128];
/// Different characters at least: a file of one letter is no token.
const DIFFERENT_MIN: usize = 8;
/// What the cookie's digest is of, beside the token.
const COOKIE: &[u8] = b"raymap local page, cookie\0";
/// What offered tokens are compared by.
const OFFERED: &[u8] = b"raymap local page, token\0";

/// Digests of a token; the token itself is not kept.
pub struct Token {
    digest: [u8; 32],
    cookie: String,
}

impl Token {
    /// The token in the file at `path`, which may begin with `$CREDENTIALS_DIRECTORY/`; a line's end is no part of it.
    pub fn load(path: &Path) -> Result<Self, PageError> {
        // With room for a line's end of two bytes and for one too many.
        let Secret { path, bytes, length } = secret::read(path, CHARACTERS[1] + 3)?;
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if is_token(text) { Ok(Self::of(text)) } else { Err(PageError::TokenForm { path, bytes: length }) }
    }

    pub(super) fn of(text: &[u8]) -> Self {
        Self { digest: digest(OFFERED, text), cookie: hexadecimal(&digest(COOKIE, text)) }
    }

    /// Whether this is the token.
    pub fn is(&self, offered: &[u8]) -> bool {
        is_same(&digest(OFFERED, offered), &self.digest)
    }

    /// What the cookie of who had the token holds.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Whether this is what the cookie holds.
    pub fn is_cookie(&self, offered: &[u8]) -> bool {
        is_same(&digest(OFFERED, offered), &digest(OFFERED, self.cookie.as_bytes()))
    }
}

fn is_token(text: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_".contains(b);
    let mut different = text.to_vec();
    different.sort_unstable();
    different.dedup();
    (CHARACTERS[0]..=CHARACTERS[1]).contains(&text.len())
        && text.iter().all(plain)
        && different.len() >= DIFFERENT_MIN
}

fn digest(what: &[u8], of: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(what).chain_update(of).finalize().into()
}

/// Looks at every byte, whatever differs.
fn is_same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const GOOD: &str = "k3Jx-9QzTr7_mB2vLw8sYd4N";

    /// A file of `text` with `mode` is a token, or this is its code.
    fn check(text: &str, mode: u32, expected: Result<(), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = Token::load(&path).map(drop);
        assert_eq!(found.as_ref().map_err(|e| e.code()).copied(), expected, "{text:?}, {mode:o}");
        let said = found.err().map_or(String::new(), |e| e.to_string());
        assert!(text.is_empty() || !said.contains(text), "{said}");
    }

    #[test]
    fn a_token_is_long_plain_varied_and_nobody_else_s() {
        check(GOOD, 0o400, Ok(()));
        check(&format!("{GOOD}\n"), 0o440, Ok(()));
        check(&format!("{GOOD}\r\n"), 0o400, Ok(()));
        check(&GOOD.repeat(5), 0o400, Ok(()));
        check(GOOD, 0o644, Err("page_token_rights"));
        check(&GOOD[1..], 0o400, Err("page_token_form"));
        check(&GOOD.repeat(6), 0o400, Err("page_token_form"));
        check("", 0o400, Err("page_token_form"));
        check(&"a".repeat(32), 0o400, Err("page_token_form"));
        check(&format!("{GOOD}\n{GOOD}"), 0o400, Err("page_token_form"));
        check(&format!("{GOOD} "), 0o400, Err("page_token_form"));
        check("k3Jx+9QzTr7/mB2vLw8sYd4N", 0o400, Err("page_token_form"));
        let none = Token::load(Path::new("/none")).map(drop);
        assert_eq!(none.map_err(|e| e.code()), Err("page_token_file"));
    }

    #[test]
    fn only_the_token_is_the_token_and_only_its_cookie_the_cookie() {
        let token = Token::of(GOOD.as_bytes());
        assert!(token.is(GOOD.as_bytes()) && token.is_cookie(token.cookie().as_bytes()));
        for offered in ["", "K3Jx-9QzTr7_mB2vLw8sYd4N", &GOOD[..23], &format!("{GOOD}\n"), token.cookie()] {
            assert!(!token.is(offered.as_bytes()), "{offered}");
        }
        let other = Token::of(b"another-token-of-24-characters");
        for offered in ["", GOOD, other.cookie()] {
            assert!(!token.is_cookie(offered.as_bytes()), "{offered}");
        }
        assert!(!token.cookie().contains(GOOD));
    }
}
