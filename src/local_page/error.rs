//! Why there is no page.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::token::CHARACTERS;
use crate::secret::SecretError;

/// What stands between a board file and its page. The token is in none of it.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// the token is not at hand
    #[error("the token {} cannot be read: {source}", path.display())]
    TokenFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// the token is no secret
    #[error("the token {} can be read or written by others (mode {mode:03o}): make it 0400", path.display())]
    TokenRights { path: PathBuf, mode: u32 },
    /// the token can be guessed, or cannot stand in an address
    #[error(
        "the token {} has {bytes} bytes; a token has {} to {} letters, digits, dashes and underscores in one line, \
         drawn at random",
        path.display(), CHARACTERS[0], CHARACTERS[1]
    )]
    TokenForm { path: PathBuf, bytes: u64 },
    /// the address is not the board's, or is taken
    #[error("nothing can listen at {address}: {source}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
}

impl PageError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TokenFile { .. } => "page_token_file",
            Self::TokenRights { .. } => "page_token_rights",
            Self::TokenForm { .. } => "page_token_form",
            Self::Bind { .. } => "page_bind",
        }
    }
}

impl From<SecretError> for PageError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::File { path, source } => Self::TokenFile { path, source },
            SecretError::Rights { path, mode } => Self::TokenRights { path, mode },
        }
    }
}
