//! A recording of a console, played through the whole station; and recordings that the program makes itself.

#[allow(dead_code)]
mod console;
mod program;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use console::{Console, Noise, clock, shown};
use program::raymap;
use raymap::source::FrameSource;
use raymap::source::phantom::{self, PhantomSpec};
use raymap::source::replay::{FrameWriter, ReplaySource};
use raymap::units::{Percent, PixelSize};

const BOARD: &str = r#"
description = "A recording."
inherits = ["sbc/host"]

[source]
kind = "replay"
path = "day.frames"
"#;

/// A menu, a radiograph, the menu, another radiograph, at ten frames a second.
fn record(path: &Path) {
    let console = Console { size: PixelSize::new(960, 540), wide: false };
    let radiograph = |seed| {
        let spec = PhantomSpec::new(seed, Percent::new(20.0).unwrap());
        console.radiograph(&shown(&phantom::compute(&spec).frame), true).0
    };
    let shown = [console.menu(1), radiograph(1), console.menu(2), radiograph(2)];
    let mut writer = FrameWriter::begin(File::create(path).unwrap()).unwrap();
    let mut noise = Noise::new(2, 1.0);
    for (i, picture) in (0u32..).zip(shown.iter().flat_map(|p| [p; 15])) {
        let mut c = picture.clone();
        clock(&mut c, i / 5);
        noise.add(&mut c);
        writer.add(c.frame(), Duration::from_millis(u64::from(i) * 100)).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn a_recorded_day_gives_its_two_radiographs() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("day.frames"));
    std::fs::write(folder.path().join("b.toml"), BOARD).unwrap();
    let output = raymap(folder.path(), &["run", "--board", "b.toml"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("2 radiographs: 2 graded, 0 refused; 0 faults"), "{text}{output:?}");
}

#[test]
fn what_the_program_records_plays_frame_for_frame() {
    let folder = tempfile::tempdir().unwrap();
    let board = BOARD.replace(
        "kind = \"replay\"\npath = \"day.frames\"",
        "kind = \"phantom\"\nphantoms = [{ seed = 5, infected = 10 }]",
    );
    std::fs::write(folder.path().join("b.toml"), board).unwrap();
    let arguments = ["record", "--board", "b.toml", "--out", "p.frames", "--seconds", "60"];
    assert!(raymap(folder.path(), &arguments).status.success());
    let mut source = ReplaySource::open(&folder.path().join("p.frames")).unwrap();
    let spec = PhantomSpec::new(5, Percent::new(10.0).unwrap());
    assert_eq!(source.next_frame().unwrap().unwrap().frame, phantom::compute(&spec).frame);
    assert!(source.next_frame().is_none());
    let again = raymap(folder.path(), &arguments);
    assert_eq!(again.status.code(), Some(7), "a recording is not written over another: {again:?}");
}
