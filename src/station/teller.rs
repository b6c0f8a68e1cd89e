//! Numbers and times the lines, and knows whether the link works.

use std::time::Duration;

use crate::clock::Clock;
use crate::serial::{Event, SerialError, SerialLink};

/// Silence after which a sign of life is due: a peer that hears nothing for three of these may raise an alarm.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// Sends events as lines.
pub struct Teller<'a> {
    clock: &'a dyn Clock,
    link: &'a mut dyn SerialLink,
    sequence: u32,
    last: Duration,
    works: bool,
}

impl<'a> Teller<'a> {
    pub fn new(clock: &'a dyn Clock, link: &'a mut dyn SerialLink) -> Self {
        Self { clock, link, sequence: 0, last: clock.uptime(), works: true }
    }

    /// Sends `event` under the next number; a number is used up even when its line is lost, so that the peer sees
    /// a gap.
    pub fn tell(&mut self, event: &Event<'_>) -> Result<(), SerialError> {
        self.sequence = self.sequence.wrapping_add(1);
        self.last = self.clock.uptime();
        let told = self.link.write_line(&event.line(self.sequence, self.last));
        self.works = told.is_ok();
        told
    }

    /// Whether the last line was taken.
    pub fn works(&self) -> bool {
        self.works
    }

    /// Whether the peer has waited long.
    pub fn is_due(&self) -> bool {
        self.clock.uptime().saturating_sub(self.last) >= ALIVE_EVERY
    }

    pub fn dropped(&self) -> u64 {
        self.link.counts().dropped
    }

    /// Waits, within bounds, for what is under way; how many lines were lost in all.
    pub fn finish(self) -> u64 {
        self.link.finish().dropped
    }
}
