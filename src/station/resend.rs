//! Lines that a peer has not acknowledged yet, to be sent again: only for a peer that acknowledges at all.
//!
//! Terms: the *window* holds the newest lines, acknowledged ones excepted. A peer that never acknowledges is sent
//! nothing twice; one that has, and then is silent for [`ROUNDS_MAX`] rounds, counts as gone until it does so again.

use std::collections::VecDeque;
use std::time::Duration;

use crate::serial::Line;

/// Lines in the window: hours of radiographs, at most 256 KiB. What falls out is still in the record.
pub const WINDOW_LINES: usize = 1_024;
/// How long a line may be unacknowledged before it is sent again: more than a full queue takes at 115,200 baud.
pub const RESEND_AFTER: Duration = Duration::from_secs(2);
/// Lines that are sent again at once: half of the link's queue, so that new lines find room.
const BATCH_LINES: usize = 32;
/// Rounds without any acknowledgement after which the peer counts as gone.
const ROUNDS_MAX: u32 = 30;

/// A line that was sent.
#[derive(Debug)]
struct Sent {
    line: Line,
    /// When last.
    at: Duration,
}

/// What was sent and not acknowledged.
#[derive(Debug, Default)]
pub struct Window {
    lines: VecDeque<Sent>,
    /// The highest number that fell out unacknowledged.
    lost_through: u32,
    /// The same as far as the peer was told.
    told_lost: u32,
    acknowledges: bool,
    silent_rounds: u32,
}

impl Window {
    /// `line` is sent at `now`.
    pub fn push(&mut self, line: Line, now: Duration) {
        if self.lines.len() >= WINDOW_LINES
            && let Some(oldest) = self.lines.pop_front()
        {
            self.lost_through = oldest.line.sequence();
        }
        self.lines.push_back(Sent { line, at: now });
    }

    /// The peer has all lines up to `through`, which was made at `made`.
    ///
    /// Gives a number up to which lines are lost for good, where the peer is to be told. A line that this start never
    /// sent is not believed: the peer speaks of an earlier start.
    pub fn acknowledge(&mut self, through: u32, made: Duration) -> Option<u32> {
        let newest = self.lines.back().map_or(self.lost_through, |s| s.line.sequence());
        let made_ms = made.as_millis();
        let wrong =
            self.lines.iter().any(|s| s.line.sequence() == through && s.line.uptime().as_millis() != made_ms);
        if wrong || through > newest {
            return None;
        }
        (self.acknowledges, self.silent_rounds) = (true, 0);
        while self.lines.front().is_some_and(|s| s.line.sequence() <= through) {
            self.lines.pop_front();
        }
        let to_tell = through < self.lost_through && self.told_lost < self.lost_through;
        to_tell.then(|| {
            self.told_lost = self.lost_through;
            self.lost_through
        })
    }

    /// The lines to send again at `now`, oldest first; none for a peer that does not acknowledge.
    pub fn due(&mut self, now: Duration) -> Vec<Line> {
        let waited = self.lines.front().is_some_and(|s| now.saturating_sub(s.at) >= RESEND_AFTER);
        if !self.acknowledges || !waited {
            return Vec::new();
        }
        self.silent_rounds += 1;
        if self.silent_rounds > ROUNDS_MAX {
            log::warn!("the peer on the serial line acknowledges no longer: nothing is sent to it twice");
            self.acknowledges = false;
            return Vec::new();
        }
        let due =
            self.lines.iter_mut().take(BATCH_LINES).filter(|s| now.saturating_sub(s.at) >= RESEND_AFTER);
        due.map(|s| {
            s.at = now;
            s.line.clone()
        })
        .collect()
    }

    /// Lines that wait for an acknowledgement; none where the peer does not acknowledge.
    pub fn unacknowledged(&self) -> usize {
        if self.acknowledges { self.lines.len() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::Kind;

    const SECOND: Duration = Duration::from_secs(1);

    fn made(sequence: u32) -> Duration {
        Duration::from_millis(10 * u64::from(sequence))
    }

    fn window(lines: std::ops::RangeInclusive<u32>) -> Window {
        let mut window = Window::default();
        lines.for_each(|n| window.push(Line::new(Kind::Alive, n, made(n)), made(n)));
        window
    }

    fn due(window: &mut Window, now: Duration) -> Vec<u32> {
        window.due(now).iter().map(Line::sequence).collect()
    }

    #[test]
    fn a_peer_that_only_listens_is_sent_nothing_twice() {
        let mut window = window(1..=300);
        assert!(due(&mut window, 3_600 * SECOND).is_empty());
        assert_eq!(window.unacknowledged(), 0);
    }

    #[test]
    fn what_was_not_acknowledged_comes_again_in_batches() {
        let mut window = window(1..=40);
        assert_eq!(window.acknowledge(5, made(5)), None);
        assert_eq!(due(&mut window, 10 * SECOND), (6..38).collect::<Vec<_>>());
        assert!(due(&mut window, 11 * SECOND).is_empty());
        assert_eq!(window.acknowledge(39, made(39)), None);
        assert_eq!(due(&mut window, 12 * SECOND), [40]);
        assert_eq!(window.acknowledge(40, made(40)), None);
        assert!(due(&mut window, 99 * SECOND).is_empty());
    }

    #[test]
    fn an_acknowledgement_of_another_start_is_not_believed() {
        let mut window = window(1..=10);
        assert_eq!(window.acknowledge(8, made(9)), None);
        assert_eq!(window.acknowledge(99, made(99)), None);
        assert_eq!(window.unacknowledged(), 0);
        window.acknowledge(8, made(8));
        assert_eq!(window.unacknowledged(), 2);
    }

    #[test]
    fn what_fell_out_of_the_window_is_told_once() {
        let count = WINDOW_LINES as u32 + 44;
        let mut window = window(1..=count);
        assert_eq!(window.acknowledge(10, made(10)), Some(44));
        assert_eq!(window.acknowledge(11, made(11)), None);
        assert_eq!(due(&mut window, 100 * SECOND).first(), Some(&45));
    }

    #[test]
    fn a_peer_that_went_silent_counts_as_gone_until_it_acknowledges_again() {
        let mut window = window(1..=3);
        window.acknowledge(1, made(1));
        let rounds = (1..=100).filter(|n| !due(&mut window, n * 10 * SECOND).is_empty()).count();
        assert_eq!(rounds, ROUNDS_MAX as usize);
        window.acknowledge(2, made(2));
        assert_eq!(due(&mut window, 2_000 * SECOND), [3]);
    }
}
