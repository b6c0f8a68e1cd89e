//! Where the station and the buttons leave what the worker is to hear; neither ever waits.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::scene::Scene;
use crate::exposure::Live;
use crate::input::{Heard, Press};
use crate::pipeline::Study;
use crate::station::{Filed, Keeping};

/// What the station may leave before the worker comes: a hung screen must not eat the memory.
pub const TOLD_MAX: usize = 6;
/// Presses that may wait: more are no longer meant by the time they count.
pub const HEARD_MAX: usize = 32;

/// Stands for typed keys without room.
const GAP: Heard = Heard::Press(Press::LOST);

/// What the station tells.
pub enum Told {
    Scene(Scene),
    Live(Live),
    /// The source works.
    Ready,
    Reading(Box<Study>, Filed),
    Keeping(Keeping),
    /// Whether the serial line takes what is sent.
    Serial(bool),
    /// Nothing more will be told.
    End,
}

/// What is in the box.
#[derive(Default)]
pub struct Mail {
    pub told: VecDeque<Told>,
    pub heard: VecDeque<Heard>,
}

impl Mail {
    fn is_empty(&self) -> bool {
        self.told.is_empty() && self.heard.is_empty()
    }
}

/// The box.
#[derive(Default)]
pub struct Mailbox {
    mail: Mutex<Mail>,
    came: Condvar,
}

impl Mailbox {
    /// Leaves what the station tells; `false` where there is no room. The end always has room.
    ///
    /// Of news of the live picture that follow each other only the last counts: readings are to have the room.
    pub fn tell(&self, told: Told) -> bool {
        let mut mail = self.lock();
        if let (Told::Live(new), Some(Told::Live(last))) = (&told, mail.told.back_mut()) {
            *last = *new;
            return true;
        }
        let has_room = mail.told.len() < TOLD_MAX || matches!(told, Told::End);
        if has_room {
            mail.told.push_back(told);
            self.came.notify_one();
        }
        has_room
    }

    /// Leaves what a device says; presses without room are lost, news of devices are not.
    ///
    /// Where keys of a text are lost, the gap is told.
    pub fn hear(&self, heard: Heard) {
        let mut mail = self.lock();
        if mail.heard.len() >= HEARD_MAX && matches!(heard, Heard::Press(_) | Heard::Flood) {
            let is_told = mail.heard.iter().skip(HEARD_MAX).any(|h| *h == GAP);
            if matches!(heard, Heard::Press(Press::Typed(..))) && !is_told {
                mail.heard.push_back(GAP);
            }
            return;
        }
        // Of news of devices only the last counts.
        if matches!(heard, Heard::Devices { .. }) {
            mail.heard.retain(|h| !matches!(h, Heard::Devices { .. }));
        }
        mail.heard.push_back(heard);
        self.came.notify_one();
    }

    /// Takes all there is, after at most `wait`.
    pub fn take(&self, wait: Duration) -> Mail {
        let mail = self.lock();
        let waited = self.came.wait_timeout_while(mail, wait, |mail| mail.is_empty());
        let mut mail = waited.unwrap_or_else(PoisonError::into_inner).0;
        std::mem::take(&mut *mail)
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulated::refused;
    use super::*;
    use crate::input::Typed;

    #[test]
    fn a_live_picture_that_changes_for_ever_takes_one_place() {
        let mailbox = Mailbox::default();
        for _ in 0..1_000 {
            assert!([Live::Settling, Live::Candidate].into_iter().all(|live| mailbox.tell(Told::Live(live))));
        }
        assert!(mailbox.tell(Told::Ready) && mailbox.tell(Told::Live(Live::Seen)));
        let told = mailbox.take(Duration::ZERO).told;
        assert!(
            matches!(Vec::from(told)[..], [Told::Live(Live::Candidate), Told::Ready, Told::Live(Live::Seen)]),
            "the last of each row, in their order"
        );
    }

    #[test]
    fn a_text_that_finds_no_room_is_not_taken_for_whole() {
        let mailbox = Mailbox::default();
        let key = || Heard::Press(Press::Typed(Typed::Character('7'), None));
        for buttons in 0..100 {
            mailbox.hear(key());
            if buttons > 60 {
                mailbox.hear(Heard::Devices { buttons, touch: false });
            }
        }
        let heard = Vec::from(mailbox.take(Duration::ZERO).heard);
        assert_eq!(heard[..HEARD_MAX], vec![key(); HEARD_MAX]);
        assert_eq!(heard[HEARD_MAX..], [GAP, Heard::Devices { buttons: 99, touch: false }]);
    }

    #[test]
    fn what_is_left_is_bounded_and_nobody_waits() {
        let mailbox = Mailbox::default();
        let taken =
            (0..20).filter(|_| mailbox.tell(Told::Reading(Box::new(refused()), Filed::default()))).count();
        assert_eq!(taken, TOLD_MAX);
        assert!(mailbox.tell(Told::End));
        (0..1_000).for_each(|_| mailbox.hear(Heard::Press(Press::Held)));
        (0..9).for_each(|buttons| mailbox.hear(Heard::Devices { buttons, touch: false }));
        let mail = mailbox.take(Duration::ZERO);
        assert_eq!((mail.told.len(), mail.heard.len()), (TOLD_MAX + 1, HEARD_MAX + 1));
        assert_eq!(mail.heard.back(), Some(&Heard::Devices { buttons: 8, touch: false }));
        assert!(mailbox.take(Duration::from_millis(1)).is_empty());
    }
}
