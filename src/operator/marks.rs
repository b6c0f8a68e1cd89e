//! The badges beside every picture, and which of them is the most urgent.

use std::mem::discriminant;

use crate::render::{BATTERY_LOW, Badge};
use crate::station::{Battery, CELSIUS_HIGH, battery, hottest_celsius, is_slowed};

/// By so many degrees the temperature may differ from what is shown: nobody needs a new picture for one.
const CELSIUS_STEP: i16 = 2;

/// What the board says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Health {
    pub celsius: Option<f32>,
    pub is_slowed: bool,
    pub battery: Option<Battery>,
}

impl Health {
    /// Now, as far as the kernel knows.
    pub fn now() -> Self {
        Self { celsius: hottest_celsius(), is_slowed: is_slowed(), battery: battery() }
    }
}

/// The badges; at most one of a kind.
#[derive(Debug, Default)]
pub struct Marks(Vec<Badge>);

impl Marks {
    /// Shows a badge in place of its like, or takes it away; whether anything has changed.
    pub fn set(&mut self, badge: Badge, there: bool) -> bool {
        let at = self.0.iter().position(|b| discriminant(b) == discriminant(&badge));
        match (at, there) {
            (Some(at), true) if self.0[at] == badge => false,
            (Some(at), true) => {
                self.0[at] = badge;
                true
            }
            (Some(at), false) => {
                self.0.remove(at);
                true
            }
            (None, true) => {
                self.0.push(badge);
                true
            }
            (None, false) => false,
        }
    }

    /// What the board says of itself; whether anything has changed.
    pub fn health(&mut self, health: Health) -> bool {
        let slowed = self.set(Badge::Throttled, health.is_slowed);
        let (battery, has_battery) = match health.battery {
            Some(b) => (Badge::Battery { percent: b.percent, charging: b.is_charging }, true),
            None => (Badge::Battery { percent: 0, charging: false }, false),
        };
        let battery = self.set(battery, has_battery);
        let celsius = health.celsius.unwrap_or_default();
        let new = Badge::Temperature { celsius: celsius.round() as i16, high: celsius >= CELSIUS_HIGH };
        let warm = !self.0.iter().any(|old| is_like(*old, new)) && self.set(new, health.celsius.is_some());
        slowed | battery | warm
    }

    /// All of them, the most urgent first, after what waits.
    pub fn with(&self, waiting: Option<Badge>) -> Vec<Badge> {
        let mut all: Vec<Badge> = waiting.into_iter().chain(self.0.iter().copied()).collect();
        all.sort_by_key(|badge| rank(*badge));
        all
    }
}

/// Whether one temperature may stand for the other.
fn is_like(old: Badge, new: Badge) -> bool {
    match (old, new) {
        (Badge::Temperature { celsius: old, high: was }, Badge::Temperature { celsius: new, high: is }) => {
            was == is && (old - new).abs() < CELSIUS_STEP
        }
        _ => false,
    }
}

/// Where there is no room for all, what a person must act on comes first.
fn rank(badge: Badge) -> u8 {
    match badge {
        Badge::NewReading | Badge::DeviceFault => 0,
        Badge::NotKept => 1,
        Badge::Battery { percent, charging } if !charging && percent < BATTERY_LOW => 2,
        Badge::Temperature { high: true, .. } => 3,
        Badge::Throttled => 4,
        Badge::OldestDropped => 5,
        Badge::SerialLost => 6,
        Badge::Storage { .. } => 7,
        Badge::ExposureSeen => 8,
        Badge::Battery { .. } => 9,
        Badge::Temperature { .. } => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(celsius: f32, percent: u8) -> Health {
        let battery = Some(Battery { percent, is_charging: false });
        Health { celsius: Some(celsius), is_slowed: false, battery }
    }

    #[test]
    fn a_degree_more_is_no_news_and_too_hot_is() {
        let mut marks = Marks::default();
        assert!(marks.health(health(60.2, 50)));
        assert!(!marks.health(health(61.4, 50)));
        assert!(marks.health(health(63.0, 50)) && marks.health(health(80.0, 50)));
        assert_eq!(marks.with(None)[0], Badge::Temperature { celsius: 80, high: true });
    }

    #[test]
    fn what_a_person_must_act_on_comes_first() {
        let mut marks = Marks::default();
        marks.set(Badge::SerialLost, true);
        marks.health(health(50.0, 9));
        marks.set(Badge::NotKept, true);
        let all = marks.with(Some(Badge::NewReading));
        let low = Badge::Battery { percent: 9, charging: false };
        assert_eq!(all[..4], [Badge::NewReading, Badge::NotKept, low, Badge::SerialLost]);
    }

    #[test]
    fn a_board_that_knows_nothing_of_itself_shows_nothing() {
        let mut marks = Marks::default();
        marks.health(health(50.0, 9));
        assert!(marks.health(Health::default()));
        assert!(marks.with(None).is_empty() && !marks.set(Badge::NotKept, false));
    }
}
