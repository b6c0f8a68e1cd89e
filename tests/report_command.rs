//! `raymap report` on a record that the program itself has made.

#[path = "program/mod.rs"]
mod program;

use std::path::Path;

use program::raymap;

/// A folder with a record of the built-in phantoms.
fn station() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).join("board/host.toml");
    let run = raymap(folder.path(), &["run", "--board", board.to_str().unwrap()]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    folder
}

fn report(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let whole = [&["report", "--folder", "out/records"], arguments].concat();
    let output = raymap(folder, &whole);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn a_kept_reading_becomes_a_page_in_the_language_and_on_the_paper_asked_for() {
    let folder = station();
    let of = |arguments: &[&str]| report(folder.path(), arguments);
    assert_eq!(of(&["4"]).0, Some(0));
    let pdf = std::fs::read(folder.path().join("report-4.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 6_000_000, "{} bytes", pdf.len());
    let page = |language: &str, paper: &str| {
        let (code, text) = of(&["4", "--out", "page.png", "--language", language, "--paper", paper]);
        assert_eq!(code, Some(0), "{text}");
        image::open(folder.path().join("page.png")).unwrap().into_rgb8()
    };
    let (english, hindi) = (page("en", "a5"), page("hi", "a5"));
    assert_eq!((english.width(), english.height()), (1311, 1860));
    assert_eq!(page("en", "a4").height(), 2631);
    assert_ne!(english, hindi);
}

#[test]
fn wrong_use_is_told_and_writes_nothing() {
    let folder = station();
    let of = |arguments: &[&str]| report(folder.path(), arguments);
    let (code, text) = of(&["999"]);
    assert!(code == Some(2) && text.contains("999"), "{text}");
    let (code, text) = of(&["1", "--out", "page.jpg"]);
    assert!(code == Some(2) && text.contains(".png"), "{text}");
    let (code, text) = of(&["1", "--language", "de"]);
    assert!(code == Some(2) && text.contains("sw"), "{text}");
    let (code, _) = of(&["1", "--out", "no/such/folder/page.pdf"]);
    assert_eq!(code, Some(7));
    assert!(!folder.path().join("report-999.pdf").exists());
}
