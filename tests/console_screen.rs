//! Reading a radiograph from a console's screen says what reading its file says.
//!
//! Phantoms are always compared. With `RAYMAP_CONSOLE_SPLIT=val` (or another split of the corpus at `../shared/data` or
//! `$RAYMAP_DATA`) every radiograph of that split is, on three layouts in turn at 1920 x 1080, and the figures printed.

#[allow(dead_code)]
mod console;

use std::path::PathBuf;
use std::time::Duration;

use console::camera::{self, Camera};
use console::{Console, Noise, shown};
use image::GrayImage;
use raymap::board::Optics;
use raymap::exposure::{Live, SettleRules, Settler};
use raymap::frame::Frame;
use raymap::network::{Bundle, Network};
use raymap::pipeline::Pipeline;
use raymap::source::phantom::{self, PhantomSpec};
use raymap::units::{Percent, PixelSize};

const SCREEN: PixelSize = PixelSize::new(1920, 1080);
/// Standard deviation of the line's noise, in levels of 8 bits.
const NOISE_LEVELS: f32 = 1.0;

fn pipeline() -> Pipeline {
    Pipeline::new(Network::load(Bundle::embedded().unwrap()).unwrap())
}

/// How a console's picture is had.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Grabber,
    Camera,
}

impl Way {
    /// Points of percent by which the infected share may differ.
    fn difference_max(self) -> f32 {
        match self {
            Self::Grabber => 3.0,
            Self::Camera => 6.0,
        }
    }

    fn rules(self) -> SettleRules {
        let optics = if self == Self::Camera { Optics::Camera } else { Optics::None };
        SettleRules { optics, ..SettleRules::default() }
    }
}

/// The radiograph that the `i`-th console gives, if any, and whether it was announced before.
fn from_screen(picture: &GrayImage, i: usize, way: Way) -> (Option<Frame>, bool) {
    let layout = i % 3;
    let (screen, _) = Console { size: SCREEN, wide: layout == 1 }.radiograph(picture, layout != 2);
    let (seen, levels) = match way {
        Way::Grabber => (screen, NOISE_LEVELS),
        Way::Camera => (Camera::by_chance(i as u64).picture(&screen), camera::NOISE_LEVELS),
    };
    let (mut settler, mut noise) = (Settler::new(way.rules()), Noise::new(1, levels));
    let mut announced = false;
    let given = (0..4).find_map(|t| {
        let mut c = seen.clone();
        noise.add(&mut c);
        let look = settler.look(&c.frame(), Duration::from_millis(400 * t));
        announced |= look.live == Live::Candidate;
        look.exposure.map(|e| e.frame)
    });
    (given, announced)
}

/// Infected percent, or why there is none.
fn read(pipeline: &mut Pipeline, frame: &Frame) -> Result<f32, &'static str> {
    let study = pipeline.read("a radiograph", frame).unwrap();
    study.reading.outcome.map(|f| f.infected.total.get() * 100.0).map_err(|r| r.code)
}

/// What file and screen say of the `i`-th radiograph, and whether the screen announced what it gave or did not.
fn compare(
    pipeline: &mut Pipeline,
    frame: &Frame,
    i: usize,
    way: Way,
) -> ([Result<f32, &'static str>; 2], bool) {
    let (screen, announced) = from_screen(&shown(frame), i, way);
    let agrees = announced == screen.is_some();
    ([read(pipeline, frame), screen.map_or(Err("not found"), |f| read(pipeline, &f))], agrees)
}

fn check_phantoms(way: Way) {
    let mut pipeline = pipeline();
    for (i, seed) in [(0, 2), (1, 3), (2, 4)] {
        let spec = PhantomSpec::new(seed, Percent::new(25.0).unwrap());
        let ([file, screen], agrees) = compare(&mut pipeline, &phantom::compute(&spec).frame, i, way);
        assert!(agrees, "layout {i}: it is announced before it is given");
        let (file, screen) = (file.unwrap(), screen.unwrap());
        println!("layout {i}: {file:.1} % in the file, {screen:.1} % on the screen");
        assert!((file - screen).abs() <= way.difference_max(), "{file} and {screen}");
    }
}

/// Compares every radiograph of the split that is asked for, and prints the figures.
fn measure(way: Way) {
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
    let (mut differences, mut told, mut disagree) = (Vec::new(), [0usize; 4], 0);
    for (i, row) in table.records().map(Result::unwrap).filter(|r| r[of_split] == split).enumerate() {
        let frame = raymap::source::file::read(&folder.join(&row[file])).unwrap();
        let layout = i % 3;
        let (said, agrees) = compare(&mut pipeline, &frame, i, way);
        disagree += usize::from(!agrees);
        match said {
            [Ok(of_file), Ok(of_screen)] => {
                differences.push((of_file - of_screen).abs());
                if (of_file - of_screen).abs() > way.difference_max() {
                    println!("{i} {} layout {layout}: {of_file:.1} and {of_screen:.1}", &row[file]);
                }
            }
            [Err(_), Err("not found")] => told[0] += 1,
            [Err(_), Err(_)] => told[1] += 1,
            [Err(code), Ok(of_screen)] => {
                told[2] += 1;
                println!("{i} {} layout {layout}: {code} and {of_screen:.1}", &row[file]);
            }
            [Ok(of_file), Err(code)] => {
                told[3] += 1;
                println!("{i} {} layout {layout}: {of_file:.1} and {code}", &row[file]);
            }
        }
    }
    differences.sort_by(f32::total_cmp);
    let at = |share: usize| differences[(differences.len() - 1) * share / 100];
    let max = way.difference_max();
    let within = differences.iter().filter(|d| **d <= max).count();
    let (n, [none, both, screen_only, file_only]) = (differences.len(), told);
    println!(
        "{way:?}, {split}: {n} graded in both: {within} within {max} points; median {:.2}, 95 % {:.2}, at most {:.2}",
        at(50),
        at(95),
        at(100)
    );
    println!("{disagree} were given and not announced, or announced and not given");
    println!(
        "refused in both {both}, refused and not found {none}, only the screen graded {screen_only}, only the file graded {file_only}"
    );
}

#[test]
fn phantoms_on_a_screen_read_as_their_files_do() {
    check_phantoms(Way::Grabber);
}

#[test]
fn phantoms_before_a_camera_read_as_their_files_do() {
    check_phantoms(Way::Camera);
}

#[test]
fn radiographs_of_a_split_on_a_screen_are_compared_where_one_is_asked_for() {
    measure(Way::Grabber);
}

#[test]
fn radiographs_of_a_split_before_a_camera_are_compared_where_one_is_asked_for() {
    measure(Way::Camera);
}
