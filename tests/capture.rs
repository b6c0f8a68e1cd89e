//! Capture devices as the rest of the program sees them.
//!
//! With `RAYMAP_CAPTURE_CARD` set to the card of a plugged-in device, a frame is taken from it too, and
//! compared with the 8-bit PGM at `RAYMAP_CAPTURE_EXPECTED` where that is set.

#![cfg(feature = "v4l")]

mod emulator;

use std::path::Path;
use std::time::Duration;

use raymap::source::FrameSource;
use raymap::source::v4l::{DeviceName, Unusable, V4lConfig, V4lError, V4lSource, devices};

fn open(device: &str) -> Result<V4lSource, V4lError> {
    V4lSource::open(V4lConfig::new(DeviceName::parse(device)))
}

/// The error's code and text.
fn refusal(device: &str) -> (&'static str, String) {
    let error = open(device).err().expect("nothing of that name can be captured from");
    (error.code(), error.to_string())
}

#[test]
fn a_device_that_is_not_there_is_named_with_those_that_are() {
    for device in ["/dev/video250", "No such grabber"] {
        let (code, text) = refusal(device);
        assert_eq!(code, "capture_no_device");
        assert!(text.contains(device), "{text}");
        match devices().first() {
            None => assert!(text.contains("this machine has none"), "{text}"),
            Some(first) => assert!(text.contains(&first.to_string()), "{text}"),
        }
    }
}

#[test]
fn a_machine_without_video_devices_says_so_of_dev_video0() {
    if Path::new("/dev/video0").exists() {
        println!("skipped: this machine has a /dev/video0");
        return;
    }
    let (code, text) = refusal("/dev/video0");
    assert_eq!(code, "capture_no_device");
    assert!(text.starts_with("no video device \"/dev/video0\""), "{text}");
}

#[test]
fn a_file_that_is_no_video_device_is_refused() {
    // QEMU's user emulation answers an ioctl that it does not know with ENOSYS, where the kernel says ENOTTY.
    let expected = if emulator::runner().is_some() { "capture_device" } else { "capture_unusable" };
    assert_eq!(refusal("/dev/null").0, expected);
    assert_eq!(refusal("/dev/video\0").0, "capture_device");
}

#[test]
fn a_wait_without_bound_is_refused() {
    let mut config = V4lConfig::new(DeviceName::parse("/dev/video250"));
    config.timeout = Duration::MAX;
    assert_eq!(V4lSource::open(config).err().map(|e| e.code()), Some("capture_timeout_range"));
}

#[test]
fn every_listed_device_is_usable_or_says_why_not() {
    for info in devices() {
        println!("{info}");
        assert!(info.path.starts_with("/dev"));
        assert!(info.unusable.is_some() || !info.formats.is_empty());
        assert_ne!(info.unusable, Some(Unusable::Busy), "probing takes no device");
    }
}

#[test]
fn a_plugged_in_device_gives_its_picture() {
    let Ok(card) = std::env::var("RAYMAP_CAPTURE_CARD") else {
        println!("skipped: RAYMAP_CAPTURE_CARD names no device");
        return;
    };
    let mut source = open(&card).unwrap();
    let frame = source.next_frame().unwrap().unwrap().frame;
    println!("{} pixels, {:?}", frame.size(), source.counters());
    if let Ok(path) = std::env::var("RAYMAP_CAPTURE_EXPECTED") {
        let pgm = std::fs::read(path).unwrap();
        let expected = &pgm[pgm.len() - frame.size().area()..];
        assert!(frame.pixels().iter().eq(expected.iter().map(|&p| u16::from(p)).collect::<Vec<_>>().iter()));
    }
}
