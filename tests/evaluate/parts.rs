//! Groups, folds, calibration of pixels, and the blackout.

use raymap::evaluate::Only;

use super::made_up::{Answer, Set};
use super::program::raymap;
use super::{LESIONS, NONE, check, labelled, lung_area};

#[test]
fn groups_have_their_own_figures() {
    let mut set = Set::new();
    for (i, (sex, age)) in
        [("M", "70"), ("male", "64"), ("f", "early 40s"), ("F", "18.0")].into_iter().enumerate()
    {
        let mask = set.infection_mask(&format!("g{i}.png"), LESIONS[0]);
        let answer = Answer::marks(if i < 2 { LESIONS[0] } else { NONE });
        let group = format!("p{i}");
        let drawn = [("infection_mask", mask.as_str()), ("infection_known", "1"), ("infection_empty", "0")];
        let person = [("sex", sex), ("age", age), ("finding", "covid"), ("view", "PA"), ("group_id", &group)];
        set.add(answer, &[drawn.as_slice(), &person].concat());
        set.add(
            Answer::marks(NONE),
            &[("sex", sex), ("age", age), ("finding", "normal"), ("view", "AP supine")],
        );
    }
    set.answer("6.png").refused = true;
    let e = set.evaluate();
    let j = &e.to_json()["groups"];
    assert_eq!(
        (&j["sex"]["male"]["n"], &j["sex"]["male"]["infection"]["dice_macro"]),
        (&4.into(), &1.0.into())
    );
    assert_eq!(j["sex"]["female"]["infection"]["dice_macro"], 0.0);
    assert_eq!(
        (&j["sex"]["male"]["detection"]["auc"], &j["sex"]["female"]["detection"]["sensitivity"]),
        (&1.0.into(), &0.0.into())
    );
    assert_eq!(
        (&j["sex"]["male"]["detection"]["n"], &j["sex"]["male"]["detection"]["positives"]),
        (&4.into(), &2.into())
    );
    let ages: Vec<&String> = j["age"].as_object().unwrap().keys().collect();
    assert_eq!(ages, ["18-39", "40-64", "65+", "unstated"]);
    assert_eq!(j["finding"]["covid"]["refusals"]["refused"], 0.25);
    // One class alone: no AUC, and no specificity.
    assert!(j["finding"]["covid"]["detection"].get("auc").is_none());
    assert!(j["view"]["PA"]["infection"]["ci95"]["dice_macro"].is_array() && j.get("source").is_none());
    let table = e.group_table().to_string();
    assert!(table.contains("sex female (n 4)") && !e.to_string().contains("sex female"), "{table}");
}

#[test]
fn pixels_are_calibrated_when_their_share_is_the_probability() {
    // The made-up device says .75 where it marks, else 0: over by .75 in 80 of the lung's pixels, on one of two.
    let mut set = Set::new();
    let mask = set.infection_mask("m.png", [8, 8, 28, 12]);
    let label = [("infection_known", "1"), ("infection_empty", "0"), ("infection_mask", mask.as_str())];
    set.add(Answer::marks([8, 8, 28, 12]), &label);
    set.add(
        Answer::marks(NONE),
        &[("infection_known", "1"), ("infection_empty", "1"), ("finding", "normal")],
    );
    let under = 0.25 * 80.0 / lung_area() / 2.0;
    check(&set.evaluate(), "infection", &[("pixel_ece", under)]);
    let child = [("infection_known", "1"), ("infection_empty", "1"), ("pediatric", "1")];
    set.add(Answer::marks([8, 8, 28, 12]), &child);
    check(&set.evaluate(), "infection", &[("pixel_ece", under)]);
    // Infected, and nobody has drawn where: nothing to compare with.
    set.add(Answer::marks(NONE), &[("infection_known", "1"), ("infection_empty", "0"), ("finding", "covid")]);
    check(&set.evaluate(), "infection", &[("pixel_ece", under)]);
    // Where no lung was found, it counts as wrong throughout.
    set.add(
        Answer::without_lungs(),
        &[("infection_known", "1"), ("infection_empty", "1"), ("finding", "normal")],
    );
    check(&set.evaluate(), "infection", &[("pixel_ece", (under * 2.0 + 1.0) / 3.0)]);
}

#[test]
fn the_blackout_has_its_own_auc_and_share_of_refusals() {
    let mut set = Set::new();
    for (source, finding, p, refused) in [
        ("one", "covid", 0.5, true),
        ("other", "covid", 0.1, true),
        ("one", "normal", 0.3, true),
        ("other", "normal", 0.3, false),
    ] {
        let answer = Answer { blackout: Some((p, refused)), ..Answer::marks(LESIONS[0]) };
        set.add(answer, &[("finding", finding), ("source", source)]);
    }
    check(&set.evaluate(), "detection", &[("auc_blackout", 0.5), ("blackout_refused", 0.75)]);
    let by_source = &set.evaluate().to_json()["detection"]["by_source"];
    assert_eq!(
        (&by_source["one"]["auc_blackout"], &by_source["other"]["auc_blackout"]),
        (&1.0.into(), &0.0.into())
    );
    assert!(set.evaluate().to_json()["detection"]["ci95"].get("auc_blackout").is_some());
    let without = labelled(&LESIONS, &LESIONS).evaluate();
    assert!(without.to_json()["detection"].get("auc_blackout").is_none());
}

#[test]
fn marked_opacity_is_what_readers_saw_on_the_radiograph_itself() {
    let mut set = Set::new();
    let mask = set.infection_mask("seen.png", LESIONS[0]);
    let found = || Answer::marks(LESIONS[0]);
    let outline = [("infection_mask", mask.as_str()), ("infection_known", "1"), ("infection_empty", "0")];
    let boxed = [("boxes", r#"[[0.1, 0.1, 0.2, 0.2, "Lung Opacity", "rsna"]]"#), ("finding", "other")];
    let mut add = |answer, cells: &[(&'static str, &str)]| {
        set.add(answer, &[cells, &[("source", "clinic")]].concat());
    };
    // Marked, whatever was stated; the last is overlooked by the device.
    add(found(), &outline);
    add(found(), &boxed);
    add(found(), &[("rsna_class", "Lung Opacity")]);
    add(Answer::marks(NONE), &[("geo_extent", "0.7"), ("finding", "unknown")]);
    // None marked: by class, by stated normal, and scored 0 though the patient has the disease.
    add(Answer::marks(NONE), &[("rsna_class", "No Lung Opacity / Not Normal"), ("finding", "pneumonia")]);
    add(Answer::marks(NONE), &[("finding", "normal")]);
    add(Answer::marks(NONE), &[("geo_extent", "0"), ("finding", "covid")]);
    // Nobody looked, or a child.
    add(Answer::marks(NONE), &[("finding", "covid")]);
    add(Answer::marks(NONE), &[("geo_extent", "4"), ("pediatric", "1")]);
    let e = set.evaluate();
    // Three of four stand above all three without; the fourth stands beside them: (3 + 1/2) / 4.
    check(&e, "detection", &[("auc_marked", 3.5 / 4.0)]);
    assert_eq!(e.section("detection").and_then(|s| s.figure("auc_marked")).map(|f| f.n), Some(7));
    let j = e.to_json();
    assert_eq!(j["detection"]["by_source"]["clinic"]["auc_marked"], 0.875);
    let group = &j["groups"]["source"]["clinic"]["detection"];
    assert_eq!(group["auc_marked"], 0.875);
    assert_eq!((group["marked"]["n"].as_u64(), group["marked"]["positives"].as_u64()), (Some(7), Some(4)));
}

#[test]
fn only_the_fold_that_was_asked_for_is_read() {
    let mut set = Set::new();
    for (split, fold) in [("train", "1"), ("train", "2"), ("test", "1"), ("test", "")] {
        set.add(Answer::marks(NONE), &[("split", split), ("fold", fold)]);
    }
    let files = |split, fold| -> Vec<String> {
        set.manifest(Only { split, fold }).unwrap().rows().iter().map(|r| r.file.clone()).collect()
    };
    assert_eq!(files(None, Some(1)), ["0.png", "2.png"]);
    assert_eq!(files(Some("train"), Some(1)), ["0.png"]);
    assert_eq!(set.manifest(Only { split: None, fold: Some(4) }).unwrap_err().code(), "manifest_empty_fold");
}

#[test]
fn cross_validation_reads_each_fold_with_its_own_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let out = raymap(folder.path(), arguments);
        (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let mut table = String::from("file,fold\n");
    for seed in ["1", "2"] {
        let out = folder.path().join(seed);
        let (code, said) =
            run(&["phantom", "--seed", seed, "--infected", "20", "--out", out.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{said}");
        let name = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let name = name.into_iter().find(|n| n.ends_with("radiograph.png")).unwrap();
        table.push_str(&format!("{seed}/{name},{seed}\n"));
    }
    let manifest = folder.path().join("manifest.csv");
    std::fs::write(&manifest, table).unwrap();
    let manifest = manifest.to_str().unwrap();
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/models/lite0-unet-256");
    let (code, said) = run(&[
        "evaluate", manifest, "--fold", "1", "--model", bundle, "--fold", "2", "--model", bundle, "--json",
    ]);
    assert_eq!(code, Some(0), "{said}");
    let json: serde_json::Value =
        serde_json::from_str(said.lines().find(|l| l.starts_with('{')).unwrap()).unwrap();
    assert_eq!((&json["n"], json["models"].as_array().unwrap().len()), (&2.into(), 1));
    let (code, said) = run(&["evaluate", manifest, "--fold", "1", "--fold", "2", "--model", bundle]);
    assert!(code == Some(2) && said.contains("2 times --fold and 1 times --model"), "{said}");
    let (code, said) =
        run(&["evaluate", manifest, "--fold", "1", "--fold", "1", "--model", bundle, "--model", bundle]);
    assert!(code == Some(2) && said.contains("named twice"), "{said}");
}
