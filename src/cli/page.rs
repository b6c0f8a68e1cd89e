//! The local page of a board, where its file names one.

use std::sync::Arc;

use crate::board::Board;
use crate::clock::Clock;
use crate::local_page::{self, Sources};
use crate::operator::Showcase;
use crate::station::{About, VitalsBoard};

/// What is to be looked at; nothing where there is no page.
#[derive(Default)]
pub struct Looks {
    pub showcase: Option<Showcase>,
    pub vitals: Option<VitalsBoard>,
}

impl Looks {
    /// Opens the page of `board`. Where it cannot be opened, the log says why, and the station goes on without it.
    pub fn start(board: &Board, about: &About, clock: Arc<dyn Clock>) -> Self {
        let Some(config) = board.page.clone() else { return Self::default() };
        let (showcase, vitals) = (Showcase::default(), VitalsBoard::default());
        let looks = Self { showcase: Some(showcase.clone()), vitals: Some(vitals.clone()) };
        let (about, record) = (about.clone(), board.record.clone());
        if let Err(error) = local_page::start(config, Sources { showcase, vitals, clock, about, record }) {
            log::error!("no thread for the local page: {error}");
        }
        looks
    }
}
