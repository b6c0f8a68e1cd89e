//! How a value is spelled, so that it holds no space, no `=`, no `*` and nothing but printable ASCII.
//!
//! A space is `+`; a byte of UTF-8 that may not stand there is `%` and two hexadecimal digits.

/// `text` spelled out, as far as whole characters fit into `bytes_max` bytes.
pub fn escape(text: &str, bytes_max: usize) -> String {
    let mut out = String::new();
    for character in text.chars() {
        let spelled = escape_character(character);
        if out.len() + spelled.len() > bytes_max {
            break;
        }
        out.push_str(&spelled);
    }
    out
}

/// What `escaped` spells, or `None` when it spells nothing.
pub fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => 16 * hexadecimal(rest.next()?)? + hexadecimal(rest.next()?)?,
            _ if is_plain(byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

fn escape_character(character: char) -> String {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).bytes();
    match character {
        ' ' => "+".into(),
        c if c.is_ascii() && is_plain(c as u8) => c.into(),
        _ => bytes.map(|b| format!("%{b:02X}")).collect(),
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"%*=+".contains(&byte)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, escaped: &str) {
        assert_eq!(escape(text, 100), escaped);
        assert_eq!(unescape(escaped).as_deref(), Some(text));
    }

    #[test]
    fn what_may_not_stand_in_a_line_is_spelled_out() {
        check("25 % = 1/4", "25+%25+%3D+1/4");
        check("a+b*c\r\n", "a%2Bb%2Ac%0D%0A");
        check("µ", "%C2%B5");
        check("", "");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(escape("aµb", 6), "a");
        assert_eq!(escape("aµb", 7), "a%C2%B5");
    }

    #[test]
    fn what_nobody_spells_is_refused() {
        for wrong in ["%", "%4", "%4g", "%c2", "a b", "%FF", "a*"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
    }
}
