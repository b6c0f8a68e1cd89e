//! Time: since the start, which is always right, and of day, which is given only when it is to be trusted.
//!
//! A board without a battery wakes up in the past, so whatever is kept or sent carries the [`BootId`] and the
//! time since the start; the time of day stands beside them when [`SystemClock`] trusts it.
//! This module knows nothing of radiographs or devices.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// 2026-01-01T00:00:00Z in Unix seconds: a clock before the year of this software was never set.
pub const EARLIEST_UNIX_S: i64 = 1_767_225_600;
/// Where Linux gives the random name of this boot (random(4)).
const BOOT_ID_FILE: &str = "/proc/sys/kernel/random/boot_id";
/// systemd-timesyncd makes this file when it has set the clock (systemd-timesyncd.service(8)).
const SYNCHRONISED_FILE: &str = "/run/systemd/timesync/synchronized";
/// A boot id is a UUID of 36 characters.
const BOOT_ID_CHARACTERS_MAX: usize = 36;

/// The edge where time comes in.
pub trait Clock: Send + Sync {
    /// The random name of this boot.
    fn boot_id(&self) -> &BootId;

    /// Time since the clock was made; never goes back, knows nothing of the time of day.
    fn uptime(&self) -> Duration;

    /// The time of day, or `None` while it is not to be trusted.
    fn wall_time(&self) -> Option<WallTime>;

    /// Somebody who may be believed says that it is `time`: trusted until a time service sets the clock.
    fn set(&self, time: WallTime);

    /// Whether a time service sets the clock, so that [`Clock::set`] has no effect.
    fn is_kept(&self) -> bool;

    /// Lets `wait` go by.
    fn sleep(&self, wait: Duration);
}

/// Shows to others that work goes on: it counts beats. A clone is the same pulse.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Beats so far.
    pub fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The random name of one boot, lower-case hexadecimal with dashes, or `unknown`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootId(String);

impl BootId {
    /// `text` without white space round it; `unknown` when that is no UUID.
    pub fn parse(text: &str) -> Self {
        let id = text.trim();
        let plain = id.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if plain && (1..=BOOT_ID_CHARACTERS_MAX).contains(&id.len()) {
            Self(id.into())
        } else {
            Self::unknown()
        }
    }

    pub fn unknown() -> Self {
        Self("unknown".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A trusted time of day, in whole seconds of UTC. It orders nothing: sequence numbers and [`Clock::uptime`] do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(jiff::Timestamp);

impl WallTime {
    /// The time of day at `unix_s` when it is to be trusted.
    ///
    /// Trusted is a clock that somebody has `synchronised` and that is not before [`EARLIEST_UNIX_S`].
    pub fn trusted(unix_s: i64, synchronised: bool) -> Option<Self> {
        if !synchronised || unix_s < EARLIEST_UNIX_S {
            return None;
        }
        jiff::Timestamp::from_second(unix_s).ok().map(Self)
    }

    /// The time that `text` spells by RFC 3339; `None` where it spells none, or one before [`EARLIEST_UNIX_S`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::trusted(text.parse::<jiff::Timestamp>().ok()?.as_second(), true)
    }

    /// The time `seconds` later.
    fn later(self, seconds: u64) -> Option<Self> {
        Self::trusted(self.unix_s().checked_add(i64::try_from(seconds).ok()?)?, true)
    }

    /// The time that these digits of `YYYYMMDDhhmm` spell, in UTC; `None` as for [`Self::parse`].
    pub fn from_digits(digits: [u8; 12]) -> Option<Self> {
        let [y0, y1, y2, y3, mo0, mo1, d0, d1, h0, h1, mi0, mi1] = digits;
        Self::parse(&format!("{y0}{y1}{y2}{y3}-{mo0}{mo1}-{d0}{d1}T{h0}{h1}:{mi0}{mi1}:00Z"))
    }

    /// Digits of `YYYYMMDDhhmm` in UTC.
    pub fn digits(self) -> [u8; 12] {
        let text = self.0.strftime("%Y%m%d%H%M").to_string();
        std::array::from_fn(|k| text.as_bytes().get(k).map_or(0, |b| b.saturating_sub(b'0')))
    }

    /// For a screen: `2026-11-24 01:29 UTC`.
    pub fn to_minute(self) -> String {
        self.0.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_s(self) -> i64 {
        self.0.as_second()
    }
}

/// RFC 3339: `2026-11-24T01:29:15Z`.
impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The operating system's clocks.
///
/// The time of day is trusted when systemd-timesyncd says that it has set it. Other time services do not say so
/// where this looks; with them the device works as if it had no clock, until somebody sets it ([`Clock::set`]).
/// A time that was set goes on with the time since the start, whatever becomes of the system's clock.
#[derive(Debug)]
pub struct SystemClock {
    boot_id: BootId,
    started: Instant,
    synchronised_file: PathBuf,
    /// The time that was set last, and the time since the start at which it was.
    set: Mutex<Option<(Duration, WallTime)>>,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self::reading(Path::new(BOOT_ID_FILE), Path::new(SYNCHRONISED_FILE))
    }

    fn reading(boot_id_file: &Path, synchronised_file: &Path) -> Self {
        let boot_id =
            fs::read_to_string(boot_id_file).map_or_else(|_| BootId::unknown(), |t| BootId::parse(&t));
        Self {
            boot_id,
            started: Instant::now(),
            synchronised_file: synchronised_file.into(),
            set: Mutex::new(None),
        }
    }

    fn synchronised(&self) -> Option<WallTime> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        WallTime::trusted(i64::try_from(since_1970.as_secs()).ok()?, self.synchronised_file.exists())
    }
}

impl Clock for SystemClock {
    fn boot_id(&self) -> &BootId {
        &self.boot_id
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn wall_time(&self) -> Option<WallTime> {
        self.synchronised().or_else(|| {
            let (at, time) = (*self.set.lock().unwrap_or_else(PoisonError::into_inner))?;
            time.later(self.uptime().saturating_sub(at).as_secs())
        })
    }

    fn set(&self, time: WallTime) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.uptime(), time));
    }

    fn is_kept(&self) -> bool {
        self.synchronised().is_some()
    }

    fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }
}

/// A clock that goes only when it is told to.
#[derive(Debug)]
pub struct SimulatedClock {
    boot_id: BootId,
    state: Mutex<(Duration, Option<WallTime>)>,
}

impl SimulatedClock {
    /// At its start, without a time of day.
    pub fn new(boot_id: BootId) -> Self {
        Self { boot_id, state: Mutex::new((Duration::ZERO, None)) }
    }

    /// Moves on by `time`; so does a known time of day, in whole seconds.
    pub fn advance(&self, time: Duration) {
        let mut state = self.state();
        let seconds = (state.0 + time).as_secs() - state.0.as_secs();
        state.0 += time;
        state.1 = state.1.and_then(|w| WallTime::trusted(w.unix_s() + seconds as i64, true));
    }

    /// From now on the time of day is `wall_time`; `None`: not trusted.
    pub fn set_wall_time(&self, wall_time: Option<WallTime>) {
        self.state().1 = wall_time;
    }

    fn state(&self) -> MutexGuard<'_, (Duration, Option<WallTime>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimulatedClock {
    fn boot_id(&self) -> &BootId {
        &self.boot_id
    }

    fn uptime(&self) -> Duration {
        self.state().0
    }

    fn wall_time(&self) -> Option<WallTime> {
        self.state().1
    }

    fn set(&self, time: WallTime) {
        self.state().1 = Some(time);
    }

    fn is_kept(&self) -> bool {
        false
    }

    fn sleep(&self, wait: Duration) {
        self.advance(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_nobody_set_is_not_trusted() {
        assert_eq!(WallTime::trusted(EARLIEST_UNIX_S, false), None);
        assert_eq!(WallTime::trusted(EARLIEST_UNIX_S - 1, true), None);
        let first = WallTime::trusted(EARLIEST_UNIX_S, true).unwrap();
        assert_eq!(first.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(first.to_minute(), "2026-01-01 00:00 UTC");
    }

    #[test]
    fn the_boot_has_a_name_even_without_proc() {
        let folder = tempfile::tempdir().unwrap();
        let (id, sync) = (folder.path().join("boot_id"), folder.path().join("synchronized"));
        assert_eq!(SystemClock::reading(&id, &sync).boot_id().as_str(), "unknown");
        fs::write(&id, "7c1f0e0a-93f5-4f0e-8a42-0b7f0f4e2d11\n").unwrap();
        let clock = SystemClock::reading(&id, &sync);
        assert_eq!(clock.boot_id().as_str(), "7c1f0e0a-93f5-4f0e-8a42-0b7f0f4e2d11");
        assert_eq!(clock.wall_time(), None);
        assert_eq!(BootId::parse("not a boot id"), BootId::unknown());
    }

    #[test]
    fn a_simulated_clock_goes_when_told() {
        let clock = SimulatedClock::new(BootId::unknown());
        clock.sleep(Duration::from_millis(700));
        clock.set_wall_time(WallTime::trusted(EARLIEST_UNIX_S, true));
        clock.advance(Duration::from_millis(400));
        assert_eq!(clock.uptime(), Duration::from_millis(1_100));
        assert_eq!(clock.wall_time().unwrap().unix_s(), EARLIEST_UNIX_S + 1);
    }

    #[test]
    fn a_time_that_was_set_goes_on_until_a_service_knows_better() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("synchronized");
        let clock = SystemClock::reading(Path::new("/none"), &file);
        let set = WallTime::parse("2031-05-06T07:08:09Z").unwrap();
        clock.set(set);
        assert!((0..60).contains(&(clock.wall_time().unwrap().unix_s() - set.unix_s())));
        clock.set(WallTime::parse("2029-01-01T00:00:00+02:00").unwrap());
        assert!(clock.wall_time().unwrap() < set, "years back, if it must be");
        assert!(!clock.is_kept());
        fs::write(&file, "").unwrap();
        assert_eq!(clock.wall_time(), clock.synchronised());
        assert!(clock.is_kept());
    }

    #[test]
    fn what_is_no_time_or_too_early_is_none() {
        for text in ["", "yesterday", "2025-12-31T23:59:59Z", "2026-01-01", "99999-01-01T00:00:00Z"] {
            assert_eq!(WallTime::parse(text), None, "{text}");
        }
        assert_eq!(WallTime::from_digits([2, 0, 2, 7, 0, 2, 2, 9, 0, 0, 0, 0]), None);
        assert_eq!(WallTime::from_digits([2, 0, 2, 5, 1, 2, 3, 1, 2, 3, 5, 9]), None);
    }

    #[test]
    fn digits_spell_a_time_to_the_minute() {
        let digits = [2, 0, 2, 8, 0, 2, 2, 9, 2, 3, 5, 9];
        let time = WallTime::from_digits(digits).unwrap();
        assert_eq!(time.to_string(), "2028-02-29T23:59:00Z");
        assert_eq!(WallTime::parse("2028-02-29T23:59:42Z").unwrap().digits(), digits);
    }

    #[test]
    fn a_pulse_is_felt_by_its_clones() {
        let pulse = Pulse::default();
        pulse.clone().beat();
        assert_eq!(pulse.beats(), 1);
    }

    #[test]
    fn uptime_never_goes_back() {
        let clock = SystemClock::start();
        let before = clock.uptime();
        clock.sleep(Duration::from_millis(2));
        assert!(clock.uptime() >= before + Duration::from_millis(2));
    }
}
