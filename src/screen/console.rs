//! The text console, kept from drawing over pictures for as long as there is a screen.

use std::fs::{File, OpenOptions};

use super::fb_ioctl::set_text_mode;

/// The terminal that is in front.
const TERMINAL: &str = "/dev/tty0";

/// While it lives, the console draws no text, where that is permitted.
#[derive(Debug)]
pub struct QuietConsole(Option<File>);

impl QuietConsole {
    /// Quiet from now on; without the right to do so the console stays as it is, and only a cursor may blink.
    pub fn new() -> Self {
        let quiet = || {
            let terminal = OpenOptions::new().read(true).write(true).open(TERMINAL)?;
            set_text_mode(&terminal, false).map(|()| terminal)
        };
        Self(quiet().map_err(|e| log::debug!("the text console stays: {e}")).ok())
    }
}

impl Drop for QuietConsole {
    fn drop(&mut self) {
        if let Some(terminal) = &self.0 {
            // Nothing is left to be done where this fails: the device is going, and the next start sets it anew.
            let _ = set_text_mode(terminal, true);
        }
    }
}
