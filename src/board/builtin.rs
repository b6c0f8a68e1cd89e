//! The board files inside the program, so that a board is found from any folder.

use std::path::Path;

macro_rules! built_in {
    ($($name:literal,)*) => {
        /// Name and text of every board file inside the program: boards, then parts.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../board/", $name, ".toml"))),)*];
    };
}

built_in![
    "host",
    "v4l",
    "beagleplay-hdmi-720p",
    "emulated-hdmi-720p",
    "imx8mm-evk-hdmi-720p",
    "orange-pi-5-hdmi-1080p",
    "raspberry-pi-3b-plus-hdmi-720p",
    "raspberry-pi-4b-camera",
    "raspberry-pi-4b-folder",
    "raspberry-pi-4b-hdmi-1080p",
    "raspberry-pi-5-dicom",
    "raspberry-pi-5-hdmi-1080p",
    "raspberry-pi-zero-2-w-hdmi-720p",
    "rock-3a-hdmi-1080p",
    "sbc/beagleplay",
    "sbc/emulated",
    "sbc/host",
    "sbc/imx8mm-evk",
    "sbc/orange-pi-5",
    "sbc/raspberry-pi-3b-plus",
    "sbc/raspberry-pi-4b",
    "sbc/raspberry-pi-5",
    "sbc/raspberry-pi-zero-2-w",
    "sbc/rock-3a",
    "xray/camera",
    "xray/dicom-sender",
    "xray/hdmi-grabber-1080p",
    "xray/hdmi-grabber-720p",
    "xray/watched-folder",
];

/// The text of the board file with this name, such as `host` or `sbc/raspberry-pi-4b`.
pub fn text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// The name that `path` means: itself, or what is left without `board/` and `.toml`.
pub fn name_of(path: &Path) -> Option<&'static str> {
    let bare = path.strip_prefix("board").unwrap_or(path).to_str()?;
    let bare = bare.strip_suffix(".toml").unwrap_or(bare);
    BUILT_IN.iter().map(|(name, _)| *name).find(|name| *name == bare)
}
