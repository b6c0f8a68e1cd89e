//! The kernel's input devices, `/dev/input/event*`.
//!
//! This file alone names the crate `evdev`. Devices that are used are taken for this program alone, so that what the
//! operator presses is not typed into a console too.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::evdev::{AbsInfo, AbsoluteAxisCode, Device as Node, EventSummary, KeyCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::keys;
use super::signal::{Signal, Spot};
use super::watch::{Bus, DEVICES_MAX, Device};

const FOLDER: &str = "/dev/input";
/// Nodes that are looked at.
const NODES_MAX: usize = 64;

/// The folder of devices; remembers those that have nothing to press.
#[derive(Default)]
pub struct Nodes {
    useless: BTreeSet<PathBuf>,
}

impl Bus for Nodes {
    type Device = NodeDevice;

    fn scan(&mut self, open: &[String], room: usize) -> Vec<(String, NodeDevice)> {
        let entries = fs::read_dir(FOLDER).into_iter().flatten().filter_map(Result::ok);
        let is_node = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("event"));
        let there: BTreeSet<PathBuf> = entries.map(|e| e.path()).filter(is_node).take(NODES_MAX).collect();
        self.useless.retain(|p| there.contains(p));
        let mut found = Vec::new();
        for path in there {
            let name = path.display().to_string();
            if found.len() >= room || open.contains(&name) || self.useless.contains(&path) {
                continue;
            }
            match NodeDevice::open(&path) {
                Ok(Some(device)) => found.push((name, device)),
                Ok(None) => drop(self.useless.insert(path)),
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
    touch: Option<Touch>,
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
        Ok(Some(Self { node, buttons, is_keyboard, touch }))
    }
}

impl Device for NodeDevice {
    fn read(&mut self, signals: &mut Vec<Signal>) -> io::Result<()> {
        let events = match self.node.fetch_events() {
            Ok(events) => events,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        for event in events {
            match (event.destructure(), &mut self.touch) {
                (EventSummary::Key(_, key, value), Some(touch)) if touch.is_contact(key) => {
                    touch.contact(value != 0);
                }
                (EventSummary::Key(_, key, 0), _) => signals.push(Signal::Up(key.code())),
                // 2 is the keyboard's own repetition.
                (EventSummary::Key(_, key, 1), _) => signals.push(Signal::Down(key.code())),
                (EventSummary::AbsoluteAxis(_, axis, value), Some(touch)) => touch.axis(axis, value),
                (EventSummary::Synchronization(..), Some(touch)) => signals.extend(touch.frame()),
                _ => {}
            }
        }
        Ok(())
    }

    fn buttons(&self) -> usize {
        self.buttons
    }

    fn is_touch(&self) -> bool {
        self.touch.is_some()
    }

    fn is_keyboard(&self) -> bool {
        self.is_keyboard
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
