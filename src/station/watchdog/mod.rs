//! What restarts a program or a board that hangs: the board's own watchdog, and systemd's.

mod hardware;
mod systemd;

pub use self::hardware::{Hardware, WatchdogError};
pub use self::systemd::Systemd;
