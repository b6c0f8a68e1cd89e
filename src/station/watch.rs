//! A watched folder as a feed.

use std::sync::Arc;

use super::fault::Fault;
use super::feed::{Fed, Feed};
use crate::clock::Clock;
use crate::source::folder::Watch;

/// Gives what is put into a folder; never ends.
pub struct WatchFeed {
    watch: Watch,
    clock: Arc<dyn Clock>,
}

impl WatchFeed {
    pub fn new(watch: Watch, clock: Arc<dyn Clock>) -> Self {
        Self { watch, clock }
    }
}

impl Feed for WatchFeed {
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        let Some(next) = self.watch.next(self.clock.uptime()) else { return Some(Ok(Fed::Idle)) };
        Some(next.map(Fed::Radiograph).map_err(|error| Fault::source(error.code(), error.to_string())))
    }
}
