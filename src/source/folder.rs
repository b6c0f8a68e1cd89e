//! Folders: the radiographs below the paths that a user names, and a source that reads them in turn.
//!
//! Terms: a file that is named is always taken; a file that is met in a folder is taken when its extension
//! says that it may be a radiograph, or its first bytes that it is DICOM. Senders name DICOM files as they like.
//! This module does not know the formats' insides.

mod seen;
mod watch;

pub use self::watch::{Watch, WatchError};

use super::dicom::{DICOM_MARK_END, has_preamble};
use super::file::{self, FileError};
use super::{FrameSource, Sourced};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Folders inside folders: deeper trees are a mistake or a trap.
pub const DEPTH_MAX: usize = 16;
/// Radiographs in one go: bounds the list at some tens of megabytes.
pub const FILES_MAX: usize = 100_000;
/// Entries looked at in one go, radiographs or not.
pub const ENTRIES_MAX: usize = 1_000_000;
/// Extensions under which radiographs are met, in lower case.
const EXTENSIONS: [&str; 7] = ["png", "jpg", "jpeg", "tif", "tiff", "dcm", "dicom"];
/// Extensions of files that are still being written or fetched, in lower case.
const UNFINISHED: [&str; 7] = ["part", "partial", "filepart", "tmp", "temp", "crdownload", "download"];
/// The index file of a DICOM medium (DICOM PS3.10, 8.6): it holds no pixels.
const DICOM_INDEX: &str = "DICOMDIR";

/// Why no list of radiographs came about; unlike a file's errors these name their path.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// the operating system refused
    #[error("{} could not be listed: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// nothing to read in it
    #[error("{} holds no PNG, JPEG, TIFF or DICOM file: check the path", path.display())]
    NoRadiographs { path: PathBuf },
    /// nested too deep
    #[error("{} lies more than {DEPTH_MAX} folders deep: name a folder further down", path.display())]
    TooDeep { path: PathBuf },
    /// too many at once
    #[error("more than {max} files were found: name fewer folders at a time")]
    TooMany { max: usize },
}

impl FolderError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "folder_read",
            Self::NoRadiographs { .. } => "folder_no_radiographs",
            Self::TooDeep { .. } => "folder_too_deep",
            Self::TooMany { .. } => "folder_too_many",
        }
    }
}

/// The files that `paths` stand for, in the order of `paths`, each folder's in the order of their names.
///
/// Folders are searched to [`DEPTH_MAX`]; hidden entries are skipped; a folder that a link leads to twice
/// is entered once; one below those that are named which cannot be listed is left out, with a warning. A file that is
/// named is taken as it is, whether it exists or not.
pub fn list(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FolderError> {
    let mut search = Search::default();
    for path in paths {
        if path.is_dir() {
            let found_before = search.files.len();
            search.seen.clear();
            search.folder(path, 0)?;
            if search.files.len() == found_before {
                let nothing = FolderError::NoRadiographs { path: path.clone() };
                return Err(search.left_out.take().unwrap_or(nothing));
            }
            if let Some(error) = search.left_out.take() {
                warn(&error);
            }
        } else {
            search.take(path.clone())?;
        }
    }
    Ok(search.files)
}

/// A search under way.
#[derive(Default)]
struct Search {
    files: Vec<PathBuf>,
    /// Folders entered, by their real path, so that links cannot lead in circles.
    seen: BTreeSet<PathBuf>,
    entries: usize,
    /// Why the first folder below the one named was left out that could not be listed.
    left_out: Option<FolderError>,
}

impl Search {
    fn folder(&mut self, path: &Path, depth: usize) -> Result<(), FolderError> {
        if depth > DEPTH_MAX {
            return Err(FolderError::TooDeep { path: path.to_path_buf() });
        }
        let refused = |source| FolderError::Read { path: path.to_path_buf(), source };
        if !self.seen.insert(path.canonicalize().map_err(refused)?) {
            return Ok(());
        }
        for entry in self.entries(path)? {
            // A link that leads nowhere has no metadata; it is no radiograph either.
            let Ok(about) = std::fs::metadata(&entry) else { continue };
            if about.is_dir() {
                match self.folder(&entry, depth + 1) {
                    // Another's folder, or one of the file system's own, keeps nobody from what lies beside it.
                    Err(error @ FolderError::Read { .. }) => _ = self.left_out.get_or_insert(error),
                    done => done?,
                }
            } else if about.is_file() && may_be_radiograph(&entry) {
                self.take(entry)?;
            }
        }
        Ok(())
    }

    /// A folder's entries that are not hidden, sorted by name.
    fn entries(&mut self, path: &Path) -> Result<Vec<PathBuf>, FolderError> {
        let refused = |source| FolderError::Read { path: path.to_path_buf(), source };
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Err(FolderError::TooMany { max: ENTRIES_MAX });
            }
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                entries.push(entry.path());
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn take(&mut self, file: PathBuf) -> Result<(), FolderError> {
        if self.files.len() >= FILES_MAX {
            return Err(FolderError::TooMany { max: FILES_MAX });
        }
        self.files.push(file);
        Ok(())
    }
}

/// Says once to a search that not all was searched; folders are named after patients, so none is named here.
fn warn(error: &FolderError) {
    if let FolderError::Read { source, .. } = error {
        log::warn!("folders that cannot be listed are left out: {source}");
    }
}

fn may_be_radiograph(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    let is_one_of = |known: &[&str]| known.iter().any(|one| extension.eq_ignore_ascii_case(one));
    if is_one_of(&EXTENSIONS) {
        return true;
    }
    let unfinished = is_one_of(&UNFINISHED) || extension.as_encoded_bytes().ends_with(b"~");
    !unfinished && path.file_name().is_some_and(|name| name != DICOM_INDEX) && starts_as_dicom(path)
}

fn starts_as_dicom(path: &Path) -> bool {
    let mut start = Vec::with_capacity(DICOM_MARK_END);
    let read = File::open(path).and_then(|f| f.take(DICOM_MARK_END as u64).read_to_end(&mut start));
    read.is_ok() && has_preamble(&start)
}

/// A file's fault with the file's name.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {source}")]
pub struct NamedFileError {
    pub name: String,
    pub source: FileError,
}

/// Reads the files of [`list`] one after another; a faulty one gives its error and the next one follows.
#[derive(Debug)]
pub struct FolderSource {
    files: std::vec::IntoIter<PathBuf>,
}

impl FolderSource {
    /// A source of the radiographs below `paths`.
    pub fn new(paths: &[PathBuf]) -> Result<Self, FolderError> {
        Ok(Self { files: list(paths)?.into_iter() })
    }

    /// Files not yet read.
    pub fn remaining(&self) -> usize {
        self.files.len()
    }
}

impl FrameSource for FolderSource {
    type Error = NamedFileError;

    fn next_frame(&mut self) -> Option<Result<Sourced, NamedFileError>> {
        let path = self.files.next()?;
        let name = path.to_string_lossy().into_owned();
        Some(match file::read(&path) {
            Ok(frame) => Ok(Sourced { name, frame }),
            Err(source) => Err(NamedFileError { name, source }),
        })
    }
}

#[cfg(test)]
mod tests;
