//! The edge to whatever holds the segments: named files in one folder.

use std::io;

/// A file's name and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    pub bytes: u64,
}

/// Files in one folder, written only at their ends.
///
/// What was appended may be lost, torn or turned to rubbish by a power cut until [`Storage::sync`] has returned, and
/// a file that was made may be gone until [`Storage::sync_folder`] has.
pub trait Storage: Send {
    /// Every file, in no order.
    fn list(&self) -> io::Result<Vec<Stored>>;

    /// An empty file; fails where there is one of this name.
    fn create(&mut self, name: &str) -> io::Result<()>;

    /// Writes at the file's end. After an error any part of `bytes` may stand there.
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Returns once all that was appended to the file is on the disk.
    fn sync(&mut self, name: &str) -> io::Result<()>;

    /// Returns once all files made and removed are so on the disk.
    fn sync_folder(&mut self) -> io::Result<()>;

    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Fills `to` from byte `at` on; how many bytes there were, fewer than asked only at the file's end.
    fn read(&self, name: &str, at: u64, to: &mut [u8]) -> io::Result<usize>;
}
