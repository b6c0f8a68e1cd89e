//! Whole screens and overlays, compared with the pictures in `tests/golden`, and what every screen must keep to.
//!
//! `RAYMAP_GOLDEN=write` writes them anew: look at each before keeping it.

#[path = "screens/fits.rs"]
mod fits;
#[path = "screens/golden.rs"]
mod golden;
#[path = "screens/legible.rs"]
mod legible;
#[path = "screens/painting.rs"]
mod painting;
#[path = "screens/studies.rs"]
mod studies;

use std::time::Duration;

use embedded_graphics::pixelcolor::Rgb888;
use golden::check;
use raymap::pipeline::Study;
use raymap::reading::Warning;
use raymap::render::{
    self, Action, Badge, ClockProblem, Context, LAYOUTS, Language, MapStyle, Opacity, Options, Origin,
    Palette, Paper, RgbPicture, SetClock, View,
};
use raymap::units::PixelSize;
use studies::{LEFT, RIGHT, Stock, f, graded, mild, refused, refused_for};

const SCREEN: PixelSize = PixelSize::new(800, 480);
const NOW: &str = "2026-03-14 09:26";
const BADGES: [Badge; 4] = [
    Badge::Temperature { celsius: 81, high: true },
    Badge::Storage { percent: 91 },
    Badge::Battery { percent: 64, charging: false },
    Badge::SerialLost,
];

fn context(keys: &[Action]) -> Context<'_> {
    let age = Some(Duration::from_secs(200));
    Context { wall_time: Some(NOW), age, badges: &BADGES, keys, ..Context::default() }
}

fn drawn(view: &View, context: &Context, size: PixelSize) -> RgbPicture {
    let mut picture = RgbPicture::new(size, Rgb888::new(255, 0, 255));
    render::draw_in(view, context, &mut picture).unwrap();
    picture
}

fn screen(view: &View, wall_time: Option<&str>) -> RgbPicture {
    drawn(view, &Context { wall_time, ..Context::default() }, SCREEN)
}

fn turned(size: PixelSize) -> PixelSize {
    PixelSize::new(size.height, size.width)
}

/// All states on a screen of `size`, as agreed.
fn check_all(size: PixelSize) {
    for (name, view, keys) in Stock::new().views() {
        check(&format!("{name}-{size}"), &drawn(&view, &context(keys), size));
    }
}

#[test]
fn every_state_looks_as_agreed_at_240x320() {
    check_all(LAYOUTS[0]);
}

#[test]
fn every_state_looks_as_agreed_at_320x240() {
    check_all(LAYOUTS[1]);
}

#[test]
fn every_state_looks_as_agreed_at_480x320() {
    check_all(LAYOUTS[2]);
}

#[test]
fn every_state_looks_as_agreed_at_800x480() {
    check_all(LAYOUTS[3]);
}

#[test]
fn every_state_looks_as_agreed_at_1024x600() {
    check_all(LAYOUTS[4]);
}

#[test]
fn every_state_looks_as_agreed_at_1280x800() {
    check_all(LAYOUTS[5]);
}

#[test]
fn every_state_looks_as_agreed_at_1920x1080() {
    check_all(LAYOUTS[6]);
}

#[test]
fn results_look_as_agreed_on_screens_that_stand_upright() {
    let (stock, keys) = (Stock::new(), [Action::Map, Action::Triage, Action::Menu]);
    for size in [turned(LAYOUTS[2]), turned(LAYOUTS[3])] {
        for (name, view) in
            [("critical", View::Result(&stock.critical)), ("refused", View::Refused(&stock.refused))]
        {
            check(&format!("upright-{name}-{size}"), &drawn(&view, &context(&keys), size));
        }
    }
}

#[test]
fn every_language_looks_as_agreed() {
    let (stock, keys) = (Stock::new(), [Action::Map, Action::Triage, Action::Menu]);
    for language in Language::ALL {
        let options = Options { language, ..Options::default() };
        let context = Context { options, ..context(&keys) };
        let name = |what: &str| format!("{what}-{}", language.tag());
        check(&name("result"), &drawn(&View::Result(&stock.critical), &context, SCREEN));
        check(&name("refused"), &drawn(&View::Refused(&stock.refused), &context, SCREEN));
        check(&name("small"), &drawn(&View::Result(&stock.warned), &context, LAYOUTS[1]));
    }
}

#[test]
fn an_exposure_seen_beside_a_result_looks_as_agreed_on_narrow_screens() {
    let (stock, keys) = (Stock::new(), [Action::Map, Action::Triage, Action::Menu]);
    for size in [LAYOUTS[0], LAYOUTS[1]] {
        let context = Context { badges: &[Badge::ExposureSeen], ..context(&keys) };
        check(&format!("result-seen-{size}"), &drawn(&View::Result(&stock.mild), &context, size));
    }
}

#[test]
fn palettes_and_map_styles_look_as_agreed() {
    let (stock, keys) = (Stock::new(), [Action::Map, Action::Triage, Action::Menu]);
    let day = Options::default();
    let looks = [
        ("sun", Options { palette: Palette::Sun, ..day }),
        ("night", Options { palette: Palette::Night, ..day }),
        ("outlined", Options { map: MapStyle::Outlined, ..day }),
        ("faint", Options { opacity: Opacity::Quarter, ..day }),
        ("bare", Options { map: MapStyle::Off, ..day }),
    ];
    for (name, options) in looks {
        let context = Context { options, ..context(&keys) };
        check(&format!("look-{name}"), &drawn(&View::Result(&stock.critical), &context, SCREEN));
    }
}

const ORIGIN: Origin =
    Origin { id: 12, time: "2026-03-14T09:26:00Z", trusted: true, board: "raspberry-pi-4b" };

#[test]
fn reports_look_as_agreed() {
    let (stock, arabic) = (Stock::new(), Options { language: Language::Arabic, ..Options::default() });
    check("report", &render::report(&stock.critical, ORIGIN, Options::default(), Paper::A5));
    check("report-refused-ar", &render::report(&stock.refused, ORIGIN, arabic, Paper::A5));
}

#[test]
fn every_text_of_a_report_fits_in_every_language() {
    let stock = Stock::new();
    for language in Language::ALL {
        let options = Options { language, ..Options::default() };
        for study in [&stock.critical, &stock.warned, &stock.refused] {
            for (paper, trusted) in [(Paper::A5, true), (Paper::A4, false)] {
                let cut = render::report_cut_texts(study, Origin { trusted, ..ORIGIN }, options, paper);
                assert!(cut.is_empty(), "{language:?} {paper:?}: {cut:?}");
            }
        }
    }
}

#[test]
fn a_small_overlay_looks_as_agreed() {
    check("overlay-small", &render::overlay(&graded(PixelSize::new(400, 360), &[RIGHT], Some(f(0.95)))));
}

#[test]
fn a_refused_overlay_looks_as_agreed() {
    check("overlay-refused", &render::overlay(&refused()));
}

/// No text of `views` is cut on any screen, standing or lying, in any language.
fn nothing_is_cut(views: &[(String, View, &[Action])]) {
    let mut cut = Vec::new();
    for size in LAYOUTS.into_iter().flat_map(|s| [s, turned(s)]) {
        for language in Language::ALL {
            let options = Options { language, ..Options::default() };
            for (name, view, keys) in views {
                for keys in [*keys, &[]] {
                    let texts = render::cut_texts(view, &Context { options, ..context(keys) }, size);
                    cut.extend(texts.into_iter().map(|t| format!("{size} {} {name}: {t}", language.tag())));
                }
            }
        }
    }
    cut.dedup();
    assert!(cut.is_empty(), "{} cut:\n{}", cut.len(), cut.join("\n"));
}

#[test]
fn every_text_of_every_state_fits_every_screen_in_every_language() {
    let stock = Stock::new();
    let views: Vec<(String, View, &[Action])> =
        stock.views().into_iter().map(|(n, v, k)| (n.to_owned(), v, k)).collect();
    nothing_is_cut(&views);
}

#[test]
fn why_the_clock_was_not_set_fits_every_screen_in_every_language() {
    let keys: &[Action] = &[Action::Previous, Action::Take, Action::Done];
    let views: Vec<(String, View, &[Action])> = [ClockProblem::NoSuchTime, ClockProblem::Kept]
        .into_iter()
        .map(|problem| {
            let setting = SetClock {
                digits: &[2, 0, 2, 6, 0, 2, 3, 0, 0, 9, 2, 6],
                selected: 7,
                problem: Some(problem),
            };
            (format!("{problem:?}"), View::SetClock(setting), keys)
        })
        .collect();
    nothing_is_cut(&views);
}

#[test]
fn every_refusal_fits_every_screen_in_every_language() {
    let codes = [
        "exposure_empty",
        "exposure_blank",
        "exposure_noise",
        "exposure_dark",
        "exposure_bright",
        "not_radiography",
        "not_chest",
        "not_frontal",
        "not_adult",
        "not_frontal_chest",
        "inverted",
        "upside_down",
        "turned",
        "lungs_not_found",
        "one_lung_only",
        "lungs_unequal",
        "lungs_too_small",
        "lungs_too_large",
        "lungs_not_side_by_side",
        "lung_lying",
        "lungs_undecided",
        "lungs_cut_off",
        "dicom_something_else",
    ];
    let studies = codes.map(refused_for);
    let keys: &[Action] = &[Action::Map, Action::Triage, Action::Menu];
    let views: Vec<(String, View, &[Action])> =
        studies.iter().zip(codes).map(|(s, code)| (code.to_owned(), View::Refused(s), keys)).collect();
    nothing_is_cut(&views);
}

#[test]
fn a_refused_study_is_never_drawn_as_a_result() {
    let study = refused();
    assert_eq!(screen(&View::Result(&study), None), screen(&View::Refused(&study), None));
}

#[test]
fn every_state_shows_the_disclaimer() {
    let stock = Stock::new();
    let footer = |p: &RgbPicture| p.bytes()[SCREEN.width as usize * 456 * 3..].to_vec();
    let expected = footer(&screen(&View::ShuttingDown, None));
    let band = &expected[..3];
    assert!(expected.chunks_exact(3).any(|c| c != band));
    for (name, view, keys) in stock.views() {
        assert_eq!(footer(&drawn(&view, &context(keys), SCREEN)), expected, "{name}");
    }
}

#[test]
fn the_patient_s_sides_stand_on_every_graded_radiograph_unmirrored() {
    let study = mild();
    let of = |language| {
        let options = Options { language, map: MapStyle::Off, ..Options::default() };
        drawn(&View::Result(&study), &Context { options, ..Context::default() }, SCREEN)
    };
    // The radiograph of 384 x 417 pixels, in the middle of 416: on the left in English, on the right in Arabic.
    let (english, arabic) = (of(Language::English), of(Language::Arabic));
    let crop = |p: &RgbPicture, left: i32| -> Vec<Option<Rgb888>> {
        let at = |x, y| p.pixel(embedded_graphics::prelude::Point::new(x, y));
        (60..440).flat_map(|y| (left..left + 400).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect()
    };
    let places = |p: &RgbPicture| (0..800).find(|&left| crop(&english, 16) == crop(p, left));
    assert_eq!(places(&english), Some(16));
    assert!(places(&arabic).is_some_and(|left| left > 350), "{:?}", places(&arabic));
}

#[test]
fn keys_and_rows_are_found_where_they_are_drawn() {
    let stock = Stock::new();
    let views = stock.views();
    let (_, view, keys) = views.iter().find(|v| v.0 == "menu").expect("a menu");
    let context = context(keys);
    for size in LAYOUTS {
        let (w, h) = (size.width as i32, size.height as i32);
        let hits: Vec<Action> = (0..w)
            .filter_map(|x| (0..h).rev().find_map(|y| render::key_at(view, &context, size, x, y)))
            .collect();
        let mut found = hits.clone();
        found.dedup();
        assert_eq!(found, *keys, "{size}");
        assert_eq!(render::key_at(view, &context, size, w / 2, 2), None);
        let rows: Vec<usize> =
            (0..h).filter_map(|y| render::row_at(view, &context, size, w / 2, y)).collect();
        assert!(rows.is_sorted() && rows.contains(&2), "{size} {rows:?}");
    }
}

#[test]
fn extreme_shapes_and_small_targets_are_drawn_without_failing() {
    for size in [PixelSize::new(64, 3000), PixelSize::new(3000, 64), PixelSize::new(64, 64)] {
        let study = graded(size, &[RIGHT, LEFT], None);
        screen(&View::Result(&study), None);
        let overlay = render::overlay(&study);
        assert!(overlay.size().width >= 760 && overlay.size().height > 300);
    }
    for size in [(50, 20), (1, 1), (4000, 10), (10, 4000), (600, 600)] {
        drawn(&View::Result(&mild()), &Context::default(), PixelSize::new(size.0, size.1));
    }
}

#[test]
fn tints_stay_inside_the_lung_field() {
    let study = studies::critical();
    let mut bare = study.clone();
    (bare.map, bare.field) = (None, None);
    let (with, without) = (render::overlay(&study), render::overlay(&bare));
    let changed = |x: i32, y: i32| {
        let at = embedded_graphics::prelude::Point::new(x, y);
        with.pixel(at) != without.pixel(at)
    };
    // Outside both lungs, and in the middle of the worst spot.
    assert!(!changed(590, 300) && !changed(60, 700) && !changed(600, 980));
    assert!(changed(290, 620));
}

#[test]
fn the_bare_radiograph_has_nothing_on_it_but_the_marks_of_the_sides() {
    let study = studies::critical();
    let mut without = study.clone();
    (without.map, without.field) = (None, None);
    let options = Options { map: MapStyle::Off, ..Options::default() };
    let of = |s: &Study| drawn(&View::Result(s), &Context { options, ..Context::default() }, SCREEN);
    let (with, without) = (of(&study), of(&without));
    let left = |p: &RgbPicture| -> Vec<u8> {
        p.bytes().chunks(SCREEN.width as usize * 3).flat_map(|row| row[..400 * 3].to_vec()).collect()
    };
    assert_eq!(left(&with), left(&without));
}

#[test]
fn a_warning_is_on_the_screen_and_on_the_overlay() {
    let plain = mild();
    let mut warned = mild();
    warned.reading.warnings = vec![Warning { code: "mirrored", text: "check the side marker.".into() }];
    let header =
        |s: &Study| screen(&View::Result(s), None).bytes()[..SCREEN.width as usize * 28 * 3].to_vec();
    assert_ne!(header(&plain), header(&warned));
    let height = |s: &Study| render::overlay(s).size().height;
    assert!(height(&warned) > height(&plain));
}
