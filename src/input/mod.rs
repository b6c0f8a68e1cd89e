//! What the operator presses: buttons below the screen, keyboards, touch screens.
//!
//! A thread of its own watches the devices, which may come, go or flood; whoever listens gets few, plain presses.
//! Terms: a *button* is one of up to five below the screen, counted from the left, that does what the screen says;
//! a *key* has a meaning of its own; a press is *held* when it is long enough to mean something else.
//! This module does not know what a press does.

mod evdev;
mod keys;
mod layout;
mod presses;
mod signal;
mod typing;
mod watch;
#[cfg(feature = "window")]
pub mod window;

pub use self::keys::{BUTTONS_MAX, Control, Key, Typed};
pub use self::presses::{HOLD, Press};
pub use self::signal::{Signal, Spot};
pub use self::watch::{Heard, InputError, start};
