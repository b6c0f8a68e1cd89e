//! The edge where lines go out.

use std::io;
use std::path::PathBuf;

use super::line::Line;

/// What a link has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkCounts {
    /// Lines handed to the operating system whole.
    pub written: u64,
    /// Lines that were given up.
    pub dropped: u64,
    /// Times that the link was opened again after it had failed.
    pub reconnects: u64,
    /// Lines of the peer that were none, or nothing for the station.
    pub noise: u64,
    /// Questions of the peer that came too soon after others.
    pub unheard: u64,
}

/// Why a line was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// the peer does not read, or is not there
    #[error("the serial port does not keep up: {queued} lines are waiting, this one was dropped")]
    QueueFull { queued: usize },
    /// the link was finished before
    #[error("the serial link has ended")]
    Ended,
    /// the port cannot be opened at the moment
    #[error("the serial port {} could not be opened: {source}", path.display())]
    Port {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// no thread for the port
    #[error("no thread could be started for the serial port: {source}")]
    Thread {
        #[source]
        source: io::Error,
    },
    /// the log file failed
    #[error("the serial log {} could not be written: {source}", path.display())]
    Log {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl SerialError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::QueueFull { .. } => "serial_queue_full",
            Self::Ended => "serial_ended",
            Self::Port { .. } => "serial_port",
            Self::Thread { .. } => "serial_thread",
            Self::Log { .. } => "serial_log",
        }
    }
}

/// Carries lines to a peer. Nothing here waits for the peer, except [`SerialLink::finish`], for a bounded time.
pub trait SerialLink: Send {
    /// Hands one line over. An error says that this line is lost and counted; the next may go through.
    fn write_line(&mut self, line: &Line) -> Result<(), SerialError>;

    fn counts(&self) -> LinkCounts;

    /// The next line that a peer asked, if any; never waits.
    fn next_ask(&mut self) -> Option<Line> {
        None
    }

    /// Whether all lines that were handed over are on their way or lost, so that more would be of use.
    fn is_idle(&self) -> bool {
        true
    }

    /// Waits, within bounds, for what was handed over; says what became of it all. The link then takes no more.
    fn finish(&mut self) -> LinkCounts;
}
