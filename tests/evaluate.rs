//! The device's figures on sets whose answers are known.

mod program;
#[path = "evaluate/made_up.rs"]
mod made_up;
#[path = "evaluate/parts.rs"]
mod parts;

use made_up::{Answer, HEART, LEFT, RIGHT, Rect, SIDE, Set, corpus, inside, study};
use raymap::evaluate::{Evaluation, Manifest, Only, evaluate};
use raymap::reading::DISCLAIMER;

/// Nothing marked.
const NONE: Rect = [0; 4];
/// Lesions inside the lungs: lower right, middle left, all of the right lung.
const LESIONS: [Rect; 3] = [[8, 40, 28, 56], [40, 24, 56, 40], RIGHT];
/// Rounding of shares to f32.
const TOLERANCE: f64 = 1e-6;

fn area(r: Rect) -> usize {
    (r[2] - r[0]) * (r[3] - r[1])
}

fn lung_area() -> f64 {
    (area(RIGHT) + area(LEFT)) as f64
}

/// Radiographs with `lesions` as drawn and `answers` as marked, and two normal adults, one by one patient.
fn labelled(lesions: &[Rect], answers: &[Rect]) -> Set {
    let mut set = Set::new();
    let lungs = set.mask("lungs.png", 64, 64, |x, y| match (inside(RIGHT, x, y), inside(LEFT, x, y)) {
        (true, _) => 127,
        (_, true) => 255,
        _ => 0,
    });
    for (i, (lesion, answer)) in lesions.iter().zip(answers).enumerate() {
        let mask = set.infection_mask(&format!("lesion{i}.png"), *lesion);
        let truth = study(Answer::marks(*lesion)).reading.outcome.unwrap().severity;
        let zones = truth.brixia_zones.map(|z| z.to_string());
        let side = SIDE as f64;
        let boxes = format!(
            r#"[[{}, {}, {}, {}, "Lung Opacity", "rsna"], [0.9, 0.9, 0.1, 0.1, "Cardiomegaly", "nih"]]"#,
            lesion[0] as f64 / side,
            lesion[1] as f64 / side,
            (lesion[2] - lesion[0]) as f64 / side,
            (lesion[3] - lesion[1]) as f64 / side,
        );
        set.add(
            Answer::marks(*answer),
            &[
                ("source", "clinic"),
                ("group_id", &format!("g{i}")),
                ("finding", "covid"),
                ("infection_mask", &mask),
                ("infection_known", "1"),
                ("infection_empty", "0"),
                ("infection_frac_lung", &(area(*lesion) as f64 / lung_area()).to_string()),
                ("lung_mask", &lungs),
                ("lung_mask_src", "generalblockchain"),
                ("lung_lr", "1"),
                ("brixia_A", &zones[0]),
                ("brixia_B", &zones[1]),
                ("brixia_C", &zones[2]),
                ("brixia_D", &zones[3]),
                ("brixia_E", &zones[4]),
                ("brixia_F", &zones[5]),
                ("brixia_j_total", &truth.brixia_estimate.saturating_sub(1).to_string()),
                ("geo_extent", &format!("{:.1}", f32::from(truth.geographic_extent))),
                ("score_r", &format!("{}.0", truth.toussie)),
                ("boxes", &boxes),
                ("rsna_class", "Lung Opacity"),
            ],
        );
    }
    for group in ["h1", "h2"] {
        let cells = [("source", "clinic"), ("group_id", group), ("finding", "normal"), ("pediatric", "0")];
        set.add(Answer::marks(NONE), &cells);
    }
    let not_normal = ("rsna_class", "No Lung Opacity / Not Normal");
    set.add(Answer::marks([8, 8, 28, 12]), &[("finding", "other"), not_normal]);
    set
}

fn check(e: &Evaluation, section: &str, expected: &[(&str, f64)]) {
    for (figure, expected) in expected {
        let got = e.value(section, figure).unwrap_or_else(|| panic!("{section}.{figure} is absent"));
        assert!((got - expected).abs() < TOLERANCE, "{section}.{figure}: {got}, not {expected}");
    }
}

#[test]
fn a_device_that_marks_what_was_drawn_is_perfect() {
    let e = labelled(&LESIONS, &LESIONS).evaluate();
    let one = ["dice_macro", "dice_micro", "iou_micro", "sensitivity", "specificity", "precision"];
    check(&e, "infection", &one.map(|k| (k, 1.0)));
    check(&e, "infection", &[("fraction_mae", 0.0), ("false_area_normals", 0.0)]);
    check(&e, "lung", &["dice_macro", "iou_macro", "dice_right", "dice_left"].map(|k| (k, 1.0)));
    check(&e, "brixia", &[("mae", 0.0), ("pearson", 1.0), ("kappa_quadratic", 1.0), ("mae_readers", 1.0)]);
    check(&e, "brixia", &[("zone_kappa_quadratic", 1.0)]);
    check(&e, "geographic_extent", &[("mae", 0.0), ("r2", 1.0), ("spearman", 1.0)]);
    check(&e, "toussie", &[("mae", 0.0)]);
    check(&e, "detection", &[("auc", 1.0), ("sensitivity", 1.0), ("specificity", 1.0)]);
    check(&e, "boxes", &[("pointing_game", 1.0), ("box_coverage", 1.0)]);
    check(&e, "boxes", &[("false_area_not_normal", 80.0 / lung_area())]);
    check(&e, "interval90", &[("coverage", 1.0), ("coverage_infected", 1.0)]);
    assert_eq!((e.n, e.refused(), e.ms_per_image), (6, 0, Some(6.0)));
}

#[test]
fn dice_is_what_counting_gives() {
    // Drawn 20 x 16 and 16 x 16; marked the lower half of the first, and nothing of the second.
    let e = labelled(&LESIONS[..2], &[[8, 48, 28, 56], NONE]).evaluate();
    let (both, missed) = (160.0, 160.0 + 256.0);
    check(&e, "infection", &[("dice_macro", (2.0 / 3.0 + 0.0) / 2.0)]);
    check(&e, "infection", &[("dice_micro", 2.0 * both / (2.0 * both + missed)), ("precision", 1.0)]);
    check(&e, "infection", &[("sensitivity", both / (both + missed)), ("iou_micro", both / (both + missed))]);
    // Errors 160 and 256 pixels of lung; two normals without error.
    check(&e, "infection", &[("fraction_mae", (160.0 + 256.0) / lung_area() / 4.0)]);
    // The half that was marked outranks all three negatives; the miss ties with the two normals, and the
    // "No Lung Opacity / Not Normal" radiograph, on which something is marked, outranks it.
    let auc = (1.0 + (0.5 + 0.5 + 0.0) / 3.0) / 2.0;
    check(&e, "detection", &[("sensitivity", 0.5), ("specificity", 1.0), ("auc", auc)]);
    check(&e, "boxes", &[("pointing_game", 0.5), ("box_coverage", 0.25)]);
}

#[test]
fn refusing_never_improves_a_figure() {
    // A device that is wrong in many ways; refusing what it is worst at must not help.
    let answers = [[8, 8, 28, 24], [40, 30, 56, 40], LEFT];
    let mut set = labelled(&LESIONS, &answers);
    let before = set.evaluate();
    let smaller_is_better = ["fraction_mae", "false_area_normals", "mae", "false_area_not_normal"];
    // Of these the worst answer is not one number: it depends on all others.
    let unordered =
        ["pearson", "spearman", "r2", "kappa_quadratic", "zone_kappa_quadratic", "ece", "pixel_ece"];
    for file in set.files() {
        set.answer(&file).refused = true;
        let after = set.evaluate();
        assert_eq!(after.refused(), 1);
        for section in &before.sections {
            for figure in section.figures.iter().filter(|f| !unordered.contains(&f.key)) {
                let (was, is) = (figure.value.unwrap(), after.value(section.key, figure.key).unwrap());
                let worse = if smaller_is_better.contains(&figure.key) { is - was } else { was - is };
                assert!(worse >= -TOLERANCE, "{}: {was} became {is} without {file}", figure.key);
            }
        }
        set.answer(&file).refused = false;
    }
}

#[test]
fn what_was_refused_is_told_apart() {
    let mut set = labelled(&LESIONS, &LESIONS);
    set.answer("0.png").refused = true;
    let e = set.evaluate();
    let dice = e.section("infection").unwrap().figure("dice_macro").unwrap();
    assert_eq!((dice.n, dice.refused, dice.value, dice.graded_only), (3, 1, Some(2.0 / 3.0), Some(1.0)));
    assert_eq!(e.refused_by_code.get("not_frontal_chest"), Some(&1));
    // The lung field was found all the same.
    check(&e, "lung", &[("dice_macro", 1.0)]);
}

#[test]
fn a_map_of_a_refused_radiograph_is_measured_as_it_is() {
    let set = labelled(&LESIONS, &LESIONS);
    let manifest = set.manifest(Only::default()).unwrap();
    let mut lesions = LESIONS.iter();
    let e = evaluate(
        manifest.rows(),
        &mut |_| {
            let marked = lesions.next().copied().unwrap_or(NONE);
            let with_map = study(Answer::marks(marked));
            let mut refused = study(Answer { refused: true, ..Answer::marks(marked) });
            refused.map = with_map.map;
            Ok::<_, std::fmt::Error>(refused.into())
        },
        &mut |_| (),
    );
    check(&e, "infection", &[("dice_macro", 1.0), ("fraction_mae", 0.0)]);
    check(&e, "detection", &[("auc", 0.0), ("sensitivity", 0.0), ("specificity", 0.0)]);
}

#[test]
fn a_radiograph_that_cannot_be_read_is_listed_and_counts() {
    let mut set = labelled(&LESIONS, &LESIONS);
    set.forget("1.png");
    let e = set.evaluate();
    assert_eq!((e.unreadable.n, e.unreadable.first[0].line, e.refused()), (1, 3, 0));
    check(&e, "infection", &[("dice_macro", 2.0 / 3.0)]);
    check(&e, "lung", &[("dice_macro", 2.0 / 3.0)]);
    assert!(e.to_string().contains("1.png (line 3): no 1.png"));
}

#[test]
fn absent_columns_leave_their_metrics_out() {
    let mut set = Set::new();
    set.add(Answer::marks(NONE), &[]);
    let e = set.evaluate();
    assert_eq!((e.n, e.sections.len()), (1, 0));
    let j = e.to_json();
    let labelled = ["infection", "lung", "brixia", "geographic_extent", "detection", "boxes"];
    assert!(labelled.iter().all(|k| j.get(k).is_none()) && j.get("interval90_coverage").is_none());
}

#[test]
fn the_names_of_the_metrics_are_fixed() {
    let j = labelled(&LESIONS, &[LESIONS[0], NONE, LESIONS[2]]).evaluate().to_json();
    let check = |section: &str, names: &str| {
        for name in names.split(' ') {
            let v = &j[section][name];
            assert!(v.is_number(), "{section}.{name} is {v}");
        }
    };
    let overlap = "dice_macro dice_micro iou_micro sensitivity specificity precision";
    check("infection", &format!("n {overlap} fraction_mae false_area_normals"));
    check("lung", "n dice_macro iou_macro");
    check("brixia", "n mae mae_readers pearson kappa_quadratic zone_kappa_quadratic");
    check("geographic_extent", "n mae r2 spearman");
    check("detection", "n auc sensitivity specificity ece n_refused");
    check("boxes", "n pointing_game");
    assert!(["n", "refused", "interval90_coverage", "ms_per_image"].iter().all(|k| j[k].is_number()));
    assert_eq!(j["detection"]["by_source"]["clinic"]["positives"], 3);
    assert_eq!(j["lung"]["by_source"]["generalblockchain"]["n"], 3);
    let ends = j["infection"]["ci95"]["dice_macro"].as_array().unwrap();
    assert!(ends[0].as_f64().unwrap() < 2.0 / 3.0 && ends[1].as_f64().unwrap() > 2.0 / 3.0);
}

#[test]
fn a_mask_without_the_heart_is_compared_without_it() {
    let mut set = Set::new();
    let mask = set.mask("lungs.png", 64, 64, |x, y| {
        if inside(RIGHT, x, y) {
            127
        } else if inside(LEFT, x, y) && !inside(HEART, x, y) {
            255
        } else {
            0
        }
    });
    for drawn_by in ["scr", "v7labs"] {
        let cells = [("lung_mask", mask.as_str()), ("lung_mask_src", drawn_by), ("lung_lr", "1")];
        set.add(Answer::marks(NONE), &cells);
    }
    let j = set.evaluate().to_json();
    assert_eq!(j["lung"]["by_convention"]["heart_left_out"]["dice_macro"], 1.0);
    let taken_in = 2.0 * (lung_area() - 240.0) / (2.0 * lung_area() - 240.0);
    let got = j["lung"]["by_convention"]["heart_taken_in"]["dice_macro"].as_f64().unwrap();
    assert!((got - taken_in).abs() < 1e-4, "{got}, not {taken_in}");
}

#[test]
fn a_mask_of_another_size_is_stretched_over_the_radiograph() {
    let mut set = Set::new();
    for (name, width, height) in [("large.png", 192, 192), ("wide.png", 128, 64)] {
        let mask = set.mask(name, width, height, |x, y| if inside(LESIONS[0], x, y) { 255 } else { 0 });
        let cells = [("infection_mask", mask.as_str()), ("infection_known", "1"), ("infection_empty", "0")];
        set.add(Answer::marks(LESIONS[0]), &cells);
    }
    let dice = set.evaluate().value("infection", "dice_macro").unwrap();
    // Bilinear places between pixels may fall to either side of an outline.
    assert!(dice > 0.98, "{dice}");
}

#[test]
fn children_are_no_normals() {
    let mut set = Set::new();
    for (child, finding) in [("1", "normal"), ("1", "viral"), ("0", "normal")] {
        set.add(Answer::marks(NONE), &[("pediatric", child), ("finding", finding)]);
    }
    // Without the column the age tells.
    set.add(Answer::marks(NONE), &[("age", "6"), ("finding", "normal")]);
    let e = set.evaluate();
    let n = |section: &str, figure: &str| e.section(section).and_then(|s| s.figure(figure)).map(|f| f.n);
    assert_eq!((n("infection", "false_area_normals"), n("infection", "fraction_mae")), (Some(1), Some(1)));
    assert_eq!((n("detection", "auc"), n("interval90", "coverage")), (Some(1), Some(1)));
    assert_eq!(e.adults, [1, 0]);
}

#[test]
fn annotators_are_compared_where_both_treat_the_heart_alike() {
    let readers = |second_by: &str| {
        let mut set = Set::new();
        let lungs = |set: &Set, name: &str, left: Rect| {
            let drawn = |x, y| if inside(RIGHT, x, y) { 127 } else { 255 * u8::from(inside(left, x, y)) };
            set.mask(name, 64, 64, drawn)
        };
        let (one, other) = (lungs(&set, "one.png", LEFT), lungs(&set, "other.png", HEART));
        set.add(
            Answer::marks(NONE),
            &[
                ("lung_mask", one.as_str()),
                ("lung_mask_src", "generalblockchain"),
                ("lung_lr", "1"),
                ("lung2_mask", other.as_str()),
                ("lung_mask2_src", second_by),
            ],
        );
        set.evaluate().value("lung", "dice_readers")
    };
    let both = (area(RIGHT) + area(HEART)) as f64;
    let expected = 2.0 * both / (both + lung_area());
    assert!(readers("v7labs").is_some_and(|dice| (dice - expected).abs() < TOLERANCE));
    assert_eq!(readers("scr"), None);
}

#[test]
fn only_the_split_that_was_asked_for_is_read() {
    let mut set = Set::new();
    set.add(Answer::marks(NONE), &[("split", "train"), ("finding", "nonsense")]);
    set.add(Answer::marks(NONE), &[("split", "test"), ("finding", "normal")]);
    let files: Vec<String> = set
        .manifest(Only { split: Some("test"), fold: None })
        .unwrap()
        .rows()
        .iter()
        .map(|r| r.file.clone())
        .collect();
    assert_eq!(files, ["1.png"]);
    let error = set.manifest(Only { split: Some("tset"), fold: None }).unwrap_err();
    assert_eq!(error.code(), "manifest_empty_split");
    assert!(error.to_string().contains("\"tset\""));
}

#[test]
fn a_bad_value_is_named_by_line_column_and_value() {
    let check = |column: &str, value: &str, code: &str| {
        let mut set = Set::new();
        set.add(Answer::marks(NONE), &[]);
        set.add(Answer::marks(NONE), &[(column, value)]);
        let error = set.manifest(Only::default()).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.code(), code, "{text}");
        assert!(text.contains("line 3") && text.contains(column) && text.contains(value), "{text}");
    };
    check("finding", "covd", "manifest_value");
    check("pediatric", "2", "manifest_value");
    check("infection_frac_lung", "1.2", "manifest_value");
    check("brixia_C", "4", "manifest_value");
    check("brixia_j_total", "19", "manifest_value");
    check("geo_extent", "NaN", "manifest_value");
    check("boxes", "[[0.5, 0.5, 0.6, 0.1]]", "manifest_value");
    check("lung_mask", "gone.png", "manifest_no_mask");
}

#[test]
fn a_manifest_needs_its_files_and_its_columns_once() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, split, code: &str| {
        let path = folder.path().join("manifest.csv");
        std::fs::write(&path, text).unwrap();
        assert_eq!(Manifest::read(&path, Only { split, fold: None }).unwrap_err().code(), code, "{text:?}");
    };
    check("id\n1\n", None, "manifest_no_column");
    check("file\na.png\n", Some("test"), "manifest_no_column");
    check("file,file\na,b\n", None, "manifest_column_twice");
    check("file,id\na.png\n", None, "manifest_unreadable");
    check("file\n", None, "manifest_empty");
    check("file,id\n,7\n", None, "manifest_value");
    let gone = Manifest::read(&folder.path().join("gone.csv"), Only::default()).unwrap_err();
    assert_eq!(gone.code(), "manifest_unreadable");
}

#[test]
fn a_box_outside_the_picture_is_a_bad_value() {
    let mut set = Set::new();
    set.add(Answer::marks(NONE), &[("boxes", r#"[[0.5, 0.5, 0.6, 0.1, "Lung Opacity", "rsna"]]"#)]);
    assert_eq!(set.manifest(Only::default()).unwrap_err().code(), "manifest_value");
}

#[test]
fn the_table_says_what_its_figures_cannot() {
    let table = labelled(&LESIONS, &LESIONS).evaluate().to_string();
    for needed in [DISCLAIMER, "confounded", "less the heart's shadow", "Dice, mean over radiographs"] {
        assert!(table.contains(needed), "{needed:?} is not in\n{table}");
    }
    println!("{table}");
}

#[test]
fn one_set_gives_the_same_figures_twice() {
    let set = labelled(&LESIONS, &[LESIONS[0], LESIONS[2], NONE]);
    assert_eq!(set.evaluate().to_json(), set.evaluate().to_json());
}

#[test]
fn the_corpus_is_read_whole() {
    let Some(folder) = corpus() else { return println!("skipped: the corpus is not here") };
    let manifest = Manifest::read(&folder.join("manifest.csv"), Only::default()).unwrap();
    let count =
        |with: &dyn Fn(&raymap::evaluate::Row) -> bool| manifest.rows().iter().filter(|r| with(r)).count();
    assert_eq!(count(&|r| r.brixia.is_some_and(|b| b.zones.is_some()) && r.brixia_junior.is_some()), 160);
    assert_eq!((count(&|r| r.extent.is_some()), count(&|r| r.normal_adult())), (81, 496));
    assert_eq!((count(&|r| r.lung.is_some()), count(&|r| r.infected_share() > Some(0.0))), (1278, 81));
    assert_eq!(count(&|r| r.opacity() == Some(true) && r.child), 0);
}
