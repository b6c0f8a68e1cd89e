//! Bad input from the user's side: each case a clear message and the right exit code, none a panic.

mod program;

use std::path::Path;

use program::raymap;

/// Runs `arguments` in `folder`; the exit code, and every one of `words` on standard error.
fn check(folder: &Path, arguments: &[&str], exit: i32, words: &[&str]) {
    let output = raymap(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{arguments:?} said: {said}");
    assert!(!said.contains("panicked"), "{arguments:?} panicked: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} did not say {word:?} but: {said}");
    }
}

/// A folder with one file of these bytes.
fn folder_with(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(name), bytes).expect("a file in it");
    folder
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_fn(width, height, |x, y| image::Luma([(x ^ y) as u8]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a PNG");
    bytes.into_inner()
}

/// A PNG whose header declares `width` x `height` and that holds nothing else.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut ihdr = b"IHDR".to_vec();
    ihdr.extend(width.to_be_bytes());
    ihdr.extend(height.to_be_bytes());
    ihdr.extend([8, 0, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&ihdr);
    bytes.extend(crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&ihdr).to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

#[test]
fn files_that_are_no_radiographs_are_named_with_their_fault() {
    let whole = png(300, 300);
    for (name, bytes, word) in [
        ("empty.png", Vec::new(), "0 bytes"),
        ("cut.png", whole[..whole.len() / 2].to_vec(), "cut.png"),
        ("dot.png", png(1, 1), "1x1"),
        ("huge.png", png_header(20_000, 20_000), "20000x20000"),
        ("letter.dcm", b"Dear colleague,\nplease find enclosed\n".to_vec(), "text"),
    ] {
        let folder = folder_with(name, &bytes);
        check(folder.path(), &["read", name], 4, &[name, word]);
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let folder = folder_with("empty.png", b"");
    std::fs::write(folder.path().join("noise.png"), png(300, 300)).expect("a second file");
    let output = raymap(folder.path(), &["read", ".", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).expect("each line is one JSON object"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().any(|l| l["error"]["code"] == "file_empty"));
    assert!(lines.iter().any(|l| l["fit"] == false && l["refusal"]["code"].is_string()), "{lines:?}");
}

#[test]
fn an_overlay_is_named_with_its_reading_and_never_another_s() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    for (name, bytes) in [("a/x.png", Vec::new()), ("b/x.png", png(300, 300)), ("out/x.png", png(8, 8))] {
        let path = at.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file in it");
    }
    let json = raymap(at, &["read", "a", "b", "--out", "out", "--json"]);
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&json.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).expect("each line is one JSON object"))
        .collect();
    assert_eq!(lines[0]["error"]["code"], "file_empty", "{lines:?}");
    assert_eq!((&lines[1]["file"], &lines[1]["overlay"]), (&"b/x.png".into(), &"out/x-2.png".into()));
    assert!(
        at.join("out/x-2.png").exists() && !at.join("out/x.png").exists(),
        "the old one is of nothing read"
    );
    let said = raymap(at, &["read", "a", "b", "--out", "out"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("[out/x-2.png]"));
    let without = raymap(at, &["read", "b", "--json"]);
    let line: serde_json::Value = serde_json::from_slice(&without.stdout).expect("one object");
    assert!(line.get("overlay").is_none(), "{line}");
}

#[test]
fn a_radiograph_that_lies_where_overlays_go_is_left_as_it_was() {
    let bytes = png(300, 300);
    let folder = folder_with("x.png", &bytes);
    std::fs::write(folder.path().join("y.png"), b"").expect("a second file");
    let output = raymap(folder.path(), &["read", ".", "--out", "."]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read(folder.path().join("x.png")).expect("the radiograph"), bytes);
    assert!(folder.path().join("y.png").exists() && folder.path().join("x-2.png").exists());
}

#[test]
fn a_folder_without_radiographs_is_named() {
    let folder = folder_with("notes.txt", b"nothing here");
    check(folder.path(), &["read", "."], 4, &["holds no PNG, JPEG, TIFF or DICOM file"]);
    check(folder.path(), &["read", "nowhere"], 4, &["nowhere"]);
}

#[test]
fn errors_come_as_json_where_json_is_asked_for() {
    let folder = folder_with("empty.png", b"");
    let output = raymap(folder.path(), &["read", "empty.png", "--json"]);
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let codes: Vec<String> = lines
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON")["error"]["code"].to_string())
        .collect();
    assert_eq!(
        (output.status.code(), codes),
        (Some(4), vec!["\"file_empty\"".into(), "\"no_radiograph\"".into()])
    );
}

#[test]
fn a_missing_model_is_refused() {
    let folder = folder_with("noise.png", &png(300, 300));
    check(folder.path(), &["read", "noise.png", "--model", "no-such-bundle"], 6, &["no-such-bundle"]);
    check(folder.path(), &["model", "verify", "no-such-bundle"], 6, &["no-such-bundle"]);
}

#[test]
fn a_station_without_its_model_says_so_on_screen_and_line() {
    let board = "name = \"x\"\ndescription = \"d\"\nmodel = \"no-such-bundle\"\n\
        [source]\nkind = \"phantom\"\nphantoms = [{ seed = 1, infected = 5 }]\n\
        [screen]\nkind = \"png\"\npath = \"screen.png\"\nwidth = 800\nheight = 480\n\
        [serial]\nfile = \"serial.log\"\n";
    let folder = folder_with("board.toml", board.as_bytes());
    check(folder.path(), &["run", "--board", "board.toml"], 6, &["no-such-bundle"]);
    let lines = std::fs::read_to_string(folder.path().join("serial.log")).expect("the serial log");
    assert!(lines.contains(" selftest test=model ok=0 "), "{lines}");
    assert!(!lines.contains(" reading "), "a reading without a model: {lines}");
    assert!(folder.path().join("screen.png").exists());
}

#[test]
fn a_board_file_with_a_fault_is_refused_with_its_place() {
    let folder = folder_with("board.toml", b"name = \"x\"\nsomthing = 1\n");
    check(folder.path(), &["run", "--board", "board.toml"], 3, &["board.toml", "somthing", "2"]);
    check(folder.path(), &["run", "--board", "nowhere.toml"], 3, &["nowhere.toml"]);
}

#[test]
fn wrong_arguments_are_usage() {
    let folder = folder_with("x", b"");
    check(folder.path(), &["read"], 2, &["Usage"]);
    check(folder.path(), &["phantom", "--infected", "140"], 2, &["140"]);
    check(folder.path(), &["evaluate", "nowhere.csv"], 4, &["nowhere.csv"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_a_storage_failure() {
    let folder = folder_with("taken", b"a file where a folder should be");
    check(folder.path(), &["phantom", "--out", "taken/inside"], 7, &["taken/inside"]);
}
