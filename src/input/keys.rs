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
    fn a_power_key_alone_is_left_to_the_system() {
        assert!(!is_used(|code| code == 116));
        assert!(is_used(|code| [116, 28].contains(&code)));
    }
}
