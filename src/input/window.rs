//! Keys and the pointer over the window that shows the screen, in place of the system's devices: those are the
//! desktop's.

use std::io;
use std::time::Duration;

use super::keys::BUTTONS_MAX;
use super::signal::{Signal, Spot};
use super::watch::{Bus, Device, Heard, InputError, start_on};
use crate::board::Keyboard;
use crate::screen::window::{Happened, LINK};

/// Watches the window, whenever there is one, and calls `tell` for what is done to it, for as long as it returns `true`.
pub fn start(keyboard: Keyboard, tell: impl FnMut(Heard) -> bool + Send + 'static) -> Result<(), InputError> {
    start_on(WindowBus, keyboard, tell)
}

/// At most one device.
struct WindowBus;

/// The window as a keyboard and a touch screen.
struct WindowDevice;

impl Bus for WindowBus {
    type Device = WindowDevice;

    fn scan(&mut self, open: &[String], room: usize) -> Vec<(String, WindowDevice)> {
        let is_new = open.is_empty() && room > 0 && LINK.is_open();
        is_new.then(|| ("the window".to_owned(), WindowDevice)).into_iter().collect()
    }

    fn wait<'a>(&self, mut devices: impl Iterator<Item = &'a WindowDevice>, time: Duration) {
        // What is done to a window before it is looked at waits.
        if devices.next().is_some() { LINK.wait(time) } else { std::thread::sleep(time) }
    }
}

impl Device for WindowDevice {
    fn read(&mut self, signals: &mut Vec<(Signal, Duration)>) -> io::Result<()> {
        signals.extend(LINK.heard().into_iter().map(|happened| (signal(happened), Duration::ZERO)));
        if LINK.is_open() { Ok(()) } else { Err(io::ErrorKind::NotConnected.into()) }
    }

    fn buttons(&self) -> usize {
        BUTTONS_MAX
    }

    fn is_touch(&self) -> bool {
        true
    }

    fn is_keyboard(&self) -> bool {
        true
    }
}

fn signal(happened: Happened) -> Signal {
    match happened {
        Happened::Down(code) => Signal::Down(code),
        Happened::Up(code) => Signal::Up(code),
        Happened::Touch([x, y]) => Signal::Touch(Spot { x, y }),
        Happened::Lift => Signal::Lift,
        Happened::Closed => Signal::Closed,
    }
}
