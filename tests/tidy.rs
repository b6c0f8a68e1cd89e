//! The house rules that no compiler checks: the order of the modules, the size of files, where `unsafe` and
//! vendors' crates may stand. Everything is derived from `src/lib.rs` and the files that are there.

#[path = "tidy/source_text.rs"]
mod source_text;
#[path = "tidy/paths.rs"]
mod paths;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use paths::{crate_names, local_names, modules_used};
use source_text::{code_of, words_of};

/// `docs/architecture.md`, "The life of a frame". `lib.rs` may lack some and have others, but these in this order.
const LIFE_OF_A_FRAME: [&str; 19] = [
    "units",
    "clock",
    "board",
    "frame",
    "source",
    "exposure",
    "preprocess",
    "network",
    "lung_field",
    "infection_map",
    "grade",
    "reading",
    "pipeline",
    "render",
    "screen",
    "record",
    "serial",
    "station",
    "cli",
];
const FILE_LINES_MAX: usize = 400;
/// Files that may hold `unsafe`, each block with its SAFETY comment.
const UNSAFE_FILES: [&str; 20] = [
    "src/network/graph/pool.rs",
    "src/network/kernels/armv7/depthwise.rs",
    "src/network/kernels/armv7/elementwise.rs",
    "src/network/kernels/armv7/look_up.rs",
    "src/network/kernels/armv7/mod.rs",
    "src/network/kernels/armv7/pairs.rs",
    "src/network/kernels/blocks.rs",
    "src/network/kernels/neon/depthwise.rs",
    "src/network/kernels/neon/dotprod.rs",
    "src/network/kernels/neon/elementwise.rs",
    "src/network/kernels/neon/fours.rs",
    "src/network/kernels/neon/pairs.rs",
    "src/network/kernels/neon/requantise.rs",
    "src/network/kernels/x86/depthwise.rs",
    "src/network/kernels/x86/pairs.rs",
    "src/network/kernels/x86/vnni.rs",
    "src/network/kernels/x86/wide.rs",
    "src/screen/fb_ioctl.rs",
    "src/source/v4l/kernel.rs",
    "src/station/watchdog/hardware.rs",
];
/// How far above an `unsafe` its SAFETY comment may begin.
const SAFETY_LINES_MAX: usize = 8;

/// A vendor's crates (`x_*` is each that begins so), where they may be named, and in how many files at most.
struct Vendor {
    crates: &'static [&'static str],
    below: &'static str,
    files_max: usize,
}

const VENDORS: [Vendor; 16] = [
    Vendor { crates: &["tract_*"], below: "src/network/", files_max: usize::MAX },
    Vendor { crates: &["v4l", "v4l_sys", "v4l2_sys_mit"], below: "src/source/v4l/", files_max: 2 },
    Vendor { crates: &["serialport"], below: "src/serial/", files_max: 1 },
    Vendor { crates: &["minisign_verify"], below: "src/model_store/", files_max: 1 },
    Vendor { crates: &["tar"], below: "src/model_store/", files_max: 1 },
    Vendor { crates: &["chacha20poly1305"], below: "src/record/", files_max: 1 },
    Vendor { crates: &["dicom_*"], below: "src/source/dicom/", files_max: 2 },
    Vendor { crates: &["drm"], below: "src/screen/kms/", files_max: 1 },
    Vendor { crates: &["mipidsi"], below: "src/screen/spi/", files_max: 1 },
    Vendor { crates: &["linux_embedded_hal"], below: "src/screen/spi/", files_max: 1 },
    Vendor { crates: &["softbuffer", "winit"], below: "src/screen/window/", files_max: 1 },
    Vendor { crates: &["evdev"], below: "src/input/", files_max: 1 },
    Vendor { crates: &["harfrust", "unicode_bidi"], below: "src/render/", files_max: 1 },
    Vendor { crates: &["pdf_writer"], below: "src/render/", files_max: 1 },
    Vendor { crates: &["httparse"], below: "src/local_page/", files_max: 1 },
    Vendor { crates: &["landlock", "seccompiler"], below: "src/source/worker/", files_max: 1 },
];

/// One Rust file: its path from the repository's root, as it is, and without comments and quoted text.
struct File {
    path: String,
    text: String,
    code: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), code: code_of(text) }
    }

    /// The module of `lib.rs` that the file belongs to; `None` for `lib.rs` and `main.rs`.
    fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (!["lib", "main"].contains(&name)).then_some(name)
    }
}

/// Uses of modules that stand below the user's own.
fn upward_uses(modules: &[String], file: &File) -> Vec<String> {
    let Some(own) = file.module().and_then(|m| modules.iter().position(|x| x == m)) else {
        return Vec::new();
    };
    let used = modules_used(&file.path, &file.code, &modules[own]);
    let below = |name: &String| name == "*" || modules.iter().skip(own + 1).any(|m| m == name);
    used.into_iter()
        .filter(below)
        .map(|name| format!("{} uses {name}, which stands below it", file.path))
        .collect()
}

/// Names in `LIFE_OF_A_FRAME` that stand in another order in `modules`.
fn out_of_order(modules: &[String]) -> Vec<String> {
    let places = modules.iter().filter_map(|m| LIFE_OF_A_FRAME.iter().position(|x| x == m));
    let places: Vec<usize> = places.collect();
    places
        .windows(2)
        .filter(|p| p[0] > p[1])
        .map(|p| format!("{} comes too late", LIFE_OF_A_FRAME[p[1]]))
        .collect()
}

/// Modules without files, and files without modules.
fn unlisted(modules: &[String], files: &[File]) -> Vec<String> {
    let there: BTreeSet<&str> = files.iter().filter_map(File::module).collect();
    let listed: BTreeSet<&str> = modules.iter().map(String::as_str).collect();
    there
        .symmetric_difference(&listed)
        .map(|m| format!("{m} stands in only one of src/lib.rs and src/"))
        .collect()
}

fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > FILE_LINES_MAX).then(|| format!("{} has {lines} lines", file.path))
}

/// Each `unsafe` outside `allowed`, or without its reason above it.
fn unsafe_faults(file: &File, allowed: &[&str]) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let used: Vec<usize> =
        words_of(&file.code).filter(|(_, word)| *word == "unsafe").map(|(line, _)| line).collect();
    let explained = |line: usize| {
        lines[line.saturating_sub(SAFETY_LINES_MAX)..=line]
            .iter()
            .any(|l| l.contains("SAFETY:") || l.contains("# Safety"))
    };
    let fault = |line: usize| match (allowed.contains(&file.path.as_str()), explained(line)) {
        (false, _) => Some(format!("{}:{}: unsafe in a file that may have none", file.path, line + 1)),
        (true, false) => Some(format!("{}:{}: unsafe without a SAFETY comment", file.path, line + 1)),
        (true, true) => None,
    };
    used.into_iter().filter_map(fault).collect()
}

/// Files that name one of the vendor's crates where they may not, or too many that do.
fn vendor_faults(vendor: &Vendor, files: &[File]) -> Vec<String> {
    let named: Vec<&File> = files.iter().filter(|f| names_crate(f, vendor.crates)).collect();
    let outside = named.iter().filter(|f| !f.path.starts_with(vendor.below));
    let mut faults: Vec<String> = outside.map(|f| format!("{} names {}", f.path, vendor.crates[0])).collect();
    if named.len() > vendor.files_max {
        faults.push(format!("{} files name {}: at most {}", named.len(), vendor.crates[0], vendor.files_max));
    }
    faults
}

/// Whether the file names one of `crates` where no module of its own has that name.
fn names_crate(file: &File, crates: &[&str]) -> bool {
    let is_one = |name: &str| {
        crates.iter().any(|c| c.strip_suffix('*').map_or(*c == name, |start| name.starts_with(start)))
    };
    let local = local_names(&file.code);
    crate_names(&file.code).iter().any(|name| is_one(name) && !local.contains(name))
}

fn modules_of(lib: &str) -> Vec<String> {
    let declared = |line: &str| {
        line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';').map(String::from)
    };
    code_of(lib).lines().filter_map(declared).collect()
}

fn tree() -> (Vec<String>, Vec<File>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    rust_files(&root.join("src"), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        File::new(&name, &fs::read_to_string(path).unwrap())
    };
    let files: Vec<File> = paths.iter().map(read).collect();
    let lib = files.iter().find(|f| f.path == "src/lib.rs").expect("src/lib.rs");
    (modules_of(&lib.text), files)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Nothing is wrong; otherwise says all that is.
fn check(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn modules_are_listed_in_the_order_of_a_frame_s_life() {
    let (modules, files) = tree();
    assert!(modules.len() >= 10, "{modules:?}");
    check(out_of_order(&modules));
    check(unlisted(&modules, &files));
}

#[test]
fn no_module_uses_one_below_it() {
    let (modules, files) = tree();
    check(files.iter().flat_map(|f| upward_uses(&modules, f)).collect());
}

#[test]
fn no_file_is_too_long() {
    check(tree().1.iter().filter_map(too_long).collect());
}

#[test]
fn unsafe_stands_where_it_may_with_its_reason() {
    let (_, files) = tree();
    check(files.iter().flat_map(|f| unsafe_faults(f, &UNSAFE_FILES)).collect());
    let there = |path: &str| files.iter().any(|f| f.path == path);
    assert!(UNSAFE_FILES.iter().all(|p| there(p)), "a file of the list is gone");
}

#[test]
fn a_vendor_s_crate_is_named_in_its_own_place() {
    let (_, files) = tree();
    check(VENDORS.iter().flat_map(|v| vendor_faults(v, &files)).collect());
}

/// The checkers themselves, on made-up offenders.
mod made_up {
    use super::*;

    fn modules() -> Vec<String> {
        modules_of(
            "//! mod old;\npub mod units;\n#[cfg(feature = \"x\")]\npub mod source;\npub mod network;\npub mod reading;\n",
        )
    }

    /// How many uses of a lower module `text` in a file at `path` has.
    fn uses(path: &str, text: &str, expected: usize) {
        let faults = upward_uses(&modules(), &File::new(path, text));
        assert_eq!(faults.len(), expected, "{text}: {faults:?}");
    }

    #[test]
    fn modules_are_found_in_their_order() {
        assert_eq!(modules(), ["units", "source", "network", "reading"]);
        assert_eq!(out_of_order(&["frame", "units"].map(String::from)).len(), 1);
        assert_eq!(out_of_order(&["units", "mine", "frame"].map(String::from)).len(), 0);
        assert_eq!(unlisted(&modules(), &[File::new("src/extra.rs", "")]).len(), 5);
    }

    #[test]
    fn an_upward_use_is_found_however_it_is_written() {
        uses("src/source/file.rs", "use crate::reading::Reading;", 1);
        uses("src/source/file.rs", "fn f() { crate :: network::run() }", 1);
        uses(
            "src/source/file.rs",
            "use crate::{\n    units::Percent,\n    network::{self, a::reading},\n    reading,\n};",
            2,
        );
        uses("src/source/file.rs", "use super::super::network::Network;", 1);
        uses("src/source/mod.rs", "use super::network::Network;", 1);
        uses("src/units.rs", "use super::source::Frame;", 1);
        uses("src/units.rs", "use crate::*;", 1);
        uses("src/units.rs", "pub(in crate::source) fn f() {}", 1);
    }

    #[test]
    fn what_stands_above_may_be_used_and_words_are_no_uses() {
        uses("src/network/mod.rs", "use crate::{source::Frame, units};\nuse crate::network::graph;", 0);
        uses("src/source/file.rs", "// crate::reading\n/* /* crate::reading */ crate::reading */", 0);
        uses(
            "src/source/file.rs",
            "const S: &str = \"crate::reading\"; const R: &str = r#\"\" crate::reading\"#;",
            0,
        );
        uses("src/source/file.rs", "const C: char = '\"'; fn f<'a>(x: &'a str) {} /// crate::reading\n", 0);
        uses("src/units.rs", "mod tests { use super::*; }", 0);
        uses("src/reading.rs", "use crate::units::network;", 0);
        uses("src/main.rs", "use raymap::reading;", 0);
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(too_long(&File::new("src/a.rs", &"\n".repeat(401))).is_some());
        assert!(too_long(&File::new("src/a.rs", &"\n".repeat(400))).is_none());
    }

    #[test]
    fn unsafe_without_leave_or_reason_is_found() {
        let file = |text: &str| File::new("src/a.rs", text);
        let bare = file("fn f() {\n    unsafe { g() }\n}");
        let explained = file("// SAFETY: g has no conditions.\nunsafe { g() }");
        assert_eq!(unsafe_faults(&bare, &["src/a.rs"]).len(), 1);
        assert_eq!(unsafe_faults(&explained, &[]).len(), 1);
        assert_eq!(unsafe_faults(&explained, &["src/a.rs"]).len(), 0);
        assert_eq!(
            unsafe_faults(
                &file("#![deny(unsafe_code)] // unsafe\nfn f() { set_use_unsafe(\"unsafe\") }"),
                &[]
            )
            .len(),
            0
        );
    }

    #[test]
    fn a_vendor_s_crate_out_of_place_is_found() {
        let vendor = &VENDORS[1];
        let faults = |path: &str, text: &str| vendor_faults(vendor, &[File::new(path, text)]).len();
        assert_eq!(faults("src/station/mod.rs", "use v4l::Device;"), 1);
        assert_eq!(faults("src/station/mod.rs", "fn f() -> ::v4l::Device { todo() }"), 1);
        assert_eq!(faults("src/station/mod.rs", "use {v4l, std::fs};"), 1);
        assert_eq!(faults("src/source/v4l/stream.rs", "use v4l::Device;"), 0);
        assert_eq!(faults("src/cli.rs", "use crate::source::v4l;\nfn f() { v4l::devices() }"), 0);
        assert_eq!(faults("src/source/mod.rs", "#[cfg(x)]\npub mod v4l;\nuse v4l::Source;"), 0);
        let tract =
            |path: &str| vendor_faults(&VENDORS[0], &[File::new(path, "use tract_onnx::prelude::*;")]).len();
        assert_eq!((tract("src/grade.rs"), tract("src/network/graph/conv.rs")), (1, 0));
        let thrice =
            ["a", "b", "c"].map(|p| File::new(&format!("src/source/v4l/{p}.rs"), "use v4l::Device;"));
        assert_eq!(vendor_faults(vendor, &thrice).len(), 1);
    }
}
