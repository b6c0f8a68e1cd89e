//! Installing and rolling back, with the power cut at every step.

use std::fs;

use super::super::disk::RealDisk;
use super::*;

const MANIFEST: &str = include_str!("../../models/lite0-unet-256/manifest.toml");
/// The name in it.
const NAME: &str = "lite0-unet-256";
const SHIPPED: (&str, &str) = (NAME, "0.1.0");

/// A disk whose power fails before step number `steps_left`; keeps a copy of what is sure to stay.
struct CutDisk {
    root: PathBuf,
    /// The tree as it was when its folder was last forced onto the disk.
    sure: PathBuf,
    steps_left: usize,
}

impl CutDisk {
    fn step(&mut self) -> io::Result<()> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Disk for CutDisk {
    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.make_folder(folder)
    }

    fn write(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let half = &content[..content.len() / 2];
        // Cut off in the middle: a part of the file stands there.
        if self.steps_left == 0 {
            fs::write(path, half)?;
        }
        self.step()?;
        RealDisk.write(path, content)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.step()?;
        if folder == self.root {
            RealDisk.remove_folder(&self.sure)?;
            copy(&self.root, &self.sure);
        }
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.rename(from, to)
    }

    fn remove_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.remove_folder(folder)
    }
}

fn package(version: &str, model: &str) -> Package {
    let now = MANIFEST.lines().find(|l| l.starts_with("version = ")).unwrap();
    let manifest = MANIFEST.replacen(now, &format!("version = \"{version}\""), 1);
    let files = [("manifest.toml", manifest.as_str()), ("model.onnx", model), ("golden/input.png", "g")];
    Package::of(files.iter().map(|(p, c)| (PathBuf::from(p), c.as_bytes().to_vec())).collect())
}

/// Good is what says so, with all of its files.
fn check(folder: &Path) -> Result<Manifest, ModelError> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|source| ModelError::File { path, source })
    };
    read("golden/input.png")?;
    if read("model.onnx")? != "good" {
        return Err(ModelError::GoldenLength { expected: 4, actual: 0 });
    }
    Ok(Manifest::parse(&read("manifest.toml")?)?)
}

/// The version that a station would read with; it must be good.
fn active(root: &Path) -> Option<String> {
    let folder = active_folder(root).unwrap()?;
    Some(check(&folder).unwrap().version)
}

fn install(root: &Path, version: &str, model: &str) -> Result<Installed, StoreError> {
    Slots::new(root, &mut RealDisk).install(&package(version, model), SHIPPED, &mut check)
}

fn code(result: Result<Installed, StoreError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn a_newer_model_takes_the_other_slot_and_an_older_one_only_by_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let root = &folder.path().join("models");
    assert_eq!(active(root), None);
    assert_eq!(install(root, "0.2.0", "good").unwrap().slot, "a");
    assert_eq!(install(root, "0.10.0", "good").unwrap().slot, "b");
    assert_eq!(code(install(root, "0.9.0", "good")), "store_older");
    assert_eq!(active(root).as_deref(), Some("0.10.0"));

    let back = |version: &str| Slots::new(root, &mut RealDisk).roll_back(version, &mut check);
    assert_eq!(code(back("0.1.0")), "store_not_there");
    assert_eq!(back("0.2.0").unwrap().slot, "a");
    assert_eq!(active(root).as_deref(), Some("0.2.0"));
    assert_eq!(code(install(root, "0.9.0", "good")), "store_older");
    assert_eq!(install(root, "0.10.0", "good").unwrap().slot, "b");
}

#[test]
fn the_model_inside_the_program_counts_as_accepted() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(install(folder.path(), "0.0.9", "good")), "store_older");
    assert!(install(folder.path(), "0.1.0", "good").is_ok());
}

#[test]
fn what_fails_its_golden_input_or_is_not_whole_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "0.2.0", "good").unwrap();
    assert_eq!(code(install(folder.path(), "0.3.0", "bad")), "model_golden_file");
    assert_eq!(code(install(folder.path(), "next", "good")), "store_version");
    let mut short = package("0.3.0", "good");
    short = Package::of(short.files().iter().skip(1).cloned().collect());
    let result = Slots::new(folder.path(), &mut RealDisk).install(&short, SHIPPED, &mut check);
    assert_eq!(code(result), "model_file");
    assert_eq!(active(folder.path()).as_deref(), Some("0.2.0"));
    assert!(install(folder.path(), "0.3.0", "good").is_ok(), "the refused ones were not accepted");
}

#[test]
fn the_power_may_fail_at_any_step_of_an_installation() {
    let mut cuts = 0;
    for steps in 0.. {
        for keeps_all in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let (root, sure) = (folder.path().join("models"), folder.path().join("sure"));
            install(&root, "0.2.0", "good").unwrap();
            copy(&root, &sure);
            let mut disk = CutDisk { root: root.clone(), sure: sure.clone(), steps_left: steps };
            let result = Slots::new(&root, &mut disk).install(&package("0.3.0", "good"), SHIPPED, &mut check);
            if result.is_ok() {
                assert_eq!(active(&sure).as_deref(), Some("0.3.0"), "what was reported stays");
                assert!(cuts > 20, "{cuts}");
                return;
            }
            cuts += 1;
            let left = if keeps_all { &root } else { &sure };
            let version = active(left).unwrap();
            assert!(["0.2.0", "0.3.0"].contains(&version.as_str()), "{version}");
            assert_eq!(install(left, "0.4.0", "good").unwrap().version, "0.4.0", "and again it can be tried");
        }
    }
}

#[test]
fn the_power_may_fail_at_any_step_of_a_roll_back() {
    for steps in 0..8 {
        for keeps_all in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let (root, sure) = (folder.path().join("models"), folder.path().join("sure"));
            install(&root, "0.2.0", "good").unwrap();
            install(&root, "0.3.0", "good").unwrap();
            copy(&root, &sure);
            let mut disk = CutDisk { root: root.clone(), sure: sure.clone(), steps_left: steps };
            let result = Slots::new(&root, &mut disk).roll_back("0.2.0", &mut check);
            let version = active(if keeps_all { &root } else { &sure }).unwrap();
            assert!(result.is_err() || version == "0.2.0");
            assert!(["0.2.0", "0.3.0"].contains(&version.as_str()));
        }
    }
}

#[test]
fn a_damaged_store_is_said_and_never_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "0.2.0", "good").unwrap();
    for text in ["", "{}", "{\"active\":\"c\",\"accepted\":{}}", "{\"active\":\"../x\",\"accepted\":{}}"] {
        fs::write(folder.path().join(STATE), text).unwrap();
        assert_eq!(active_folder(folder.path()).unwrap_err().code(), "store_state", "{text}");
        assert_eq!(code(install(folder.path(), "0.3.0", "good")), "store_state");
    }
}

#[test]
fn a_store_that_cannot_be_read_is_not_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert!(active_folder(&root.join("none")).unwrap().is_none());
    install(root, "0.2.0", "good").unwrap();
    let state = fs::read(root.join(STATE)).unwrap();
    fs::remove_file(root.join(STATE)).unwrap();
    // A link to itself gives an error to everybody, root too.
    std::os::unix::fs::symlink(STATE, root.join(STATE)).unwrap();
    assert_eq!(active_folder(root).unwrap_err().code(), "store_read");
    assert_eq!(code(install(root, "0.1.0", "good")), "store_read", "an older one than was accepted");
    fs::remove_file(root.join(STATE)).unwrap();
    fs::write(root.join(STATE), state).unwrap();
    assert_eq!(active(root).as_deref(), Some("0.2.0"));
}
