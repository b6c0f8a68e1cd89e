//! What can go wrong between a peer and the station.

use super::pdu::PDU_BYTES_MAX;

/// Why an association ended early, or none came about. No text of the peer's stands in it.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// the address cannot be listened on
    #[error(
        "{address} cannot be listened on: {source}; check [source] bind and that nothing else listens there"
    )]
    Bind {
        address: std::net::SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// the folder for what arrives
    #[error("the inbox cannot be used: {0}; check [source] path and its rights")]
    Inbox(#[source] std::io::Error),
    /// the connection broke, or nothing came in time
    #[error("the connection ended: {0}")]
    Connection(#[from] std::io::Error),
    /// a unit longer than agreed
    #[error("a unit of {0} bytes came, more than the {PDU_BYTES_MAX} that are taken")]
    PduLength(u32),
    /// a unit out of place
    #[error("a unit of kind {0} came where none belongs")]
    PduKind(u8),
    /// a unit whose parts do not fit
    #[error("a unit came whose parts do not fit it")]
    Form,
    /// a command without what it needs
    #[error("a command came that cannot be understood")]
    Command,
    /// refused at the door
    #[error("the association was refused: {0}")]
    Refused(&'static str),
}

impl NetError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "dicom_net_bind",
            Self::Inbox(_) => "dicom_net_inbox",
            Self::Connection(_) => "dicom_net_connection",
            Self::PduLength(_) | Self::PduKind(_) | Self::Form | Self::Command => "dicom_net_protocol",
            Self::Refused(_) => "dicom_net_refused",
        }
    }
}
