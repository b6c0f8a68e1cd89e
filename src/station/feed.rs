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
    is_endless: bool,
}

impl<S: FrameSource> SourceFeed<S> {
    /// `source`, whose errors have the stable name that `code` gives.
    pub fn new(source: S, code: fn(&S::Error) -> &'static str) -> Self {
        Self { source, code, is_endless: false }
    }

    /// A source that has nothing for now where others have ended.
    pub fn endless(source: S, code: fn(&S::Error) -> &'static str) -> Self {
        Self { is_endless: true, ..Self::new(source, code) }
    }
}

impl<S: FrameSource> Feed for SourceFeed<S> {
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        let Some(next) = self.source.next_frame() else { return self.is_endless.then_some(Ok(Fed::Idle)) };
        Some(next.map(Fed::Radiograph).map_err(|error| Fault::source((self.code)(&error), error.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::phantom::PhantomSource;

    #[test]
    fn an_endless_source_without_anything_is_idle_where_others_end() {
        let nothing = || PhantomSource::new(Vec::new());
        assert!(SourceFeed::new(nothing(), |never| match *never {}).next().is_none());
        let mut endless = SourceFeed::endless(nothing(), |never| match *never {});
        assert!((0..3).all(|_| matches!(endless.next(), Some(Ok(Fed::Idle)))));
    }
}
