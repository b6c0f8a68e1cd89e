//! Watches the run loop: feeds watchdogs for as long as it makes progress, and ends the program when it does not.
//!
//! Terms: the loop says which [`Stage`] it is at, and beats a pulse; each of both is progress. A thread looks every
//! [`LOOK_EVERY`]. Only where there was progress since it looked last are the watchdogs fed, so neither a timer nor
//! this thread alone keeps a program alive that does nothing. Where a stage has made none for its deadline, the
//! caller's `on_hang` is called, which is to end the program; were it to hang too, the watchdogs bite.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::stage::Stage;
use crate::clock::Pulse;

/// How often the thread looks: fine enough for deadlines of seconds, no load to speak of.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Something that restarts the program or the board when it is not fed for too long.
pub trait Watchdog: Send {
    /// The loop has made progress.
    fn feed(&mut self);

    /// The program ends because it was told to: nothing is to be restarted.
    fn release(&mut self);
}

/// Called once when a stage has hung for so long; it is to end the program.
pub type OnHang = Box<dyn FnMut(Stage, Duration) + Send>;

/// What the loop shows and the thread sees. A clone shows the same.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    stage: Arc<AtomicU8>,
    pulse: Pulse,
    /// The stage at which to hang for ever, for a drill.
    drill: Option<Stage>,
}

impl Progress {
    /// With a hang at `stage`, to try out whether the watchdogs do their work.
    pub fn with_drill(self, stage: Option<Stage>) -> Self {
        Self { drill: stage, ..self }
    }

    /// The loop begins `stage`.
    pub fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
        self.pulse.beat();
        while self.drill == Some(stage) {
            thread::sleep(LOOK_EVERY);
        }
    }

    /// What beats within a stage, for work that takes long and goes on.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    fn seen(&self) -> (Stage, u64) {
        (Stage::of_index(self.stage.load(Ordering::Relaxed)), self.pulse.beats())
    }
}

/// The thread that watches; it ends with this.
#[derive(Debug)]
pub struct Watch {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches `progress` from now on; a stage may go `longest` without any.
    pub fn start(
        progress: Progress,
        longest: Duration,
        dogs: Vec<Box<dyn Watchdog>>,
        on_hang: OnHang,
    ) -> io::Result<Self> {
        let end = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&end);
        let thread = thread::Builder::new()
            .name("watch".into())
            .spawn(move || watch(&progress, longest, dogs, on_hang, &until))?;
        Ok(Self { end, thread: Some(thread) })
    }
}

/// Releases the watchdogs.
impl Drop for Watch {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the watching thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

fn watch(
    progress: &Progress,
    longest: Duration,
    mut dogs: Vec<Box<dyn Watchdog>>,
    mut on_hang: OnHang,
    end: &AtomicBool,
) {
    let (mut seen, mut since) = (None, Instant::now());
    while !end.load(Ordering::Relaxed) {
        let now = progress.seen();
        if seen != Some(now) {
            (seen, since) = (Some(now), Instant::now());
            dogs.iter_mut().for_each(|dog| dog.feed());
        } else if since.elapsed() > now.0.deadline(longest) {
            on_hang(now.0, since.elapsed());
            return;
        }
        thread::sleep(LOOK_EVERY);
    }
    dogs.iter_mut().for_each(|dog| dog.release());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::sync::mpsc::{Receiver, channel};

    #[derive(Clone, Default)]
    struct Counting {
        fed: Arc<AtomicU32>,
        released: Arc<AtomicBool>,
    }

    impl Watchdog for Counting {
        fn feed(&mut self) {
            self.fed.fetch_add(1, Ordering::Relaxed);
        }

        fn release(&mut self) {
            self.released.store(true, Ordering::Relaxed);
        }
    }

    fn start(progress: &Progress, longest_ms: u64) -> (Watch, Counting, Receiver<Stage>) {
        let (dog, (hung, hangs)) = (Counting::default(), channel());
        let on_hang: OnHang = Box::new(move |stage, _| hung.send(stage).unwrap());
        let longest = Duration::from_millis(longest_ms);
        let watch = Watch::start(progress.clone(), longest, vec![Box::new(dog.clone())], on_hang).unwrap();
        (watch, dog, hangs)
    }

    /// Far above what the thread needs to look, on a machine under load.
    const GENEROUS: Duration = Duration::from_secs(20);

    #[test]
    fn without_progress_no_watchdog_is_fed_and_the_hang_is_told_once() {
        let progress = Progress::default();
        progress.enter(Stage::Reading);
        let (watch, dog, hangs) = start(&progress, 600);
        assert_eq!(hangs.recv_timeout(GENEROUS), Ok(Stage::Reading));
        thread::sleep(3 * LOOK_EVERY);
        assert_eq!(dog.fed.load(Ordering::Relaxed), 1, "fed at the first look and never again");
        assert!(hangs.try_recv().is_err());
        drop(watch);
        assert!(!dog.released.load(Ordering::Relaxed), "a watchdog is not let go by a program that hangs");
    }

    #[test]
    fn a_long_stage_that_beats_is_no_hang() {
        let progress = Progress::default();
        progress.enter(Stage::Capturing);
        // Long against the slices, so that a loaded machine does not fail it.
        let (watch, dog, hangs) = start(&progress, 5_000);
        for _ in 0..20 {
            thread::sleep(LOOK_EVERY);
            progress.pulse().beat();
        }
        assert!(hangs.try_recv().is_err());
        drop(watch);
        assert!(dog.fed.load(Ordering::Relaxed) > 5 && dog.released.load(Ordering::Relaxed));
    }

    #[test]
    fn a_drill_hangs_in_each_stage_and_is_found_there() {
        for stage in Stage::ALL {
            let progress = Progress::default().with_drill(Some(stage));
            let (_watch, _, hangs) = start(&progress, 300);
            let hanging = progress.clone();
            // The thread hangs for ever, as it should; the test does not wait for it.
            thread::spawn(move || hanging.enter(stage));
            assert_eq!(hangs.recv_timeout(GENEROUS), Ok(stage));
        }
    }
}
