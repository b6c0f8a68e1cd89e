//! Which video devices there are, and which of them a name means.
//!
//! Node numbers change from boot to boot, so a device is best named by its card. Two nodes of one card are
//! common (a second one for metadata): only those that can be used count.

use std::fs;
use std::path::{Path, PathBuf};

use super::device::{DeviceInfo, DeviceName};
use super::error::V4lError;
use super::stream;

/// Nodes looked at: as many as the kernel numbers (VIDEO_NUM_DEVICES in v4l2-dev.c).
const DEVICES_MAX: usize = 256;

/// All video devices, by number, usable or with the reason why not.
pub fn devices() -> Vec<DeviceInfo> {
    nodes(Path::new("/dev"))
        .iter()
        .map(|path| named(stream::probe(path), Path::new("/sys/class/video4linux")))
        .collect()
}

/// The path of the device that `name` means; a path is taken as it is.
///
/// A card is matched whole. When none of its nodes can be used, the first is given, so that opening it tells
/// why; when several can, none is.
pub fn choose(name: &DeviceName, present: Vec<DeviceInfo>) -> Result<PathBuf, V4lError> {
    let card = match name {
        DeviceName::Path(path) => return Ok(path.clone()),
        DeviceName::Card(card) => card,
    };
    let of_card: Vec<_> = present.iter().filter(|info| info.card == *card).collect();
    let usable: Vec<_> = of_card.iter().filter(|info| info.unusable.is_none()).collect();
    match (&usable[..], &of_card[..]) {
        ([only], _) => Ok(only.path.clone()),
        ([], [first, ..]) => Ok(first.path.clone()),
        ([], []) => Err(V4lError::NoSuchDevice { wanted: name.clone(), present }),
        (many, _) => {
            let paths = many.iter().map(|info| info.path.clone()).collect();
            Err(V4lError::Ambiguous { card: card.clone(), paths })
        }
    }
}

/// The `video…` nodes in `folder`, by number; none when it cannot be read.
fn nodes(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|e| e.file_name().to_str()?.strip_prefix("video")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.truncate(DEVICES_MAX);
    numbers.iter().map(|number| folder.join(format!("video{number}"))).collect()
}

/// `info` with the names that the kernel's `classes` folder knows also of a device that cannot be opened.
fn named(mut info: DeviceInfo, classes: &Path) -> DeviceInfo {
    let Some(class) = info.path.file_name().map(|node| classes.join(node)) else { return info };
    if info.card.is_empty() {
        info.card = fs::read_to_string(class.join("name")).unwrap_or_default().trim().into();
    }
    if info.driver.is_empty() {
        let link = fs::read_link(class.join("device/driver")).unwrap_or_default();
        info.driver = link.file_name().unwrap_or_default().to_string_lossy().into();
    }
    info
}

#[cfg(test)]
mod tests {
    use super::super::device::Unusable;
    use super::*;

    fn info(path: &str, card: &str, unusable: Option<Unusable>) -> DeviceInfo {
        let (driver, formats) = Default::default();
        let (in_planes, no_signal) = (false, false);
        DeviceInfo { path: path.into(), card: card.into(), driver, formats, in_planes, no_signal, unusable }
    }

    fn check(present: Vec<DeviceInfo>, name: &str, expected: Result<&str, &str>) {
        let got = choose(&DeviceName::parse(name), present);
        let got = got.map_err(|error| error.code());
        assert_eq!(got, expected.map(PathBuf::from));
    }

    #[test]
    fn a_card_means_its_one_node_that_captures() {
        let metadata = info("/dev/video1", "XR", Some(Unusable::NoCapture));
        check(
            vec![metadata, info("/dev/video3", "XR", None), info("/dev/video4", "Webcam", None)],
            "XR",
            Ok("/dev/video3"),
        );
    }

    #[test]
    fn part_of_a_card_name_is_not_enough() {
        check(vec![info("/dev/video0", "XR grabber", None)], "XR", Err("capture_no_device"));
    }

    #[test]
    fn two_devices_of_one_card_are_not_guessed_between() {
        let present = vec![info("/dev/video0", "XR", None), info("/dev/video2", "XR", None)];
        check(present, "XR", Err("capture_ambiguous"));
    }

    #[test]
    fn a_card_that_cannot_be_used_is_opened_all_the_same_to_learn_why() {
        check(vec![info("/dev/video0", "XR", Some(Unusable::Permission))], "XR", Ok("/dev/video0"));
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        check(Vec::new(), "/dev/video9", Ok("/dev/video9"));
    }

    #[test]
    fn nodes_are_sorted_by_number_and_nothing_else_counts() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["video10", "video2", "videodev", "vbi0", "video"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = nodes(folder.path()).iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["video2", "video10"]);
        assert!(nodes(&folder.path().join("none")).is_empty());
    }

    #[test]
    fn a_device_that_cannot_be_opened_has_its_name_from_the_kernel() {
        let classes = tempfile::tempdir().unwrap();
        let class = classes.path().join("video0");
        fs::create_dir_all(class.join("device")).unwrap();
        fs::write(class.join("name"), "XR grabber\n").unwrap();
        std::os::unix::fs::symlink("/sys/bus/usb/drivers/uvcvideo", class.join("device/driver")).unwrap();
        let got = named(info("/dev/video0", "", Some(Unusable::Permission)), classes.path());
        assert_eq!((&got.card[..], &got.driver[..]), ("XR grabber", "uvcvideo"));
    }
}
