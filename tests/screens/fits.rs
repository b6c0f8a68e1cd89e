//! What has to be on the smallest screen too: for which reading, that it was not graded, and what is to be known of it.

use raymap::reading::Warning;
use raymap::render::{Action, Context, Earlier, Identify, LAYOUTS, ListEntry, RgbPicture, View};
use raymap::units::PixelSize;

use super::studies::{Stock, f, mild, refused, warned};
use super::{context, drawn, nothing_is_cut, turned};

const COMPARED: &[Action] = &[Action::Back, Action::Identify, Action::Details, Action::Menu];
const IDENTIFY: &[Action] = &[Action::Previous, Action::Next, Action::Take, Action::Done, Action::Back];

fn screens() -> impl Iterator<Item = PixelSize> {
    LAYOUTS.into_iter().flat_map(|size| [size, turned(size)])
}

/// Rows below the header, which has two lines where badges need one.
fn content(picture: &RgbPicture) -> Vec<u8> {
    let size = picture.size();
    let header = size.height as usize / 5;
    picture.bytes()[header * size.width as usize * 3..].to_vec()
}

#[test]
fn for_which_reading_an_identifier_is_entered_stands_on_every_screen() {
    let stock = Stock::new();
    let entry = ListEntry { thumbnail: None, record: Some(1), ..stock.entries()[0].clone() };
    let refused = ListEntry { thumbnail: None, ..stock.entries()[1].clone() };
    let others = [
        ("number", ListEntry { record: Some(2), ..entry.clone() }),
        ("time", ListEntry { time: Some("2026-03-15 08:07".into()), ..entry.clone() }),
        ("grade", ListEntry { outcome: refused.outcome.clone(), ..entry.clone() }),
    ];
    for size in screens() {
        for problem in [None, Some("identifier_nobody")] {
            let of = |entry| {
                let identify = Identify { entry, text: "KB-172", selected: 4, problem };
                drawn(&View::Identify(identify), &context(IDENTIFY), size)
            };
            let shown = of(&entry);
            for (what, other) in &others {
                assert!(shown != of(other), "{size}: the {what} is not there, {problem:?}");
            }
        }
    }
    let mut views: Vec<(String, View, &[Action])> = Vec::new();
    for entry in [&entry, &refused] {
        for problem in
            [None, Some("identifier_length"), Some("identifier_character"), Some("identifier_nobody")]
        {
            let identify = Identify { entry, text: "KB-17204/2026.0314-09265", selected: 4, problem };
            views.push((format!("{problem:?}"), View::Identify(identify), IDENTIFY));
        }
    }
    nothing_is_cut(&views);
}

#[test]
fn that_a_reading_was_not_graded_stands_below_its_patient_s_earlier_ones_on_every_screen() {
    let (study, graded) = (refused(), mild());
    let earlier: Vec<Earlier> = (0..40)
        .map(|k| Earlier {
            time: Some(format!("2026-03-{:02} 07:40", k % 28 + 1)),
            share: f(0.2),
            interval90: [f(0.1), f(0.3)],
            warned: k % 2 == 0,
        })
        .collect();
    let mut views: Vec<(String, View, &[Action])> = Vec::new();
    for study in [&study, &graded] {
        for (count, more) in [(0, false), (0, true), (1, true), (2, false), (40, false), (40, true)] {
            let view =
                View::Compared { study, earlier: Some(&earlier[..count]), more, named: Some("KB-17204") };
            views.push((format!("{count} {more} {}", study.reading.fit()), view, COMPARED));
        }
        views.push((
            "nobody".into(),
            View::Compared { study, earlier: None, more: false, named: None },
            COMPARED,
        ));
    }
    nothing_is_cut(&views);
}

#[test]
fn what_is_to_be_known_of_a_reading_stands_beside_its_details_and_over_time() {
    let (plain, warned, mut both) = (mild(), warned(), warned());
    both.reading.warnings.push(Warning { code: "incomplete", text: "part of a lung may be cut off.".into() });
    let keys: &[Action] = &[Action::Back, Action::Compare, Action::Menu];
    let views: Vec<(String, View, &[Action])> = [&warned, &both]
        .map(|study| (format!("{} warnings", study.reading.warnings.len()), View::Details(study), keys))
        .into();
    nothing_is_cut(&views);
    let of = |study, size, context: &Context| drawn(&View::Details(study), context, size);
    // The smallest that lies has no room: there the header's mark and the result's own screen say it.
    let smallest = PixelSize::new(320, 240);
    for size in screens().filter(|size| *size != smallest) {
        let [plain, warned] = [&plain, &warned].map(|study| content(&of(study, size, &context(keys))));
        assert!(plain != warned, "{size}");
    }
    assert!(of(&plain, smallest, &context(keys)) != of(&warned, smallest, &context(keys)));
    let stock = Stock::new();
    for size in screens() {
        let compared = |study, earlier| {
            let view = View::Compared { study, earlier: Some(earlier), more: false, named: None };
            drawn(&view, &context(COMPARED), size)
        };
        let [before, marked] = [false, true].map(|warned| {
            let mut earlier = stock.earlier().to_vec();
            earlier.iter_mut().for_each(|e| e.warned = warned);
            earlier
        });
        assert!(compared(&plain, &before) != compared(&plain, &marked), "{size}: an earlier one");
        assert!(
            content(&compared(&plain, &before)) != content(&compared(&warned, &before)),
            "{size}: this one"
        );
    }
}

#[test]
fn that_more_may_be_found_is_said_and_not_that_there_is_none() {
    let study = mild();
    for size in screens() {
        let of = |more| {
            let view = View::Compared { study: &study, earlier: Some(&[]), more, named: None };
            drawn(&view, &context(COMPARED), size)
        };
        assert!(of(true) != of(false), "{size}");
    }
}
