//! `mutate TARGET SECONDS [CORPUS]`: the targets without a coverage-guided fuzzer, from a corpus and simple changes.
//!
//! Says how many inputs ran, and how long the slowest took. An input that panics or takes more than 2 s is written
//! to `artifacts/` and ends the run.

use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use raymap_fuzz::{TARGETS, Target};

/// Longest time for one input.
const INPUT_TIME_MAX: Duration = Duration::from_secs(2);
/// Tries of an input that took longer: another program may have had the processor.
const TRIES: u32 = 5;
/// Changes to one input.
const CHANGES_MAX: u64 = 8;
/// Inputs do not grow beyond this.
const INPUT_BYTES_MAX: usize = 256 * 1024;
/// Numbers that lengths, sizes and counts go wrong at.
const NUMBERS: [u32; 12] =
    [0, 1, 2, 7, 8, 16, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF];

/// xorshift64*: the same seed gives the same inputs.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().collect();
    let [_, name, seconds, rest @ ..] = &words[..] else { return usage() };
    let Some((_, target)) = TARGETS.iter().find(|(known, _)| known == name) else { return usage() };
    let Ok(seconds) = seconds.parse() else { return usage() };
    let corpus = rest.first().map_or_else(|| PathBuf::from("corpus").join(name), PathBuf::from);
    let seeds = seeds(&corpus);
    let mut chance = Chance(env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1) | 1);
    let (start, mut inputs, mut slowest) = (Instant::now(), 0u64, Duration::ZERO);
    while start.elapsed() < Duration::from_secs(seconds) {
        let input = changed(&seeds, &mut chance);
        let (panicked, took) = tried(*target, &input);
        inputs += 1;
        slowest = slowest.max(took);
        if panicked || took > INPUT_TIME_MAX {
            let path = format!("artifacts/{name}-{inputs}");
            fs::create_dir_all("artifacts").and_then(|()| fs::write(&path, &input)).expect("an artifact");
            println!("{path}: panicked {panicked}, took {took:?}");
            return ExitCode::FAILURE;
        }
    }
    println!("{name}: {inputs} inputs from {} seeds, slowest {slowest:?}", seeds.len());
    ExitCode::SUCCESS
}

/// Whether the target panics, and its shortest time.
fn tried(target: Target, input: &[u8]) -> (bool, Duration) {
    let mut shortest = Duration::MAX;
    for _ in 0..TRIES {
        let before = Instant::now();
        let panicked = catch_unwind(|| target(input)).is_err();
        shortest = shortest.min(before.elapsed());
        if panicked || shortest <= INPUT_TIME_MAX {
            return (panicked, shortest);
        }
    }
    (false, shortest)
}

fn usage() -> ExitCode {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    eprintln!("mutate TARGET SECONDS [CORPUS]; targets: {}", names.join(", "));
    ExitCode::from(2)
}

fn seeds(corpus: &PathBuf) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        fs::read_dir(corpus).into_iter().flatten().flatten().filter_map(|e| fs::read(e.path()).ok()).collect();
    seeds.sort();
    if seeds.is_empty() { vec![vec![0; 64]] } else { seeds }
}

/// A seed with a few changes.
fn changed(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut input = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.next() % CHANGES_MAX {
        // Heads decide more than pixels do, so half of the changes are near the beginning.
        let reach = if chance.next() & 1 == 0 { input.len().min(1024) } else { input.len() };
        let at = chance.below(reach);
        change(&mut input, at, seeds, chance);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, at: usize, seeds: &[Vec<u8>], chance: &mut Chance) {
    let number = NUMBERS[chance.below(NUMBERS.len())];
    match chance.below(9) {
        0 => input.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << chance.below(8)),
        1 => input.iter_mut().skip(at).take(1).for_each(|b| *b = chance.next() as u8),
        2 => overwrite(input, at, &number.to_le_bytes()),
        3 => overwrite(input, at, &(number as u16).to_le_bytes()),
        4 => overwrite(input, at, &number.to_be_bytes()),
        5 => input.truncate(at),
        6 => {
            let end = (at + chance.below(64)).min(input.len());
            input.drain(at.min(end)..end);
        }
        7 => {
            let end = (at + chance.below(64)).min(input.len());
            let part = input[at.min(end)..end].to_vec();
            input.splice(at..at, part);
        }
        _ => {
            let other = &seeds[chance.below(seeds.len())];
            let from = chance.below(other.len());
            let part = &other[from..(from + chance.below(256)).min(other.len())];
            overwrite(input, at, part);
        }
    }
}

fn overwrite(input: &mut [u8], at: usize, with: &[u8]) {
    input.iter_mut().skip(at).zip(with).for_each(|(to, from)| *to = *from);
}
