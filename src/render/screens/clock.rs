//! The time of day being set: what is asked for, and a cell for each digit of `YYYY-MM-DD` and, below, `hh:mm`.

use embedded_graphics::prelude::Point;
use embedded_graphics::primitives::Rectangle;

use super::keypad;
use crate::render::Surface;
use crate::render::layout::{area, bottom};
use crate::render::sheet::{Place, Sheet};
use crate::render::text::Face;
use crate::render::view::{ClockProblem, SetClock};

/// Digits of `YYYYMMDDhhmm`.
pub const DIGITS: usize = 12;
/// Digits in the first row.
const DATE: usize = 8;
/// Places after which a mark stands, half as wide as a digit, and the mark.
const MARKS: [(usize, &str); 3] = [(3, "-"), (5, "-"), (9, ":")];
/// Widths of a digit in the longer row, marks and all.
const ACROSS: i32 = 9;
/// Most height of a row by the whole, in hundredths.
const ROW_HEIGHT: i32 = 28;
const LINES_MAX: usize = 4;

/// Where the digits stand; their order is that of a date in every language.
struct Dial {
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    gap: i32,
}

impl Dial {
    fn of(content: Rectangle) -> Self {
        let (wide, high) = (content.size.width as i32, content.size.height as i32);
        let row = high * ROW_HEIGHT / 100;
        let width = (wide / ACROSS).min(row);
        let (height, gap) = (row.min(width * 3 / 2), (width / 6).max(2));
        let left = content.top_left.x + (wide - ACROSS * width) / 2;
        Self { left, top: bottom(content) - 2 * height - gap, width, height, gap }
    }

    /// From `half` half widths after the start of row `row`, so many half widths wide.
    fn room(&self, row: i32, half: i32, halves: i32) -> Rectangle {
        let top = self.top + row * (self.height + self.gap);
        area(self.left + half * self.width / 2, top, halves * self.width / 2, self.height)
    }

    /// Row and half widths before a place.
    fn before(place: usize) -> (i32, i32) {
        let first = if place < DATE { 0 } else { DATE };
        let marks = MARKS.iter().filter(|(after, _)| (first..place).contains(after)).count();
        (i32::from(first > 0), (2 * (place - first) + marks) as i32)
    }

    fn digit(&self, place: usize) -> Rectangle {
        let (row, half) = Self::before(place);
        self.room(row, half, 2)
    }
}

/// Which digit lies at `at` of a screen with this room between header and keys.
pub fn digit_at(content: Rectangle, at: Point) -> Option<usize> {
    let dial = Dial::of(content);
    (0..DIGITS).find(|place| dial.digit(*place).contains(at))
}

pub fn draw<S: Surface>(s: &mut Sheet<S>, setting: &SetClock) -> Result<(), S::Error> {
    let (look, dial, width) = (s.look, Dial::of(s.area), s.width());
    let (c, w) = (look.colours, &look.words.say);
    let (said, ink) = match setting.problem {
        None => (&w.set_clock, c.plain()),
        Some(ClockProblem::NoSuchTime) => (&w.clock_wrong, c.alert()),
        Some(ClockProblem::Kept) => (&w.clock_kept, c.alert()),
    };
    let room = dial.top - s.area.top_left.y;
    let fits = |face: &Face| {
        let whole = s.measured(|sheet| sheet.paragraph(0, said, *face, ink, LINES_MAX));
        whole.is_some_and(|below| below <= room)
    };
    let face = [look.body(), look.small()].into_iter().find(fits).unwrap_or(look.small());
    s.part(0, 0, width, room).paragraph(0, said, face, ink, LINES_MAX)?;
    for (place, digit) in setting.digits.iter().enumerate() {
        let sheet = &mut Sheet::new(s.surface, look, dial.digit(place));
        let size = keypad::ground(sheet, place == setting.selected)?;
        let face = Face::bold((size.1 * 6 / 10).max(look.sizes.least));
        let baseline = (size.1 + face.capital_height()) / 2;
        sheet.write((0, size.0), baseline, &digit.to_string(), face, c.on_key(), Place::Middle)?;
    }
    let face = Face::bold((dial.height * 4 / 10).max(look.sizes.least));
    let baseline = (dial.height + face.capital_height()) / 2;
    let (row, after) = Dial::before(DIGITS);
    let marks = MARKS.map(|(place, mark)| {
        let (row, half) = Dial::before(place);
        (dial.room(row, half + 2, 1), mark)
    });
    for (room, text) in marks.into_iter().chain([(dial.room(row, after + 1, 4), "UTC")]) {
        let sheet = &mut Sheet::new(s.surface, look, room);
        let width = sheet.width();
        sheet.write((0, width), baseline, text, face, c.plain(), Place::Middle)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::layout::{LAYOUTS, Layout, Needs};

    #[test]
    fn digits_stand_side_by_side_and_a_touch_finds_each() {
        for size in LAYOUTS {
            let content = Layout::of(size, Needs { keys: true, badges: true, ..Needs::default() }).content;
            let dial = Dial::of(content);
            for place in 0..DIGITS {
                let digit = dial.digit(place);
                assert_eq!(digit.intersection(&content), digit, "{size} {place}");
                assert_eq!(digit_at(content, digit.center()), Some(place), "{size}");
                assert!(digit.size.width >= 20 && digit.size.height >= 24, "{size} {digit:?}");
            }
            let utc = dial.room(1, Dial::before(DIGITS).1 + 1, 4);
            assert_eq!(utc.intersection(&content), utc, "{size}");
            assert_eq!(digit_at(content, utc.center()), None);
            assert_eq!(digit_at(content, content.top_left), None);
        }
    }

    #[test]
    fn marks_stand_between_the_numbers_of_a_date() {
        let halves = [0, 2, 4, 6, 9, 11, 14, 16].map(|half| (0, half));
        assert_eq!(std::array::from_fn(Dial::before), halves);
        assert_eq!([8, 9, 10, 11, 12].map(Dial::before), [(1, 0), (1, 2), (1, 5), (1, 7), (1, 9)]);
    }
}
