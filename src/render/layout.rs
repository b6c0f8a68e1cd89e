//! Where the parts of the operator screen stand; one table entry for each size.

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use crate::units::PixelSize;

/// The areas of one screen size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub size: PixelSize,
    /// State and time.
    pub header: Rectangle,
    /// The radiograph, as large as fits inside.
    pub image: Rectangle,
    /// Numbers, at least 356 x 414.
    pub panel: Rectangle,
    /// The disclaimer.
    pub footer: Rectangle,
}

/// All layouts, the smallest first.
pub const LAYOUTS: [Layout; 1] = [Layout {
    size: PixelSize::new(800, 480),
    header: area(0, 0, 800, 28),
    image: area(8, 34, 416, 416),
    panel: area(436, 36, 356, 414),
    footer: area(0, 456, 800, 24),
}];

const fn area(x: i32, y: i32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(width, height))
}

impl Layout {
    /// The largest layout inside `size`, else the smallest there is; and where its upper left corner goes.
    pub fn inside(size: Size) -> (&'static Self, Point) {
        let fits = |l: &&Self| l.size.width <= size.width && l.size.height <= size.height;
        let layout = LAYOUTS.iter().rfind(fits).unwrap_or(&LAYOUTS[0]);
        let margin = |room: u32, used: u32| (room.saturating_sub(used) / 2) as i32;
        (layout, Point::new(margin(size.width, layout.size.width), margin(size.height, layout.size.height)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_layout_lies_outside_or_over_another() {
        for layout in &LAYOUTS {
            let whole = area(0, 0, layout.size.width, layout.size.height);
            let parts = [layout.header, layout.image, layout.panel, layout.footer];
            for (k, part) in parts.iter().enumerate() {
                assert_eq!(part.intersection(&whole), *part, "{k}");
                assert!(parts[..k].iter().all(|other| other.intersection(part).is_zero_sized()), "{k}");
            }
        }
    }

    #[test]
    fn a_larger_screen_shows_the_layout_in_its_middle() {
        assert_eq!(Layout::inside(Size::new(1024, 600)).1, Point::new(112, 60));
        assert_eq!(Layout::inside(Size::new(320, 240)).1, Point::zero());
    }
}
