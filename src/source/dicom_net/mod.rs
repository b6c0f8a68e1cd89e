//! DICOM over the network: an X-ray unit that can only "send to" sends to the station.
//!
//! The station is a provider of C-ECHO and C-STORE and of nothing else: it listens on one named address, answers
//! only to callers that it was told of, and keeps what comes in a bounded folder until it has been read. The
//! title of a caller is no proof of who calls: the network itself must be one that only the unit is on.
//! Units, associations, silence, objects and bytes are bounded; no text of a peer's goes to a log.
//! This module does not know what an object shows; it is decoded where files are.

pub(crate) mod associate;
pub(crate) mod dimse;
mod error;
mod inbox;
pub(crate) mod pdu;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use self::error::NetError;
use self::inbox::Inbox;
pub use self::inbox::{INBOX_BYTES_MAX, OBJECTS_MAX};
pub(crate) use self::serve::Line;
pub use self::serve::{ASSOCIATION_MAX, ASSOCIATIONS_MAX, SILENCE_MAX};
use super::file::{self, FileError};
use super::under_way::{ENDED_MAX, UnderWay};
use super::{FrameSource, Sourced};
use crate::board::DicomNetConfig;

/// How often an empty inbox is looked into, and how often before the source says that it has nothing.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 20;

/// What listens in this process: the self-test's source and the station's are one, and nothing is missed between two.
static LISTENING: Mutex<Option<Listening>> = Mutex::new(None);

#[derive(Clone)]
struct Listening {
    config: DicomNetConfig,
    inbox: Arc<Inbox>,
    address: SocketAddr,
}

/// Radiographs in the order in which they arrived.
#[derive(Debug)]
pub struct DicomNetSource {
    inbox: Arc<Inbox>,
    address: SocketAddr,
    /// The object that was given last, and whether it could be read.
    given: Option<(PathBuf, bool)>,
    under_way: UnderWay,
}

/// A received object's fault, or the inbox's.
#[derive(Debug, thiserror::Error)]
pub enum ReceivedError {
    /// it arrived, and could not be read
    #[error("{name}: {source}")]
    File {
        name: String,
        #[source]
        source: FileError,
    },
    /// the program did not outlive it
    #[error(
        "{name}: passed over: the program ended {ENDED_MAX} times while it read this object; send it once more, \
         smaller or in another form"
    )]
    PassedOver { name: String },
    /// nothing can be taken out of it
    #[error("the inbox cannot be read: {0}")]
    Inbox(#[source] std::io::Error),
}

impl ReceivedError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { source, .. } => source.code(),
            Self::PassedOver { .. } => "file_passed_over",
            Self::Inbox(_) => "dicom_net_inbox",
        }
    }
}

impl DicomNetSource {
    /// Listens as `config` says, unless this process does already.
    pub fn open(config: &DicomNetConfig) -> Result<Self, NetError> {
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        let there = match listening.as_ref().filter(|l| l.config == *config) {
            Some(there) => there.clone(),
            None => {
                let inbox = Arc::new(Inbox::open(&config.folder).map_err(NetError::Inbox)?);
                let address = serve::listen(config.clone(), Arc::clone(&inbox))?;
                log::info!("listening for DICOM on {address} as {}", config.title);
                Listening { config: config.clone(), inbox, address }
            }
        };
        *listening = Some(there.clone());
        let under_way = UnderWay::load(Some(there.inbox.under_way()));
        Ok(Self { inbox: there.inbox, address: there.address, given: None, under_way })
    }

    /// Where it listens; the port is the system's choice where the configuration left it open.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whoever asks for the next is done with the last.
    fn put_away(&mut self) -> std::io::Result<()> {
        self.inbox.put_stuck_away();
        let Some((path, could_be_read)) = self.given.take() else { return Ok(()) };
        let put_away = self.inbox.put_away(&path, could_be_read);
        self.under_way.done();
        put_away
    }

    fn wait(&self) -> std::io::Result<Option<PathBuf>> {
        for _ in 0..LOOKS_MAX {
            if let Some(path) = self.inbox.oldest()? {
                return Ok(Some(path));
            }
            std::thread::sleep(LOOK);
        }
        Ok(None)
    }
}

/// Whoever gives the source up in good order is done with what it was given: a clean restart does not read it again.
impl Drop for DicomNetSource {
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Err(error) = self.put_away()
        {
            log::warn!("what was received and read last stays in the inbox: {error}");
        }
    }
}

impl FrameSource for DicomNetSource {
    type Error = ReceivedError;

    /// Waits for a second; `None` when nothing arrived in it, and a later call may find something.
    fn next_frame(&mut self) -> Option<Result<Sourced, ReceivedError>> {
        let path = match self.put_away().and_then(|()| self.wait()) {
            Ok(path) => path?,
            Err(error) => return Some(Err(ReceivedError::Inbox(error))),
        };
        let number = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("dicom-{number}");
        // Numbers are all that are given out as names; any other file is known as the same one.
        if !self.under_way.begin(number.parse().unwrap_or_default()) {
            self.given = Some((path, false));
            return Some(Err(ReceivedError::PassedOver { name }));
        }
        let read = file::read(&path);
        self.given = Some((path, read.is_ok()));
        Some(match read {
            Ok(frame) => Ok(Sourced { name, frame }),
            Err(source) => Err(ReceivedError::File { name, source }),
        })
    }
}

/// Everything that is made of a peer's bytes before they are an object; for `fuzz/`.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) {
    _ = associate::Request::read(bytes).map(|request| request.acceptance());
    for fragment in pdu::fragments(bytes).into_iter().flatten() {
        _ = dimse::Command::read(fragment.bytes).map(|command| command.response(dimse::Status::Success));
    }
    _ = pdu::read(&mut &bytes[..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program's source on the inbox in this folder.
    fn start(folder: &std::path::Path) -> DicomNetSource {
        let inbox = Arc::new(Inbox::open(folder).unwrap());
        let under_way = UnderWay::load(Some(inbox.under_way()));
        DicomNetSource { inbox, address: SocketAddr::from(([127, 0, 0, 1], 0)), given: None, under_way }
    }

    #[test]
    fn a_radiograph_in_each_of_many_sessions_is_read_in_each() {
        let folder = tempfile::tempdir().unwrap();
        for session in 0..ENDED_MAX + 2 {
            let mut source = start(folder.path());
            let uid = crate::source::dicom::Uid::new("1.2.3");
            source.inbox.begin(&uid, &uid, &uid).unwrap().finish().unwrap();
            let path = source.inbox.oldest().unwrap().unwrap();
            let picture = image::GrayImage::from_pixel(64, 64, image::Luma([session as u8]));
            picture.save_with_format(path, image::ImageFormat::Png).unwrap();
            let frame = source.next_frame().unwrap().unwrap().frame;
            assert_eq!(frame.pixels()[0], session as u16);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
