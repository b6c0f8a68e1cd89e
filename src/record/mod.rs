//! The store of readings: an append-only journal that power cuts and damage do not take back.
//!
//! Terms: an *entry* is one reading with its radiograph and map, or a *note* on the journal itself; a *segment* is a
//! file of entries; an entry is *kept* once it and the way to it are forced onto the disk. The form on disk, with
//! the reasons for it, is `docs/record.md`.
//! This module must not know who asks: no screen, no serial line, no command.

mod error;
mod storage;
mod disk;
mod simulated;
mod moment;
mod header;
mod seal;
mod key;
mod segment;
mod note;
mod damage;
mod walk;
mod survey;
mod journal;
mod store;
mod retention;
mod verify;
mod place;
mod repair;
mod picture;
mod body;
mod restored;
mod recorder;

pub use self::body::Body;
pub use self::damage::{Damage, Fault};
pub use self::disk::{Access, DiskStorage};
pub use self::error::RecordError;
pub use self::header::{Digest, EntryKind, HEADER_BYTES, Header, SECTIONS_MAX, Section, SectionKind};
pub use self::journal::{Entry, Journal};
pub use self::moment::Moment;
pub use self::note::{Acknowledged, Note};
pub use self::place::RecordPlace;
pub use self::recorder::{OpenKey, OpenStorage, Recorder};
pub use self::repair::repair;
pub use self::restored::Restored;
pub use self::retention::{BYTES_MAX_LEAST, Dropped, ENTRIES_MAX, Rule};
pub use self::seal::{KEY_BYTES, RecordKey, SEAL_BYTES};
pub use self::segment::{SEGMENT_HEADER_BYTES, SegmentHeader};
pub use self::simulated::{Operation, SimulatedStorage, Trouble};
pub use self::storage::{Storage, Stored};
pub use self::store::{Kept, Store};
pub use self::verify::{Verdict, hexadecimal, verify, verify_with};
