//! Linux key codes (`linux/input-event-codes.h`) and what they are to the operator.

use super::layout;
use crate::board::Keyboard;

/// Most buttons below a screen.
pub const BUTTONS_MAX: usize = 5;

/// Keys with a meaning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Previous,
    Next,
    /// Opens what is chosen, or says yes.
    Select,
    /// Back, or no.
    Back,
    Menu,
    Map,
    Outline,
    Palette,
    Triage,
    History,
    Details,
    /// Means something when it is held only.
    Power,
}

/// What a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// One of the buttons, from 0.
    Button(usize),
    Key(Key),
}

/// Codes of the buttons, from the left: what gpio-keys, keypads and keyboards (F1 to F5, 1 to 5) send.
const BUTTONS: [[u16; 4]; BUTTONS_MAX] =
    // BTN_0 ..., BTN_TRIGGER_HAPPY1 ..., KEY_F1 ..., KEY_1 ...
    [
        [0x100, 0x2c0, 59, 2],
        [0x101, 0x2c1, 60, 3],
        [0x102, 0x2c2, 61, 4],
        [0x103, 0x2c3, 62, 5],
        [0x104, 0x2c4, 63, 6],
    ];

/// Codes with a meaning of their own.
const KEYS: [(Key, &[u16]); 12] = [
    // KEY_UP, KEY_LEFT, KEY_PAGEUP, KEY_PREVIOUS
    (Key::Previous, &[103, 105, 104, 412]),
    // KEY_DOWN, KEY_RIGHT, KEY_PAGEDOWN, KEY_NEXT
    (Key::Next, &[108, 106, 109, 407]),
    // KEY_ENTER, KEY_SPACE, KEY_KPENTER, KEY_OK, KEY_SELECT
    (Key::Select, &[28, 57, 96, 352, 353]),
    // KEY_ESC, KEY_BACKSPACE, KEY_BACK, KEY_EXIT
    (Key::Back, &[1, 14, 158, 174]),
    // KEY_MENU, KEY_COMPOSE
    (Key::Menu, &[139, 127]),
    // KEY_M, KEY_O, KEY_P, KEY_T, KEY_H, KEY_D
    (Key::Map, &[50]),
    (Key::Outline, &[24]),
    (Key::Palette, &[25]),
    (Key::Triage, &[20]),
    (Key::History, &[35]),
    (Key::Details, &[32]),
    // KEY_POWER
    (Key::Power, &[116]),
];

/// KEY_LEFTSHIFT, KEY_RIGHTSHIFT.
pub const SHIFTS: [u16; 2] = [42, 54];
/// KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA: with one of them a key writes
/// something else. Code readers spell characters by their numbers with Alt.
pub const COMMANDS: [u16; 6] = [29, 97, 56, 100, 125, 126];
/// KEY_ENTER, KEY_KPENTER.
const ENTERS: [u16; 2] = [28, 96];
/// KEY_BACKSPACE.
const BACKSPACE: u16 = 14;
/// Shift, control, alt, meta and the locks: they write nothing by themselves.
const SILENT: [u16; 11] = [42, 54, 29, 97, 56, 100, 125, 126, 58, 69, 70];
/// Codes up to here are keys of keyboards that write, or may on some keyboard; above are cursor and function keys.
const WRITES_MAX: u16 = 98;
/// KEY_ESC, KEY_TAB, KEY_SPACE, KEY_F1 to KEY_F10, KEY_F11, KEY_F12: below, but no part of a text.
const NO_TEXT: [u16; 15] = [1, 15, 57, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88];

/// What a keyboard's key does to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// [`UNKNOWN`] for one that no identifier has.
    Character(char),
    /// Takes the last character away.
    Erase,
    /// The text ends.
    End,
}

/// Stands for a character that is not told.
pub const UNKNOWN: char = '\u{fffd}';

/// What is held while a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    Nothing,
    Shift,
    /// One of [`COMMANDS`], with shift or without.
    Command,
}

/// What the key with this code writes; `None` for one that writes nothing.
pub fn typed(keyboard: Keyboard, code: u16, with: With) -> Option<Typed> {
    if ENTERS.contains(&code) {
        return Some(Typed::End);
    }
    if code == BACKSPACE {
        return Some(Typed::Erase);
    }
    let character = match with {
        With::Nothing | With::Shift => layout::character(keyboard, code, with == With::Shift),
        With::Command => None,
    };
    if character.is_none() && (code > WRITES_MAX || SILENT.contains(&code) || NO_TEXT.contains(&code)) {
        return None;
    }
    Some(Typed::Character(character.unwrap_or(UNKNOWN)))
}

/// Whether a device with these codes is a keyboard, or a code reader that pretends to be one.
pub fn is_keyboard(has: impl Fn(u16) -> bool) -> bool {
    // KEY_A, KEY_Z, KEY_1, KEY_0, KEY_ENTER.
    [30, 44, 2, 11, 28].into_iter().all(has)
}

/// What the key with this code is to the operator; `None` for all others.
pub fn control(code: u16) -> Option<Control> {
    let button = BUTTONS.iter().position(|codes| codes.contains(&code)).map(Control::Button);
    button.or_else(|| KEYS.iter().find(|(_, codes)| codes.contains(&code)).map(|(key, _)| Control::Key(*key)))
}

/// How many buttons, from the left and without a gap, a device with these codes has.
pub fn buttons(has: impl Fn(u16) -> bool) -> usize {
    BUTTONS.iter().take_while(|codes| codes.iter().any(|&code| has(code))).count()
}

/// Whether a device with these codes has anything that is used, the power key aside: that one alone is the system's.
pub fn is_used(has: impl Fn(u16) -> bool) -> bool {
    let used = |(key, codes): &(Key, &[u16])| *key != Key::Power && codes.iter().any(|&code| has(code));
    buttons(&has) > 0 || KEYS.iter().any(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_means_two_things() {
        let mut codes: Vec<u16> = BUTTONS.concat();
        codes.extend(KEYS.iter().flat_map(|(_, codes)| codes.iter()));
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn buttons_are_counted_from_the_left_without_gaps() {
        assert_eq!(buttons(|code| [0x100, 0x101, 0x102].contains(&code)), 3);
        assert_eq!(buttons(|code| [0x101, 0x102].contains(&code)), 0);
        assert_eq!(control(0x102), Some(Control::Button(2)));
        assert_eq!(control(999), None);
    }

    /// What the keys with these codes write one after another; `?` for what no identifier has.
    fn check(keyboard: Keyboard, codes: &[u16], with: With, expected: &str) {
        let one = |&code: &u16| match typed(keyboard, code, with) {
            Some(Typed::Character(UNKNOWN)) => '?',
            Some(Typed::Character(c)) => c,
            other => panic!("{code}: {other:?}"),
        };
        assert_eq!(codes.iter().map(one).collect::<String>(), expected, "{keyboard:?} {with:?}");
    }

    /// All keys of the main block that write on some layout, row by row.
    fn main_block() -> Vec<u16> {
        [2..14, 16..28, 30..41, 44..54, 89..90].into_iter().flatten().collect()
    }

    #[test]
    fn a_keyboard_writes_what_stands_on_its_keys() {
        use Keyboard::*;
        // The second is of keys that write no letter, with shift. Source: libxkbcommon with xkeyboard-config 2.35.
        let layouts = [
            (Us, "1234567890-?qwertyuiop??asdfghjkl??zxcvbnm?./?", "????????????????????"),
            (Es, "1234567890??qwertyuiop??asdfghjkl??zxcvbnm?.-?", "??????/?????????????"),
            (De, "1234567890??qwertzuiop??asdfghjkl??yxcvbnm?.-?", "??????/?????????????"),
            (Br, "1234567890-?qwertyuiop??asdfghjkl??zxcvbnm?.?/", "????????????????????"),
            (Fr, "?????-??????azertyuiop??qsdfghjklm?wxcvbn?????", "1234567890??????./??"),
            (Be, "???????????-azertyuiop??qsdfghjklm?wxcvbn?????", "1234567890??????./??"),
        ];
        for (keyboard, plain, shifted) in layouts {
            check(keyboard, &main_block(), With::Nothing, plain);
            let (letters, others): (Vec<_>, Vec<_>) =
                main_block().into_iter().zip(plain.chars()).partition(|(_, c)| c.is_alphabetic());
            // A letter stays what it is.
            let (keys, same): (Vec<u16>, String) = letters.into_iter().unzip();
            check(keyboard, &keys, With::Shift, &same);
            let keys: Vec<u16> = others.into_iter().map(|(code, _)| code).collect();
            check(keyboard, &keys, With::Shift, shifted);
            check(keyboard, &main_block(), With::Command, &"?".repeat(main_block().len()));
        }
    }

    #[test]
    fn the_keypad_writes_digits_and_what_writes_nothing_is_known() {
        let keypad = [71, 73, 74, 75, 77, 78, 79, 81, 82, 98, 83];
        check(Keyboard::Fr, &keypad, With::Nothing, "79-46?130/.");
        check(Keyboard::De, &keypad, With::Nothing, "79-46?130/?");
        check(Keyboard::Us, &keypad, With::Shift, "???????????");
        let us = |code, with| typed(Keyboard::Us, code, with);
        assert_eq!([28, 96].map(|code| us(code, With::Nothing)), [Some(Typed::End); 2]);
        assert_eq!(us(14, With::Shift), Some(Typed::Erase));
        for code in [1, 15, 42, 54, 56, 57, 59, 88, 103, 116, 353] {
            assert_eq!(us(code, With::Nothing), None, "{code}");
        }
    }

    #[test]
    fn a_few_buttons_are_no_keyboard() {
        assert!(is_keyboard(|_| true) && !is_keyboard(|code| code < 12 || code == 28));
    }

    #[test]
    fn a_power_key_alone_is_left_to_the_system() {
        assert!(!is_used(|code| code == 116));
        assert!(is_used(|code| [116, 28].contains(&code)));
    }
}
