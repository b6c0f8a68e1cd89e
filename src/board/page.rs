//! The `[page]` table: where the local page is, and the file of its token.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// The table as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPage {
    pub address: Spanned<String>,
    pub token_file: Spanned<String>,
}

/// A page to look at from a phone or another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageConfig {
    /// One address of the board's own, never all of them.
    pub address: SocketAddr,
    /// The token without which nothing is shown.
    pub token_file: PathBuf,
}
