//! What the operator sees and does: results as they come, earlier ones, lists, and what the buttons mean.
//!
//! A thread of its own (`worker`) draws, shows and listens, so that no picture and no press ever makes a capture or a
//! reading wait; the station puts what happens into a bounded `mailbox` and goes on. `desk` decides what is on show,
//! without a device and without a clock of its own; `shelf` keeps readings, within bounds: those of this start and,
//! from the record (`archive`), the newest of those before.
//! `showcase` is where others may look at what is on show.
//! This module computes no reading, and does not know where radiographs come from.

mod actions;
mod archive;
mod desk;
mod identify;
mod lines;
mod mailbox;
mod marks;
mod page;
mod panel;
mod pulse;
mod scene;
mod set_clock;
mod shelf;
mod showcase;
mod worker;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod identify_tests;
#[cfg(test)]
mod lines_tests;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod menu_tests;
#[cfg(test)]
mod set_clock_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod worker_tests;

pub use self::archive::{Archive, OpenJournal};
pub use self::desk::{CONFIRM_MAX, Desk, FRONT_AFTER, IDLE_MAX};
pub use self::page::Touched;
pub use self::panel::{OperatorError, OperatorPanel};
pub use self::scene::Start;
pub use self::shelf::{Shelf, Shelved};
pub use self::showcase::{OnShow, Showcase};
