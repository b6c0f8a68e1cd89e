//! Whether a picture that still settles may be a new radiograph: said early, and held on to for a while.
//!
//! Whoever waits is told so; nothing is read because of it, and what is read does not depend on it.
//! The rules with their reasons: `docs/exposure.md`, "Exposure seen". This module does not know what a radiograph is.

use std::time::Duration;

use super::live::Live;

/// How long a picture stands still before it is looked at ahead: a fade of ten seconds does not, and less than the
/// settling time unless a board is in a hurry.
pub const LOOK_AFTER: Duration = Duration::from_millis(400);
/// Between two looks: each searches the whole picture, beside the judgements.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So long after it last stood still a candidate is given up: until then somebody may be turning it, zooming it or
/// setting its window, and the screen must not go back and forth meanwhile.
const HOLD: Duration = Duration::from_secs(5);

/// What is known ahead.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    /// When the picture was last looked at, ahead or in earnest.
    looked: Option<Duration>,
    next: Duration,
    /// When a candidate last stood still; `None`: there is none.
    stood: Option<Duration>,
}

impl Outlook {
    /// Since when changes count; `None`: the picture has not been looked at.
    pub fn looked(&self) -> Option<Duration> {
        self.looked
    }

    /// Whether a look is due as far as time goes.
    pub fn is_due(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// A picture that stands still was looked at ahead.
    pub fn found(&mut self, is_candidate: bool, now: Duration) {
        *self = Self { looked: Some(now), next: now + LOOK_EVERY, stood: is_candidate.then_some(now) };
    }

    /// The picture stands still; a candidate, if there is one, goes on.
    pub fn stands(&mut self, now: Duration) {
        self.stood = self.stood.map(|_| now);
    }

    /// The picture was judged in earnest: there is nothing to wait for.
    pub fn settled(&mut self, now: Duration) {
        *self = Self { looked: Some(now), next: self.next, stood: None };
    }

    /// What a picture that still settles is called.
    pub fn live(&self, now: Duration) -> Live {
        let holds = self.stood.is_some_and(|stood| now.saturating_sub(stood) < HOLD);
        if holds { Live::Candidate } else { Live::Settling }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_candidate_that_moves_is_held_on_to_and_then_given_up() {
        let mut outlook = Outlook::default();
        assert_eq!(outlook.live(s(1)), Live::Settling);
        outlook.found(true, s(1));
        outlook.stands(s(3));
        assert_eq!(
            [s(3), s(7), s(8)].map(|t| outlook.live(t)),
            [Live::Candidate, Live::Candidate, Live::Settling]
        );
    }

    #[test]
    fn standing_still_makes_nothing_a_candidate_and_a_judgement_ends_one() {
        let mut outlook = Outlook::default();
        outlook.found(false, s(1));
        outlook.stands(s(2));
        assert_eq!(outlook.live(s(2)), Live::Settling);
        outlook.found(true, s(3));
        outlook.settled(s(4));
        assert_eq!((outlook.live(s(4)), outlook.looked()), (Live::Settling, Some(s(4))));
    }

    #[test]
    fn looks_are_bounded_in_time() {
        let mut outlook = Outlook::default();
        assert!(outlook.is_due(s(0)));
        outlook.found(false, s(0));
        assert!(!outlook.is_due(LOOK_EVERY / 2) && outlook.is_due(LOOK_EVERY));
    }
}
