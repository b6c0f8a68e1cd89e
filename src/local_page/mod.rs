//! The local page: what the device's own screen shows, for a phone or another machine nearby, and figures for Prometheus.
//!
//! Off unless the board file says so. It only looks: at the operator's `showcase`, at the station's vitals, and at
//! what the kernel says of the board; nothing that is sent here changes anything, and no file is written or read but
//! the token's. Terms: a *request* is what a peer asks, a *site* answers it, a *server* listens and bounds.
//! This module must not know a patient, a record's content or a device.

mod error;
mod figures;
mod home;
mod html;
mod json;
mod line;
mod pictures;
mod reading;
mod request;
mod response;
mod route;
mod server;
mod site;
mod token;
mod triage;

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub use self::error::PageError;
use self::server::Server;
use self::site::Site;
pub use self::token::{CHARACTERS, Token};
use crate::board::{PageConfig, RecordConfig};
use crate::clock::Clock;
use crate::operator::Showcase;
use crate::station::{About, VitalsBoard};

/// Wait before another try to listen: an address comes with its network, a token with its stick.
const RETRY: Duration = Duration::from_secs(5);

/// What the page looks at.
pub struct Sources {
    pub showcase: Showcase,
    pub vitals: VitalsBoard,
    pub clock: Arc<dyn Clock>,
    pub about: About,
    /// Of the record only how large it is.
    pub record: Option<RecordConfig>,
}

/// Opens the page as soon as its token and its address are there, in threads of its own, until the program ends.
pub fn start(config: PageConfig, sources: Sources) -> std::io::Result<()> {
    let work = move || {
        let (token, listener) = opened(&config);
        log::info!("the local page is open at {}", config.address);
        Arc::new(Server::new(Site::new(sources, token))).accept(&listener);
    };
    thread::Builder::new().name("page".into()).spawn(work).map(drop)
}

/// Whether the page can be opened, in a sentence that names no file.
pub fn test(config: &PageConfig) -> Result<String, String> {
    Token::load(&config.token_file).map_err(|e| format!("it is not open ({})", e.code()))?;
    match TcpListener::bind(config.address) {
        Ok(_) => Ok(format!("at {}, with a token", config.address)),
        // By the station, if it runs; only whoever looks can tell.
        Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => Ok(format!("{} is in use", config.address)),
        Err(e) => Err(format!("it cannot be opened at {}: {e}", config.address)),
    }
}

/// Tries until it works; says what stands in the way once for as long as it does.
fn opened(config: &PageConfig) -> (Token, TcpListener) {
    let mut told = None;
    loop {
        match open(config) {
            Ok(opened) => return opened,
            Err(error) if told == Some(error.code()) => {}
            Err(error) => {
                told = Some(error.code());
                log::warn!("{}: the local page is not open: {error}", error.code());
            }
        }
        thread::sleep(RETRY);
    }
}

fn open(config: &PageConfig) -> Result<(Token, TcpListener), PageError> {
    let token = Token::load(&config.token_file)?;
    let failed = |source| PageError::Bind { address: config.address, source };
    Ok((token, TcpListener::bind(config.address).map_err(failed)?))
}
