//! The `[dicom_send]` table: to whom kept readings are sent as DICOM objects.

use std::net::SocketAddr;

use serde::Deserialize;
use toml::Spanned;

/// Ports of TCP.
pub const PORT: [i64; 2] = [1, 65_535];

/// The table as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDicomSend {
    pub address: Spanned<String>,
    pub port: Spanned<i64>,
    pub called_ae: Spanned<String>,
    pub calling_ae: Option<Spanned<String>>,
}

/// An archive, and as whom the station calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DicomSendConfig {
    pub address: SocketAddr,
    /// The archive's application entity title.
    pub called: String,
    /// The station's own.
    pub calling: String,
}
