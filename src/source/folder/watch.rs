//! A folder into which radiographs are put: each is given once, when it is complete, also over restarts.
//!
//! The folder is looked through again and again: that works on every file system, network shares and sticks among
//! them, where the kernel's notifications do not. A file is complete once size and time of change have stood still.
//! This module does not know what becomes of a radiograph.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::seen::{Key, Seen};
use super::{FolderError, NamedFileError, Search, warn};
use crate::source::under_way::{ENDED_MAX, UnderWay};
use crate::source::{Sourced, file};

/// Between two looks at the folder.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a file stands still before it counts as complete: senders write without pauses of seconds.
const COMPLETE_AFTER: Duration = Duration::from_secs(2);

/// Why the folder gave nothing, or a file no frame.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// the folder cannot be listed
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// a file in it cannot be read
    #[error(transparent)]
    File(#[from] NamedFileError),
    /// the program did not outlive it
    #[error(
        "{name}: passed over: the program ended {ENDED_MAX} times while it read this file; put it there once more \
         under another name, smaller or in another form"
    )]
    PassedOver { name: String },
}

impl WatchError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder(error) => error.code(),
            Self::File(error) => error.source.code(),
            Self::PassedOver { .. } => "file_passed_over",
        }
    }
}

/// Size and time of change.
type Stamp = (u64, u128);

/// A folder being watched.
pub struct Watch {
    folder: PathBuf,
    seen: Seen,
    /// Files that are not known to be complete, and since when they look as they do.
    young: BTreeMap<PathBuf, (Stamp, Duration)>,
    ready: VecDeque<(PathBuf, Key)>,
    /// Given, but not yet done with: after a power cut it is given again.
    given: Option<Key>,
    under_way: UnderWay,
    next_look: Duration,
    /// It has been said that folders in it are left out.
    has_warned: bool,
}

impl Watch {
    /// Watches `folder`; what was given is remembered in the file `remember`, if any, over restarts.
    ///
    /// Beside it stands which file is being read, so that one that ends the program does not end each start.
    pub fn new(folder: &Path, remember: Option<&Path>) -> Self {
        let (young, ready, given) = Default::default();
        let next_look = Duration::ZERO;
        let under_way = UnderWay::load(remember.map(|path| path.with_extension("begun")));
        let (seen, has_warned) = (Seen::load(remember), false);
        Self { folder: folder.into(), seen, young, ready, given, under_way, next_look, has_warned }
    }

    /// The next complete radiograph at time `now`, or the fault in its place; `None`: nothing new.
    ///
    /// Asking says that the last one is done with. A faulty file is given once, as its fault.
    pub fn next(&mut self, now: Duration) -> Option<Result<Sourced, WatchError>> {
        self.done();
        if self.ready.is_empty() && now >= self.next_look {
            self.next_look = now + LOOK_EVERY;
            if let Err(error) = self.look(now) {
                return Some(Err(error.into()));
            }
        }
        let (path, key) = self.ready.pop_front()?;
        self.given = Some(key);
        let name = path.to_string_lossy().into_owned();
        if !self.under_way.begin(u64::from_be_bytes(key)) {
            return Some(Err(WatchError::PassedOver { name }));
        }
        Some(match file::read(&path) {
            Ok(frame) => Ok(Sourced { name, frame }),
            Err(source) => Err(NamedFileError { name, source }.into()),
        })
    }

    /// The one given last is done with.
    fn done(&mut self) {
        if let Some(key) = self.given.take() {
            self.seen.add(key);
            self.under_way.done();
        }
    }

    /// Sorts the folder's files into those that are young and those that are complete.
    fn look(&mut self, now: Duration) -> Result<(), FolderError> {
        let mut search = Search::default();
        search.folder(&self.folder, 0)?;
        if let Some(error) = search.left_out.filter(|_| !self.has_warned) {
            warn(&error);
            self.has_warned = true;
        }
        let mut young = BTreeMap::new();
        for path in search.files {
            let Some(stamp) = stamp(&path) else { continue };
            let key = self.key(&path, stamp);
            if self.seen.has(key) {
                continue;
            }
            let since = match self.young.get(&path) {
                Some((before, since)) if *before == stamp => *since,
                _ => now,
            };
            if now.saturating_sub(since) >= COMPLETE_AFTER {
                self.ready.push_back((path, key));
            } else {
                young.insert(path, (stamp, since));
            }
        }
        self.young = young;
        Ok(())
    }

    /// What a file is known by: its place in the folder, its size and its time of change.
    fn key(&self, path: &Path, (bytes, changed): Stamp) -> Key {
        let mut hash = Sha256::new();
        let place = path.strip_prefix(&self.folder).unwrap_or(path);
        hash.update(place.as_os_str().as_encoded_bytes());
        hash.update(bytes.to_le_bytes());
        hash.update(changed.to_le_bytes());
        hash.finalize().first_chunk().copied().unwrap_or_default()
    }
}

/// Whoever gives the watch up in good order is done with what it was given: a clean restart does not read it again.
impl Drop for Watch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.done();
        }
    }
}

/// `None` for what has vanished meanwhile.
fn stamp(path: &Path) -> Option<Stamp> {
    let about = std::fs::metadata(path).ok()?;
    let changed = about.modified().ok()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some((about.len(), changed.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder, a watch on it, and the seconds that have gone by.
    struct Scene {
        folder: tempfile::TempDir,
        watch: Watch,
        now: u64,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("inbox")).unwrap();
            let watch = Self::start(&folder);
            Self { folder, watch, now: 0 }
        }

        fn start(folder: &tempfile::TempDir) -> Watch {
            Watch::new(&folder.path().join("inbox"), Some(&folder.path().join("seen")))
        }

        fn restart(&mut self) {
            // It is given up before the next one recalls anything.
            drop(std::mem::replace(&mut self.watch, Watch::new(Path::new("/nowhere"), None)));
            self.watch = Self::start(&self.folder);
            self.now = 0;
        }

        /// As after a power cut: nobody has given anything up.
        fn cut_off(&mut self) {
            let watch = Self::start(&self.folder);
            std::mem::forget(std::mem::replace(&mut self.watch, watch));
            self.now = 0;
        }

        /// What is given first.
        fn first(&mut self) -> u16 {
            let given = (0..10).find_map(|half| self.watch.next(Duration::from_millis(500 * half)));
            given.unwrap().unwrap().frame.pixels()[0]
        }

        fn put(&self, name: &str, grey: u8) {
            let picture = image::GrayImage::from_pixel(64, 64, image::Luma([grey]));
            picture.save(self.folder.path().join("inbox").join(name)).unwrap();
        }

        /// What comes within so many seconds: a radiograph's first grey value, or a fault's code.
        fn comes(&mut self, seconds: u64) -> Vec<String> {
            let mut come = Vec::new();
            for _ in 0..seconds * 2 {
                while let Some(next) = self.watch.next(Duration::from_millis(500 * self.now)) {
                    come.push(match next {
                        Ok(sourced) => sourced.frame.pixels()[0].to_string(),
                        Err(error) => error.code().into(),
                    });
                }
                self.now += 1;
            }
            come
        }
    }

    #[test]
    fn a_file_is_given_once_when_it_stands_still() {
        let mut scene = Scene::new();
        scene.put("a.png", 1);
        assert!(scene.comes(2).is_empty());
        assert_eq!(scene.comes(3), ["1"]);
        scene.put("b.png", 2);
        scene.put("c.png", 3);
        assert_eq!(scene.comes(6), ["2", "3"]);
        assert!(scene.comes(10).is_empty());
    }

    #[test]
    fn a_file_that_grows_waits_until_it_does_not() {
        let mut scene = Scene::new();
        scene.put("whole.png", 9);
        let inbox = scene.folder.path().join("inbox");
        let bytes = fs::read(inbox.join("whole.png")).unwrap();
        fs::remove_file(inbox.join("whole.png")).unwrap();
        for length in 1..bytes.len().min(12) {
            fs::write(inbox.join("a.png"), &bytes[..length]).unwrap();
            assert!(scene.comes(1).is_empty(), "{length} bytes");
        }
        fs::write(inbox.join("a.png"), &bytes).unwrap();
        assert_eq!(scene.comes(5), ["9"]);
    }

    #[test]
    fn what_was_given_is_remembered_over_a_restart_and_what_was_under_way_is_given_again() {
        let mut scene = Scene::new();
        scene.put("a.png", 1);
        assert_eq!(scene.comes(5), ["1"]);
        scene.put("b.png", 2);
        scene.restart();
        assert_eq!(scene.first(), 2);
        scene.cut_off();
        assert_eq!(scene.comes(5), ["2"], "the station was cut off before it asked for more");
        scene.restart();
        assert!(scene.comes(5).is_empty());
    }

    #[test]
    fn a_restart_in_good_order_gives_nothing_again() {
        let mut scene = Scene::new();
        scene.put("a.png", 1);
        assert_eq!(scene.first(), 1);
        scene.restart();
        assert!(scene.comes(5).is_empty());
    }

    #[test]
    fn a_file_that_ended_the_program_twice_is_passed_over_once_and_the_next_one_is_given() {
        let mut scene = Scene::new();
        scene.put("a.png", 1);
        scene.put("b.png", 2);
        for _ in 0..2 {
            assert_eq!(scene.first(), 1);
            scene.cut_off();
        }
        assert_eq!(scene.comes(5), ["file_passed_over", "2"]);
        scene.restart();
        assert!(scene.comes(5).is_empty());
    }

    #[test]
    fn a_file_that_is_replaced_is_another_one() {
        let mut scene = Scene::new();
        scene.put("a.png", 1);
        assert_eq!(scene.comes(5), ["1"]);
        scene.put("a.png", 2);
        let path = scene.folder.path().join("inbox/a.png");
        let later = std::time::SystemTime::now() + Duration::from_secs(60);
        fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
        assert_eq!(scene.comes(5), ["2"]);
    }

    #[test]
    fn a_faulty_file_is_told_once_and_a_folder_that_is_gone_until_it_is_back() {
        let mut scene = Scene::new();
        let inbox = scene.folder.path().join("inbox");
        fs::write(inbox.join("a.png"), b"no picture").unwrap();
        assert_eq!(scene.comes(8).len(), 1);
        fs::rename(&inbox, scene.folder.path().join("away")).unwrap();
        assert_eq!(scene.comes(2), ["folder_read", "folder_read"]);
        fs::rename(scene.folder.path().join("away"), &inbox).unwrap();
        scene.put("b.png", 7);
        assert_eq!(scene.comes(5), ["7"]);
    }
}
