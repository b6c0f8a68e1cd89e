//! Models in the field: signed bundles, unpacked into one of two slots, switched to in one step.
//!
//! Terms: a *package* is a bundle as one tar file with a minisign signature beside it; a *slot* is a folder with an
//! unpacked bundle; the *active* slot is the one that is read with. The other slot is never touched but to install
//! into it, and only a package that is signed by a trusted key, not older than what was accepted before, whole, and
//! right on its golden input gets there. The power may fail at any step: the active slot stays.
//! This module does not know what a model computes: whether a bundle is good is the caller's to say.

mod disk;
mod error;
mod keys;
mod package;
mod slots;
mod version;

pub use self::disk::{Disk, RealDisk};
pub use self::error::StoreError;
pub use self::keys::Keys;
pub use self::package::{Package, read_bounded};
pub use self::slots::{Installed, Slots, active_folder};
pub use self::version::Version;
