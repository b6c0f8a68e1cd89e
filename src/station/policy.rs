//! How patient a station is.

use std::time::Duration;

/// Files of a folder that may fail one after another: as many as a folder may hold.
const STILL_FAULTS_MAX: u32 = 100_000;
/// Faults in a row after which a live source that nobody wants kept up is given up: two minutes, or four where each
/// takes its time.
const LIVE_FAULTS_MAX: u32 = 100;
/// Faults of a live source in a row that are all told; after them every so many-th is: about two a minute.
const LIVE_FAULTS_TOLD: u32 = 8;
const LIVE_FAULTS_TELL_EVERY: u32 = 16;
/// First wait after a live source's fault; doubles with each further one.
const RETRY_MIN: Duration = Duration::from_millis(500);
/// Longest wait: a device that is plugged in again gives its picture within two seconds.
const RETRY_MAX: Duration = Duration::from_secs(1);
/// Waits stop doubling here; 500 ms times 2 is [`RETRY_MAX`].
const DOUBLINGS_MAX: u32 = 1;

/// When to wait, and when to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Begin another round when the source has ended, and never give a failing source up.
    pub forever: bool,
    /// The source is a device, which is tried again after a wait; a file that failed fails again.
    pub live: bool,
    /// How long each result stays before the next radiograph is taken.
    pub dwell: Duration,
    /// How long to wait before another round.
    pub between_rounds: Duration,
}

impl Policy {
    /// Once through files or phantoms, without a pause.
    pub const ONCE: Self =
        Self { forever: false, live: false, dwell: Duration::ZERO, between_rounds: Duration::from_secs(5) };

    /// Rounds without end; each result stays long enough to be looked at.
    pub const FOREVER: Self = Self { forever: true, dwell: Duration::from_secs(5), ..Self::ONCE };

    /// How long to wait after the last of `in_a_row` faults of the source.
    pub fn retry_wait(&self, in_a_row: u32) -> Duration {
        if !self.live || in_a_row == 0 {
            return Duration::ZERO;
        }
        (RETRY_MIN * 2u32.pow((in_a_row - 1).min(DOUBLINGS_MAX))).min(RETRY_MAX)
    }

    /// How long to wait after the source did not open, `in_a_row` times by now: a device that is plugged in late is to
    /// give its picture as soon as one that was away; others wait for a person.
    pub fn reopen_wait(&self, in_a_row: u32) -> Duration {
        if self.live { self.retry_wait(in_a_row.max(1)) } else { self.between_rounds }
    }

    /// Whether the last of `in_a_row` faults of the source is worth a line: a device that is away fails every second.
    pub fn tells(&self, in_a_row: u32) -> bool {
        !self.live || in_a_row <= LIVE_FAULTS_TOLD || in_a_row.is_multiple_of(LIVE_FAULTS_TELL_EVERY)
    }

    /// Whether `in_a_row` faults of the source are too many.
    pub fn gives_up_after(&self, in_a_row: u32) -> bool {
        !self.forever && in_a_row >= if self.live { LIVE_FAULTS_MAX } else { STILL_FAULTS_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stay_bounded() {
        let live = Policy { live: true, ..Policy::ONCE };
        let waits = [1, 2, 3, 7, 8, u32::MAX].map(|n| live.retry_wait(n).as_millis());
        assert_eq!(waits, [500, 1_000, 1_000, 1_000, 1_000, 1_000]);
        assert_eq!(Policy::ONCE.retry_wait(9), Duration::ZERO);
        let opening = [0, 1, 2, u32::MAX].map(|n| live.reopen_wait(n).as_millis());
        assert_eq!(opening, [500, 500, 1_000, 1_000]);
        assert_eq!(Policy::FOREVER.reopen_wait(9), Policy::FOREVER.between_rounds);
    }

    #[test]
    fn a_device_that_is_away_is_told_of_now_and_then_and_every_file_that_fails() {
        let live = Policy { live: true, ..Policy::FOREVER };
        let told: Vec<u32> = (1..=40).filter(|n| live.tells(*n)).collect();
        assert_eq!(told, [1, 2, 3, 4, 5, 6, 7, 8, 16, 32]);
        assert!((1..=40).all(|n| Policy::ONCE.tells(n)));
    }

    #[test]
    fn a_station_that_is_to_go_on_never_gives_up() {
        assert!(!Policy::FOREVER.gives_up_after(u32::MAX));
        assert!(Policy { live: true, ..Policy::ONCE }.gives_up_after(LIVE_FAULTS_MAX));
        assert!(!Policy::ONCE.gives_up_after(LIVE_FAULTS_MAX));
    }
}
