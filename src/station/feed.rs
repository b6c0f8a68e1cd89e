//! Sources of every kind, made alike for the run loop.

use super::fault::Fault;
use crate::exposure::Live;
use crate::source::{FrameSource, Sourced};

/// What a feed gives.
#[derive(Debug)]
pub enum Fed {
    Radiograph(Sourced),
    /// Nothing new, and nothing to say of it.
    Idle,
    /// No new radiograph, but a live picture: what it shows.
    Live(Live),
}

/// Gives radiographs, or the fault in one's place, until it ends.
pub trait Feed {
    fn next(&mut self) -> Option<Result<Fed, Fault>>;
}

/// Any [`FrameSource`] of which every frame is a radiograph, as a [`Feed`].
pub struct SourceFeed<S: FrameSource> {
    source: S,
    code: fn(&S::Error) -> &'static str,
}

impl<S: FrameSource> SourceFeed<S> {
    /// `source`, whose errors have the stable name that `code` gives.
    pub fn new(source: S, code: fn(&S::Error) -> &'static str) -> Self {
        Self { source, code }
    }
}

impl<S: FrameSource> Feed for SourceFeed<S> {
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        let next = self.source.next_frame()?;
        Some(next.map(Fed::Radiograph).map_err(|error| Fault::source((self.code)(&error), error.to_string())))
    }
}
