//! Which characters of identifiers stand on which keys, layout by layout.
//!
//! The kernel tells keys by their place, under the name that an American keyboard gives it.
//! Source: the symbol files of xkeyboard-config, whose names the layouts have.

use crate::board::Keyboard;

/// Keys that write, from a code on, without a gap.
type Row = (u16, &'static str);

/// What the keys of a keyboard write; letters are the same with shift, as case does not count.
struct Written {
    letters: &'static [Row],
    plain: &'static [Row],
    shifted: &'static [Row],
}

// From KEY_Q, KEY_A, KEY_Z on.
const QWERTY: &[Row] = &[(16, "qwertyuiop"), (30, "asdfghjkl"), (44, "zxcvbnm")];
const QWERTZ: &[Row] = &[(16, "qwertzuiop"), (30, "asdfghjkl"), (44, "yxcvbnm")];
const AZERTY: &[Row] = &[(16, "azertyuiop"), (30, "qsdfghjklm"), (44, "wxcvbn")];
// From KEY_1, KEY_COMMA, KEY_DOT on; KEY_6, KEY_7, KEY_EQUAL and KEY_RO stand alone.
const US: Written = Written { letters: QWERTY, plain: &[(2, "1234567890-"), (52, "./")], shifted: &[] };
const ES: Written =
    Written { letters: QWERTY, plain: &[(2, "1234567890"), (52, ".-")], shifted: &[(8, "/")] };
const DE: Written = Written { letters: QWERTZ, ..ES };
const BR: Written =
    Written { letters: QWERTY, plain: &[(2, "1234567890-"), (52, "."), (89, "/")], shifted: &[] };
const FR: Written =
    Written { letters: AZERTY, plain: &[(7, "-")], shifted: &[(2, "1234567890"), (51, "./")] };
const BE: Written = Written { plain: &[(13, "-")], ..FR };

/// The keypad has no layout but for its point, which is a comma on some.
const KEYPAD: [Row; 5] = [(71, "789-"), (75, "456"), (79, "123"), (82, "0"), (98, "/")];
const KEYPAD_POINT: u16 = 83;

/// The character that the key with this code writes; `None` for one that no identifier has.
pub fn character(keyboard: Keyboard, code: u16, shifted: bool) -> Option<char> {
    let written = match keyboard {
        Keyboard::Us => US,
        Keyboard::Fr => FR,
        Keyboard::Be => BE,
        Keyboard::De => DE,
        Keyboard::Es => ES,
        Keyboard::Br => BR,
    };
    let rest = if shifted { written.shifted } else { written.plain };
    let has_point = !shifted && !matches!(keyboard, Keyboard::De | Keyboard::Br);
    let keypad = KEYPAD.iter().take(if shifted { 0 } else { KEYPAD.len() });
    let rows = written.letters.iter().chain(rest).chain(keypad);
    let in_row = |(first, row): &Row| row.chars().nth(usize::from(code.checked_sub(*first)?));
    rows.into_iter().find_map(in_row).or((has_point && code == KEYPAD_POINT).then_some('.'))
}
