//! A few threads that do one thing together, many times a radiograph, without memory being taken for it.

#![allow(unsafe_code)]

use std::fmt;
use std::hint;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::network::compute::THREADS_MAX;

/// Looks at the counter of jobs before a thread goes to sleep: a few microseconds, less than falling asleep and being
/// woken take, and jobs follow one another closely.
const LOOKS_MAX: u32 = 2_000;
/// Kernels keep everything large in the program's memory.
const STACK_BYTES: usize = 256 << 10;

/// What all threads do; each is told its number.
type Job = &'static (dyn Fn(usize) + Sync);

/// Threads that wait for jobs; the caller's own is one of them.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Jobs so far, to be looked at without the lock.
    jobs: AtomicU64,
    begun: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    job: Option<Job>,
    /// Workers that have not ended the job.
    busy: usize,
    panicked: bool,
    closed: bool,
}

impl Pool {
    /// `threads` within 1..=[`THREADS_MAX`] (asserted), the caller's among them.
    pub fn new(threads: usize) -> io::Result<Self> {
        assert!((1..=THREADS_MAX).contains(&threads));
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            jobs: AtomicU64::new(0),
            begun: Condvar::new(),
            ended: Condvar::new(),
        });
        let mut pool = Self { shared, workers: Vec::with_capacity(threads - 1) };
        for number in 1..threads {
            let shared = pool.shared.clone();
            let builder = Builder::new().name(format!("network {number}")).stack_size(STACK_BYTES);
            pool.workers.push(builder.spawn(move || shared.work(number))?);
        }
        Ok(pool)
    }

    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Every thread does `job` once, with its number from 0 on; returns when all have ended.
    pub fn run(&self, job: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() {
            return job(0);
        }
        // SAFETY: only the lifetime changes. The workers use the job between `begin` and the moment at which the last
        // of them has ended it; `Ended` waits for that moment before this function is left, by a panic too.
        let lasting: Job = unsafe { mem::transmute::<&(dyn Fn(usize) + Sync), Job>(job) };
        self.shared.begin(lasting, self.workers.len());
        let ended = Ended(&self.shared);
        job(0);
        drop(ended);
        let panicked = mem::take(&mut self.shared.lock().panicked);
        assert!(!panicked, "a thread of the network panicked");
    }
}

/// Waits until all workers have ended their job.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        while state.busy > 0 {
            state = self.0.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.job = None;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, job: Job, workers: usize) {
        let mut state = self.lock();
        state.job = Some(job);
        state.busy = workers;
        state.panicked = false;
        self.jobs.fetch_add(1, Ordering::Release);
        drop(state);
        self.begun.notify_all();
    }

    /// A worker's life.
    fn work(&self, number: usize) {
        let mut done = 0;
        while let Some(job) = self.next(done) {
            done += 1;
            let panicked = catch_unwind(AssertUnwindSafe(|| job(number))).is_err();
            let mut state = self.lock();
            state.panicked |= panicked;
            state.busy -= 1;
            if state.busy == 0 {
                self.ended.notify_one();
            }
        }
    }

    /// The job after `done` ones; `None` when there will be none.
    fn next(&self, done: u64) -> Option<Job> {
        for _ in 0..LOOKS_MAX {
            if self.jobs.load(Ordering::Acquire) > done {
                break;
            }
            hint::spin_loop();
        }
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if self.jobs.load(Ordering::Acquire) > done {
                return state.job;
            }
            state = self.begun.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.begun.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches its jobs' panics, and has none of its own to tell of.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool of {}", self.threads())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn every_thread_does_every_job_once() {
        for threads in 1..=THREADS_MAX {
            let pool = Pool::new(threads).unwrap();
            let runs: [AtomicUsize; THREADS_MAX] = Default::default();
            for _ in 0..200 {
                pool.run(&|number| {
                    runs[number].fetch_add(1, Ordering::Relaxed);
                });
            }
            let counts: Vec<usize> = runs.iter().map(|r| r.load(Ordering::Relaxed)).collect();
            let expected: Vec<usize> = (0..THREADS_MAX).map(|n| if n < threads { 200 } else { 0 }).collect();
            assert_eq!(counts, expected);
        }
    }

    #[test]
    fn a_worker_s_panic_is_the_caller_s_and_the_pool_goes_on() {
        let pool = Pool::new(3).unwrap();
        let panics = |who: usize| {
            catch_unwind(AssertUnwindSafe(|| pool.run(&|number| assert_ne!(number, who)))).is_err()
        };
        assert!(panics(2) && panics(0));
        assert!(!panics(7));
    }
}
