//! A station that reads and reads takes neither more memory nor more files with time.
//!
//! `RAYMAP_SOAK=100000` asks for more readings, `RAYMAP_SOAK_SECONDS=1200` ends them sooner. The whole program runs:
//! a decoding process for each file, the network, a record that is full and drops its oldest, screen and line. With
//! `RAYMAP_SOAK_BLANK=1` the radiographs show nothing and are refused before the network, so that many more fit into an
//! hour.

mod program;

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image::imageops::{FilterType, resize};
use program::{emulator, raymap};
use rustix::process::{Pid, Signal, kill_process};

const READINGS: u64 = 40;
/// After so many all that fills up is full: the record, the readings that can be looked at again, the lines that could
/// be sent again. What comes after these is measured, where there are as many once more.
const WARM_UP: u64 = 1_500;
/// Different radiographs; all files are further names of these.
const RADIOGRAPHS: u64 = 5;
/// Small ones: what is asked is what they leave behind, not what they take.
const SIDE: u32 = 320;
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
/// What a file that is being decoded takes: few samples may all fall into such moments. One left open by each reading
/// would be far more.
const FILES_OF_A_MOMENT: usize = 6;
/// Some lines from the end of the serial line's file.
const LINES_END_BYTES: u64 = 2_048;
const DRIFT_PERCENT_MAX: f64 = 1.0;

fn asked(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// A folder of so many radiographs, and a board whose record is full after some twenty of them.
fn station(readings: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let board = "name = \"test\"\ndescription = \"Many radiographs.\"\nsource = { kind = \"folder\", path = \"in\" }\n\
                 screen = { kind = \"png\", path = \"screen.png\", width = 320, height = 240 }\n\
                 serial = { file = \"serial.log\" }\nrecord = { folder = \"kept\", bytes_max = 1_048_576 }\n";
    fs::write(at.join("board.toml"), board).unwrap();
    fs::create_dir(at.join("in")).unwrap();
    for seed in 0..RADIOGRAPHS {
        let (text, infected) = (seed.to_string(), (20 * seed).to_string());
        assert!(raymap(at, &["phantom", "--seed", &text, "--infected", &infected]).status.success());
        let made = at.join(format!("out/phantom-{seed}-{infected}-display.png"));
        let mut small = resize(&image::open(made).unwrap().into_luma8(), SIDE, SIDE, FilterType::Triangle);
        if asked("RAYMAP_SOAK_BLANK", 0) == 1 {
            small.fill(100 + seed as u8);
        }
        small.save(at.join(format!("{seed}.png"))).unwrap();
    }
    for n in 0..readings {
        let one = at.join(format!("{}.png", n % RADIOGRAPHS));
        fs::hard_link(one, at.join(format!("in/{n:06}.png"))).unwrap();
    }
    folder
}

/// What the program holds at a moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    readings: u64,
    resident_kb: u64,
    files: usize,
}

/// Readings so far, by the last one on the line.
fn readings_so_far(at: &Path) -> u64 {
    let mut end = Vec::new();
    let read = fs::File::open(at.join("serial.log")).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LINES_END_BYTES)))?;
        file.read_to_end(&mut end)
    });
    let text = String::from_utf8_lossy(&end);
    let last = text.rmatch_indices(" n=").next().map(|(place, _)| &text[place + 3..]);
    let number = last.and_then(|rest| rest.split(' ').next()?.parse().ok());
    read.ok().and(number).unwrap_or(0)
}

/// `None` where it has ended.
fn sample(child: &Child, at: &Path) -> Option<Sample> {
    let of = format!("/proc/{}", child.id());
    let status = fs::read_to_string(format!("{of}/status")).ok()?;
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let resident_kb = resident.trim().trim_end_matches(" kB").parse().ok()?;
    let files = fs::read_dir(format!("{of}/fd")).ok()?.count();
    Some(Sample { readings: readings_so_far(at), resident_kb, files })
}

/// Runs the station to its end, or until `seconds` are over; samples in their order, and what it printed.
fn run(at: &Path, seconds: u64) -> (Vec<Sample>, String) {
    let mut command = program::command();
    command.args(["run", "--board", "board.toml"]).current_dir(at).env_remove("RUST_LOG");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut samples, began, mut told) = (Vec::new(), Instant::now(), false);
    while child.try_wait().unwrap().is_none() {
        samples.extend(sample(&child, at));
        if began.elapsed().as_secs() >= seconds && !told {
            told = true;
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        }
        thread::sleep(SAMPLE_EVERY);
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    (samples, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn mean_kb(samples: &[Sample]) -> f64 {
    samples.iter().map(|s| s.resident_kb as f64).sum::<f64>() / samples.len() as f64
}

fn files_min(samples: &[Sample]) -> usize {
    samples.iter().map(|s| s.files).min().unwrap()
}

#[test]
fn reading_after_reading_takes_neither_memory_nor_files() {
    if emulator::runner().is_some() {
        println!("skipped: what the emulator takes is not what the program takes");
        return;
    }
    let folder = station(asked("RAYMAP_SOAK", READINGS));
    let (samples, said) = run(folder.path(), asked("RAYMAP_SOAK_SECONDS", 24 * 3_600));
    let lines = fs::read_to_string(folder.path().join("serial.log")).unwrap();
    // A screen that is not done with the last picture says so: nobody looks at ten a second.
    let expected = |line: &str| ["screen_busy", "record_dropped"].iter().any(|c| line.contains(c));
    let fault = |line: &&str| line.contains(" fault ") && !expected(line);
    assert_eq!(lines.lines().find(fault), None);
    assert!(said.contains(" 0 not; "), "{said}");
    let warm: Vec<Sample> = samples.iter().copied().filter(|s| s.readings >= WARM_UP).collect();
    let is_long = warm.last().is_some_and(|last| last.readings >= 2 * WARM_UP);
    let measured = if is_long { &warm } else { &samples };
    let tenth = measured.len().div_ceil(10);
    let tenths: Vec<f64> = measured.chunks(tenth).map(mean_kb).collect();
    let (first, second) = measured[tenth..].split_at((measured.len() - tenth) / 2);
    let (early_kb, late_kb) = (tenths[0], tenths[tenths.len() - 1]);
    let drift = 100.0 * (late_kb - early_kb) / early_kb;
    let files = [files_min(first), files_min(second)];
    println!("{said}{} samples, kB in tenths {tenths:.0?}: {drift:+.2} %; files {files:?}", measured.len());
    let slack = if is_long { 0 } else { FILES_OF_A_MOMENT };
    assert!(files[1] <= files[0] + slack, "{measured:?}");
    assert!(!is_long || drift < DRIFT_PERCENT_MAX, "{drift:+.2} %");
}
