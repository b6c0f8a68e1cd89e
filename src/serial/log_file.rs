//! A link into a file, for a station without a serial port.
//!
//! The file begins anew with each start, as a terminal on the port would see it, and holds what the port would
//! carry, with LF for CR LF. It is no record: at [`LOG_BYTES_MAX`] it becomes `….1` and another begins.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::line::Line;
use super::link::{LinkCounts, SerialError, SerialLink};

/// Bytes after which the file is put aside: a month of a line every half minute. With the one put aside, twice this.
pub const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Lines in a file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    /// `None` after a failure: the next line tries anew.
    file: Option<File>,
    bytes: u64,
    bytes_max: u64,
    counts: LinkCounts,
}

impl LogFile {
    /// An empty file at `path`; makes the folder where there is none.
    pub fn create(path: &Path) -> Result<Self, SerialError> {
        let mut log = Self {
            path: path.into(),
            file: None,
            bytes: 0,
            bytes_max: LOG_BYTES_MAX,
            counts: LinkCounts::default(),
        };
        log.open().map_err(|source| SerialError::Log { path: path.into(), source })?;
        Ok(log)
    }

    fn open(&mut self) -> io::Result<()> {
        if let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        self.file = Some(File::create(&self.path)?);
        self.bytes = 0;
        Ok(())
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.file.is_some() && self.bytes + text.len() as u64 > self.bytes_max {
            self.file = None;
            self.put_aside()?;
        }
        if self.file.is_none() {
            let failed_before = self.path.exists();
            if failed_before {
                self.put_aside()?;
            }
            self.open()?;
        }
        if let Some(file) = &mut self.file {
            file.write_all(text.as_bytes())?;
            self.bytes += text.len() as u64;
        }
        Ok(())
    }

    fn put_aside(&self) -> io::Result<()> {
        let mut aside = OsString::from(&self.path);
        aside.push(".1");
        fs::rename(&self.path, aside)
    }
}

impl SerialLink for LogFile {
    fn write_line(&mut self, line: &Line) -> Result<(), SerialError> {
        match self.write(&format!("{}\n", line.encode())) {
            Ok(()) => {
                self.counts.written += 1;
                Ok(())
            }
            Err(source) => {
                self.file = None;
                self.counts.dropped += 1;
                Err(SerialError::Log { path: self.path.clone(), source })
            }
        }
    }

    fn counts(&self) -> LinkCounts {
        self.counts
    }

    fn finish(&mut self) -> LinkCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::Kind;
    use std::time::Duration;

    fn line(sequence: u32) -> Line {
        Line::new(Kind::Alive, sequence, Duration::ZERO)
    }

    #[test]
    fn the_log_makes_its_folder_and_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/serial.log");
        for _ in 0..2 {
            let mut log = LogFile::create(&path).unwrap();
            log.write_line(&line(1)).unwrap();
            log.write_line(&line(2)).unwrap();
            assert_eq!(log.finish().written, 2);
        }
        let text = fs::read_to_string(&path).unwrap();
        let sequences: Vec<u32> = text.lines().map(|l| Line::parse(l).unwrap().sequence()).collect();
        assert_eq!(sequences, [1, 2]);
    }

    #[test]
    fn a_full_log_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serial.log");
        let mut log = LogFile::create(&path).unwrap();
        log.bytes_max = 2 * (line(1).encode().len() as u64 + 1);
        (1..=5).for_each(|n| log.write_line(&line(n)).unwrap());
        let lines = |p: &Path| fs::read_to_string(p).unwrap().lines().count();
        assert_eq!((lines(&path), lines(&folder.path().join("serial.log.1"))), (1, 2));
        assert_eq!(log.counts().dropped, 0);
    }

    #[test]
    fn a_log_that_cannot_be_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = LogFile::create(folder.path()).unwrap_err();
        assert_eq!(error.code(), "serial_log");
    }
}
