//! A patient's identifier being typed: for which reading, what stands there so far, and a cell for each character.

use embedded_graphics::prelude::Point;
use embedded_graphics::primitives::Rectangle;

use super::list;
use crate::person::CHARACTERS;
use crate::render::Surface;
use crate::render::layout::{area, bottom};
use crate::render::sheet::{Look, Place, Sheet, tight_height};
use crate::render::text::{self, Face};
use crate::render::view::Identify;

/// How many cells there are: one for each character, and the last takes a character away.
pub const CELLS: usize = CHARACTERS.len() + 1;
/// Rows of cells that are tried: all of them are full.
const ROWS: [usize; 3] = [4, 5, 8];
/// Most of the height that the cells take, in hundredths: less where that leaves no room to say for which reading.
const CELLS_HEIGHT: i32 = 56;
/// Lines of what is asked for, or of what is wrong with it.
const LINES_MAX: usize = 2;

/// What a cell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Character(char),
    /// Takes the last character away.
    Erase,
}

impl Cell {
    /// The cell at `place` of [`CELLS`], along the rows from the upper left.
    pub fn at(place: usize) -> Option<Self> {
        match CHARACTERS.get(place) {
            Some(byte) => Some(Self::Character(char::from(*byte))),
            None => (place == CHARACTERS.len()).then_some(Self::Erase),
        }
    }
}

/// Where the cells stand; their order is that of Latin letters in every language.
struct Grid {
    area: Rectangle,
    rows: usize,
    /// Height of the field above them, for what was typed.
    field: i32,
}

impl Grid {
    /// With cells as near to squares as can be, below the rest of `content`. They stay where they are, whatever is said.
    fn of(look: &Look, content: Rectangle) -> Self {
        let (whole, gap, typed) = (content.size.height as i32, gap(look), look.title());
        let most = whole * CELLS_HEIGHT / 100;
        let said = tight_height(look.small()) + LINES_MAX as i32 * look.small().line_height() + 2 * gap;
        let roomy = typed.line_height() + gap;
        let field = if said + roomy + most <= whole { roomy } else { tight_height(typed) };
        let height = most.min(whole - said - field);
        let width = content.size.width as i32;
        let area = area(content.top_left.x, bottom(content) - height, width, height);
        let side = |rows: usize| (width / (CELLS / rows) as i32).min(height / rows as i32);
        let rows = ROWS.into_iter().max_by_key(|rows| side(*rows)).unwrap_or(ROWS[0]);
        Self { area, rows, field }
    }

    fn cell(&self, place: usize) -> Rectangle {
        let columns = CELLS / self.rows;
        let (row, column) = ((place / columns) as i32, (place % columns) as i32);
        let (width, height) = (self.area.size.width as i32, self.area.size.height as i32);
        let (columns, rows) = (columns as i32, self.rows as i32);
        let (left, right) = (width * column / columns, width * (column + 1) / columns);
        let (top, below) = (height * row / rows, height * (row + 1) / rows);
        area(self.area.top_left.x + left, self.area.top_left.y + top, right - left, below - top)
    }
}

/// Which cell lies at `at` of a screen with this room between header and keys.
pub fn cell_at(look: &Look, content: Rectangle, at: Point) -> Option<usize> {
    let grid = Grid::of(look, content);
    (0..CELLS).find(|place| grid.cell(*place).contains(at))
}

pub fn draw<S: Surface>(s: &mut Sheet<S>, identify: &Identify) -> Result<(), S::Error> {
    let (look, grid) = (s.look, Grid::of(s.look, s.area));
    let room = s.height() - grid.area.size.height as i32;
    head(s, identify, room, grid.field)?;
    (0..CELLS).try_for_each(|place| {
        let area = grid.cell(place);
        cell(&mut Sheet::new(s.surface, look, area), place, place == identify.selected)
    })
}

/// What is left free above and below the field.
fn gap(look: &Look) -> i32 {
    look.sizes.px(6).max(3)
}

/// The reading that it is for, in a line at least; what is asked for or wrong; what was typed.
fn head<S: Surface>(s: &mut Sheet<S>, identify: &Identify, room: i32, field: i32) -> Result<(), S::Error> {
    let (look, width, gap) = (s.look, s.width(), gap(s.look));
    let (c, w) = (look.colours, look.words);
    let (asked, ink) = match identify.problem {
        Some(code) => (w.identifier.of(code), c.alert()),
        None => (w.say.identify.as_str(), c.plain()),
    };
    let (face, typed) = (look.small(), look.title());
    let lines = text::wrapped(asked, face, width, LINES_MAX).0.len() as i32;
    let asked_height = lines * face.line_height();
    let row = list::reading_height(look);
    let y = if row + asked_height + field + 2 * gap <= room {
        list::reading(&mut s.part(0, 0, width, row), identify.entry, false)?;
        row + gap
    } else {
        list::line(s, identify.entry)?
    };
    s.part(0, y, width, asked_height).paragraph(0, asked, face, ink, LINES_MAX)?;
    let top = room - field - gap;
    s.fill(0, top, (width, field), c.key)?;
    s.frame(0, top, (width, field), c.accent)?;
    let baseline = top + (field + typed.capital_height()) / 2;
    s.write((gap, width - 2 * gap), baseline, identify.text, typed, c.on_key(), Place::Middle)
}

/// The ground of a cell, and its size. The chosen one has a thicker frame, not a colour alone.
pub fn ground<S: Surface>(s: &mut Sheet<S>, selected: bool) -> Result<(i32, i32), S::Error> {
    let (c, rim) = (s.look.colours, s.px(2).max(1));
    let size = (s.width() - rim, s.height() - rim);
    s.fill(0, 0, size, c.key)?;
    let lines = if selected { s.px(4).max(3) } else { 0 };
    for k in 0..lines {
        s.frame(k, k, (size.0 - 2 * k, size.1 - 2 * k), c.accent)?;
    }
    Ok(size)
}

fn cell<S: Surface>(s: &mut Sheet<S>, place: usize, selected: bool) -> Result<(), S::Error> {
    let (look, size) = (s.look, ground(s, selected)?);
    let face = Face::bold(look.sizes.title.min(size.1 * 7 / 10).max(look.sizes.least));
    match Cell::at(place) {
        Some(Cell::Character(character)) => {
            let baseline = (size.1 + face.capital_height()) / 2;
            let text = character.encode_utf8(&mut [0; 4]).to_owned();
            s.write((0, size.0), baseline, &text, face, look.colours.on_key(), Place::Middle)
        }
        Some(Cell::Erase) | None => arrow(s, size, face.capital_height()),
    }
}

/// An arrow to the left, as high as a capital letter and half as long again: where the last character stood.
fn arrow<S: Surface>(s: &mut Sheet<S>, size: (i32, i32), height: i32) -> Result<(), S::Error> {
    let (half, length, colour) = (height / 2, height * 3 / 2, s.look.colours.text);
    let (left, middle) = (s.area.top_left.x + (size.0 - length) / 2, s.area.top_left.y + size.1 / 2);
    for k in 0..=half {
        s.surface.fill_solid(&area(left + k, middle - k, 1, 2 * k + 1), colour)?;
    }
    let thick = (height / 4).max(1);
    s.surface.fill_solid(&area(left + half, middle - thick / 2, length - half, thick), colour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::layout::{LAYOUTS, Layout, Needs};
    use crate::render::options::Options;

    #[test]
    fn cells_stand_side_by_side_and_a_touch_finds_each() {
        for size in LAYOUTS {
            let look = Look::new(Options::default(), Layout::sizes(size));
            let needs = Needs { keys: true, badges: true, footer_lines: 2, ..Needs::default() };
            let content = Layout::of(size, needs).content;
            let grid = Grid::of(&look, content);
            for place in 0..CELLS {
                let cell = grid.cell(place);
                assert_eq!(cell.intersection(&content), cell, "{size} {place}");
                assert_eq!(cell_at(&look, content, cell.center()), Some(place), "{size}");
                assert!(cell.size.width >= 20 && cell.size.height >= 13, "{size} {cell:?}");
            }
            assert_eq!(cell_at(&look, content, content.top_left), None);
        }
    }

    #[test]
    fn every_character_has_a_cell_and_the_last_cell_erases() {
        assert!(ROWS.iter().all(|rows| CELLS.is_multiple_of(*rows)));
        assert_eq!(Cell::at(0), Some(Cell::Character('0')));
        assert_eq!(Cell::at(CELLS - 2), Some(Cell::Character('.')));
        assert_eq!((Cell::at(CELLS - 1), Cell::at(CELLS)), (Some(Cell::Erase), None));
    }
}
