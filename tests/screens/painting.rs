//! Pictures that are kept: what changes is drawn, and nothing else.

use std::time::Duration;

use embedded_graphics::geometry::Dimensions;
use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;
use raymap::render::{Action, Badge, Context, LAYOUTS, Language, Options, Painting, Palette, View};
use raymap::units::PixelSize;

use super::studies::Stock;
use super::{BADGES, SCREEN, context, drawn};

/// Where a picture of `after` is drawn on one of `before`, the view being the same; it is as if drawn whole.
fn redrawn(view: &View, before: &Context, after: &Context, size: PixelSize) -> Vec<Rectangle> {
    let mut painting = Painting::new(size);
    assert_eq!(painting.show(view, before, 1), [painting.picture().bounding_box()], "at first all of it");
    let areas = painting.show(view, after, 1);
    assert!(*painting.picture() == drawn(view, after, size), "{size} {:?}", after.options.language);
    areas
}

fn pixels(areas: &[Rectangle]) -> u32 {
    areas.iter().map(|a| a.size.width * a.size.height).sum()
}

#[test]
fn a_badge_that_changes_costs_its_own_place_on_the_picture() {
    let stock = Stock::new();
    let cooler = [Badge::Temperature { celsius: 82, high: true }, BADGES[1], BADGES[2], BADGES[3]];
    let (before, after) = (context(&[]), Context { badges: &cooler, ..context(&[]) });
    let areas = redrawn(&View::Result(&stock.critical), &before, &after, SCREEN);
    let part = SCREEN.area() as u32 / pixels(&areas);
    assert!(areas.len() == 1 && part >= 100, "{areas:?}, a part in {part}");
}

#[test]
fn an_exposure_that_is_seen_beside_a_result_is_said_in_the_header_and_nowhere_else() {
    let (stock, battery) = (Stock::new(), BADGES[2]);
    for (size, language) in LAYOUTS.into_iter().flat_map(|s| Language::ALL.map(|l| (s, l))) {
        let options = Options { language, ..Options::default() };
        let check = |before: &[Badge], after: &[Badge]| {
            let before = Context { options, badges: before, ..context(&[]) };
            let after = Context { badges: after, ..before };
            let areas = redrawn(&View::Result(&stock.critical), &before, &after, size);
            let below = areas.iter().map(|a| a.top_left.y + a.size.height as i32).max().unwrap_or(0);
            assert!(below < size.height as i32 / 5, "{size} {language:?} {areas:?}");
            areas.len()
        };
        assert!(check(&[battery], &[Badge::ExposureSeen, battery]) > 0, "{size} {language:?}");
        // Where no line is there for it on a narrow screen, it makes none, and takes the time's place.
        assert!(check(&[], &[Badge::ExposureSeen]) > 0, "{size} {language:?}");
    }
}

#[test]
fn the_time_and_the_age_cost_their_places_in_the_header() {
    let stock = Stock::new();
    let (before, later) = (context(&[]), Some("2026-03-14 09:27"));
    let clock = Context { wall_time: later, ..context(&[]) };
    let areas = redrawn(&View::Result(&stock.critical), &before, &clock, SCREEN);
    assert_eq!(areas.len(), 1, "{areas:?}");
    let older = Context { age: Some(Duration::from_secs(900)), ..clock };
    let areas = redrawn(&View::Result(&stock.critical), &before, &older, SCREEN);
    assert!(pixels(&areas) < SCREEN.area() as u32 / 10, "{areas:?}");
}

#[test]
fn a_picture_drawn_in_parts_is_that_drawn_whole_in_every_size_and_language() {
    let stock = Stock::new();
    let other = [BADGES[2], Badge::Temperature { celsius: 7, high: false }, Badge::Throttled];
    for (size, language) in LAYOUTS.into_iter().flat_map(|s| Language::ALL.map(|l| (s, l))) {
        let options = Options { language, ..Options::default() };
        let before = Context { options, ..context(&[]) };
        let after = Context { badges: &other, wall_time: None, age: None, ..before };
        let areas = redrawn(&View::Refused(&stock.refused), &before, &after, size);
        assert!(pixels(&areas) < size.area() as u32 / 4, "{size} {areas:?}");
    }
}

#[test]
fn what_changes_more_than_the_header_is_drawn_whole() {
    let stock = Stock::new();
    let (view, keys) = (View::Result(&stock.critical), [Action::Menu]);
    let whole = [Rectangle::new(Point::zero(), Size::new(SCREEN.width, SCREEN.height))];
    let sun = Options { palette: Palette::Sun, ..Options::default() };
    for after in [context(&keys), Context { options: sun, ..context(&[]) }] {
        assert_eq!(redrawn(&view, &context(&[]), &after, SCREEN), whole);
    }
    let mut painting = Painting::new(SCREEN);
    painting.show(&view, &context(&[]), 1);
    assert_eq!(painting.show(&View::Refused(&stock.refused), &context(&[]), 2), whole);
    assert!(*painting.picture() == drawn(&View::Refused(&stock.refused), &context(&[]), SCREEN));
}
