//! Files are decoded in a process of their own, which can neither hang nor hurt the program that waits for it.
#![cfg(target_os = "linux")]

mod program;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use program::{emulator, raymap};
use raymap::frame::Frame;
use raymap::source::file;
use raymap::source::worker::{Answered, DECODE_TIME_MAX, WorkerError, decode};

const PROGRAM: &str = env!("CARGO_BIN_EXE_raymap");

/// An emulator can start this program only where the kernel hands it every program of that processor.
fn emulated() -> bool {
    let emulated = emulator::runner().is_some();
    if emulated {
        println!("skipped: under an emulator the program cannot start itself");
    }
    emulated
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn file_of(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("radiograph");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::ImageBuffer::from_fn(300, 200, |x, y| image::Luma([(x * 217 + y * 3) as u16]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A DICOM file of `rows` times 6,400 pixels in colour, all zero: the disk holds its head only.
fn sparse_colour(folder: &Path, rows: u16) -> PathBuf {
    let short = |element: u16, value: u16| {
        let [e, v] = [element.to_le_bytes(), value.to_le_bytes()];
        [0x28, 0, e[0], e[1], b'U', b'S', 2, 0, v[0], v[1]]
    };
    let mut bytes = b"\x08\0\x60\0CS\x02\0DX".to_vec();
    bytes.extend(short(0x0002, 3));
    bytes.extend(b"\x28\0\x04\0CS\x04\0RGB ");
    bytes.extend([short(0x0010, rows), short(0x0011, 6_400), short(0x0100, 8)].concat());
    let pixels = u32::from(rows) * 6_400 * 3;
    bytes.extend(b"\xE0\x7F\x10\0OB\0\0");
    bytes.extend(pixels.to_le_bytes());
    let path = file_of(folder, &bytes);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(bytes.len() as u64 + u64::from(pixels)).unwrap();
    path
}

fn within(program: &str, path: &Path, time_max: Duration) -> Result<Result<Frame, Answered>, WorkerError> {
    decode(Path::new(program), File::open(path).unwrap(), time_max)
}

#[test]
fn a_frame_comes_back_as_this_process_decodes_it() {
    if emulated() {
        return;
    }
    let folder = folder();
    let path = file_of(folder.path(), &png());
    let there = within(PROGRAM, &path, DECODE_TIME_MAX).unwrap().unwrap();
    assert_eq!(there, file::read(&path).unwrap());
}

#[test]
fn every_file_of_the_corpus_comes_back_alike() {
    let root = std::env::var("RAYMAP_DATA").unwrap_or("../shared/data".into());
    let Ok(entries) = std::fs::read_dir(Path::new(&root).join("dicom")) else {
        println!("skipped: there is no corpus at {root}");
        return;
    };
    for entry in entries.filter(|_| !emulated()) {
        let path = entry.unwrap().path();
        match (within(PROGRAM, &path, DECODE_TIME_MAX).unwrap(), file::read(&path)) {
            (Ok(there), Ok(here)) => assert!(there == here, "{}", path.display()),
            (Err(there), Err(here)) => {
                assert_eq!((there.code, there.refusal), (here.code(), here.is_refusal()));
                assert!(there.text.starts_with(&here.to_string()), "{there} and {here}");
            }
            (there, here) => panic!("{}: {:?} and {:?}", path.display(), there.err(), here.err()),
        }
    }
}

#[test]
fn a_file_that_takes_too_much_memory_is_given_up() {
    if emulated() {
        return;
    }
    // 40 million pixels in colour: 120 MB of file, and twice that to work on.
    let folder = folder();
    let error = within(PROGRAM, &sparse_colour(folder.path(), 6_200), DECODE_TIME_MAX).unwrap_err();
    assert_eq!(error.code(), "decoder_died", "{error}");
    assert!(error.to_string().contains("256 MiB"), "{error}");
    let modest = sparse_colour(folder.path(), 1_000);
    assert!(within(PROGRAM, &modest, DECODE_TIME_MAX).unwrap().is_ok());
}

#[test]
fn a_decoder_that_hangs_is_ended_in_time() {
    let folder = folder();
    let path = file_of(folder.path(), &png());
    let script = folder.path().join("hang");
    // Another process writes it: a test beside this one may fork while a file is open here, and then nobody could run it.
    let write = "printf '#!/bin/sh\\nexec sleep 600\\n' > \"$0\" && chmod 755 \"$0\"";
    assert!(std::process::Command::new("sh").arg("-c").arg(write).arg(&script).status().unwrap().success());
    let before = std::time::Instant::now();
    let error = within(script.to_str().unwrap(), &path, Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.code(), "decoder_time", "{error}");
    assert!(before.elapsed() < Duration::from_secs(60), "long before the decoder would have ended");
}

#[test]
fn a_decoder_that_says_nothing_or_rubbish_gives_an_error() {
    let folder = folder();
    let path = file_of(folder.path(), &png());
    let code = |program: &str| within(program, &path, DECODE_TIME_MAX).unwrap_err().code();
    assert_eq!(code("/bin/true"), "decoder_died");
    assert_eq!(code("/bin/echo"), "decoder_died", "it said less than a greeting");
    assert_eq!(code("/usr/bin/env"), "decoder_start", "it knows no such command");
    assert_eq!(code("/nowhere/at/all"), "decoder_start");
}

#[test]
fn the_program_decodes_apart_and_says_what_confines_it() {
    let folder = folder();
    std::fs::write(folder.path().join("a.png"), png()).unwrap();
    std::fs::write(folder.path().join("b.png"), b"").unwrap();
    let output = raymap(folder.path(), &["read", "a.png", "b.png", "--json"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("\"file_empty\""), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}
