//! The kernel's input devices, `/dev/input/event*`.
//!
//! This file alone names the crate `evdev`. Devices that are used are taken for this program alone, so that what the
//! operator presses is not typed into a console too. They are read raw: the crate's own repair of a queue that ran over
//! hides what was lost, and is itself lost where nothing comes behind it (0.13.2).

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ::evdev::raw_stream::RawDevice as Node;
use ::evdev::{AbsInfo, AbsoluteAxisCode, EventSummary, InputEvent, KeyCode, SynchronizationCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::keys;
use super::signal::{Signal, Spot};
use super::watch::{Bus, DEVICES_MAX, Device};

const FOLDER: &str = "/dev/input";
/// Nodes that are looked at.
const NODES_MAX: usize = 64;
/// Reads of one device in a row, each of 32 events or more: more than any queue of the kernel's holds.
const READS_MAX: usize = 128;

/// The folder of devices; remembers those that have nothing to press.
#[derive(Default)]
pub struct Nodes {
    useless: BTreeSet<NodeId>,
}

/// A node, told from one that stood at its path before: another device may be plugged in between two looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NodeId {
    path: PathBuf,
    inode: u64,
    /// Seconds and nanoseconds: numbers of inodes come again.
    changed: [i64; 2],
}

impl NodeId {
    /// `None`: the node is gone.
    fn of(path: PathBuf) -> Option<Self> {
        let about = fs::metadata(&path).ok()?;
        Some(Self { path, inode: about.ino(), changed: [about.ctime(), about.ctime_nsec()] })
    }
}

impl Bus for Nodes {
    type Device = NodeDevice;

    fn scan(&mut self, open: &[String], room: usize) -> Vec<(String, NodeDevice)> {
        let entries = fs::read_dir(FOLDER).into_iter().flatten().filter_map(Result::ok);
        let is_node = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("event"));
        let nodes = entries.map(|e| e.path()).filter(is_node).take(NODES_MAX);
        let there: BTreeSet<NodeId> = nodes.filter_map(NodeId::of).collect();
        self.useless.retain(|node| there.contains(node));
        let mut found = Vec::new();
        for node in there {
            let name = node.path.display().to_string();
            if found.len() >= room || open.contains(&name) || self.useless.contains(&node) {
                continue;
            }
            match NodeDevice::open(&node.path) {
                Ok(Some(device)) => found.push((name, device)),
                Ok(None) => drop(self.useless.insert(node)),
                // It may not be ours yet: udev comes after the node.
                Err(error) => log::debug!("input: {name}: {error}"),
            }
        }
        found
    }

    fn wait<'a>(&self, devices: impl Iterator<Item = &'a NodeDevice>, time: Duration) {
        let mut fds: Vec<PollFd> =
            devices.take(DEVICES_MAX).map(|d| PollFd::new(&d.node, PollFlags::IN)).collect();
        let time = Timespec::try_from(time).ok();
        if poll(&mut fds, time.as_ref()).is_err() {
            // A signal to the process, most likely; in any other case nothing may spin.
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// One device, open.
pub struct NodeDevice {
    node: Node,
    buttons: usize,
    is_keyboard: bool,
    events: Events,
}

impl NodeDevice {
    /// `None` for a device that has nothing to press.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let mut node = Node::from_fd(OwnedFd::from(file))?;
        let has = |code: u16| node.supported_keys().is_some_and(|k| k.contains(KeyCode::new(code)));
        let (buttons, used, is_keyboard) = (keys::buttons(has), keys::is_used(has), keys::is_keyboard(has));
        let touch = Touch::of(&node);
        if !used && touch.is_none() {
            return Ok(None);
        }
        if let Err(error) = node.grab() {
            log::debug!("input: {} is shared with others: {error}", path.display());
        }
        Ok(Some(Self { node, buttons, is_keyboard, events: Events { touch, is_lost: false } }))
    }
}

impl Device for NodeDevice {
    fn read(&mut self, signals: &mut Vec<(Signal, Duration)>) -> io::Result<()> {
        // To the end: what is left in the queue would look as if nothing had followed.
        for _ in 0..READS_MAX {
            let events = match self.node.fetch_events() {
                Ok(events) => events,
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => break,
                Err(e) => return Err(e),
            };
            // The kernel stamps events with the time of day, unless asked for another.
            let now = SystemTime::now();
            for event in events {
                let ago = now.duration_since(event.timestamp()).unwrap_or_default();
                signals.extend(self.events.take(event).map(|signal| (signal, ago)));
            }
        }
        Ok(())
    }

    fn buttons(&self) -> usize {
        self.buttons
    }

    fn is_touch(&self) -> bool {
        self.events.touch.is_some()
    }

    fn is_keyboard(&self) -> bool {
        self.is_keyboard
    }
}

/// From a device's events to signals.
struct Events {
    touch: Option<Touch>,
    /// Some were lost: what comes before the next report belongs to them.
    is_lost: bool,
}

impl Events {
    fn take(&mut self, event: InputEvent) -> Option<Signal> {
        let what = event.destructure();
        if let EventSummary::Synchronization(_, SynchronizationCode::SYN_DROPPED, _) = what {
            self.is_lost = true;
            self.touch.as_mut().into_iter().for_each(Touch::forget);
            return Some(Signal::Lost);
        }
        if self.is_lost {
            self.is_lost =
                !matches!(what, EventSummary::Synchronization(_, SynchronizationCode::SYN_REPORT, _));
            return None;
        }
        match (what, &mut self.touch) {
            (EventSummary::Key(_, key, value), Some(touch)) if touch.is_contact(key) => {
                touch.contact(value != 0);
                None
            }
            (EventSummary::Key(_, key, 0), _) => Some(Signal::Up(key.code())),
            // 2 is the keyboard's own repetition.
            (EventSummary::Key(_, key, 1), _) => Some(Signal::Down(key.code())),
            (EventSummary::AbsoluteAxis(_, axis, value), Some(touch)) => {
                touch.axis(axis, value);
                None
            }
            (EventSummary::Synchronization(..), Some(touch)) => touch.frame(),
            _ => None,
        }
    }
}

/// A touch screen, or a tablet's pointer, as one finger.
struct Touch {
    /// Least and greatest value of each axis.
    x: [i32; 2],
    y: [i32; 2],
    at: [i32; 2],
    is_down: bool,
    was_down: bool,
}

impl Touch {
    fn of(node: &Node) -> Option<Self> {
        let has = |key| node.supported_keys().is_some_and(|k| k.contains(key));
        if !has(KeyCode::BTN_TOUCH) && !has(KeyCode::BTN_LEFT) {
            return None;
        }
        let axes: Vec<(AbsoluteAxisCode, AbsInfo)> = node.get_absinfo().ok()?.collect();
        let range = |code| {
            let (_, info) = axes.iter().find(|(axis, _)| *axis == code)?;
            (info.minimum() < info.maximum()).then_some([info.minimum(), info.maximum()])
        };
        let x = range(AbsoluteAxisCode::ABS_X).or_else(|| range(AbsoluteAxisCode::ABS_MT_POSITION_X))?;
        let y = range(AbsoluteAxisCode::ABS_Y).or_else(|| range(AbsoluteAxisCode::ABS_MT_POSITION_Y))?;
        Some(Self { x, y, at: [x[0], y[0]], is_down: false, was_down: false })
    }

    fn is_contact(&self, key: KeyCode) -> bool {
        [KeyCode::BTN_TOUCH, KeyCode::BTN_LEFT].contains(&key)
    }

    fn contact(&mut self, down: bool) {
        self.is_down = down;
    }

    /// Nobody knows whether the finger is there still: it counts from its next touch on.
    fn forget(&mut self) {
        (self.is_down, self.was_down) = (false, false);
    }

    fn axis(&mut self, axis: AbsoluteAxisCode, value: i32) {
        match axis {
            AbsoluteAxisCode::ABS_X | AbsoluteAxisCode::ABS_MT_POSITION_X => self.at[0] = value,
            AbsoluteAxisCode::ABS_Y | AbsoluteAxisCode::ABS_MT_POSITION_Y => self.at[1] = value,
            _ => {}
        }
    }

    /// What the events up to here amount to.
    fn frame(&mut self) -> Option<Signal> {
        let was_down = std::mem::replace(&mut self.was_down, self.is_down);
        match (was_down, self.is_down) {
            (_, true) => {
                let share = |v: i32, [min, max]: [i32; 2]| {
                    ((f64::from(v) - f64::from(min)) / (f64::from(max) - f64::from(min))).clamp(0.0, 1.0)
                        as f32
                };
                Some(Signal::Touch(Spot { x: share(self.at[0], self.x), y: share(self.at[1], self.y) }))
            }
            (true, false) => Some(Signal::Lift),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a device says whose events are these: type, code and value.
    fn check(touch: Option<Touch>, events: &[(u16, u16, i32)], expected: &[Signal]) {
        let mut its = Events { touch, is_lost: false };
        let signals: Vec<Signal> = events
            .iter()
            .filter_map(|&(kind, code, value)| its.take(InputEvent::new(kind, code, value)))
            .collect();
        assert_eq!(signals, expected);
    }

    // EV_SYN, EV_KEY, EV_ABS; SYN_REPORT, SYN_DROPPED.
    const SYN: u16 = 0;
    const KEY: u16 = 1;
    const ABS: u16 = 3;
    const REPORT: (u16, u16, i32) = (SYN, 0, 0);
    const DROPPED: (u16, u16, i32) = (SYN, 3, 0);

    #[test]
    fn events_that_the_kernel_dropped_are_told_and_the_rest_of_their_report_is_not() {
        let events = [(KEY, 28, 1), REPORT, DROPPED, (KEY, 30, 0), REPORT, (KEY, 31, 1), REPORT];
        check(None, &events, &[Signal::Down(28), Signal::Lost, Signal::Down(31)]);
    }

    #[test]
    fn a_finger_that_may_have_gone_unheard_touches_anew() {
        let touch = Touch { x: [0, 100], y: [0, 100], at: [0, 0], is_down: false, was_down: false };
        let [contact, no_contact] = [(KEY, 0x14a, 1), (KEY, 0x14a, 0)];
        let moved = (ABS, 0, 50);
        let first = [contact, REPORT, DROPPED, REPORT, moved, REPORT, no_contact, REPORT];
        let again = [contact, REPORT, no_contact, REPORT];
        let at = |x| Signal::Touch(Spot { x, y: 0.0 });
        check(Some(touch), &[&first[..], &again].concat(), &[at(0.0), Signal::Lost, at(0.5), Signal::Lift]);
    }

    #[test]
    fn another_node_at_the_same_path_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let [path, next] = ["event5", "next"].map(|name| folder.path().join(name));
        fs::write(&path, "").unwrap();
        let first = NodeId::of(path.clone()).unwrap();
        assert_eq!(NodeId::of(path.clone()).as_ref(), Some(&first));
        // Both are there at once, so that their inodes differ.
        fs::write(&next, "").unwrap();
        fs::rename(&next, &path).unwrap();
        assert_ne!(NodeId::of(path.clone()), Some(first));
        fs::remove_file(&path).unwrap();
        assert_eq!(NodeId::of(path), None);
    }

    #[test]
    fn a_finger_is_told_where_it_is_and_when_it_is_gone() {
        let mut touch = Touch { x: [0, 200], y: [-100, 100], at: [0, -100], is_down: false, was_down: false };
        touch.axis(AbsoluteAxisCode::ABS_MT_POSITION_X, 50);
        touch.axis(AbsoluteAxisCode::ABS_Y, 0);
        assert_eq!(touch.frame(), None);
        touch.contact(true);
        assert_eq!(touch.frame(), Some(Signal::Touch(Spot { x: 0.25, y: 0.5 })));
        touch.axis(AbsoluteAxisCode::ABS_X, i32::MAX);
        assert_eq!(touch.frame(), Some(Signal::Touch(Spot { x: 1.0, y: 0.5 })));
        touch.contact(false);
        assert_eq!((touch.frame(), touch.frame()), (Some(Signal::Lift), None));
    }
}
