//! Where the parts of the operator screen stand, computed from its size.
//!
//! Sizes are those of a screen of 800 x 480 (upright: 480 x 800), enlarged or reduced to the screen at hand; text is
//! never reduced below what can be read on a small panel at arm's length, so that small screens show less, not smaller.

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::units::PixelSize;

/// Screens that the layout is drawn for and tested on, without their quarter turns, the smallest first.
pub const LAYOUTS: [PixelSize; 7] = [
    PixelSize::new(240, 320),
    PixelSize::new(320, 240),
    PixelSize::new(480, 320),
    PixelSize::new(800, 480),
    PixelSize::new(1024, 600),
    PixelSize::new(1280, 800),
    PixelSize::new(1920, 1080),
];
/// Screens smaller than this show the upper left part of one of this size.
const SIDE_MIN: u32 = 200;
/// Longer and shorter side for which sizes are given.
const REFERENCE: (i32, i32) = (800, 480);
/// Screens narrower than this, in pixels, have their badges in a line of their own.
const ONE_LINE_MIN: i32 = 700;
/// Below this scale, in thousandths, a screen is compact: results leave out what the details show.
const COMPACT_BELOW: i32 = 750;
/// Largest part of the width that a radiograph takes beside the numbers, in hundredths.
const IMAGE_WIDTH_MAX: i32 = 52;
/// Part of the height that a radiograph takes above the numbers, in hundredths.
const IMAGE_HEIGHT: i32 = 50;

/// Sizes of text and spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Pixels to a thousand units.
    pub scale: i32,
    /// Small print, body, titles, the share, the grade: pixels to the em.
    pub small: i32,
    pub body: i32,
    pub title: i32,
    pub share: i32,
    pub big: i32,
    /// No text is smaller.
    pub least: i32,
}

impl Sizes {
    /// `scale` in thousandths of the reference.
    ///
    /// Least sizes: capitals of 8 pixels are 1.2 mm on a panel of 165 dots to the inch, read at 30 cm; the grade's
    /// are 20 pixels there, 3 mm, read at 75 cm (16 minutes of arc each, ISO 9241-303).
    pub const fn of(scale: i32) -> Self {
        const fn at(scale: i32, thousand: i32, least: i32) -> i32 {
            let px = (scale * thousand + 500_000) / 1_000_000;
            if px > least { px } else { least }
        }
        Self {
            scale,
            small: at(scale, 15_000, 12),
            body: at(scale, 17_500, 13),
            title: at(scale, 25_000, 17),
            share: at(scale, 40_000, 25),
            big: at(scale, 52_000, 28),
            least: at(scale, 12_500, 11),
        }
    }

    /// Units in pixels.
    pub const fn px(&self, units: i32) -> i32 {
        (units * self.scale + 500) / 1000
    }
}

/// What of the picture's making is known before it is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    pub badges: bool,
    pub keys: bool,
    pub right_to_left: bool,
    /// Lines of the disclaimer, at least one.
    pub footer_lines: i32,
    /// There is more to say than numbers: on compact screens the picture is made smaller for it.
    pub words_first: bool,
}

/// The areas of one screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub sizes: Sizes,
    pub compact: bool,
    /// Badges stand in a line of their own.
    pub two_lines: bool,
    pub upright: bool,
    /// State, badges and time.
    pub header: Rectangle,
    /// Everything between header and keys, less a margin.
    pub content: Rectangle,
    /// The radiograph, as large as fits inside.
    pub image: Rectangle,
    /// Numbers.
    pub panel: Rectangle,
    /// Empty where there are no keys.
    pub keys: Rectangle,
    /// The disclaimer.
    pub footer: Rectangle,
}

impl Layout {
    /// Sizes of text for a screen of `size`.
    pub fn sizes(size: PixelSize) -> Sizes {
        let (w, h) = whole(size);
        Sizes::of((w.max(h) * 1000 / REFERENCE.0).min(w.min(h) * 1000 / REFERENCE.1))
    }

    pub fn of(size: PixelSize, needs: Needs) -> Self {
        let sizes = Self::sizes(size);
        let ((w, h), upright) = (whole(size), size.height > size.width);
        let line = sizes.small * 145 / 100;
        let two_lines = needs.badges && w < ONE_LINE_MIN;
        let header = area(0, 0, w, (sizes.body * 170 / 100).max(20) + if two_lines { line } else { 0 });
        let footer_height = line * needs.footer_lines.max(1) + sizes.px(4);
        let footer = area(0, h - footer_height, w, footer_height);
        let keys_height = if needs.keys { sizes.px(48).max(30) } else { 0 };
        let keys = area(0, footer.top_left.y - keys_height, w, keys_height);
        let margin = sizes.px(8).max(4);
        let top = bottom(header) + margin * 3 / 4;
        let content = area(margin, top, w - 2 * margin, keys.top_left.y - margin * 3 / 4 - top);
        let compact = sizes.scale < COMPACT_BELOW;
        let small = needs.words_first && compact;
        let (image, panel) = if upright {
            above(content, margin, small)
        } else {
            beside(content, margin, small, needs.right_to_left)
        };
        Self { sizes, compact, two_lines, upright, header, content, image, panel, keys, footer }
    }

    /// The keys' areas from left to right; buttons do not move with the language.
    pub fn key(&self, place: usize, count: usize) -> Rectangle {
        let (count, place) = (count.max(1) as i32, place as i32);
        let (width, gap) = (self.keys.size.width as i32, self.sizes.px(6).max(3));
        let (left, right) = (width * place / count, width * (place + 1) / count);
        area(left + gap / 2, self.keys.top_left.y, right - left - gap, self.keys.size.height as i32 - gap / 2)
    }
}

fn whole(size: PixelSize) -> (i32, i32) {
    // A side beyond a million pixels is no screen's, and would overflow the arithmetic here.
    let side = |v: u32| v.clamp(SIDE_MIN, 1_000_000 / SIDE_MIN) as i32;
    (side(size.width), side(size.height))
}

fn beside(content: Rectangle, margin: i32, small: bool, right_to_left: bool) -> (Rectangle, Rectangle) {
    let (w, h) = (content.size.width as i32, content.size.height as i32);
    let share = if small { IMAGE_WIDTH_MAX * 3 / 4 } else { IMAGE_WIDTH_MAX };
    let image = h.min(w * share / 100);
    let room = w - image - margin * 3 / 2;
    let (x, y) = (content.top_left.x, content.top_left.y);
    if right_to_left {
        (area(x + w - image, y, image, h), area(x, y, room, h))
    } else {
        (area(x, y, image, h), area(x + w - room, y, room, h))
    }
}

fn above(content: Rectangle, margin: i32, small: bool) -> (Rectangle, Rectangle) {
    let (w, h) = (content.size.width as i32, content.size.height as i32);
    let share = if small { IMAGE_HEIGHT * 3 / 5 } else { IMAGE_HEIGHT };
    let image = w.min(h * share / 100);
    let (x, y) = (content.top_left.x, content.top_left.y);
    (area(x, y, w, image), area(x, y + image + margin, w, h - image - margin))
}

pub fn area(x: i32, y: i32, width: i32, height: i32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(width.max(0) as u32, height.max(0) as u32))
}

/// The first row below an area.
pub fn bottom(area: Rectangle) -> i32 {
    area.top_left.y + area.size.height as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (PixelSize, Layout)> {
        let turned = LAYOUTS.map(|s| PixelSize::new(s.height, s.width));
        let odd = [PixelSize::new(1366, 768), PixelSize::new(600, 600), PixelSize::new(3840, 2160)];
        LAYOUTS.into_iter().chain(turned).chain(odd).flat_map(|size| {
            [false, true].into_iter().flat_map(move |on| {
                [false, true].map(move |right_to_left| {
                    let needs =
                        Needs { badges: on, keys: on, right_to_left, footer_lines: 2, words_first: on };
                    (size, Layout::of(size, needs))
                })
            })
        })
    }

    #[test]
    fn no_part_of_a_layout_lies_outside_or_over_another() {
        for (size, layout) in all() {
            let whole = area(0, 0, size.width as i32, size.height as i32);
            let parts = [layout.header, layout.image, layout.panel, layout.keys, layout.footer];
            for (k, part) in parts.iter().enumerate().filter(|(_, p)| !p.is_zero_sized()) {
                assert_eq!(part.intersection(&whole), *part, "{size} {k}");
                assert!(parts[..k].iter().all(|o| o.intersection(part).is_zero_sized()), "{size} {k}");
            }
            assert!(layout.panel.size.width >= 110 && layout.panel.size.height >= 70, "{size} {layout:?}");
        }
    }

    #[test]
    fn keys_lie_side_by_side_inside_their_strip() {
        let layout = Layout::of(LAYOUTS[0], Needs { keys: true, ..Needs::default() });
        let keys: Vec<Rectangle> = (0..5).map(|k| layout.key(k, 5)).collect();
        assert!(keys.iter().all(|k| k.intersection(&layout.keys) == *k));
        assert!(keys.windows(2).all(|k| k[0].intersection(&k[1]).is_zero_sized()));
    }

    #[test]
    fn right_to_left_the_picture_stands_on_the_right() {
        let of = |right_to_left| Layout::of(LAYOUTS[3], Needs { right_to_left, ..Needs::default() });
        assert!(of(false).image.top_left.x < of(false).panel.top_left.x);
        assert!(of(true).image.top_left.x > of(true).panel.top_left.x);
    }

    #[test]
    fn no_text_is_smaller_on_a_larger_screen() {
        let sizes = LAYOUTS.map(|s| Layout::sizes(s).small);
        assert!(sizes.is_sorted(), "{sizes:?}");
    }
}
