//! What the run loop is at, each with its deadline; and the state of the whole, as it is told.

use std::time::Duration;

/// A piece of work that must make progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From the program's start to the first self-test.
    Starting,
    SelfTesting,
    /// The source is being opened.
    Opening,
    /// The source is asked for a radiograph. One that waits for long beats the pulse for each frame that it looks at,
    /// or while a file is being decoded, which has a deadline of its own.
    Capturing,
    Reading,
    /// Into the record, onto the disk.
    Keeping,
    /// Onto the screen.
    Showing,
    /// Onto the serial line, and its questions answered.
    Telling,
    /// Nothing is to be done; each slice of the wait is progress.
    Waiting,
    Stopping,
}

impl Stage {
    pub const ALL: [Self; 10] = [
        Self::Starting,
        Self::SelfTesting,
        Self::Opening,
        Self::Capturing,
        Self::Reading,
        Self::Keeping,
        Self::Showing,
        Self::Telling,
        Self::Waiting,
        Self::Stopping,
    ];

    /// Stable lower-case name.
    pub fn name(self) -> &'static str {
        [
            "starting",
            "self_testing",
            "opening",
            "capturing",
            "reading",
            "keeping",
            "showing",
            "telling",
            "waiting",
            "stopping",
        ][self as usize]
    }

    /// The stage of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    pub(super) fn of_index(index: u8) -> Self {
        Self::ALL.get(usize::from(index)).copied().unwrap_or(Self::Starting)
    }

    /// How long the stage may go without progress, when one that computes or waits for a disk may go `longest`.
    ///
    /// Telling and waiting never take long: the line has its own thread, and waits are cut into slices.
    pub fn deadline(self, longest: Duration) -> Duration {
        match self {
            Self::Telling | Self::Waiting => longest / 2,
            _ => longest,
        }
    }
}

/// What the station is, as it is told on the serial line, to systemd and on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Boot,
    SelfTest,
    /// It waits for a radiograph.
    Ready,
    Reading,
    /// The source fails; it is tried again.
    Fault,
    /// Nothing is read: earlier starts failed, or a vital self-test did.
    SafeMode,
    Stopping,
}

impl State {
    pub const ALL: [Self; 7] =
        [Self::Boot, Self::SelfTest, Self::Ready, Self::Reading, Self::Fault, Self::SafeMode, Self::Stopping];

    /// Stable lower-case name.
    pub fn name(self) -> &'static str {
        ["boot", "self_test", "ready", "reading", "fault", "safe_mode", "stopping"][self as usize]
    }

    /// Whether `next` may follow; a state may always stay.
    pub fn may_become(self, next: Self) -> bool {
        use State::*;
        self == next
            || match self {
                Boot => matches!(next, SelfTest | SafeMode | Stopping),
                SelfTest => matches!(next, Ready | SafeMode | Stopping),
                Ready | Fault => matches!(next, Ready | Reading | Fault | Stopping),
                Reading => matches!(next, Ready | Fault | Stopping),
                SafeMode => next == Stopping,
                Stopping => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_name_and_a_deadline_within_the_longest() {
        let longest = Duration::from_secs(10);
        for (index, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!((Stage::parse(stage.name()), Stage::of_index(index as u8)), (Some(stage), stage));
            assert!(stage.deadline(longest) <= longest && stage.deadline(longest) >= longest / 2);
        }
        assert_eq!(Stage::parse("sleeping"), None);
    }

    #[test]
    fn safe_mode_is_left_by_a_new_start_only_and_nothing_follows_the_end() {
        let after = |state: State| {
            let next = State::ALL.into_iter().filter(|&n| n != state && state.may_become(n));
            next.map(State::name).collect::<Vec<_>>()
        };
        assert_eq!(after(State::Boot), ["self_test", "safe_mode", "stopping"]);
        assert_eq!(after(State::SelfTest), ["ready", "safe_mode", "stopping"]);
        assert_eq!(after(State::Ready), ["reading", "fault", "stopping"]);
        assert_eq!(after(State::Reading), ["ready", "fault", "stopping"]);
        assert_eq!(after(State::Fault), ["ready", "reading", "stopping"]);
        assert_eq!(after(State::SafeMode), ["stopping"]);
        assert!(after(State::Stopping).is_empty());
    }
}
