//! A link that keeps its lines, for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::line::Line;
use super::link::{LinkCounts, SerialError, SerialLink};

/// Lines kept: tests send some dozens.
const LINES_MAX: usize = 10_000;

/// Lines in memory; a clone shows the same lines.
#[derive(Debug, Clone, Default)]
pub struct MemoryLink {
    lines: Arc<Mutex<Vec<Line>>>,
    asks: Arc<Mutex<VecDeque<Line>>>,
}

impl MemoryLink {
    /// The peer asks `line`.
    pub fn ask(&self, line: Line) {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).push_back(line);
    }

    /// What has been sent.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SerialLink for MemoryLink {
    fn write_line(&mut self, line: &Line) -> Result<(), SerialError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES_MAX {
            return Err(SerialError::QueueFull { queued: LINES_MAX });
        }
        lines.push(line.clone());
        Ok(())
    }

    fn counts(&self) -> LinkCounts {
        LinkCounts { written: self.lines().len() as u64, ..LinkCounts::default() }
    }

    fn next_ask(&mut self) -> Option<Line> {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn finish(&mut self) -> LinkCounts {
        self.counts()
    }
}
