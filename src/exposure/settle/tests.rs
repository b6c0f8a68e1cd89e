//! Settling on small pictures; whole days at a console are in `tests/exposure.rs`.

use super::*;
use crate::source::phantom::{self, PhantomSpec};
use crate::units::{Percent, PixelSize};

const SIZE: PixelSize = PixelSize::new(320, 320);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A phantom in 8 bits.
fn phantom(seed: u64) -> Frame {
    let spec = PhantomSpec { size: SIZE, ..PhantomSpec::new(seed, Percent::new(10.0).unwrap()) };
    let frame = phantom::compute(&spec).frame;
    let shift = frame.bits_stored() - 8;
    let pixels: Vec<u8> = frame.pixels().iter().map(|v| (v >> shift) as u8).collect();
    Frame::from_grey8(SIZE, &pixels).unwrap()
}

fn blank() -> Frame {
    Frame::from_grey8(SIZE, &vec![16; SIZE.area()]).unwrap()
}

/// Shows each frame for so many steps of 100 ms; what was given, by time.
fn check(settler: &mut Settler, shown: &[(&Frame, u64)], expected: &[u64]) {
    let (mut now, mut given) = (0, Vec::new());
    for (frame, steps) in shown {
        for _ in 0..*steps {
            given.extend(settler.look(frame, ms(now)).exposure.map(|_| now));
            now += 100;
        }
    }
    assert_eq!(given, expected);
}

#[test]
fn a_radiograph_is_given_once_it_has_stood_still() {
    let radiograph = phantom(1);
    check(&mut Settler::new(SettleRules::default()), &[(&blank(), 20), (&radiograph, 30)], &[3_000]);
    let rules = SettleRules { settle: ms(500), ..SettleRules::default() };
    check(&mut Settler::new(rules), &[(&blank(), 20), (&radiograph, 30)], &[2_500]);
}

#[test]
fn what_is_shown_too_briefly_is_not_given() {
    let (one, two) = (phantom(1), phantom(2));
    check(&mut Settler::new(SettleRules::default()), &[(&one, 8), (&two, 8), (&blank(), 30)], &[]);
}

#[test]
fn the_next_radiograph_is_given_without_a_blank_between() {
    let (one, two) = (phantom(1), phantom(2));
    let shown = [(&one, 15), (&two, 15), (&one, 15), (&two, 15)];
    check(&mut Settler::new(SettleRules::default()), &shown, &[1_000, 2_500]);
}

/// Two pictures of the same size in one, with black between.
fn side_by_side(left: &Frame, right: &Frame) -> Frame {
    let width = SIZE.width as usize;
    let size = PixelSize::new(2 * SIZE.width + 32, SIZE.height);
    let rows = left.pixels().chunks(width).zip(right.pixels().chunks(width));
    let pixels: Vec<u8> = rows
        .flat_map(|(l, r)| l.iter().chain(&[0; 32]).chain(r).map(|&v| v as u8).collect::<Vec<_>>())
        .collect();
    Frame::from_grey8(size, &pixels).unwrap()
}

#[test]
fn of_two_radiographs_side_by_side_each_is_given_once() {
    let (one, two, three) = (phantom(1), phantom(2), phantom(3));
    let mut settler = Settler::new(SettleRules::default());
    let mut given = Vec::new();
    let shown = [side_by_side(&one, &two), side_by_side(&three, &two), side_by_side(&one, &two)];
    for (frame, step) in shown.iter().flat_map(|frame| [frame; 30]).zip(0..) {
        given.extend(
            settler.look(frame, ms(step * 100)).exposure.map(|e| (step / 30, e.area.left < SIZE.width)),
        );
    }
    given[..2].sort();
    assert_eq!(given, [(0, false), (0, true), (1, true)], "which picture's, and whether its left one");
}

/// `frame` with a square of 120 pixels at (`left`, 100) brighter by so many levels.
fn brighter(frame: &Frame, left: usize, levels: u16) -> Frame {
    let width = frame.size().width as usize;
    let inside = |at: usize| (left..left + 120).contains(&(at % width)) && (100..220).contains(&(at / width));
    let pixels = frame.pixels().iter().enumerate();
    let pixels: Vec<u16> = pixels.map(|(at, v)| v + if inside(at) { levels } else { 0 }).collect();
    Frame::new(frame.size(), pixels, 8, frame.photometric()).unwrap()
}

#[test]
fn beside_one_that_moves_a_new_radiograph_is_given_and_the_other_once_it_stands_still() {
    let both = side_by_side(&phantom(1), &phantom(2));
    // The one that would be given first moves: less than a tenth of the picture, more of the field.
    let first = field::find(&both)[0].area.left;
    let moved = brighter(&both, first as usize + 100, 6);
    let mut settler = Settler::new(SettleRules::default());
    let mut look = |frame: &Frame, step: u64| {
        let look = settler.look(frame, ms(step * 100));
        (look.exposure.map(|exposure| exposure.area.left == first), look.live)
    };
    let moving: Vec<_> = (0..40).map(|step| look(if step % 2 == 0 { &both } else { &moved }, step)).collect();
    assert_eq!(moving.iter().filter_map(|(given, _)| *given).collect::<Vec<_>>(), [false]);
    assert_ne!(moving.last().map(|(_, live)| *live), Some(Live::Seen), "there is another to come");
    let still: Vec<_> = (40..60).map(|step| look(&both, step)).collect();
    assert_eq!(still.iter().filter_map(|(given, _)| *given).collect::<Vec<_>>(), [true]);
}

#[test]
fn what_stands_still_beside_something_that_moves_is_called_the_same_all_the_time() {
    let (mut settler, one) = (Settler::new(SettleRules::default()), phantom(1));
    let still = [(&one, 20)];
    assert_eq!(called(&mut settler, 0, &still), "settling candidate GIVEN seen");
    // A clip, over less than a tenth of the picture.
    let clip = |levels| {
        let inside = |at: usize| at % 320 < 64 && at / 320 < 100;
        let pixels: Vec<u8> = (0..SIZE.area()).map(|at| if inside(at) { levels } else { 16 }).collect();
        Frame::from_grey8(SIZE, &pixels).unwrap()
    };
    let [dark, light] = [clip(60), clip(90)];
    let moving: Vec<(&Frame, u64)> = [(&dark, 1), (&light, 1)].repeat(30);
    assert_eq!(called(&mut settler, 2_000, &moving), "settling no_radiograph");
}

#[test]
fn a_crop_with_two_radiographs_is_given_once_and_again_when_one_of_them_is_new() {
    let rules = SettleRules { is_cropped: true, ..SettleRules::default() };
    let (one, two, three) = (phantom(1), phantom(2), phantom(3));
    let mut settler = Settler::new(rules);
    check(&mut settler, &[(&side_by_side(&one, &two), 30)], &[1_000]);
    assert_eq!(called(&mut settler, 3_000, &[(&side_by_side(&one, &two), 10)]), "seen");
    let next = [(&side_by_side(&one, &three), 30)];
    assert_eq!(called(&mut settler, 4_000, &next), "settling candidate GIVEN seen");
}

#[test]
fn a_radiograph_that_is_too_small_to_be_read_is_none() {
    // Tone that changes both ways, on black.
    let on_black = |side: usize| {
        let inside = |at: usize| (32..32 + side).contains(&at);
        let tone =
            |x: usize, y: usize| (128.0 + 60.0 * (x as f32 / 8.0).sin() * (y as f32 / 9.0).cos()) as u8;
        let pixel = |at: usize| {
            let (x, y) = (at % 128, at / 128);
            if inside(x) && inside(y) { tone(x, y) } else { 0 }
        };
        Frame::from_grey8(PixelSize::new(128, 128), &(0..128 * 128).map(pixel).collect::<Vec<_>>()).unwrap()
    };
    assert_eq!(field::find(&on_black(60)).len(), 1);
    let mut settler = Settler::new(SettleRules::default());
    assert_eq!(called(&mut settler, 0, &[(&on_black(60), 20)]), "settling no_radiograph");
    assert_eq!(called(&mut settler, 2_000, &[(&on_black(90), 20)]), "settling candidate GIVEN seen");
}

#[test]
fn a_radiograph_is_the_same_whatever_stood_there_before() {
    let given = |shown: &[&Frame]| {
        let mut settler = Settler::new(SettleRules::default());
        let frames = shown.iter().flat_map(|frame| [frame; 30]).zip(0..);
        let given = frames.filter_map(|(frame, step)| settler.look(frame, ms(step * 100)).exposure);
        given.last().map(|exposure| exposure.frame)
    };
    let (one, two) = (phantom(1), phantom(2));
    assert!(given(&[&two]).is_some());
    assert_eq!(given(&[&one, &two]), given(&[&two]));
    assert_eq!(given(&[&one, &blank(), &two]), given(&[&two]));
}

#[test]
fn a_lost_signal_forgets_no_exposure() {
    let (mut settler, radiograph) = (Settler::new(SettleRules::default()), phantom(3));
    check(&mut settler, &[(&radiograph, 15)], &[1_000]);
    settler.signal_lost();
    assert_eq!(settler.look(&blank(), ms(5_000)).live, Live::Settling);
    settler.signal_lost();
    let again = (0..20).map(|i| settler.look(&radiograph, ms(6_000 + i * 100)));
    assert!(
        again.inspect(|look| assert_ne!(look.live, Live::NoRadiograph)).all(|look| look.exposure.is_none())
    );
}

#[test]
fn three_frames_are_too_few_only_until_they_stood_long_enough() {
    let (mut settler, radiograph) = (Settler::new(SettleRules::default()), phantom(4));
    let given: Vec<bool> =
        [0, 1_500, 3_000].map(|t| settler.look(&radiograph, ms(t)).exposure.is_some()).into();
    assert_eq!(given, [false, false, true], "a grabber that sends two frames in three seconds");
}

#[test]
fn another_size_begins_anew() {
    let mut settler = Settler::new(SettleRules::default());
    let radiograph = phantom(5);
    check(&mut settler, &[(&radiograph, 8)], &[]);
    let small = Frame::from_grey8(PixelSize::new(64, 64), &[9; 4096]).unwrap();
    assert_eq!(settler.look(&small, ms(900)).live, Live::Settling);
    assert!(settler.look(&radiograph, ms(1_100)).exposure.is_none());
}

#[test]
fn a_crop_of_the_board_is_given_whole() {
    let rules = SettleRules { is_cropped: true, ..SettleRules::default() };
    let (mut settler, radiograph) = (Settler::new(rules), phantom(6));
    let given = (0..20).find_map(|i| settler.look(&radiograph, ms(i * 100)).exposure).unwrap();
    assert_eq!((given.area.size, given.frame.size(), given.frame.bits_stored()), (SIZE, SIZE, 12));
}

/// What the picture is called from frame to frame, each name once in a row, and `GIVEN` for a radiograph.
fn called(settler: &mut Settler, from: u64, shown: &[(&Frame, u64)]) -> String {
    let mut told: Vec<&str> = Vec::new();
    let frames = shown.iter().flat_map(|(frame, steps)| (0..*steps).map(move |_| *frame));
    for (frame, step) in frames.zip(0..) {
        let look = settler.look(frame, ms(from + step * 100));
        let words = look.exposure.map(|_| "GIVEN").into_iter().chain([look.live.name()]);
        words.for_each(|word| {
            if told.last() != Some(&word) {
                told.push(word);
            }
        });
    }
    told.join(" ")
}

#[test]
fn a_new_radiograph_is_a_candidate_before_it_is_given_and_an_old_one_never_is() {
    let (mut settler, one, two) = (Settler::new(SettleRules::default()), phantom(1), phantom(2));
    let shown = [(&blank(), 20), (&one, 20), (&two, 20)];
    let expected = "settling no_radiograph settling candidate GIVEN seen settling candidate GIVEN seen";
    assert_eq!(called(&mut settler, 0, &shown), expected);
    let again = [(&blank(), 20), (&one, 20), (&two, 20), (&one, 20)];
    let expected = "settling no_radiograph settling recalled settling seen settling recalled";
    assert_eq!(called(&mut settler, 6_000, &again), expected);
}

#[test]
fn a_candidate_that_goes_is_given_up_as_soon_as_something_else_stands_there() {
    let (mut settler, one) = (Settler::new(SettleRules::default()), phantom(1));
    let shown = [(&one, 8), (&blank(), 30)];
    assert_eq!(called(&mut settler, 0, &shown), "settling candidate settling no_radiograph");
    assert!(settler.remembered.is_empty(), "what was not given is not known");
}

#[test]
fn a_candidate_that_is_never_left_alone_is_given_up_after_a_while() {
    let (mut settler, one) = (Settler::new(SettleRules::default()), phantom(1));
    // Brighter and darker from frame to frame, as under somebody's hand.
    let bent = |step: u16| {
        let pixels: Vec<u16> = one.pixels().iter().map(|v| v / 2 + 9 * (step % 9)).collect();
        Frame::new(SIZE, pixels, 8, one.photometric()).unwrap()
    };
    let moving: Vec<Frame> = (0..60).map(bent).collect();
    let shown: Vec<(&Frame, u64)> = [(&one, 6)].into_iter().chain(moving.iter().map(|f| (f, 1))).collect();
    assert_eq!(called(&mut settler, 0, &shown), "settling candidate settling");
}

#[test]
fn a_signal_that_is_lost_ends_a_candidate_and_forgets_nothing_that_was_given() {
    let (mut settler, one) = (Settler::new(SettleRules::default()), phantom(1));
    assert_eq!(called(&mut settler, 0, &[(&one, 6)]), "settling candidate");
    settler.signal_lost();
    assert_eq!(called(&mut settler, 3_000, &[(&one, 20)]), "settling candidate GIVEN seen");
    settler.signal_lost();
    assert_eq!(called(&mut settler, 9_000, &[(&one, 20)]), "settling seen");
}

#[test]
fn a_board_in_a_hurry_reads_before_there_is_anything_to_announce() {
    let rules = SettleRules { settle: SETTLE_MIN, ..SettleRules::default() };
    assert_eq!(called(&mut Settler::new(rules), 0, &[(&phantom(1), 9)]), "settling GIVEN seen");
    let rules = SettleRules { settle: SETTLE_MAX, ..SettleRules::default() };
    let patient = called(&mut Settler::new(rules), 0, &[(&phantom(1), 120)]);
    assert_eq!(patient, "settling candidate GIVEN seen", "for ten seconds, without a break");
}

#[test]
fn looking_ahead_changes_nothing_of_what_is_given() {
    let (one, two) = (phantom(1), phantom(2));
    let frames: Vec<&Frame> = [[&one; 20], [&two; 20]].concat();
    let given = |ahead: bool| {
        let mut settler = Settler::new(SettleRules::default());
        let mut look = |(frame, step): (&&Frame, u64)| {
            // Without looks: each is due only after the end.
            if !ahead {
                settler.outlook.found(false, ms(1_000_000));
            }
            settler.look(frame, ms(step * 100)).exposure.map(|exposure| (step, exposure))
        };
        frames.iter().zip(0..).filter_map(&mut look).collect::<Vec<_>>()
    };
    assert_eq!(given(true).len(), 2);
    assert_eq!(given(true), given(false));
}
