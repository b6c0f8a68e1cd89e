//! What a press means at the desk, and what an action does there.

use std::time::Duration;

use super::desk::Desk;
use super::identify::Identifying;
use super::page::{Listing, MENU, Page, Shown, Touched, action, keys};
use super::scene::Scene;
use super::shelf::Shelved;
use crate::input::{Control, Press, Typed};
use crate::render::{Action, CELLS, CLOCK_DIGITS, Language, MapStyle, Opacity, Order, Palette};

impl Desk {
    /// What the operator did; a touch goes to `touched`.
    pub fn press(&mut self, press: Press, touched: Touched, now: Duration) {
        self.last_press = Some(now);
        let shown = self.shown();
        let meant = match (press, touched) {
            (Press::Held, _) => {
                Some(Action::ShutDown).filter(|_| !matches!(shown, Shown::Ending | Shown::ShutDown))
            }
            (Press::Closed, _) => {
                self.end();
                self.change();
                None
            }
            (Press::Control(control), _) => self.meant(shown, control),
            (Press::Typed(typed, _), _) if matches!(shown, Shown::Identify | Shown::SetClock) => {
                self.typed(typed)
            }
            (Press::Typed(_, control), _) => control.and_then(|control| self.meant(shown, control)),
            (Press::Scanned(scanned), _) => {
                self.scanned(scanned);
                None
            }
            (Press::Tap(_), Touched::Key(action)) => Some(action),
            (Press::Tap(_), Touched::Row(row)) => self.choose(row),
            (Press::Tap(_), Touched::Elsewhere) => {
                let map = matches!(shown, Shown::Latest { map: true } | Shown::Earlier { map: true });
                map.then_some(Action::Map)
            }
        };
        if let Some(action) = meant {
            self.perform(action, now);
            self.change();
        }
    }

    fn meant(&self, shown: Shown, control: Control) -> Option<Action> {
        match control {
            Control::Button(n) => keys(shown, self.buttons).get(n).copied(),
            Control::Key(key) => action(shown, key),
        }
    }

    /// Chooses a line of the list or menu on show, or a cell; a second touch is not needed.
    pub(super) fn choose(&mut self, row: usize) -> Option<Action> {
        match &mut self.page {
            Page::List(listing) if row < listing.entries.len() => listing.selected = row,
            Page::Menu(selected, _) if row < MENU.len() => *selected = row,
            Page::Identify(identifying) if row < CELLS => {
                identifying.selected = row;
                return Some(Action::Take);
            }
            Page::SetClock(setting) if row < CLOCK_DIGITS => {
                setting.touch(row);
                self.change();
                return None;
            }
            _ => return None,
        }
        Some(Action::Open)
    }

    pub(super) fn perform(&mut self, action: Action, now: Duration) {
        match action {
            Action::Previous => self.step(false),
            Action::Next => self.step(true),
            Action::Open | Action::Confirm => self.open(now),
            Action::Back | Action::Cancel => self.back(),
            Action::Menu => self.page = Page::Menu(0, self.chosen().map(|s| s.number)),
            Action::Triage => self.list(Order::Severity, now),
            Action::History => self.list(Order::Time, now),
            Action::Details => self.details(),
            Action::Map => self.fade(),
            Action::Outline => {
                let outlined = self.options.map == MapStyle::Outlined;
                self.options.map = if outlined { MapStyle::Filled } else { MapStyle::Outlined };
            }
            Action::Palette => self.options.palette = after(&Palette::ALL, self.options.palette),
            Action::Language => self.options.language = after(&Language::ALL, self.options.language),
            Action::ShutDown if self.page == Page::ShutDown => self.end(),
            Action::ShutDown => self.page = Page::ShutDown,
            Action::Compare => self.compare(),
            Action::Identify => self.identify(),
            Action::Clock => self.set_clock(),
            Action::Done => self.done(),
            Action::Take => self.take(),
            Action::Change => {}
        }
    }

    /// Asks the station to end, and says so.
    pub(super) fn end(&mut self) {
        self.wants_shut_down = true;
        self.scene = Scene::Ending;
    }

    /// One step up or down: in a list, in the menu, or from reading to reading.
    fn step(&mut self, forward: bool) {
        let turned = |at: usize, of: usize| match (forward, of) {
            (_, 0) => 0,
            (true, _) => (at + 1) % of,
            (false, _) => (at + of - 1) % of,
        };
        match &mut self.page {
            Page::List(l) => l.selected = turned(l.selected, l.entries.len()),
            Page::Menu(selected, _) => *selected = turned(*selected, MENU.len()),
            Page::Identify(identifying) => identifying.step(forward),
            Page::SetClock(setting) => setting.turn(!forward),
            Page::Reading(number) => {
                let to = if forward { self.shelf.later(*number) } else { self.shelf.earlier(*number) };
                *number = to.unwrap_or(*number);
            }
            Page::Station if !forward => {
                let newest = self.shelf.newest().map(|s| s.number);
                // Beside a result the one before it; beside anything else the newest.
                let to = newest
                    .and_then(|n| if self.scene == Scene::Result { self.shelf.earlier(n) } else { newest });
                self.page = to.map_or(Page::Station, Page::Reading);
            }
            Page::Station | Page::Details(_) | Page::Compared(..) | Page::ShutDown => {}
        }
        self.unless_latest();
    }

    /// The newest reading is the station's own page.
    fn unless_latest(&mut self) {
        let latest = self.shelf.latest().map(|s| s.number);
        if self.scene == Scene::Result && matches!(self.page, Page::Reading(n) if Some(n) == latest) {
            self.leave();
        }
    }

    fn open(&mut self, now: Duration) {
        match &self.page {
            Page::List(listing) => {
                self.page = listing.number().map_or(Page::Station, Page::Reading);
                self.unless_latest();
            }
            &Page::Menu(selected, from) => {
                // From the reading that the menu was opened at: a newer one may have come since.
                self.return_to(from);
                MENU.get(selected).into_iter().for_each(|action| self.perform(*action, now));
            }
            _ => {}
        }
    }

    pub(super) fn back(&mut self) {
        match self.page {
            Page::Details(number) | Page::Compared(number, _) => self.return_to(Some(number)),
            Page::Menu(_, from) => self.return_to(from),
            Page::Identify(Identifying { number, .. }) => {
                self.page = Page::Reading(number);
                self.compare();
            }
            _ => self.leave(),
        }
    }

    /// To reading `number`, or to what the station does where there is none.
    fn return_to(&mut self, number: Option<i64>) {
        match number.filter(|number| self.shelf.get(*number).is_some()) {
            Some(number) => {
                self.page = Page::Reading(number);
                self.unless_latest();
            }
            None => self.leave(),
        }
    }

    /// The reading that is on show, at which the menu was opened, or that is chosen in a list.
    fn chosen(&self) -> Option<&Shelved> {
        match &self.page {
            Page::Menu(_, from) => from.and_then(|number| self.shelf.get(number)),
            Page::List(listing) => listing.number().and_then(|number| self.shelf.get(number)),
            _ => self.on_show(),
        }
    }

    fn take(&mut self) {
        match &mut self.page {
            Page::Identify(identifying) => identifying.take(),
            Page::SetClock(setting) => setting.take(),
            _ => {}
        }
    }

    /// What a keyboard's key does where something is typed; `None` elsewhere, and where it types nothing.
    fn typed(&mut self, typed: Typed) -> Option<Action> {
        let is_end = match &mut self.page {
            Page::Identify(identifying) => identifying.typed(typed),
            Page::SetClock(setting) => setting.typed(typed),
            _ => return None,
        };
        self.change();
        is_end.then_some(Action::Done)
    }

    /// What was typed is complete.
    fn done(&mut self) {
        match self.page {
            Page::SetClock(_) => self.clock_done(),
            _ => self.identified(),
        }
    }

    pub(super) fn list(&mut self, order: Order, now: Duration) {
        let chosen = match &self.page {
            Page::List(listing) if listing.order == order => listing.number(),
            _ => None,
        };
        let entries: Vec<_> = self.shelf.by(order, now).into_iter().map(|s| s.entry.clone()).collect();
        let selected = entries.iter().position(|e| Some(e.id) == chosen).unwrap_or(0);
        self.page = Page::List(Listing { order, entries, selected });
    }

    fn details(&mut self) {
        let number = self.chosen().or(self.shelf.newest()).map(|s| s.number);
        self.page = number.map_or(Page::Station, Page::Details);
    }

    pub(super) fn compare(&mut self) {
        let Some(shelved) = self.chosen().or(self.shelf.newest()) else { return };
        let earlier = shelved
            .who()
            .map(|person| self.lines.of(person).chain(self.shelf.of(person, shelved.number)).collect());
        self.page = Page::Compared(shelved.number, earlier);
    }

    /// Off and on by turns, each time fainter: the bare radiograph is one press away from every step.
    fn fade(&mut self) {
        if self.options.map != MapStyle::Off {
            self.options.map = MapStyle::Off;
            return;
        }
        self.options.map = MapStyle::Filled;
        self.options.opacity = match self.options.opacity {
            Opacity::Full => Opacity::ThreeQuarters,
            Opacity::ThreeQuarters => Opacity::Half,
            Opacity::Half => Opacity::Quarter,
            Opacity::Quarter => Opacity::Full,
        };
    }
}

/// The one after `current`, round and round.
fn after<T: Copy + PartialEq>(all: &[T], current: T) -> T {
    let at = all.iter().position(|v| *v == current).map_or(0, |k| (k + 1) % all.len());
    all.get(at).copied().unwrap_or(current)
}
