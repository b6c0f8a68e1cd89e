//! Live pictures of a made-up console: every radiograph is given once, and nothing else is.
//!
//! A day has 58 radiographs of the corpus, where it is, or as many as `RAYMAP_DAY` says.

#[allow(dead_code)]
mod console;

use std::path::PathBuf;
use std::time::Duration;

use console::{Canvas, Console, Noise, clock, pointer, shown, windowed};
use image::GrayImage;
use raymap::exposure::{Exposure, Live, SettleRules, Settler};
use raymap::source::phantom::{self, PhantomSpec};
use raymap::units::{Percent, PixelSize};

const SCREEN: PixelSize = PixelSize::new(960, 540);
/// Ten frames a second, as a slow grabber sends them.
const STEP: Duration = Duration::from_millis(100);
/// Standard deviation of the line's noise, in levels of 8 bits.
const NOISE_LEVELS: f32 = 2.0;

/// How many exposures are known again: docs/exposure.md, rule 4.
const REMEMBERED: usize = 200;

/// A console being watched.
struct Watch {
    settler: Settler,
    noise: Noise,
    now: Duration,
    frames: u32,
    given: Vec<Exposure>,
    live: Live,
    /// What the picture was called since somebody last asked, each once in a row.
    called: Vec<Live>,
}

impl Watch {
    fn new() -> Self {
        let settler = Settler::new(SettleRules::default());
        let (now, live) = (Duration::ZERO, Live::NoSignal);
        let noise = Noise::new(7, NOISE_LEVELS);
        Self { settler, noise, now, frames: 0, given: Vec::new(), live, called: Vec::new() }
    }

    /// Shows `picture` for one frame, with noise, a running clock and a pointer that is moved.
    fn frame(&mut self, picture: &Canvas) {
        let mut c = picture.clone();
        clock(&mut c, self.now.as_millis() as u32 / 500);
        let t = self.now.as_secs_f32();
        pointer(&mut c, 480 + (t.sin() * 200.0) as i32, 270 + ((t * 0.7).cos() * 150.0) as i32);
        self.noise.add(&mut c);
        let look = self.settler.look(&c.frame(), self.now);
        self.given.extend(look.exposure);
        self.live = look.live;
        if self.called.last() != Some(&look.live) {
            self.called.push(look.live);
        }
        self.frames += 1;
        self.now += STEP;
    }

    /// Shows `picture` for some frames; how many radiographs were given meanwhile.
    fn show(&mut self, picture: &Canvas, frames: u32) -> usize {
        let before = self.given.len();
        (0..frames).for_each(|_| self.frame(picture));
        self.given.len() - before
    }

    /// What the picture was called since the last call.
    fn called(&mut self) -> Vec<Live> {
        std::mem::take(&mut self.called)
    }

    fn fade(&mut self, from: &Canvas, to: &Canvas, frames: u32) -> usize {
        let before = self.given.len();
        (1..=frames).for_each(|i| self.frame(&from.mixed(to, (i * 255 / frames) as u8)));
        self.given.len() - before
    }
}

fn phantom(seed: u64) -> GrayImage {
    let spec =
        PhantomSpec { size: PixelSize::new(400, 440), ..PhantomSpec::new(seed, Percent::new(20.0).unwrap()) };
    shown(&phantom::compute(&spec).frame)
}

/// Some radiographs of the corpus, where it is, of different patients.
fn real(count: usize) -> Vec<GrayImage> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("RAYMAP_DATA").map_or(beside, PathBuf::from);
    let Ok(mut table) = csv::Reader::from_path(folder.join("manifest.csv")) else { return Vec::new() };
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (file, split) = (column("file"), column("split"));
    let rows: Vec<csv::StringRecord> =
        table.records().map(Result::unwrap).filter(|r| &r[split] == "val").collect();
    let step = (rows.len() / count.max(1)).max(1);
    rows.iter()
        .step_by(step)
        .take(count)
        .map(|r| image::open(folder.join(&r[file])).unwrap().into_luma8())
        .collect()
}

/// Every radiograph after a menu and a fade, adjusted, now and then covered by a dialog, and followed by a blank.
///
/// Of each new radiograph it is said that it comes, and of nothing else.
fn day(pictures: &[GrayImage], console: &Console) -> Watch {
    use Live::{Candidate, NoRadiograph, Recalled, Seen, Settling};
    let mut watch = Watch::new();
    let blank = Canvas::filled(SCREEN, 0);
    for (i, picture) in pictures.iter().enumerate() {
        let menu = console.menu(i as u32);
        assert_eq!(watch.show(&menu, 14), 0, "the menu before radiograph {i}");
        assert_eq!(watch.called(), [Settling, NoRadiograph], "the menu before radiograph {i}");
        let (screen, _) = console.radiograph(picture, true);
        assert_eq!(watch.fade(&menu, &screen, 6), 0, "the fade to radiograph {i}");
        assert_eq!(watch.show(&screen, 20), 1, "radiograph {i}");
        assert_eq!(watch.called(), [Settling, Candidate, Seen], "radiograph {i}");
        let (brighter, _) = console.radiograph(&windowed(picture, 110.0, 190.0), true);
        assert_eq!(watch.fade(&screen, &brighter, 4) + watch.show(&brighter, 15), 0, "adjusted {i}");
        if i % 4 == 0 {
            assert_eq!(watch.show(&console.dialog(&brighter), 15), 0, "dialog over {i}");
            assert_eq!(watch.show(&brighter, 15), 0, "after the dialog over {i}");
        }
        assert_eq!(watch.fade(&brighter, &blank, 3) + watch.show(&blank, 14), 0, "blank after {i}");
        assert_eq!(watch.live, NoRadiograph, "blank after {i}");
        assert!(!watch.called().contains(&Candidate), "what has been read comes once: radiograph {i}");
    }
    let oldest = pictures.len().saturating_sub(REMEMBERED);
    let (old, _) = console.radiograph(&pictures[oldest], true);
    assert_eq!(watch.show(&old, 20), 0, "radiograph {oldest}, recalled at the end");
    assert_eq!(watch.called(), [Settling, Recalled], "radiograph {oldest}, recalled at the end");
    println!("{} radiographs, {} frames", pictures.len(), watch.frames);
    watch
}

#[test]
fn every_phantom_is_given_once_and_nothing_else() {
    let pictures: Vec<GrayImage> = (1..=6).map(phantom).collect();
    for wide in [false, true] {
        let watch = day(&pictures, &Console { size: SCREEN, wide });
        assert_eq!(watch.given.len(), pictures.len());
    }
}

#[test]
fn radiographs_of_a_day_are_given_once_each_and_nothing_else() {
    let count = std::env::var("RAYMAP_DAY").ok().and_then(|count| count.parse().ok()).unwrap_or(58);
    let pictures = real(count);
    if pictures.is_empty() {
        println!("skipped: no corpus at ../shared/data or $RAYMAP_DATA");
        return;
    }
    let watch = day(&pictures, &Console { size: SCREEN, wide: false });
    assert_eq!(watch.given.len(), pictures.len());
}

#[test]
fn averaging_takes_noise_down_to_a_third_at_least() {
    let console = Console { size: SCREEN, wide: false };
    let (screen, [left, top, width, height]) = console.radiograph(&phantom(3), false);
    let mut settler = Settler::new(SettleRules::default());
    let mut noise = Noise::new(5, 3.0);
    let mut noisy = || {
        let mut c = screen.clone();
        noise.add(&mut c);
        c
    };
    let given = (0..40).find_map(|i| settler.look(&noisy().frame(), STEP / 2 * i).exposure).unwrap();
    let area = given.area;
    let off = [area.left as i32 - left, area.top as i32 - top];
    assert!(
        off.iter().all(|d| d.abs() <= 8),
        "the field is at {area}, the radiograph at {left}, {top}, {width} x {height}"
    );
    // Away from black and white, where the noise would be cut off.
    let deviation = |value: &dyn Fn(u32, u32) -> f32| {
        let inside = (0..area.size.height).flat_map(|y| (0..area.size.width).map(move |x| (x, y)));
        let errors = inside.filter_map(|(x, y)| {
            let truth = f32::from(screen.0.get_pixel(area.left + x, area.top + y).0[0]);
            (20.0..235.0).contains(&truth).then(|| (value(x, y) - truth).powi(2))
        });
        let (sum, count) = errors.fold((0.0, 0), |(sum, count), e| (sum + f64::from(e), count + 1));
        (sum / f64::from(count)).sqrt()
    };
    let once = noisy();
    let single = deviation(&|x, y| f32::from(once.0.get_pixel(area.left + x, area.top + y).0[0]));
    let scale = f32::from(1u16 << (given.frame.bits_stored() - 8));
    let averaged =
        deviation(&|x, y| f32::from(given.frame.pixels()[(y * area.size.width + x) as usize]) / scale);
    println!("noise {single:.2} in one frame, {averaged:.2} in the average of {}", given.frames_averaged);
    assert!(averaged < single / 3.0, "noise {single:.2} in one frame, {averaged:.2} averaged");
}

#[test]
fn a_radiograph_that_a_dialog_covered_at_first_is_given_again_when_it_is_closed() {
    let console = Console { size: SCREEN, wide: false };
    for text in [true, false] {
        let (screen, _) = console.radiograph(&phantom(4), text);
        let mut watch = Watch::new();
        assert_eq!(watch.show(&console.dialog(&screen), 20), 1);
        assert_eq!(watch.show(&screen, 20), 1);
        assert_eq!(watch.show(&console.dialog(&screen), 20) + watch.show(&screen, 20), 0);
    }
}

#[test]
fn what_comes_and_goes_on_a_console_is_no_candidate() {
    let console = Console { size: SCREEN, wide: false };
    let (screen, _) = console.radiograph(&phantom(5), true);
    let mut watch = Watch::new();
    watch.show(&screen, 20);
    watch.called();
    let menus = [console.menu(1), console.menu(2), console.dialog(&console.menu(3))];
    assert_eq!(menus.iter().map(|menu| watch.show(menu, 12)).sum::<usize>(), 0);
    // Slow fades, as of a screen saver, of what has been read; and a pointer and a clock, for a minute.
    let blank = Canvas::filled(SCREEN, 0);
    watch.fade(&menus[2], &screen, 60);
    watch.fade(&screen, &blank, 80);
    watch.fade(&blank, &screen, 80);
    watch.show(&screen, 600);
    let called = watch.called();
    assert!(!called.contains(&Live::Candidate), "{called:?}");
    assert_eq!(called.last(), Some(&Live::Seen));
}

#[test]
fn a_new_radiograph_that_is_adjusted_at_once_comes_without_a_break_and_is_given_once() {
    let console = Console { size: SCREEN, wide: false };
    let picture = phantom(6);
    let windows: Vec<Canvas> = (0..=30)
        .map(|i| console.radiograph(&windowed(&picture, 90.0 + i as f32 * 2.0, 200.0), true).0)
        .collect();
    let mut watch = Watch::new();
    watch.show(&console.menu(1), 15);
    watch.show(&windows[0], 7);
    windows.iter().for_each(|window| watch.frame(window));
    assert_eq!(watch.show(&windows[30], 20), 1);
    use Live::{Candidate, NoRadiograph, Seen, Settling};
    assert_eq!(watch.called(), [Settling, NoRadiograph, Settling, Candidate, Seen]);
    assert_eq!(watch.given.len(), 1);
}

#[test]
fn gradients_noise_and_test_bars_are_no_radiographs() {
    let mut watch = Watch::new();
    let drawn = |grey: &dyn Fn(u32, u32) -> u8| {
        Canvas(GrayImage::from_fn(SCREEN.width, SCREEN.height, |x, y| image::Luma([grey(x, y)])))
    };
    let gradient = drawn(&|x, y| (x / 8 + y / 5) as u8);
    let bars = drawn(&|x, _| (x / 120 * 30) as u8);
    let mut snow = Canvas::filled(SCREEN, 128);
    Noise::new(9, 30.0).add(&mut snow);
    for picture in [gradient, bars, snow, Canvas::filled(SCREEN, 200)] {
        assert_eq!(watch.show(&picture, 20), 0);
        assert_eq!(watch.called(), [Live::Settling, Live::NoRadiograph]);
    }
}
