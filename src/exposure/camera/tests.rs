//! Planes drawn askew, by a map that is known, and set upright.

use super::*;

const SIZE: PixelSize = PixelSize::new(1280, 720);
/// How far an edge that has been set upright may still lean over half the picture, in its pixels.
const LEAN_PX_MAX: usize = 2;

/// A bright plane with a dark one in it and bars beside it, as a camera sees it whose picture has the corners of the
/// whole at `corners`.
fn askew(corners: [Point; 4]) -> Frame {
    let [w, h] = [SIZE.width, SIZE.height].map(f64::from);
    let flat = Homography::of(corners, [[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]]).unwrap();
    let grey = |[x, y]: Point| {
        let within = |a: f64, v: f64, b: f64| (a..b).contains(&v);
        if !(within(0.0, x, w) && within(0.0, y, h)) {
            return 8;
        }
        if within(400.0, x, 1000.0) && within(100.0, y, 620.0) {
            return 20;
        }
        if x < 300.0 && y as u32 % 120 < 60 { 160 } else { 110 }
    };
    let at = |i: usize| [i as f64 % w + 0.5, (i / SIZE.width as usize) as f64 + 0.5];
    let pixels: Vec<u8> = (0..SIZE.area()).map(|i| flat.map(at(i)).map_or(8, grey)).collect();
    Frame::from_grey8(SIZE, &pixels).unwrap()
}

/// Where the dark plane's sides lie in the rows and columns at a third and two thirds of the picture.
fn sides(frame: &Frame) -> [[usize; 2]; 4] {
    let (width, height) = (frame.size().width as usize, frame.size().height as usize);
    let is_dark = |x: usize, y: usize| frame.pixels()[y * width + x] < 60;
    let (middle_x, middle_y) = (width * 700 / 1280, height / 2);
    let end = |from: usize, step: i64, dark: &dyn Fn(usize) -> bool| {
        let mut at = from;
        while dark(at) {
            at = (at as i64 + step) as usize;
        }
        at
    };
    [
        [middle_y - height / 6, middle_y + height / 6].map(|y| end(middle_x, -1, &|x| is_dark(x, y))),
        [middle_y - height / 6, middle_y + height / 6].map(|y| end(middle_x, 1, &|x| is_dark(x, y))),
        [middle_x - width / 6, middle_x + width / 6].map(|x| end(middle_y, -1, &|y| is_dark(x, y))),
        [middle_x - width / 6, middle_x + width / 6].map(|x| end(middle_y, 1, &|y| is_dark(x, y))),
    ]
}

fn check(corners: [Point; 4]) {
    let upright = Upright::of(&askew(corners)).unwrap();
    for [a, b] in sides(&upright.frame) {
        assert!(a.abs_diff(b) <= LEAN_PX_MAX, "{corners:?}: a side goes from {a} to {b}");
    }
}

#[test]
fn tilt_and_perspective_are_taken_back() {
    check([[60.0, 40.0], [1220.0, 40.0], [1220.0, 680.0], [60.0, 680.0]]);
    // Turned by three degrees either way; nearer at the right; nearer at the left, lower and turned.
    check([[75.0, 10.0], [1235.0, 70.0], [1205.0, 710.0], [45.0, 650.0]]);
    check([[45.0, 70.0], [1205.0, 10.0], [1235.0, 650.0], [75.0, 710.0]]);
    check([[60.0, 60.0], [1220.0, 30.0], [1220.0, 690.0], [60.0, 660.0]]);
    check([[90.0, 25.0], [1230.0, 75.0], [1190.0, 660.0], [30.0, 690.0]]);
}

#[test]
fn what_lies_straight_stays_where_it_was() {
    let straight = askew([[60.0, 40.0], [1220.0, 40.0], [1220.0, 680.0], [60.0, 680.0]]);
    let upright = Upright::of(&straight).unwrap();
    assert_eq!(upright.frame.size(), PixelSize::new(960, 540));
    let area = Area { left: 96, top: 54, size: PixelSize::new(768, 432) };
    let seen = upright.seen(area, SIZE);
    let off = [
        seen.left.abs_diff(128),
        seen.top.abs_diff(72),
        seen.size.width.abs_diff(1024),
        seen.size.height.abs_diff(576),
    ];
    assert!(off.iter().all(|off| *off <= 2), "{seen}");
}

/// What x86-64 gave, in FNV-1a: other processors must give the same.
const BITS: u64 = 0x2494_E029_0F51_8E12;

#[test]
fn every_processor_gives_the_same_bits() {
    let picture = askew([[75.0, 10.0], [1235.0, 70.0], [1205.0, 710.0], [45.0, 650.0]]);
    let upright = Upright::of(&picture).unwrap();
    let bytes = upright.frame.pixels().iter().flat_map(|v| v.to_le_bytes());
    let hash =
        bytes.fold(0xCBF2_9CE4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
    assert_eq!(hash, BITS, "{hash:#018X}");
}

#[test]
fn a_picture_without_straight_edges_is_not_guessed_at() {
    let round = |i: usize| {
        let (x, y) = ((i % 1280) as f64 - 640.0, (i / 1280) as f64 - 360.0);
        ((x * x + y * y).sqrt() / 3.0).min(255.0) as u8
    };
    let rings: Vec<u8> = (0..SIZE.area()).map(round).collect();
    assert!(Upright::of(&Frame::from_grey8(SIZE, &rings).unwrap()).is_none());
    let mut state = 1u32;
    let mut snow = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let snow: Vec<u8> = (0..SIZE.area()).map(|_| snow()).collect();
    assert!(Upright::of(&Frame::from_grey8(SIZE, &snow).unwrap()).is_none());
    assert!(Upright::of(&Frame::from_grey8(SIZE, &vec![90; SIZE.area()]).unwrap()).is_none());
}

#[test]
fn a_picture_turned_by_more_than_can_be_told_is_refused() {
    // By ten degrees.
    let corner = |x: f64, y: f64| {
        let (x, y) = (x - 640.0, y - 360.0);
        [640.0 + 0.985 * x - 0.174 * y, 360.0 + 0.174 * x + 0.985 * y]
    };
    let corners = [corner(200.0, 120.0), corner(1080.0, 120.0), corner(1080.0, 600.0), corner(200.0, 600.0)];
    assert!(Upright::of(&askew(corners)).is_none());
}

#[test]
fn small_and_narrow_pictures_are_borne() {
    for size in [PixelSize::new(64, 64), PixelSize::new(64, 2000), PixelSize::new(2000, 64)] {
        let bars: Vec<u8> = (0..size.area()).map(|i| (i / 7 % 2 * 200) as u8).collect();
        if let Some(upright) = Upright::of(&Frame::from_grey8(size, &bars).unwrap()) {
            assert!(upright.fields().is_empty(), "{size}");
        }
    }
}
