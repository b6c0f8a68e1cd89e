//! A station that reads and reads takes neither more memory nor more files with time.
//!
//! `RAYMAP_SOAK=100000` asks for more readings, `RAYMAP_SOAK_SECONDS=1200` ends them sooner. The whole program runs:
//! a decoding process for each file, the network, a record that is full and drops its oldest, screen and line. With
//! `RAYMAP_SOAK_BLANK=1` the radiographs show nothing and are refused before the network, so that many more fit into an
//! hour.

mod program;

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image::imageops::{FilterType, resize};
use program::{emulator, raymap};
use rustix::process::{Pid, Signal, kill_process};

const READINGS: u64 = 40;
/// From so many on there are enough samples to speak of drift, and all that fills up has filled up.
const READINGS_FOR_DRIFT: u64 = 2_000;
/// Different radiographs; all files are further names of these.
const RADIOGRAPHS: u64 = 5;
/// Small ones: what is asked is what they leave behind, not what they take.
const SIDE: u32 = 320;
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
/// What a file that is being decoded takes: few samples may all fall into such moments. One left open by each reading
/// would be far more.
const FILES_OF_A_MOMENT: usize = 6;
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
    resident_kb: u64,
    files: usize,
}

/// `None` where it has ended.
fn sample(child: &Child) -> Option<Sample> {
    let of = format!("/proc/{}", child.id());
    let status = fs::read_to_string(format!("{of}/status")).ok()?;
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let resident_kb = resident.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Sample { resident_kb, files: fs::read_dir(format!("{of}/fd")).ok()?.count() })
}

/// Runs the station to its end, or until `seconds` are over; samples in their order, and what it printed.
fn run(at: &Path, seconds: u64) -> (Vec<Sample>, String) {
    let mut command = program::command();
    command.args(["run", "--board", "board.toml"]).current_dir(at).env_remove("RUST_LOG");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut samples, began, mut told) = (Vec::new(), Instant::now(), false);
    while child.try_wait().unwrap().is_none() {
        samples.extend(sample(&child));
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
    let readings: u64 = said.split_whitespace().next().unwrap().parse().unwrap();
    let tenth = (samples.len() / 10).max(1);
    let (early, late) = (&samples[tenth..2 * tenth], &samples[samples.len() - tenth..]);
    let (early_kb, late_kb) = (mean_kb(early), mean_kb(late));
    let drift = 100.0 * (late_kb - early_kb) / early_kb;
    let files = [files_min(early), files_min(late)];
    println!(
        "{said}{} samples: {early_kb:.0} kB early, {late_kb:.0} kB late, {drift:+.2} %; files {files:?}",
        samples.len()
    );
    // Blank radiographs come faster than a screen is drawn, which is said and no fault here.
    assert!(said.contains(" 0 faults") || asked("RAYMAP_SOAK_BLANK", 0) == 1, "{said}");
    assert!(said.contains(" 0 not; "), "{said}");
    // Without the start, in which it opens what it needs.
    let (first, second) = samples[tenth..].split_at((samples.len() - tenth) / 2);
    let slack = if readings >= READINGS_FOR_DRIFT { 0 } else { FILES_OF_A_MOMENT };
    assert!(files_min(second) <= files_min(first) + slack, "{samples:?}");
    if readings >= READINGS_FOR_DRIFT {
        assert!(drift < DRIFT_PERCENT_MAX, "{drift:+.2} %");
    }
}
