//! Watches devices in a thread of its own: new ones, lost ones, those that flood.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::evdev::Nodes;
use super::presses::{Press, Presses};
use super::signal::Signal;
use super::typing::Typing;
use crate::board::Keyboard;

/// How often new devices are looked for.
const SCAN_EVERY: Duration = Duration::from_secs(1);
/// How often held presses are looked at while something is down.
const TICK: Duration = Duration::from_millis(100);
/// How often, while it is not known whether somebody types or a code reader sends.
const TYPING_TICK: Duration = Duration::from_millis(20);
/// Signals of one device within a second: a touch screen gives some hundreds.
const SIGNALS_A_SECOND_MAX: u32 = 4_000;
/// Presses within a second, of all devices: more than fingers can.
const PRESSES_A_SECOND_MAX: u32 = 20;
/// The oldest that a signal is believed to be: a clock that was set must not make a press a held one.
const AGO_MAX: Duration = Duration::from_secs(2);
/// How long a device that floods is left alone.
const FLOOD_REST: Duration = Duration::from_secs(10);
/// Devices that are watched at once.
pub const DEVICES_MAX: usize = 16;

/// What the listener gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard {
    Press(Press),
    /// There are now so many buttons below the screen, and a touch screen or none.
    Devices {
        buttons: usize,
        touch: bool,
    },
    /// A device was left alone for a while, since it floods.
    Flood,
}

/// Why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// the system gives no thread
    #[error("no thread for the buttons could be started: {source}")]
    Thread { source: io::Error },
}

impl InputError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Thread { .. } => "input_thread",
        }
    }
}

/// One open device.
pub trait Device {
    /// Appends all that has happened, each with how long ago; does not wait. An error means that it is gone.
    fn read(&mut self, signals: &mut Vec<(Signal, Duration)>) -> io::Result<()>;

    /// How many buttons it has.
    fn buttons(&self) -> usize;

    fn is_touch(&self) -> bool;

    /// Whether it is a keyboard, or a code reader that pretends to be one.
    fn is_keyboard(&self) -> bool;
}

/// Where devices come from.
pub trait Bus {
    type Device: Device;

    /// Opens devices that are there and not among `open`, by their names; at most `room`.
    fn scan(&mut self, open: &[String], room: usize) -> Vec<(String, Self::Device)>;

    /// Waits until one of the devices has something to say, at most `time`.
    fn wait<'a>(&self, devices: impl Iterator<Item = &'a Self::Device>, time: Duration)
    where
        Self::Device: 'a;
}

/// Watches the system's devices, of which all keyboards and code readers are taken for a `keyboard`, and calls `tell`
/// for what they say, for as long as it returns `true`.
pub fn start(keyboard: Keyboard, tell: impl FnMut(Heard) -> bool + Send + 'static) -> Result<(), InputError> {
    start_on(Nodes::default(), keyboard, tell)
}

/// The same, for the devices of `bus`.
pub(super) fn start_on(
    bus: impl Bus + Send + 'static,
    keyboard: Keyboard,
    mut tell: impl FnMut(Heard) -> bool + Send + 'static,
) -> Result<(), InputError> {
    let started = Instant::now();
    let watch = move || {
        let mut watch = Watch::new(bus, keyboard);
        while watch.turn(&|| started.elapsed(), &mut tell) {}
    };
    let spawned = thread::Builder::new().name("input".into()).spawn(watch);
    spawned.map(drop).map_err(|source| InputError::Thread { source })
}

/// A device with its presses and its share of attention.
struct Watched<D> {
    name: String,
    device: D,
    presses: Presses,
    typing: Typing,
    budget: Budget,
    /// When the last signal came.
    last: Duration,
}

/// At most so many of something within a second.
#[derive(Debug, Default)]
struct Budget {
    since: Duration,
    used: u32,
}

impl Budget {
    /// Whether `more` may be used at `now`.
    fn takes(&mut self, more: u32, max: u32, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= Duration::from_secs(1) {
            *self = Self { since: now, used: 0 };
        }
        self.used = self.used.saturating_add(more);
        self.used <= max
    }
}

/// All devices.
struct Watch<B: Bus> {
    bus: B,
    keyboard: Keyboard,
    devices: Vec<Watched<B::Device>>,
    resting: Vec<(String, Duration)>,
    next_scan: Duration,
    told: Option<Heard>,
    budget: Budget,
    /// Keys were pressed that are not told, and the gap was.
    has_gap: bool,
}

impl<B: Bus> Watch<B> {
    fn new(bus: B, keyboard: Keyboard) -> Self {
        let (devices, resting, budget) = (Vec::new(), Vec::new(), Budget::default());
        let next_scan = Duration::ZERO;
        Self { bus, keyboard, devices, resting, next_scan, told: None, budget, has_gap: false }
    }

    /// Waits for something to happen and tells it; whether to go on.
    fn turn(&mut self, clock: &impl Fn() -> Duration, tell: &mut impl FnMut(Heard) -> bool) -> bool {
        let mut heard = Vec::new();
        let now = clock();
        if now >= self.next_scan {
            self.scan(now);
            self.next_scan = now + SCAN_EVERY;
        }
        heard.extend(self.change());
        let down = self.devices.iter().any(|d| d.presses.is_down());
        let typing = self.devices.iter().any(|d| d.typing.waits());
        let tick = if typing {
            TYPING_TICK
        } else if down {
            TICK
        } else {
            SCAN_EVERY
        };
        let wait = self.next_scan.saturating_sub(now).min(tick);
        if heard.is_empty() {
            self.bus.wait(self.devices.iter().map(|d| &d.device), wait);
        }
        self.read(clock, &mut heard);
        heard.extend(self.change());
        heard.into_iter().all(tell)
    }

    fn scan(&mut self, now: Duration) {
        self.resting.retain(|(_, until)| now < *until);
        let open = self.devices.iter().map(|d| &d.name).chain(self.resting.iter().map(|(name, _)| name));
        let open: Vec<String> = open.cloned().collect();
        let room = DEVICES_MAX.saturating_sub(self.devices.len());
        for (name, device) in self.bus.scan(&open, room).into_iter().take(room) {
            log::info!("input: {name}");
            let keyboard = device.is_keyboard().then_some(self.keyboard);
            let (presses, typing, budget) = (Presses::of(keyboard), Typing::default(), Budget::default());
            self.devices.push(Watched { name, device, presses, typing, budget, last: Duration::ZERO });
        }
    }

    /// What devices there are, where that has changed.
    fn change(&mut self) -> Option<Heard> {
        let buttons = self.devices.iter().map(|d| d.device.buttons()).max().unwrap_or(0);
        let touch = self.devices.iter().any(|d| d.device.is_touch());
        let there = Heard::Devices { buttons, touch };
        let changed = self.told != Some(there) && (self.told.is_some() || !self.devices.is_empty());
        self.told = Some(there);
        changed.then_some(there)
    }

    /// Reads every device once; those that are gone or flood are closed.
    fn read(&mut self, clock: &impl Fn() -> Duration, heard: &mut Vec<Heard>) {
        let Self { devices, resting, budget, has_gap, .. } = self;
        devices.retain_mut(|watched| {
            let mut signals = Vec::new();
            if let Err(error) = watched.device.read(&mut signals) {
                log::info!("input: {} is gone: {error}", watched.name);
                return false;
            }
            // Ages are of the moment of reading.
            let now = clock();
            if !watched.budget.takes(signals.len() as u32, SIGNALS_A_SECOND_MAX, now) {
                log::warn!("input: {} floods; it is left alone for {FLOOD_REST:?}", watched.name);
                resting.push((watched.name.clone(), now + FLOOD_REST));
                heard.push(Heard::Flood);
                return false;
            }
            for press in watched.presses(signals, now) {
                if budget.takes(1, PRESSES_A_SECOND_MAX, now) {
                    *has_gap = false;
                    heard.push(Heard::Press(press));
                } else if matches!(press, Press::Typed(..)) && !std::mem::replace(has_gap, true) {
                    heard.push(Heard::Press(Press::LOST));
                }
            }
            true
        });
    }
}

impl<D> Watched<D> {
    /// What `signals`, and the time up to `now`, amount to.
    ///
    /// Each counts at its own time: this thread may have been held up while a code reader went on.
    fn presses(&mut self, signals: Vec<(Signal, Duration)>, now: Duration) -> Vec<Press> {
        let mut told = Vec::new();
        for (signal, ago) in signals {
            self.last = now.saturating_sub(ago.min(AGO_MAX)).max(self.last);
            if let Some(press) = self.presses.take(signal, self.last) {
                self.typing.take(press, self.last, &mut told);
            }
        }
        if let Some(held) = self.presses.tick(now) {
            self.typing.take(held, now, &mut told);
        }
        self.typing.tick(now, &mut told);
        told
    }
}

#[cfg(test)]
mod tests;
