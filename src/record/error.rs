//! Why a reading was not kept, or cannot be read back.

use std::io;
use std::path::PathBuf;

use super::header::SectionKind;
use super::seal::KEY_BYTES;

/// What the store could not do. No message names a radiograph.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// the folder is not there, or cannot be made or locked
    #[error("the record folder {} cannot be used", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// another program has the folder's lock
    #[error("the record folder {} is being written by another program", path.display())]
    Locked { path: PathBuf },
    /// the folder could not be listed
    #[error("the record folder cannot be listed")]
    List(#[source] io::Error),
    /// a segment could not be made
    #[error("segment {segment} of the record cannot be made")]
    Create {
        segment: u64,
        #[source]
        source: io::Error,
    },
    /// an entry could not be written
    #[error("{bytes} bytes could not be written to segment {segment} of the record")]
    Write {
        segment: u64,
        bytes: u64,
        #[source]
        source: io::Error,
    },
    /// an entry could not be forced onto the disk
    #[error("segment {segment} of the record could not be forced onto the disk")]
    Sync {
        segment: u64,
        #[source]
        source: io::Error,
    },
    /// an old segment could not be removed to make room
    #[error("segment {segment} of the record could not be removed to make room")]
    Drop {
        segment: u64,
        #[source]
        source: io::Error,
    },
    /// a segment could not be read
    #[error("segment {segment} of the record cannot be read at byte {offset}")]
    Read {
        segment: u64,
        offset: u64,
        #[source]
        source: io::Error,
    },
    /// larger than the whole record may be
    #[error(
        "an entry of {bytes} bytes does not fit into a record of {max}: raise bytes_max in the board file"
    )]
    TooLarge { bytes: u64, max: u64 },
    /// a picture could not be compressed
    #[error("a picture of {width}x{height} pixels could not be compressed")]
    Encode {
        width: u32,
        height: u32,
        #[source]
        source: image::ImageError,
    },
    /// a kept picture does not decode
    #[error("the {} of reading {id} is no picture of its size", section.name())]
    Picture { id: u64, section: SectionKind },
    /// a kept reading does not parse
    #[error("reading {id} is not in the form of this program's version")]
    Form { id: u64 },
    /// what was read is not what was written
    #[error("the {} of reading {id} is damaged", section.name())]
    Damaged { id: u64, section: SectionKind },
    /// the entry's header is damaged
    #[error("the header of reading {id} is damaged")]
    DamagedHeader { id: u64 },
    /// an entry without this part
    #[error("reading {id} has no {}", section.name())]
    Absent { id: u64, section: SectionKind },
    /// the key's file is not there, or is no file that can be read
    #[error("the record's key file {} cannot be read", path.display())]
    KeyFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// the key's file holds something else
    #[error("{} is no key: it has {bytes} bytes, and a key has {KEY_BYTES} that were drawn at random", path.display())]
    KeyForm { path: PathBuf, bytes: u64 },
    /// others than the owner have rights on the key's file
    #[error("the record's key file {} can be used by others (mode {mode:o})", path.display())]
    KeyRights { path: PathBuf, mode: u32 },
    /// what is sealed cannot be read, and what is new would be written beside it in the clear
    #[error("reading {id} is sealed, and no key is given")]
    KeyNone { id: u64 },
    /// another key has sealed what is there
    #[error("the key does not open reading {id}: it was sealed with another one")]
    KeyWrong { id: u64 },
    /// the system gives no random numbers
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// a part could not be sealed
    #[error("the {} of {bytes} bytes could not be sealed", section.name())]
    Seal { section: SectionKind, bytes: u64 },
    /// no such reading
    #[error("there is no reading {id}; there are {count}, from {first} to {last}")]
    Unknown { id: u64, count: usize, first: u64, last: u64 },
}

impl RecordError {
    /// Stable name for machines. A full and a read-only disk have their own, whatever failed at it.
    pub fn code(&self) -> &'static str {
        match self.io().map(io::Error::kind) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => return "record_full",
            Some(io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied) => {
                return "record_read_only";
            }
            _ => {}
        }
        match self {
            Self::Folder { .. } => "record_folder",
            Self::Locked { .. } => "record_locked",
            Self::List(_) => "record_list",
            Self::Create { .. } => "record_create",
            Self::Write { .. } => "record_write",
            Self::Sync { .. } => "record_sync",
            Self::Drop { .. } => "record_drop",
            Self::Read { .. } => "record_read",
            Self::TooLarge { .. } => "record_too_large",
            Self::Encode { .. } => "record_encode",
            Self::Picture { .. } => "record_picture",
            Self::Form { .. } => "record_form",
            Self::Damaged { .. } | Self::DamagedHeader { .. } => "record_damaged",
            Self::Absent { .. } => "record_absent",
            Self::KeyFile { .. } => "record_key_file",
            Self::KeyForm { .. } => "record_key_form",
            Self::KeyRights { .. } => "record_key_rights",
            Self::KeyNone { .. } => "record_key_none",
            Self::KeyWrong { .. } => "record_key_wrong",
            Self::Random(_) => "record_random",
            Self::Seal { .. } => "record_seal",
            Self::Unknown { .. } => "record_unknown",
        }
    }

    /// What an operator can do about it.
    pub fn advice(&self) -> &'static str {
        match self.code() {
            "record_full" => {
                "Make room on the disk; then lower bytes_max in the board file, so that it does not fill again."
            }
            "record_read_only" => {
                "The disk takes no writing, or not from this user: check its switch, its age, and whose the folder is, then restart."
            }
            "record_locked" => "End the other program.",
            "record_too_large" => "Raise bytes_max in the board file.",
            "record_key_file" => "Plug in what holds the key, or mend key_file in the board file.",
            "record_key_form" => "Bring the right file, or make a new one with `raymap records key`.",
            "record_key_rights" => {
                "Run `chmod 400` on it; mount a stick with umask=0377 and the service's uid."
            }
            "record_key_none" => {
                "Name the key (key_file in the board file, or --key), or keep readings in another folder."
            }
            "record_key_wrong" => {
                "Bring the key that sealed it; with a new key, keep readings in another folder."
            }
            "record_damaged" | "record_form" | "record_picture" => "Run `raymap records verify`.",
            _ => "Check the disk; replace it if this comes again.",
        }
    }

    fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Folder { source, .. }
            | Self::Create { source, .. }
            | Self::Write { source, .. }
            | Self::Sync { source, .. }
            | Self::Drop { source, .. }
            | Self::Read { source, .. }
            | Self::List(source) => Some(source),
            _ => None,
        }
    }
}
