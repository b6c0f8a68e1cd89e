//! Linux key codes (`linux/input-event-codes.h`) and what they are to the operator.

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

/// What keys of a keyboard write, beside what they mean: a US layout, which code readers have unless they are told
/// otherwise.
const WRITING: [(u16, &str); 6] = [
    // From KEY_1, KEY_Q, KEY_A, KEY_Z on; with a gap those of the keypad, from KEY_KP7 on.
    (2, "1234567890-"),
    (16, "qwertyuiop"),
    (30, "asdfghjkl"),
    (44, "zxcvbnm"),
    (52, "./"),
    (71, "789-456\u{fffd}1230."),
];
/// KEY_KPSLASH stands alone.
const KEYPAD_SLASH: u16 = 98;
/// KEY_LEFTSHIFT, KEY_RIGHTSHIFT.
pub const SHIFTS: [u16; 2] = [42, 54];
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

/// What the key with this code writes; `None` for one that writes nothing.
pub fn typed(code: u16, shifted: bool) -> Option<Typed> {
    if ENTERS.contains(&code) {
        return Some(Typed::End);
    }
    if code == BACKSPACE {
        return Some(Typed::Erase);
    }
    let in_row = |(first, row): &(u16, &'static str)| row.chars().nth(usize::from(code.checked_sub(*first)?));
    let plain = WRITING.iter().find_map(in_row).or((code == KEYPAD_SLASH).then_some('/'));
    match plain {
        // With shift, letters are letters and all else is something else.
        Some(c) if !shifted || c.is_ascii_alphabetic() => Some(Typed::Character(c)),
        None if code > WRITES_MAX || SILENT.contains(&code) || NO_TEXT.contains(&code) => None,
        _ => Some(Typed::Character(UNKNOWN)),
    }
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

    #[test]
    fn a_keyboard_writes_what_stands_on_its_keys() {
        let text = |codes: &[u16], shifted| -> String {
            let one = |&code: &u16| match typed(code, shifted) {
                Some(Typed::Character(c)) => c,
                other => panic!("{code}: {other:?}"),
            };
            codes.iter().map(one).collect()
        };
        assert_eq!(text(&[2, 10, 11, 12, 16, 25, 30, 38, 44, 50, 52, 53], false), "190-qpalzm./");
        assert_eq!(text(&[71, 73, 74, 75, 77, 79, 81, 82, 83, 98], false), "79-46130./");
        // With shift a letter stays what it is; 1 is an exclamation mark.
        assert_eq!(text(&[16, 2, 12, 39, 43], true), "q\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!([28, 96].map(|code| typed(code, false)), [Some(Typed::End); 2]);
        assert_eq!(typed(14, true), Some(Typed::Erase));
        for code in [1, 15, 42, 54, 57, 59, 88, 103, 116, 353] {
            assert_eq!(typed(code, false), None, "{code}");
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
