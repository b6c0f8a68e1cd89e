//! What each outcome of a wait leads to, on a scripted device.

use super::super::fake::{Event::*, FakeOpener, Refusal::*, SIZE, Session};
use super::*;

/// The device failed. Linux: errno-base.h.
const EIO: i32 = 5;

fn capture(sessions: Vec<Session>) -> Capture<FakeOpener> {
    Capture::open(FakeOpener::new(sessions)).unwrap()
}

/// What each of `calls` calls gives: a frame's grey value, or an error's code.
fn check(sessions: Vec<Session>, expected: &[&str]) -> Capture<FakeOpener> {
    let mut capture = capture(sessions);
    let got: Vec<String> = expected.iter().map(|_| outcome(&mut capture)).collect();
    assert_eq!(got, expected);
    capture
}

fn outcome(capture: &mut Capture<FakeOpener>) -> String {
    match capture.frame() {
        Ok(frame) => format!("grey {}", frame.pixels()[0]),
        Err(error) => error.code().into(),
    }
}

#[test]
fn frames_come_in_order() {
    let capture = check(vec![Ok(vec![Grey(1), Grey(2)])], &["grey 1", "grey 2"]);
    assert_eq!(capture.counters(), Counters { frames: 2, ..Counters::default() });
}

#[test]
fn after_a_timeout_frames_come_again_without_reopening() {
    let events = vec![Grey(1), Timeout, Timeout, Grey(2), Grey(3), Grey(4)];
    // The frame that ends the stall is drained unseen: grey 2 is missing.
    let seen = ["grey 1", "capture_no_signal", "capture_no_signal", "grey 3", "grey 4"];
    let capture = check(vec![Ok(events)], &seen);
    assert_eq!(capture.counters(), Counters { frames: 3, timeouts: 2, ..Counters::default() });
}

#[test]
fn a_long_silence_rebuilds_the_stream() {
    let silent = vec![Timeout; TIMEOUTS_MAX as usize];
    let seen = ["capture_no_signal", "capture_no_signal", "capture_no_signal", "grey 7"];
    let capture = check(vec![Ok(silent), Ok(vec![Grey(7)])], &seen);
    assert_eq!(capture.counters().reopened, 1);
}

#[test]
fn flagged_frames_are_skipped_and_counted() {
    let capture = check(vec![Ok(vec![Flagged, Flagged, Grey(5)])], &["grey 5"]);
    assert_eq!(capture.counters(), Counters { frames: 1, damaged: 2, ..Counters::default() });
}

#[test]
fn short_frames_are_skipped_and_counted() {
    let capture = check(vec![Ok(vec![Short, Grey(5)])], &["grey 5"]);
    assert_eq!(capture.counters().damaged, 1);
}

#[test]
fn nothing_but_damage_ends_the_call_with_the_reason() {
    let mut events = vec![Flagged; DAMAGED_MAX as usize];
    events.push(Grey(5));
    let mut capture = capture(vec![Ok(events)]);
    let V4lError::Damaged { count, last, .. } = capture.frame().unwrap_err() else {
        panic!("another error than damage");
    };
    assert_eq!((count, last), (DAMAGED_MAX, PixelError::Flagged));
    assert_eq!(outcome(&mut capture), "grey 5", "the next call goes on");
}

#[test]
fn a_fatal_error_reopens_the_device_within_the_call() {
    let capture = check(vec![Ok(vec![Grey(1), Errno(EIO)]), Ok(vec![Grey(2)])], &["grey 1", "grey 2"]);
    assert_eq!(capture.counters().reopened, 1);
    assert_eq!(capture.opener.pauses, [BACKOFF_MIN]);
}

#[test]
fn a_stream_that_keeps_failing_ends_the_call() {
    let broken = || Ok(vec![Errno(EIO); 5]);
    let capture = check(vec![broken(), broken(), broken()], &["capture_device"]);
    assert_eq!(capture.counters().reopened, 1);
}

#[test]
fn a_full_usb_bus_is_not_called_a_full_disk() {
    check(vec![Ok(vec![Errno(ENOSPC)]), Ok(vec![Errno(ENOSPC)])], &["capture_bandwidth"]);
}

#[test]
fn an_unplugged_device_is_waited_for_over_calls_and_comes_back() {
    let sessions =
        vec![Ok(vec![Grey(1), Errno(ENODEV)]), Err(Gone), Err(Gone), Err(Gone), Err(Gone), Ok(vec![Grey(2)])];
    let capture = check(sessions, &["grey 1", "capture_no_device", "grey 2"]);
    assert_eq!(capture.counters().reopened, 1);
    let pauses_ms: Vec<_> = capture.opener.pauses.iter().map(Duration::as_millis).collect();
    assert_eq!(pauses_ms, [100, 200, 400, 500, 500]);
}

#[test]
fn an_input_without_a_picture_is_waited_for_from_the_start() {
    let silent = |attempts: u32| (0..attempts).map(|_| Err(NoPicture));
    let mut sessions: Vec<Session> = silent(1 + REOPENS_MAX).collect();
    sessions.push(Ok(vec![Grey(1), Errno(EIO)]));
    sessions.extend(silent(REOPENS_MAX));
    sessions.push(Ok(vec![Grey(2)]));
    check(sessions, &["capture_no_signal", "grey 1", "capture_no_signal", "grey 2"]);
}

#[test]
fn attempts_and_pauses_of_a_call_are_bounded() {
    let mut sessions: Vec<Session> = vec![Ok(vec![Errno(ENODEV)])];
    sessions.extend((0..40).map(|_| Err(Gone)));
    let mut capture = capture(sessions);
    for call in 1..=10 {
        assert_eq!(outcome(&mut capture), "capture_no_device");
        assert_eq!(capture.opener.pauses.len(), call * REOPENS_MAX as usize);
    }
    assert_eq!(capture.opener.pauses.iter().max(), Some(&BACKOFF_MAX));
}

#[test]
fn the_old_stream_is_closed_before_the_device_is_opened_again() {
    let capture = check(vec![Ok(vec![Errno(EIO)]), Ok(vec![Grey(2)])], &["grey 2"]);
    assert!(!capture.opener.opened_while_open);
}

#[test]
fn a_signal_in_the_middle_of_a_wait_loses_nothing_but_one_frame() {
    let capture =
        check(vec![Ok(vec![Grey(1), Interrupted, Interrupted, Grey(2), Grey(3)])], &["grey 1", "grey 3"]);
    assert_eq!(capture.counters(), Counters { frames: 2, ..Counters::default() });
}

#[test]
fn signals_without_end_end_the_call() {
    check(vec![Ok(vec![Interrupted; 100])], &["capture_device"]);
}

#[test]
fn a_size_that_no_radiograph_has_is_an_error() {
    let mut opener = FakeOpener::new(vec![Ok(vec![Grey(1)])]);
    opener.size.width = SIZE.width / 2;
    let mut capture = Capture::open(opener).unwrap();
    assert_eq!(outcome(&mut capture), "frame_too_small");
}

#[test]
fn a_device_that_is_not_there_at_the_start_is_told_at_once() {
    let error = Capture::open(FakeOpener::new(vec![Err(Gone)])).err().unwrap();
    assert_eq!(error.code(), "capture_no_device");
}
