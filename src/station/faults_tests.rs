//! A thousand faults of a capture device, one after another: the run loop, a live feed and the capture, in simulated time.

use rand_core::Rng;
use rand_pcg::Pcg32;

use super::*;
use crate::exposure::SettleRules;
use crate::source::v4l::V4lError;
use crate::source::v4l::faulty::{FRAME, FaultySource, Trouble, Wrong};

const FAULTS: usize = 1_000;
/// So soon it is said that no picture comes, and a picture that comes again is taken.
const SAID_MAX: Duration = Duration::from_secs(2);
const BACK_MAX: Duration = Duration::from_secs(2);

/// Notes when faults were shown.
struct TimedPanel(Arc<SimulatedClock>, Vec<Duration>);

impl Panel for TimedPanel {
    fn boot(&mut self, _about: &About, _tests: &[TestReport]) -> Result<(), PanelError> {
        Ok(())
    }

    fn result(&mut self, _study: &Study, _filed: Filed) -> Result<(), PanelError> {
        Ok(())
    }

    fn fault(&mut self, _fault: &Fault) -> Result<(), PanelError> {
        self.1.push(self.0.uptime());
        Ok(())
    }
}

/// Faults of every kind and of a tenth of a second to half a minute, now and then of minutes, in a random order.
fn troubles(seed: u64) -> Vec<Trouble> {
    let mut chance = Pcg32::new(seed, 5);
    let mut within =
        |low: u64, high: u64| Duration::from_millis(low + u64::from(chance.next_u32()) % (high - low));
    let mut now = Duration::from_secs(1);
    let mut one = |i: usize| {
        let wrong = Wrong::ALL[within(0, 7).as_millis() as usize];
        let lasts = match within(0, 20).as_millis() {
            0 => within(60_000, 400_000),
            1..=5 => within(3_000, 30_000),
            6..=12 => within(500, 5_000),
            _ => within(100, 1_000),
        };
        let from = now + within(300, 4_000);
        now = from + lasts;
        assert!(i < FAULTS);
        Trouble { wrong, from, until: now }
    };
    (0..FAULTS).map(&mut one).collect()
}

/// The latest of `times` before `at`.
fn last_before(times: &[Duration], at: Duration) -> Option<Duration> {
    times.get(times.partition_point(|time| *time < at).checked_sub(1)?).copied()
}

#[test]
fn a_thousand_faults_of_a_capture_device_are_survived_said_in_time_and_leak_nothing() {
    let seed = std::env::var("RAYMAP_FAULTS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260);
    println!("seed {seed}");
    let troubles = troubles(seed);
    let clock = Arc::new(SimulatedClock::new(BootId::unknown()));
    let mut panel = TimedPanel(Arc::clone(&clock), Vec::new());
    let (mut reader, mut link) = (FakeReader, MemoryLink::default());
    let policy = Policy { live: true, ..Policy::FOREVER };
    let edges =
        Edges { clock: &*clock, reader: &mut reader, panel: &mut panel, serial: &mut link, record: None };
    let station = Station::new(edges, policy);
    let source = FaultySource::open(Arc::clone(&clock), troubles.clone(), station.stopper());
    let witness = source.witness();
    let feed = LiveFeed::new(source, V4lError::code, SettleRules::default(), clock.clone());
    let mut feed: Option<Box<dyn Feed>> = Some(Box::new(feed));
    let summary = station.run(&about(), vec![], &mut || Ok(feed.take().expect("a live feed has no end")));
    assert_eq!(summary.ended, Ended::Stopped, "the station went on to the end");

    let frames = witness.frames();
    let (mut said_latest, mut back_latest) = (Duration::ZERO, Duration::ZERO);
    for (i, trouble) in troubles.iter().enumerate() {
        // Said: of a fault that lasts so long, before the time is over, and after the last frame that came.
        let frame = last_before(&frames, trouble.until).unwrap_or_default();
        if trouble.until > trouble.from + SAID_MAX {
            let said = panel.1.iter().find(|said| **said >= frame).copied().unwrap_or(Duration::MAX);
            said_latest = said_latest.max(said.saturating_sub(trouble.from));
            assert!(
                said <= trouble.from + SAID_MAX,
                "{trouble:?}: said at {said:?}, last frame at {frame:?}"
            );
        }
        // Back: unless something else begins before the time is over.
        let back = frames.get(frames.partition_point(|frame| *frame < trouble.until)).copied();
        let next = troubles.get(i + 1).map_or(Duration::MAX, |next| next.from);
        if next > trouble.until + BACK_MAX + FRAME {
            let back = back.unwrap_or(Duration::MAX);
            back_latest = back_latest.max(back.saturating_sub(trouble.until));
            assert!(back <= trouble.until + BACK_MAX, "{trouble:?}: back at {back:?}");
        }
    }
    let [most, left] = witness.descriptors();
    assert_eq!((most, left), (1, 0), "descriptors open at a time, and left");
    println!(
        "{FAULTS} faults in {:.1} h: {} frames; said after {said_latest:?} at the latest, back after {back_latest:?}",
        clock.uptime().as_secs_f32() / 3600.0,
        frames.len()
    );
}
