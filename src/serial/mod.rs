//! The serial line: what is sent for each event ([`Event`]), how a line is spelled ([`Line`]), and the links
//! that carry it.
//!
//! The protocol is `docs/serial.md`. Nobody ever waits for a link: a peer that does not read costs lines,
//! which are counted, and never time. What a peer asks is a line too ([`Ask`]). No line names a file, since a file's name may be a patient's.
//! This module must not know the pipeline.

mod ask;
mod checksum;
mod ear;
mod event;
mod line;
mod link;
mod log_file;
mod log_lines;
mod memory;
mod port;
mod wire;
mod value;

pub use self::ask::{Ask, AskError, LIST_MAX};
pub use self::checksum::checksum;
pub use self::event::Event;
pub use self::line::{Kind, LINE_BYTES_MAX, Line, LineError, VERSION, percent};
pub use self::link::{LinkCounts, SerialError, SerialLink};
pub use self::log_file::LogFile;
pub use self::log_lines::{LogLine, LogLines};
pub use self::memory::MemoryLink;
pub use self::port::{FLUSH_MAX, PortLink, QUEUE_LINES_MAX};
