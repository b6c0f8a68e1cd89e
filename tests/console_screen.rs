//! Reading a radiograph from a console's screen says what reading its file says.
//!
//! Phantoms are always compared. With `RAYMAP_CONSOLE_SPLIT=val` (or another split of the corpus at `../shared/data` or
//! `$RAYMAP_DATA`) every radiograph of that split is, on three layouts in turn at 1920 x 1080, and the figures printed.

#[allow(dead_code)]
mod console;

use std::path::PathBuf;
use std::time::Duration;

use console::{Console, Noise, shown};
use image::GrayImage;
use raymap::exposure::{SettleRules, Settler};
use raymap::frame::Frame;
use raymap::network::{Bundle, Network};
use raymap::pipeline::Pipeline;
use raymap::source::phantom::{self, PhantomSpec};
use raymap::units::{Percent, PixelSize};

const SCREEN: PixelSize = PixelSize::new(1920, 1080);
/// Points of percent by which the infected share may differ on a screen.
const DIFFERENCE_MAX_POINTS: f32 = 3.0;
/// Standard deviation of the line's noise, in levels of 8 bits.
const NOISE_LEVELS: f32 = 1.0;

fn pipeline() -> Pipeline {
    Pipeline::new(Network::load(Bundle::embedded().unwrap()).unwrap())
}

/// The radiograph that a console with this layout gives, if any.
fn from_screen(picture: &GrayImage, layout: usize) -> Option<Frame> {
    let (screen, _) = Console { size: SCREEN, wide: layout == 1 }.radiograph(picture, layout != 2);
    let (mut settler, mut noise) = (Settler::new(SettleRules::default()), Noise::new(1, NOISE_LEVELS));
    (0..4).find_map(|i| {
        let mut c = screen.clone();
        noise.add(&mut c);
        settler.look(&c.frame(), Duration::from_millis(400 * i)).exposure.map(|e| e.frame)
    })
}

/// Infected percent, or why there is none.
fn read(pipeline: &mut Pipeline, frame: &Frame) -> Result<f32, &'static str> {
    let study = pipeline.read("a radiograph", frame).unwrap();
    study.reading.outcome.map(|f| f.infected.total.get() * 100.0).map_err(|r| r.code)
}

/// What file and screen say of one radiograph.
fn compare(pipeline: &mut Pipeline, frame: &Frame, layout: usize) -> [Result<f32, &'static str>; 2] {
    let screen = from_screen(&shown(frame), layout);
    [read(pipeline, frame), screen.map_or(Err("not found"), |f| read(pipeline, &f))]
}

#[test]
fn phantoms_on_a_screen_read_as_their_files_do() {
    let mut pipeline = pipeline();
    for (layout, seed) in [(0, 2), (1, 3), (2, 4)] {
        let spec = PhantomSpec::new(seed, Percent::new(25.0).unwrap());
        let [file, screen] = compare(&mut pipeline, &phantom::compute(&spec).frame, layout);
        let (file, screen) = (file.unwrap(), screen.unwrap());
        println!("layout {layout}: {file:.1} % in the file, {screen:.1} % on the screen");
        assert!((file - screen).abs() <= DIFFERENCE_MAX_POINTS, "{file} and {screen}");
    }
}

#[test]
fn radiographs_of_a_split_are_compared_where_one_is_asked_for() {
    let Ok(split) = std::env::var("RAYMAP_CONSOLE_SPLIT") else {
        println!("skipped: RAYMAP_CONSOLE_SPLIT names no split");
        return;
    };
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("RAYMAP_DATA").map_or(beside, PathBuf::from);
    let mut table = csv::Reader::from_path(folder.join("manifest.csv")).unwrap();
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (file, of_split) = (column("file"), column("split"));
    let mut pipeline = pipeline();
    let (mut differences, mut told) = (Vec::new(), [0usize; 4]);
    for (i, row) in table.records().map(Result::unwrap).filter(|r| r[of_split] == split).enumerate() {
        let frame = raymap::source::file::read(&folder.join(&row[file])).unwrap();
        let layout = i % 3;
        match compare(&mut pipeline, &frame, layout) {
            [Ok(of_file), Ok(of_screen)] => {
                differences.push((of_file - of_screen).abs());
                if (of_file - of_screen).abs() > DIFFERENCE_MAX_POINTS {
                    println!("{} layout {layout}: {of_file:.1} and {of_screen:.1}", &row[file]);
                }
            }
            [Err(_), Err("not found")] => told[0] += 1,
            [Err(_), Err(_)] => told[1] += 1,
            [Err(code), Ok(of_screen)] => {
                told[2] += 1;
                println!("{} layout {layout}: {code} and {of_screen:.1}", &row[file]);
            }
            [Ok(of_file), Err(code)] => {
                told[3] += 1;
                println!("{} layout {layout}: {of_file:.1} and {code}", &row[file]);
            }
        }
    }
    differences.sort_by(f32::total_cmp);
    let at = |share: usize| differences[(differences.len() - 1) * share / 100];
    let within = differences.iter().filter(|d| **d <= DIFFERENCE_MAX_POINTS).count();
    let (n, [none, both, screen_only, file_only]) = (differences.len(), told);
    println!(
        "{n} graded in both: {within} within {DIFFERENCE_MAX_POINTS} points; median {:.2}, 95 % {:.2}, at most {:.2}",
        at(50),
        at(95),
        at(100)
    );
    println!(
        "refused in both {both}, refused and not found {none}, only the screen graded {screen_only}, only the file graded {file_only}"
    );
}
