//! Lists that scroll: readings, and what the operator may set.

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::grade::Grade;
use crate::render::sheet::{Look, Sheet, tight_height};
use crate::render::text::{self, Face};
use crate::render::view::{Action, List, ListEntry, Listed};
use crate::render::{RgbPicture, Surface, radiograph, words};
use crate::units::PixelSize;

/// Rows that are in sight of a list, so that the selected one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: usize,
    pub rows: usize,
    row_height: i32,
    count: usize,
}

impl Window {
    pub fn new(count: usize, selected: usize, height: i32, row_height: i32) -> Self {
        let rows = (height / row_height.max(1)).max(1) as usize;
        let selected = selected.min(count.saturating_sub(1));
        // The selected row stands in the middle where the list goes on both ways.
        let first = selected.saturating_sub(rows / 2).min(count.saturating_sub(rows));
        Self { first, rows: rows.min(count), row_height, count }
    }

    /// The entry at `y` pixels below the list's top.
    pub fn row_at(&self, y: i32) -> Option<usize> {
        let row = usize::try_from(y.div_euclid(self.row_height.max(1))).ok()?;
        (row < self.rows).then_some(self.first + row)
    }
}

/// Height of a row for a finger in a glove: a tenth of the screen.
pub fn item_height(look: &Look) -> i32 {
    look.sizes.px(52).max(32)
}

pub fn reading_height(look: &Look) -> i32 {
    (look.sizes.px(76)).max(look.strong().line_height() + look.small().line_height() + 6)
}

pub fn readings<S: Surface>(s: &mut Sheet<S>, list: &List) -> Result<(), S::Error> {
    if list.entries.is_empty() {
        let y = s.height() / 3;
        return s.centred(y, &s.look.words.say.no_readings, s.look.title(), s.look.colours.plain()).map(drop);
    }
    let height = reading_height(s.look);
    let window = Window::new(list.entries.len(), list.selected, s.height(), height);
    let width = position(s, &window)?;
    for k in 0..window.rows {
        let place = window.first + k;
        if let Some(entry) = list.entries.get(place) {
            let row = &mut s.part(0, k as i32 * height, width, height - s.px(4).max(2));
            reading(row, entry, place == list.selected)?;
        }
    }
    Ok(())
}

/// A bar that says where in the list the window is; returns the width that it leaves.
fn position<S: Surface>(s: &mut Sheet<S>, window: &Window) -> Result<i32, S::Error> {
    if window.rows >= window.count {
        return Ok(s.width());
    }
    let (width, height, bar) = (s.width(), s.height(), s.px(8).max(5));
    let at = |row: usize| (height as usize * row / window.count) as i32;
    s.fill(width - bar, 0, (bar, height), s.look.colours.key)?;
    let (top, below) = (at(window.first), at(window.first + window.rows));
    s.fill(width - bar, top, (bar, below - top), s.look.colours.label)?;
    Ok(width - bar - s.px(6).max(3))
}

/// The ground of a row; the selected one has a frame and a mark at its start, not a colour alone.
fn ground<S: Surface>(s: &mut Sheet<S>, selected: bool) -> Result<i32, S::Error> {
    let (size, mark) = ((s.width(), s.height()), s.px(7).max(4));
    let colours = s.look.colours;
    s.fill(0, 0, size, colours.key)?;
    if selected {
        s.frame(0, 0, size, colours.accent)?;
        s.fill(0, 0, (mark, size.1), colours.accent)?;
    }
    Ok(mark + s.px(8).max(4))
}

/// When a reading was made, and its number.
fn when(entry: &ListEntry) -> String {
    let number = entry.record.map(|id| format!("#{id}"));
    let when: Vec<&str> = entry.time.as_deref().into_iter().chain(number.as_deref()).collect();
    words::isolated(&when.join(" "))
}

/// A grade in words and as a number, with a mark before it where there is a warning.
fn graded(look: &Look, grade: Grade, warned: bool) -> String {
    let mark = if warned { "! " } else { "" };
    format!("{mark}{} {}/{}", words::grade(look.words, grade), grade as i32, Grade::ALL.len() - 1)
}

/// One reading in a line at the top of `s`, without its picture; returns the row below.
pub fn line<S: Surface>(s: &mut Sheet<S>, entry: &ListEntry) -> Result<i32, S::Error> {
    let (look, small) = (s.look, s.look.small());
    let (what, ink) = match &entry.outcome {
        Listed::Graded { grade, warned, .. } => (graded(look, *grade, *warned), look.colours.plain()),
        Listed::Refused { .. } => (look.words.title.refused.clone(), look.colours.alert()),
    };
    let strong = Face { bold: true, ..small };
    s.pair(0, (&when(entry), small, look.colours.label()), (&what, strong, ink))?;
    Ok(tight_height(small))
}

/// One reading in the whole of `s`.
pub fn reading<S: Surface>(s: &mut Sheet<S>, entry: &ListEntry, selected: bool) -> Result<(), S::Error> {
    let mut x = ground(s, selected)?;
    let (height, rim, look) = (s.height(), s.px(3).max(2), s.look);
    if let Some(thumbnail) = &entry.thumbnail {
        let side = height - 2 * rim;
        let room = s.place(x, rim, side, side);
        placed(s, thumbnail, room)?;
        x += side + s.px(10).max(5);
    }
    let (c, w) = (look.colours, look.words);
    let (strong, small) = (look.title().with_px(look.sizes.body * 115 / 100), look.small());
    let width = s.width() - x - s.px(8).max(4);
    let top = (height - strong.line_height() - small.line_height()) / 2;
    let s = &mut s.part(x, top, width, height);
    let when = when(entry);
    match &entry.outcome {
        Listed::Graded { grade, share, interval90, warned } => {
            let name = graded(look, *grade, *warned);
            let percent = words::percent(*share);
            let y = s.pair(0, (&name, strong, c.on_key()), (&percent, strong, c.on_key()))?;
            let interval = words::interval(*interval90);
            let end = (interval.as_str(), small, c.label_on_key());
            s.pair(y, (&when, small, c.label_on_key()), end)?;
        }
        Listed::Refused { code } => {
            let y = s.line(0, &w.title.refused, strong, c.alert_on_key())?;
            // The reason in full is on the reading's own screen: here it is as long as there is room.
            let room = s.width() - text::width(&when, small) - s.px(16);
            let reason = text::cut(w.refusal.of(code), small, room).0;
            s.pair(y, (&when, small, c.label_on_key()), (&reason, small, c.label_on_key()))?;
        }
    }
    Ok(())
}

/// A picture as large as fits in the middle of `room`.
fn placed<S: Surface>(s: &mut Sheet<S>, picture: &RgbPicture, room: Rectangle) -> Result<(), S::Error> {
    let (from, colours) = (picture.size(), s.look.colours);
    let to = radiograph::fitted(from, PixelSize::new(room.size.width.max(1), room.size.height.max(1)));
    let area = Rectangle::with_center(room.center(), Size::new(to.width, to.height));
    let nearest = |k: u32, from: u32, to: u32| ((2 * k + 1) * from / (2 * to)) as i32;
    let at = |x: u32, y: u32| {
        let at = Point::new(nearest(x, from.width, to.width), nearest(y, from.height, to.height));
        colours.shown(picture.pixel(at).unwrap_or(colours.ground))
    };
    let pixels = (0..to.height).flat_map(|y| (0..to.width).map(move |x| (x, y)));
    s.surface.fill_contiguous(&area, pixels.map(|(x, y)| at(x, y)))
}

pub fn menu<S: Surface>(s: &mut Sheet<S>, items: &[Action], selected: usize) -> Result<(), S::Error> {
    let height = item_height(s.look);
    let window = Window::new(items.len(), selected, s.height(), height);
    let width = position(s, &window)?;
    let (look, c) = (s.look, s.look.colours);
    for k in 0..window.rows {
        let place = window.first + k;
        let Some(item) = items.get(place) else { continue };
        let row = &mut s.part(0, k as i32 * height, width, height - look.sizes.px(4).max(2));
        let x = ground(row, place == selected)?;
        let face = Face::bold((look.sizes.body + look.sizes.title) / 2);
        let (room, top) = (width - 2 * x, (row.height() - face.line_height()) / 2);
        let setting = words::setting(look.words, *item, look.options);
        let name = (words::action(look.words, *item), face, c.on_key());
        row.part(x, top, room, face.line_height()).pair(0, name, (&setting, face, c.label_on_key()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_in_sight() {
        for count in [1, 3, 4, 50] {
            for selected in 0..count {
                let w = Window::new(count, selected, 210, 50);
                assert!((w.first..w.first + w.rows).contains(&selected), "{count} {selected} {w:?}");
                assert!(w.first + w.rows <= count && w.rows <= 4);
            }
        }
        assert_eq!(Window::new(3, 9, 500, 50).rows, 3);
        assert_eq!(Window::new(0, 0, 500, 50).row_at(10), None);
    }

    #[test]
    fn a_touch_finds_the_row_under_it() {
        let w = Window::new(50, 20, 210, 50);
        assert_eq!((w.row_at(0), w.row_at(199)), (Some(w.first), Some(w.first + 3)));
        assert_eq!((w.row_at(205), w.row_at(-1)), (None, None));
    }
}
