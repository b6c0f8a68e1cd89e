//! Whether the worker goes on: a screen's driver that hangs is to be known before a reading waits for it.

use std::time::{Duration, Instant};

/// How long the worker may go without a turn. It takes four a second; the slowest screens take a second for a picture.
pub const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Looks at the number of the worker's turns now and then.
///
/// Time is the processor's own, not the station's clock: that one may be a test's, which runs faster than threads do.
#[derive(Debug)]
pub struct Pulse {
    after: Duration,
    turns: u64,
    since: Instant,
    is_told: bool,
}

impl Pulse {
    /// Of a worker that is stuck when it takes no turn for `after`.
    pub fn new(after: Duration) -> Self {
        Self { after, turns: 0, since: Instant::now(), is_told: false }
    }

    /// For how long the worker has taken no turn, once for each time that this has become too long.
    pub fn stuck(&mut self, turns: u64) -> Option<Duration> {
        if self.turns != turns {
            if self.is_told {
                log::info!("the screen's thread goes on");
            }
            *self = Self { turns, ..Self::new(self.after) };
            return None;
        }
        let waited = self.since.elapsed();
        let is_new = waited >= self.after && !self.is_told;
        self.is_told |= is_new;
        is_new.then_some(waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_without_turns_is_told_once_until_it_goes_on() {
        let mut pulse = Pulse::new(Duration::ZERO);
        let told: Vec<bool> = [1, 1, 1, 2, 3, 3, 3].into_iter().map(|t| pulse.stuck(t).is_some()).collect();
        assert_eq!(told, [false, true, false, false, false, true, false]);
        let mut patient = Pulse::new(STUCK_AFTER);
        assert!((0..100).all(|_| patient.stuck(0).is_none()), "it has only begun to wait");
    }
}
