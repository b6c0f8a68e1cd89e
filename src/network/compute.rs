//! How the network is computed: with which kernels, on how many threads.

use super::kernels::{KernelSet, KernelSetError};

/// The boards that are meant have four cores that are alike; more threads than that wait for each other.
pub const THREADS_MAX: usize = 4;

/// Kernels and threads; neither changes a bit of what is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compute {
    kernels: KernelSet,
    threads: usize,
}

impl Compute {
    /// The kernels called `kernels`, or else the fastest that the processor can run; `threads` threads, or else one for
    /// each core, at most [`THREADS_MAX`] in either case.
    pub fn new(kernels: Option<&str>, threads: Option<usize>) -> Result<Self, KernelSetError> {
        let kernels = kernels.map_or_else(|| Ok(KernelSet::best()), KernelSet::named)?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { kernels, threads: threads.unwrap_or_else(cores).clamp(1, THREADS_MAX) })
    }

    pub fn kernels(self) -> KernelSet {
        self.kernels
    }

    pub fn threads(self) -> usize {
        self.threads
    }
}

/// The fastest kernels on one thread for each core.
impl Default for Compute {
    fn default() -> Self {
        Self::new(None, None).unwrap_or(Self { kernels: KernelSet::Portable, threads: 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_bounded_and_kernels_are_known() {
        let threads = |n| Compute::new(Some("portable"), Some(n)).unwrap().threads();
        assert_eq!([0, 1, 3, 4, 99].map(threads), [1, 1, 3, 4, 4]);
        assert_eq!(Compute::default().kernels(), KernelSet::best());
        assert!(Compute::new(Some("abacus"), None).is_err());
    }
}
