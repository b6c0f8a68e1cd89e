//! What the operator has gone to, and what buttons and keys mean there.

use super::identify::Identifying;
use super::set_clock::Setting;
use crate::input::Key;
use crate::render::{Action, Earlier, ListEntry, Order};

/// What the operator has gone to.
#[derive(Debug, PartialEq)]
pub enum Page {
    /// Nowhere: what the station does, the newest reading above all.
    Station,
    /// A reading, by its number.
    Reading(i64),
    /// A reading's numbers without its picture.
    Details(i64),
    /// A reading beside the same person's earlier ones, the oldest first; `None`: nobody knows of whom it is.
    Compared(i64, Option<Vec<Earlier>>),
    /// Where the patient of a reading is named.
    Identify(Identifying),
    /// Where the time of day is set.
    SetClock(Setting),
    List(Listing),
    /// The line of [`MENU`] that is chosen, and the number of the reading at which the menu was opened.
    Menu(usize, Option<i64>),
    /// Asked whether to shut down.
    ShutDown,
}

/// A list as it was opened or last renewed.
#[derive(Debug, PartialEq)]
pub struct Listing {
    pub order: Order,
    pub entries: Vec<ListEntry>,
    pub selected: usize,
}

impl Listing {
    /// The number of the reading that is chosen.
    pub fn number(&self) -> Option<i64> {
        self.entries.get(self.selected).map(|e| e.id)
    }
}

/// What stands in the menu.
pub const MENU: [Action; 9] = [
    Action::Triage,
    Action::History,
    Action::Details,
    Action::Compare,
    Action::Outline,
    Action::Palette,
    Action::Language,
    Action::Clock,
    Action::ShutDown,
];

/// What is on show, as far as it decides what buttons mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The newest reading, with a map or without.
    Latest {
        map: bool,
    },
    /// An earlier one.
    Earlier {
        map: bool,
    },
    Details,
    /// Beside earlier ones; whether the operator may say of whom it is.
    Compared {
        nameable: bool,
    },
    Identify,
    SetClock,
    List,
    Menu,
    ShutDown,
    /// No reading: starting, ready, a fault.
    Other,
    /// Going down: nothing can be done any more.
    Ending,
}

/// Where a touch went, as the screen has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    Key(Action),
    /// A line of a list or menu.
    Row(usize),
    Elsewhere,
}

/// What the buttons below the screen do, from the left: with five, or with three. Fewer cannot reach everything.
pub fn keys(shown: Shown, buttons: usize) -> &'static [Action] {
    use Action::{
        Back, Cancel, Compare, Details, Done, History, Identify, Map, Menu, Next, Open, Previous, ShutDown,
        Take, Triage,
    };
    match (shown, buttons) {
        (Shown::Ending, _) | (_, 0..=2) => &[],
        (Shown::ShutDown, _) => &[Cancel, ShutDown],
        (Shown::Details, _) => &[Back, Compare, Menu],
        (Shown::Compared { nameable: false }, _) => &[Back, Details, Menu],
        (Shown::Compared { nameable: true }, 3..=4) => &[Back, Identify, Menu],
        (Shown::Compared { nameable: true }, _) => &[Back, Identify, Details, Menu],
        (Shown::Identify, 3) => &[Next, Take, Done],
        (Shown::Identify, 4) => &[Next, Take, Done, Back],
        (Shown::SetClock, 3) => &[Previous, Take, Done],
        (Shown::SetClock, 4) => &[Previous, Take, Done, Back],
        (Shown::Identify | Shown::SetClock, _) => &[Previous, Next, Take, Done, Back],
        (Shown::Latest { map: true }, 3..=4) => &[Previous, Map, Menu],
        (Shown::Latest { map: false }, 3..=4) => &[Previous, Triage, Menu],
        (Shown::Earlier { map: true }, 3..=4) => &[Previous, Map, Back],
        (Shown::Earlier { map: false }, 3..=4) => &[Previous, Next, Back],
        (Shown::List | Shown::Menu, 3..=4) => &[Next, Open, Back],
        (Shown::Other, 3..=4) => &[History, Triage, Menu],
        (Shown::Latest { map: true }, _) => &[Previous, Map, Menu, Triage, History],
        (Shown::Latest { map: false }, _) => &[Previous, Triage, Menu, History],
        (Shown::Earlier { map: true }, _) => &[Previous, Map, Menu, Back, Next],
        (Shown::Earlier { map: false }, _) => &[Previous, Menu, Back, Next],
        (Shown::List | Shown::Menu, _) => &[Previous, Next, Open, Back],
        (Shown::Other, _) => &[History, Triage, Menu],
    }
}

/// What a key with a meaning of its own does.
pub fn action(shown: Shown, key: Key) -> Option<Action> {
    Some(match (key, shown) {
        (_, Shown::Ending) | (Key::Power, _) => return None,
        (Key::Select, Shown::ShutDown) => Action::ShutDown,
        (_, Shown::ShutDown) => Action::Cancel,
        (Key::Select, Shown::List | Shown::Menu) => Action::Open,
        (Key::Select, Shown::Identify | Shown::SetClock) => Action::Take,
        (Key::Previous, _) => Action::Previous,
        (Key::Next, _) => Action::Next,
        (Key::Back, _) => Action::Back,
        // Letters and digits are typed there.
        (_, Shown::Identify | Shown::SetClock) => return None,
        (Key::Select | Key::Menu, _) => Action::Menu,
        (Key::Map, _) => Action::Map,
        (Key::Outline, _) => Action::Outline,
        (Key::Palette, _) => Action::Palette,
        (Key::Triage, _) => Action::Triage,
        (Key::History, _) => Action::History,
        (Key::Details, _) => Action::Details,
    })
}
