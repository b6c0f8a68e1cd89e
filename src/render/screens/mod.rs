//! The operator screen: header, footer and keys, and between them one of the states in the files beside this one.

mod clock;
mod frame;
mod keypad;
mod list;
mod message;
mod result;
mod trend;

use embedded_graphics::primitives::Rectangle;

pub use self::clock::DIGITS as CLOCK_DIGITS;
pub use self::keypad::{CELLS, Cell};
use super::layout::{Layout, Needs, bottom};
use super::options::Options;
use super::sheet::{Look, Sheet};
use super::view::{Badge, Context, KEYS_MAX, View};
use super::{Action, Surface};
use crate::units::PixelSize;

/// What stands around a view, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    options: Options,
    layout: Layout,
    keys: Vec<Action>,
    header: Vec<frame::Item>,
}

/// A screen laid out and ready to be drawn.
#[derive(Debug)]
pub struct Screen<'a> {
    view: &'a View<'a>,
    context: &'a Context<'a>,
    layout: Layout,
    look: Look,
}

impl<'a> Screen<'a> {
    pub fn new(view: &'a View<'a>, context: &'a Context<'a>, size: PixelSize) -> Self {
        let look = Look::new(context.options, Layout::sizes(size));
        let needs = Needs {
            // For a word that comes and goes nothing that somebody is reading may move.
            badges: context.badges.iter().any(|badge| *badge != Badge::ExposureSeen),
            keys: !context.keys.is_empty(),
            right_to_left: look.right_to_left,
            footer_lines: frame::footer_lines(&look, size),
            words_first: words_first(view),
        };
        Self { view, context, layout: Layout::of(size, needs), look }
    }

    pub fn draw<S: Surface>(&self, target: &mut S) -> Result<(), S::Error> {
        target.clear(self.look.colours.ground)?;
        frame::draw(self, target)?;
        self.look.set_floor(bottom(self.layout.content));
        let sheet = &mut Sheet::new(target, &self.look, self.layout.content);
        match *self.view {
            View::Boot { lines } => message::boot(sheet, lines),
            View::Ready { source, model, note } => message::ready(sheet, &self.layout, source, model, note),
            View::Result(study) | View::Refused(study) => result::study(sheet, &self.layout, study),
            View::Details(study) => result::details(sheet, &self.layout, study),
            View::Compared { study, earlier, more, named } => {
                trend::draw(sheet, study, (earlier, more), named)
            }
            View::Identify(identify) => keypad::draw(sheet, &identify),
            View::SetClock(setting) => clock::draw(sheet, &setting),
            View::List(list) => list::readings(sheet, &list),
            View::Menu { items, selected } => list::menu(sheet, items, selected),
            _ => message::draw(sheet, self.view),
        }
    }

    /// All that this screen's picture depends upon but for what its view shows.
    pub fn surroundings(&self) -> Surroundings {
        let keys = self.keys().to_vec();
        Surroundings { options: self.context.options, layout: self.layout, keys, header: frame::header(self) }
    }

    /// Draws on the picture of a screen with `before` around the same view what is different now; returns where.
    /// `None`, and nothing drawn, where more than the header differs.
    pub fn redraw<S: Surface>(
        &self,
        before: &Surroundings,
        now: &Surroundings,
        target: &mut S,
    ) -> Result<Option<Vec<Rectangle>>, S::Error> {
        let alike = (before.options, before.layout, &before.keys) == (now.options, now.layout, &now.keys);
        if alike { frame::redraw(self, &before.header, &now.header, target).map(Some) } else { Ok(None) }
    }

    /// Texts that the drawn screen has cut for want of room.
    pub fn cut_texts(&self) -> Vec<String> {
        self.look.take_cuts()
    }

    /// The keys that are drawn.
    fn keys(&self) -> &[Action] {
        &self.context.keys[..self.context.keys.len().min(KEYS_MAX)]
    }

    pub fn key_at(&self, at: embedded_graphics::prelude::Point) -> Option<Action> {
        let keys = self.keys();
        let hit = |k: &usize| self.layout.key(*k, keys.len()).contains(at);
        (0..keys.len()).find(hit).map(|k| keys[k])
    }

    pub fn row_at(&self, at: embedded_graphics::prelude::Point) -> Option<usize> {
        let content = self.layout.content;
        let (count, selected, row) = match self.view {
            View::Identify(_) => return keypad::cell_at(&self.look, content, at),
            View::SetClock(_) => return clock::digit_at(content, at),
            View::List(l) => (l.entries.len(), l.selected, list::reading_height(&self.look)),
            View::Menu { items, selected } => (items.len(), *selected, list::item_height(&self.look)),
            _ => return None,
        };
        let window = list::Window::new(count, selected, content.size.height as i32, row);
        let y = at.y - content.top_left.y;
        content.contains(at).then(|| window.row_at(y)).flatten()
    }
}

/// Whether there is more to say than numbers beside the picture.
fn words_first(view: &View) -> bool {
    match view {
        View::Refused(_) => true,
        View::Result(study) => !study.reading.fit() || !study.reading.warnings.is_empty(),
        _ => false,
    }
}
