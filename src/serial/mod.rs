//! The serial line: what is sent for each event ([`Event`]), how a line is spelled ([`Line`]), and the links
//! that carry it.
//!
//! The protocol is `docs/serial.md`. Nobody ever waits for a link: a peer that does not read costs lines,
//! which are counted, and never time. No line names a file, since a file's name may be a patient's.
//! This module must not know the pipeline.

mod checksum;
mod event;
mod line;
mod link;
mod log_file;
mod memory;
mod port;
mod wire;
mod value;

pub use self::checksum::checksum;
pub use self::event::Event;
pub use self::line::{Kind, LINE_BYTES_MAX, Line, LineError, VERSION};
pub use self::link::{LinkCounts, SerialError, SerialLink};
pub use self::log_file::LogFile;
pub use self::memory::MemoryLink;
pub use self::port::{FLUSH_MAX, PortLink, QUEUE_LINES_MAX};
