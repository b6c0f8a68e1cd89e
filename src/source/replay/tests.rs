//! What is recorded comes back, and damage is told.

use super::*;
use crate::frame::Photometric;
use crate::units::PixelSize;

const SIZE: PixelSize = PixelSize::new(72, 64);

/// A frame whose pixels depend on `seed`.
fn frame(seed: u32, bits: u8, photometric: Photometric) -> Frame {
    let value = |i: u32| ((i * 37 + seed * 11) % (1 << bits)) as u16;
    Frame::new(SIZE, (0..SIZE.area() as u32).map(value).collect(), bits, photometric).unwrap()
}

/// Frames that differ in depth and kind, a tenth of a second apart.
fn frames() -> Vec<Frame> {
    let (m1, m2) = (Photometric::Monochrome1, Photometric::Monochrome2);
    let mut frames: Vec<Frame> = (0..70).map(|i| frame(i, 8, m2)).collect();
    frames.extend([frame(1, 12, m2), frame(2, 12, m2), frame(2, 12, m1), frame(3, 16, m1), frame(4, 1, m2)]);
    frames
}

fn recording() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = FrameWriter::begin(&mut bytes).unwrap();
    for (i, frame) in (0..).zip(frames()) {
        writer.add(frame, Duration::from_millis(i * 100)).unwrap();
    }
    let (count, length) = writer.finish().unwrap();
    assert_eq!((count, length), (75, bytes.len() as u64));
    bytes
}

/// What a file of `bytes` plays: its frames with their times, and the error that ends it.
fn played(bytes: &[u8]) -> (Vec<(Frame, Duration)>, Option<&'static str>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.frames");
    std::fs::write(&path, bytes).unwrap();
    let mut source = match ReplaySource::open(&path) {
        Ok(source) => source,
        Err(error) => return (Vec::new(), Some(error.code())),
    };
    let mut frames = Vec::new();
    while let Some(next) = source.next_frame() {
        match next {
            Ok(sourced) => frames.push((sourced.frame, source.time_of_last().unwrap())),
            Err(error) => {
                assert!(source.next_frame().is_none(), "an error ends the recording");
                return (frames, Some(error.code()));
            }
        }
    }
    (frames, None)
}

#[test]
fn every_frame_comes_back_with_its_time() {
    let (got, error) = played(&recording());
    assert_eq!(error, None);
    let expected: Vec<_> = (0..).zip(frames()).map(|(i, f)| (f, Duration::from_millis(i * 100))).collect();
    assert!(got == expected);
}

#[test]
fn a_recording_cut_anywhere_plays_what_is_whole() {
    let whole = recording();
    for length in (9..whole.len()).step_by(997) {
        let (got, error) = played(&whole[..length]);
        assert_eq!(error, Some("replay_cut"), "cut to {length}");
        assert!(got.iter().map(|g| &g.0).eq(frames().iter().take(got.len())));
    }
}

#[test]
fn a_flipped_bit_is_found_and_no_wrong_frame_is_given() {
    let whole = recording();
    for at in (8..whole.len()).step_by(499) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let (got, error) = played(&damaged);
        assert!(error.is_some() || got.len() == 75, "byte {at}");
        assert!(got.iter().map(|g| &g.0).eq(frames().iter().take(got.len())), "byte {at}");
    }
}

#[test]
fn what_is_no_recording_is_refused() {
    assert_eq!(played(b"").1, Some("replay_no_recording"));
    assert_eq!(played(b"\x89PNG\r\n\x1a\n0000").1, Some("replay_no_recording"));
    assert_eq!(
        ReplaySource::open(Path::new("/dev/null")).err().map(|e| e.code()),
        Some("replay_not_regular")
    );
    assert_eq!(ReplaySource::open(Path::new("/nowhere")).err().map(|e| e.code()), Some("replay_read"));
}

#[test]
fn a_still_picture_takes_little_room() {
    let mut bytes = Vec::new();
    let mut writer = FrameWriter::begin(&mut bytes).unwrap();
    (0..20).for_each(|i| writer.add(frame(3, 8, Photometric::Monochrome2), Duration::from_secs(i)).unwrap());
    writer.finish().unwrap();
    assert!(bytes.len() < 2 * SIZE.area(), "{} bytes for 20 frames of {}", bytes.len(), SIZE.area());
}
