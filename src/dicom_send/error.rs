//! What can stand between a kept reading and an archive.

use crate::record::RecordError;
use crate::source::dicom_net::NetError;

/// Why nothing is sent for now. No text of a peer's and none of a patient stands in it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// the peer cannot be reached
    #[error("{address} cannot be reached: {source}")]
    Connect {
        address: std::net::SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// the peer does not want to talk to the station
    #[error("the archive refused the association: result {0}, source {1}, reason {2}")]
    Rejected(u8, u8, u8),
    /// the peer takes nothing, and says no reason that would be one for good
    #[error("the archive takes no class of objects: result {0}")]
    Context(u8),
    /// the connection broke, or what came cannot be understood
    #[error("the association ended early: {0}")]
    Net(#[from] NetError),
    /// the peer ended it in the middle
    #[error("the archive broke the association off")]
    Aborted,
    /// the peer cannot take it now
    #[error("the archive did not take an object for now: status {0:#06x}")]
    Status(u16),
    /// the record cannot be read
    #[error("the record cannot be read: {0}")]
    Record(#[from] RecordError),
    /// an object needs a date
    #[error("a reading was kept without a trusted time, and the clock is not trusted now either")]
    Clock,
    /// what was sent cannot be noted, so it would be sent again
    #[error("what was sent cannot be noted beside the record: {0}")]
    Cursor(#[source] std::io::Error),
}

impl SendError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "dicom_send_connect",
            Self::Rejected(..) | Self::Context(_) => "dicom_send_rejected",
            Self::Net(_) => "dicom_send_broken",
            Self::Aborted => "dicom_send_aborted",
            Self::Status(_) => "dicom_send_status",
            Self::Record(e) => e.code(),
            Self::Clock => "dicom_send_clock",
            Self::Cursor(_) => "dicom_send_cursor",
        }
    }

    /// Whether the reading itself may be what fails, so that it is not tried for ever.
    pub(super) fn may_be_the_reading(&self) -> bool {
        match self {
            Self::Aborted | Self::Status(_) | Self::Context(_) => true,
            // Without a key no reading can be read, and with it all can.
            Self::Record(e) => !matches!(e.code(), "record_key_none" | "record_key_wrong"),
            _ => false,
        }
    }
}
