//! A board as data: where radiographs come from, where they are shown and where they are reported.
//!
//! A file in `board/` joins parts that it inherits, `sbc/` (the computer) and `xray/` (the X-ray unit's end), and
//! says only what differs. The files are gathered (`texts`), laid over each other (`merge`), read as written
//! (`raw`), then checked once (`check`); a [`Board`] that exists is in order.
//! Relative paths are relative to the working directory. This module must not know devices: whether a device
//! is there, and takes what it is given, is found out by those who open it.

mod crop;
mod keyboard;
mod dicom_send;
mod facts;
mod page;
mod raw;
mod record;
mod screen;
mod station;
mod error;
mod builtin;
mod texts;
mod merge;
mod check;
mod explain;
mod schema;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::builtin::BUILT_IN;
pub use self::crop::{Area, Crop, LevelRange, Optics};
pub use self::dicom_send::DicomSendConfig;
pub use self::error::{BoardError, Place};
pub use self::explain::{Explained, Origin, explain};
pub use self::facts::{Fact, Facts, Status};
pub use self::keyboard::Keyboard;
pub use self::page::PageConfig;
pub use self::record::RecordConfig;
pub use self::schema::{known_keys, schema};
pub use self::screen::{DrmConfig, LANGUAGES, PanelModel, ScreenConfig, SpiConfig};
pub use self::station::StationConfig;
use self::texts::Texts;
pub use self::texts::{FILE_BYTES_MAX, is_part};
use crate::units::{Percent, PixelSize};

/// What a station is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Short, of lower-case letters, digits and dashes; it goes into every boot line.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// How far all of it has been tried.
    pub status: Status,
    pub source: SourceConfig,
    pub screen: ScreenConfig,
    /// Of the screen, until the operator chooses another: one of [`LANGUAGES`].
    pub language: String,
    /// Of keyboards and code readers.
    pub keyboard: Keyboard,
    pub serial: SerialConfig,
    pub model: ModelConfig,
    /// `None`: nothing is kept.
    pub record: Option<RecordConfig>,
    /// `None`: nothing is sent.
    pub dicom_send: Option<DicomSendConfig>,
    /// `None`: there is no local page.
    pub page: Option<PageConfig>,
    /// `None`: nothing but what is there anyway watches over the program.
    pub station: Option<StationConfig>,
    pub compute: ComputeConfig,
    /// What is known of the hardware: for people, never acted upon.
    pub facts: Facts,
}

/// Where radiographs come from.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceConfig {
    /// Computed from geometry, at least one.
    Phantom(Vec<PhantomConfig>),
    Capture(CaptureConfig),
    /// What an X-ray unit sends over the network.
    DicomNet(DicomNetConfig),
    Folder(FolderConfig),
    Replay(ReplayConfig),
}

/// A receiver of DICOM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DicomNetConfig {
    /// One address of the board's own, never all of them.
    pub bind: SocketAddr,
    /// The station's own application entity title.
    pub title: String,
    /// The titles of those that may call, at least one.
    pub callers: Vec<String>,
    /// Where objects wait until they have been read.
    pub folder: PathBuf,
}

/// One synthetic radiograph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhantomConfig {
    pub seed: u64,
    /// Infected share of the lungs.
    pub infected: Percent,
}

/// A V4L2 capture device.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureConfig {
    pub device: CaptureDevice,
    /// The size to ask for; `None`: what the device is set to.
    pub size: Option<PixelSize>,
    /// The pixel format's four-character code, padded with spaces; `None`: any that can be read.
    pub format: Option<[u8; 4]>,
    /// Longest wait for one frame; `None`: the source's own.
    pub timeout: Option<Duration>,
    pub live: LiveConfig,
}

/// Every radiograph in a folder, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderConfig {
    pub path: PathBuf,
    /// The file in which it is noted what has been read; `None`: after a restart all is read again.
    pub remember: Option<PathBuf>,
}

/// What was recorded of a live picture, played again.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayConfig {
    pub path: PathBuf,
    pub live: LiveConfig,
}

/// How a live picture is to be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LiveConfig {
    /// The part of the picture that is the radiograph; `None`: it is looked for.
    pub crop: Option<Crop>,
    pub range: LevelRange,
    /// How long a picture stands still before it counts; `None`: as long as is usual.
    pub settle: Option<Duration>,
    pub optics: Optics,
}

/// Which device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureDevice {
    /// `/dev/video0`.
    Path(PathBuf),
    /// The name that the device gives itself.
    Card(String),
}

/// Where results are reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialConfig {
    /// The lines go into a file.
    File(PathBuf),
    Port {
        path: PathBuf,
        baud_rate: u32,
    },
}

/// Which network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelConfig {
    /// The one inside the program.
    Embedded,
    /// The bundle in a folder.
    Folder(PathBuf),
}

/// How the network is to be computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComputeConfig {
    /// 1 to 4; `None`: one for each core.
    pub threads: Option<usize>,
    /// The kernels' name, such as `portable`; `None`: the best that the processor has.
    pub kernels: Option<String>,
}

impl Board {
    /// The board that the file at `path` describes, with what it inherits.
    ///
    /// Fails on the first thing that is not understood, with the file's name, the line and the column.
    pub fn load(path: &Path) -> Result<Self, BoardError> {
        Self::resolve(&Texts::of_file(path)?)
    }

    /// The board that `text` describes; `path` names it in errors, and its folder is where parts are looked for.
    pub fn parse(text: &str, path: &Path) -> Result<Self, BoardError> {
        Self::resolve(&Texts::of_text(path, text.into())?)
    }

    /// The board inside the program with this name, such as `host`.
    ///
    /// What it inherits comes from inside the program too.
    pub fn built_in(name: &str) -> Result<Self, BoardError> {
        Self::resolve(&Texts::of_built_in(name)?)
    }

    /// Everything that is wrong with the file at `path`, at least the first of each table; none: it can be used.
    ///
    /// A part is checked for what it says; what it leaves to others is not missing.
    pub fn faults(path: &Path) -> Vec<BoardError> {
        let faults = || {
            let texts = Texts::of_file(path)?;
            let raw = merge::merged(&texts)?;
            let checker = check::Checker { texts: &texts };
            Ok(if is_part(path) { checker.part(&raw) } else { checker.board(&raw).err().unwrap_or_default() })
        };
        faults().unwrap_or_else(|error| vec![error])
    }

    fn resolve(texts: &Texts) -> Result<Self, BoardError> {
        let raw = merge::merged(texts)?;
        check::Checker { texts }.board(&raw).map_err(|mut faults| faults.remove(0))
    }
}
