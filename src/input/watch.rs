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
    /// Appends what has happened; does not wait. An error means that it is gone.
    fn read(&mut self, signals: &mut Vec<Signal>) -> io::Result<()>;

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
}

impl<B: Bus> Watch<B> {
    fn new(bus: B, keyboard: Keyboard) -> Self {
        let (devices, resting, budget) = (Vec::new(), Vec::new(), Budget::default());
        Self { bus, keyboard, devices, resting, next_scan: Duration::ZERO, told: None, budget }
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
        self.read(clock(), &mut heard);
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
            let (presses, typing) = (Presses::of(keyboard), Typing::default());
            self.devices.push(Watched { name, device, presses, typing, budget: Budget::default() });
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
    fn read(&mut self, now: Duration, heard: &mut Vec<Heard>) {
        let Self { devices, resting, budget, .. } = self;
        devices.retain_mut(|watched| {
            let mut signals = Vec::new();
            if let Err(error) = watched.device.read(&mut signals) {
                log::info!("input: {} is gone: {error}", watched.name);
                return false;
            }
            if !watched.budget.takes(signals.len() as u32, SIGNALS_A_SECOND_MAX, now) {
                log::warn!("input: {} floods; it is left alone for {FLOOD_REST:?}", watched.name);
                resting.push((watched.name.clone(), now + FLOOD_REST));
                heard.push(Heard::Flood);
                return false;
            }
            let Watched { presses, typing, .. } = watched;
            let mut told: Vec<Press> = Vec::new();
            let pressed = signals.into_iter().filter_map(|s| presses.take(s, now)).collect::<Vec<_>>();
            let held = presses.tick(now);
            pressed.into_iter().chain(held).for_each(|press| typing.take(press, now, &mut told));
            typing.tick(now, &mut told);
            for press in told {
                if budget.takes(1, PRESSES_A_SECOND_MAX, now) {
                    heard.push(Heard::Press(press));
                }
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;
    use std::rc::Rc;

    use super::super::keys::{Control, Key, Typed};
    use super::*;
    use crate::person::Identifier;

    /// A device that says what is put into it, until it is unplugged.
    #[derive(Clone, Default)]
    struct Pad {
        says: Rc<RefCell<VecDeque<Signal>>>,
        gone: Rc<Cell<bool>>,
        types: bool,
    }

    impl Device for Pad {
        fn read(&mut self, signals: &mut Vec<Signal>) -> io::Result<()> {
            signals.extend(self.says.borrow_mut().drain(..));
            if self.gone.get() { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
        }

        fn buttons(&self) -> usize {
            3
        }

        fn is_touch(&self) -> bool {
            false
        }

        fn is_keyboard(&self) -> bool {
            self.types
        }
    }

    /// Pads that are plugged in, by their names.
    #[derive(Clone, Default)]
    struct Hub(Rc<RefCell<Vec<(String, Pad)>>>);

    impl Bus for Hub {
        type Device = Pad;

        fn scan(&mut self, open: &[String], room: usize) -> Vec<(String, Pad)> {
            let plugged = self.0.borrow();
            plugged.iter().filter(|(name, _)| !open.contains(name)).take(room).cloned().collect()
        }

        fn wait<'a>(&self, _: impl Iterator<Item = &'a Pad>, _: Duration) {}
    }

    /// One turn at `ms`: what was heard.
    fn turn(watch: &mut Watch<Hub>, ms: u64) -> Vec<Heard> {
        let mut heard = Vec::new();
        let mut tell = |h| {
            heard.push(h);
            true
        };
        assert!(watch.turn(&|| Duration::from_millis(ms), &mut tell));
        heard
    }

    fn plugged(names: &[&str]) -> (Watch<Hub>, Vec<Pad>) {
        let pads: Vec<Pad> = names.iter().map(|_| Pad::default()).collect();
        let hub = Hub(Rc::new(RefCell::new(
            names.iter().map(|n| (*n).to_owned()).zip(pads.iter().cloned()).collect(),
        )));
        (Watch::new(hub, Keyboard::Us), pads)
    }

    const ENTER: [Signal; 2] = [Signal::Down(28), Signal::Up(28)];
    const SELECT: Heard = Heard::Press(Press::Control(Control::Key(Key::Select)));
    const THREE: Heard = Heard::Devices { buttons: 3, touch: false };
    const NONE: Heard = Heard::Devices { buttons: 0, touch: false };

    #[test]
    fn a_device_that_is_plugged_in_is_heard_and_one_that_goes_is_missed() {
        let (mut watch, pads) = plugged(&["a"]);
        assert_eq!(turn(&mut watch, 0), [THREE]);
        pads[0].says.borrow_mut().extend(ENTER);
        assert_eq!(turn(&mut watch, 10), [SELECT]);
        pads[0].gone.set(true);
        watch.bus.0.borrow_mut().clear();
        assert_eq!(turn(&mut watch, 20), [NONE]);
        let again = Pad::default();
        watch.bus.0.borrow_mut().push(("a".into(), again.clone()));
        assert_eq!(turn(&mut watch, 900), []);
        assert_eq!(turn(&mut watch, 1_000), [THREE]);
    }

    #[test]
    fn a_device_that_floods_is_left_alone_and_the_others_are_heard() {
        let (mut watch, pads) = plugged(&["mad", "good"]);
        turn(&mut watch, 0);
        pads[0].says.borrow_mut().extend([ENTER[0]; SIGNALS_A_SECOND_MAX as usize + 1]);
        pads[1].says.borrow_mut().extend(ENTER);
        assert_eq!(turn(&mut watch, 5), [Heard::Flood, SELECT]);
        assert_eq!(watch.devices.len(), 1);
        turn(&mut watch, 9_000);
        assert_eq!(watch.devices.len(), 1, "it rests");
        turn(&mut watch, 10_100);
        assert_eq!(watch.devices.len(), 2, "it has another chance");
    }

    #[test]
    fn more_presses_than_fingers_can_are_not_told() {
        let (mut watch, pads) = plugged(&["a"]);
        turn(&mut watch, 0);
        let keys = (0..60).flat_map(|k| [Signal::Down(if k % 2 == 0 { 28 } else { 103 })]);
        pads[0].says.borrow_mut().extend(keys);
        assert_eq!(turn(&mut watch, 5).len(), PRESSES_A_SECOND_MAX as usize);
    }

    #[test]
    fn a_code_reader_writes_by_the_board_s_layout() {
        let reader = Pad { types: true, ..Pad::default() };
        let hub = Hub(Rc::new(RefCell::new(vec![("reader".into(), reader.clone())])));
        let mut watch = Watch::new(hub, Keyboard::Fr);
        turn(&mut watch, 1_000);
        // A, then 1 to 3 with shift held, then a dash: KEY_Q, KEY_1 to KEY_3, KEY_6.
        let [shift, no_shift] = [Signal::Down(42), Signal::Up(42)];
        let press = |code| [Signal::Down(code), Signal::Up(code)];
        let digits: Vec<Signal> = [2, 3, 4].into_iter().flat_map(press).collect();
        let signals = [&press(16)[..], &[shift], &digits, &[no_shift], &press(7), &press(28)].concat();
        reader.says.borrow_mut().extend(signals);
        assert_eq!(turn(&mut watch, 1_005), [Heard::Press(Press::Scanned(Identifier::parse("A123-")))]);
    }

    #[test]
    fn a_code_reader_is_heard_whole_though_it_is_faster_than_fingers() {
        let reader = Pad { types: true, ..Pad::default() };
        let hub = Hub(Rc::new(RefCell::new(vec![("reader".into(), reader.clone())])));
        let mut watch = Watch::new(hub, Keyboard::Us);
        assert_eq!(turn(&mut watch, 1_000), [THREE]);
        // 1 to 9, 0, 1 to 9, 0, then Enter.
        let keys = (2..12).chain(2..12).chain([28]);
        let signals = keys.flat_map(|code| [Signal::Down(code), Signal::Up(code)]);
        reader.says.borrow_mut().extend(signals);
        let scanned = Press::Scanned(Identifier::parse("12345678901234567890"));
        assert_eq!(turn(&mut watch, 1_005), [Heard::Press(scanned)]);
        // A person's press of the same keyboard is told a moment later.
        reader.says.borrow_mut().extend([Signal::Down(2), Signal::Up(2)]);
        assert_eq!(turn(&mut watch, 1_010), []);
        let one = Press::Typed(Typed::Character('1'), Some(Control::Button(0)));
        assert_eq!(turn(&mut watch, 1_060), [Heard::Press(one)]);
    }

    #[test]
    fn a_listener_that_has_gone_ends_the_watch() {
        let (mut watch, _) = plugged(&["a"]);
        assert!(!watch.turn(&|| Duration::ZERO, &mut |_| false));
    }

    #[test]
    fn devices_are_bounded() {
        let names: Vec<String> = (0..40).map(|k| k.to_string()).collect();
        let (mut watch, _) = plugged(&names.iter().map(String::as_str).collect::<Vec<_>>());
        turn(&mut watch, 0);
        assert_eq!(watch.devices.len(), DEVICES_MAX);
    }
}
