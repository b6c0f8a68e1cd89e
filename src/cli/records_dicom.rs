//! `raymap records export --dicom`: kept readings as DICOM objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use crate::clock::WallTime;
use crate::dicom_export::{Object, Subject, objects};
use crate::frame::ObjectReference;
use crate::identity::Identity;
use crate::record::{Entry, Journal, RecordError, Restored};
use crate::source::dicom;
use crate::source::file::FILE_BYTES_MAX;
use crate::source::folder;

#[derive(Debug, clap::Args)]
pub struct DicomArguments {
    /// DICOM objects besides: of each a Secondary Capture, of what came as DICOM a Segmentation and a report
    #[arg(long)]
    dicom: bool,
    /// The radiographs' own DICOM files: patient and study are taken from them, otherwise from the record where it keeps them
    #[arg(long, value_name = "DIR", requires = "dicom")]
    sources: Option<PathBuf>,
}

/// Makes the objects.
pub struct DicomObjects {
    /// By the UID of the object that a radiograph came in.
    identities: BTreeMap<String, (ObjectReference, Identity)>,
    /// For readings whose own time was not to be trusted.
    now: WallTime,
}

impl DicomArguments {
    /// What the objects are made with; `None` where none are asked for.
    pub fn prepare(&self) -> Result<Option<DicomObjects>, Failure> {
        if !self.dicom {
            return Ok(None);
        }
        let now = WallTime::trusted(jiff::Timestamp::now().as_second(), true).ok_or_else(|| Failure {
            exit: Exit::Device,
            code: "clock_untrusted",
            text: "DICOM objects need a date, and this machine's clock was never set: set it first".into(),
        })?;
        let identities = self.sources.as_deref().map(identities).transpose()?.unwrap_or_default();
        Ok(Some(DicomObjects { identities, now }))
    }
}

/// Patients and studies of the DICOM files in `folder`; what is none is passed over.
fn identities(folder: &Path) -> Result<BTreeMap<String, (ObjectReference, Identity)>, Failure> {
    let mut found = BTreeMap::new();
    for path in folder::list(&[folder.to_owned()])? {
        let small = std::fs::metadata(&path).is_ok_and(|about| about.len() <= FILE_BYTES_MAX);
        let bytes = if small { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        if let Some((object, identity)) = dicom::owner(&bytes) {
            found.insert(object.uids()[3].to_owned(), (object, identity));
        }
    }
    Ok(found)
}

impl DicomObjects {
    /// The objects of one reading.
    pub fn of(
        &self,
        restored: &Restored,
        journal: &Journal,
        entry: &Entry,
    ) -> Result<Vec<Object>, RecordError> {
        let frame = restored.frame(journal, entry)?;
        let study = restored.study(&frame, journal, entry)?;
        let own = frame.object().and_then(|object| self.identities.get(object.uids()[3]));
        let own =
            own.filter(|(object, _)| Some(object) == frame.object()).map(|(_, identity)| identity.clone());
        let identity = own.or_else(|| restored.identity());
        Ok(objects(&Subject {
            study: &study,
            frame: &frame,
            identity: identity.as_ref(),
            time: restored.moment.wall_time.unwrap_or(self.now),
            seed: &restored.digest,
            board: restored.json["board"].as_str().unwrap_or("unknown"),
        }))
    }
}
