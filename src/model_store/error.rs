//! Why a model is not installed, or not rolled back to.

use std::io;
use std::path::PathBuf;

use super::version::Version;
use crate::network::ModelError;

/// What is wrong with a package, its signature or the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// a file is missing or unreadable
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// larger than any package, signature or key
    #[error("{} has more than {max} bytes", path.display())]
    Size { path: PathBuf, max: u64 },
    /// no key to trust
    #[error("no key is trusted: put the maker's minisign key as NAME.pub into {}", folder.display())]
    NoKeys { folder: PathBuf },
    /// a key file that is none
    #[error("{} is no minisign public key", path.display())]
    Key { path: PathBuf },
    /// no signature, or none of a trusted key over these bytes
    #[error(
        "the package is not signed by any of the {keys} trusted keys: it was made by somebody else, or damaged on the way"
    )]
    Signature { keys: usize },
    /// the tar file is damaged, or holds what a bundle does not
    #[error("the package cannot be unpacked: {what}")]
    Package { what: &'static str },
    /// the manifest, a checksum, a shape or the golden output
    #[error(transparent)]
    Model(#[from] ModelError),
    /// a version without an order
    #[error("version {0:?} has no order: it takes one to four numbers with dots between")]
    Version(String),
    /// older than what was accepted before
    #[error(
        "{name} {version} is older than {accepted}, which was accepted before: to go back, roll back by its version"
    )]
    Older { name: String, version: Version, accepted: Version },
    /// nothing in the other slot, or another version than was named
    #[error("the other slot holds {found}, not version {wanted}")]
    NotThere { found: String, wanted: String },
    /// the store cannot be written
    #[error("the store {} cannot be written: {source}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// the store's own file says nothing
    #[error("{} is damaged: install the model again", path.display())]
    State { path: PathBuf },
}

impl StoreError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "store_read",
            Self::Size { .. } => "store_size",
            Self::NoKeys { .. } => "store_no_keys",
            Self::Key { .. } => "store_key",
            Self::Signature { .. } => "store_signature",
            Self::Package { .. } => "store_package",
            Self::Model(e) => e.code(),
            Self::Version(_) => "store_version",
            Self::Older { .. } => "store_older",
            Self::NotThere { .. } => "store_not_there",
            Self::Write { .. } => "store_write",
            Self::State { .. } => "store_state",
        }
    }
}
