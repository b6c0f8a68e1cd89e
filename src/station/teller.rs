//! Numbers and times the lines, keeps those that a peer may want again, and knows whether the link works.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::resend::Window;
use crate::clock::Clock;
use crate::serial::{Event, Line, LogLine, SerialError, SerialLink};

/// Silence after which a sign of life is due: a peer that hears nothing for three of these may raise an alarm.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// Sends events as lines.
pub struct Teller<'a> {
    clock: &'a dyn Clock,
    link: &'a mut dyn SerialLink,
    window: Window,
    /// Log records that are to go out.
    pub records: Option<Receiver<LogLine>>,
    sequence: u32,
    last: Duration,
    works: bool,
}

impl<'a> Teller<'a> {
    pub fn new(clock: &'a dyn Clock, link: &'a mut dyn SerialLink) -> Self {
        let (window, last) = (Window::default(), clock.uptime());
        Self { clock, link, window, records: None, sequence: 0, last, works: true }
    }

    /// Sends `event` under the next number; a number is used up even when its line is lost, so that the peer sees
    /// a gap.
    pub fn tell(&mut self, event: &Event<'_>) -> Result<(), SerialError> {
        self.sequence = self.sequence.wrapping_add(1);
        self.last = self.clock.uptime();
        let line = event.line(self.sequence, self.last);
        let told = self.link.write_line(&line);
        self.window.push(line, self.last);
        self.works = told.is_ok();
        told
    }

    /// What a peer asks, if anything.
    pub fn next_ask(&mut self) -> Option<Line> {
        self.link.next_ask()
    }

    /// The peer has all lines up to `through`; a number up to which lines are lost for good, where it is to be told.
    pub fn acknowledge(&mut self, through: u32, made: Duration) -> Option<u32> {
        self.window.acknowledge(through, made)
    }

    /// Sends again what the peer has not acknowledged for long, as far as the link has room.
    pub fn resend(&mut self) {
        if !self.link.is_idle() {
            return;
        }
        for line in self.window.due(self.clock.uptime()) {
            if self.link.write_line(&line).is_err() {
                // It is still in the window, and comes again in the next round.
                return;
            }
        }
    }

    /// Lines that wait for the peer's acknowledgement.
    pub fn unacknowledged(&self) -> usize {
        self.window.unacknowledged()
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
