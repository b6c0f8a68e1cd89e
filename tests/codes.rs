//! Every code in the source stands in `docs/codes.md`, and every one there is in the source.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use program::raymap;
use raymap::station::Advice;

/// Where a code begins in the source, just before its quotation mark.
const BEFORE_A_CODE: [&str; 12] = [
    "code: ",
    "code = ",
    "(code, text) = (",
    "Fault::source(",
    "Fault::screen(",
    "Fault::record(",
    "Failure::new(Exit::Bug, ",
    "Failure::new(Exit::Usage, ",
    "failure(Exit::Model, ",
    "failure(Exit::Device, ",
    "failure(Exit::Input, ",
    "failure(Exit::Storage, ",
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.to_string_lossy().contains("tests") {
            found.push(path);
        }
    }
}

/// The source without tests and comments, one text a file.
fn sources() -> Vec<String> {
    let mut paths = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    let text = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        code.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    paths.iter().map(text).collect()
}

fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Quoted texts that may be codes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2).filter(|t| is_code(t))
}

/// The bodies of functions called `code`.
fn code_functions(text: &str) -> Vec<&str> {
    let body = |(at, _): (usize, &str)| {
        let rest = &text[at..];
        let end = rest.find("\n    }\n").unwrap_or(rest.len());
        &rest[..end]
    };
    text.match_indices("fn code(").map(body).collect()
}

/// Codes in one text.
fn codes_of(text: &str) -> BTreeSet<String> {
    let mut codes: BTreeSet<String> =
        code_functions(text).into_iter().flat_map(quoted).map(String::from).collect();
    for before in BEFORE_A_CODE {
        let found = text.split(before).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        codes
            .extend(found.filter_map(|rest| rest.split('"').next()).filter(|t| is_code(t)).map(String::from));
    }
    codes
}

#[test]
fn every_code_has_its_meaning_and_its_remedy() {
    let told: BTreeSet<&str> = Advice::all().map(|a| a.code).collect();
    let codes: BTreeSet<String> = sources().iter().flat_map(|t| codes_of(t)).collect();
    assert!(codes.len() > 100, "{}", codes.len());
    let missing: Vec<&String> = codes.iter().filter(|c| !told.contains(c.as_str())).collect();
    assert!(missing.is_empty(), "add to docs/codes.md, with meaning and remedy: {missing:?}");
}

#[test]
fn no_code_is_explained_that_nothing_gives() {
    let sources = sources();
    let all: BTreeSet<&str> = sources.iter().flat_map(|t| quoted(t)).collect();
    let idle: Vec<&str> = Advice::all().map(|a| a.code).filter(|c| !all.contains(c)).collect();
    assert!(idle.is_empty(), "no longer in the source: take out of docs/codes.md: {idle:?}");
}

#[test]
fn a_code_is_found_however_it_is_written() {
    let check = |text: &str, expected: &[&str]| {
        let expected: BTreeSet<String> = expected.iter().map(|c| c.to_string()).collect();
        assert_eq!(codes_of(text), expected, "{text}");
    };
    check(
        "pub fn code(&self) -> &str {\n        match self { Self::A => \"a_b\" }\n    }\n\"c_d\"",
        &["a_b"],
    );
    check("Refusal { code: \"a_b\", text }", &["a_b"]);
    check("Fault::source(\n    \"a_b\", text)", &["a_b"]);
    check("let x = \"a_b\";", &[]);
}

#[test]
fn the_program_explains_a_code_and_offers_others() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let output = raymap(folder.path(), words);
        let text = [output.stdout, output.stderr].map(|o| String::from_utf8(o).unwrap()).concat();
        (output.status.code(), text)
    };
    let (code, text) = run(&["explain", "record_full"]);
    assert_eq!((code, text.lines().next()), (Some(0), Some("record_full")));
    let (code, text) = run(&["explain", "record_ful"]);
    assert!(code == Some(2) && text.contains("record_full"), "{text}");
    let listed: BTreeMap<String, String> = run(&["explain"])
        .1
        .lines()
        .filter_map(|l| l.split_once(": ").map(|(c, t)| (c.into(), t.into())))
        .collect();
    assert_eq!(listed.len(), Advice::all().count());
}
