//! The two slots and which is active.
//!
//! On disk: `a/` and `b/`, each an unpacked bundle, `incoming/` while one is unpacked, and `slots.json`, which names
//! the active one and the newest version of each model that was accepted. It is replaced by renaming, which is the
//! one step that switches.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::error::StoreError;
use super::package::{Package, read_bounded};
use super::version::Version;
use crate::network::{Manifest, ModelError};

/// The store's own file.
const STATE: &str = "slots.json";
/// While it is written.
const STATE_NEW: &str = "slots.json.new";
/// Where a package is unpacked.
const INCOMING: &str = "incoming";
const SLOTS: [&str; 2] = ["a", "b"];
/// The state is some lines.
const STATE_BYTES_MAX: u64 = 64 << 10;
/// Models whose versions are remembered: a device has one, or a few in its life.
const NAMES_MAX: usize = 64;

/// The state as written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// `a` or `b`; none before the first model.
    active: Option<String>,
    /// Newest accepted version by the model's name.
    accepted: BTreeMap<String, String>,
}

/// What was switched to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub name: String,
    pub version: String,
    pub slot: String,
}

/// Whether the bundle in a folder is whole and right on this machine; its manifest.
pub type Check<'a> = dyn FnMut(&Path) -> Result<Manifest, ModelError> + 'a;

/// A store of models in one folder.
pub struct Slots<'a> {
    root: PathBuf,
    disk: &'a mut dyn Disk,
}

impl<'a> Slots<'a> {
    pub fn new(root: &Path, disk: &'a mut dyn Disk) -> Self {
        Self { root: root.into(), disk }
    }

    /// Unpacks `package` into the slot that is not active, checks it there, and switches to it.
    ///
    /// Refused where it is older than what was accepted of its name before, or than `shipped`, the one inside the
    /// program. Whatever fails, the active slot is as it was.
    pub fn install(
        &mut self,
        package: &Package,
        shipped: (&str, &str),
        check: &mut Check<'_>,
    ) -> Result<Installed, StoreError> {
        let mut state = self.state()?;
        let incoming = self.root.join(INCOMING);
        self.unpack(package, &incoming).map_err(|e| self.failed(e))?;
        let manifest = check(&incoming)?;
        let version = Version::parse(&manifest.version)?;
        refuse_older(&state, shipped, &manifest.name, version)?;
        let slot = if state.active.as_deref() == Some(SLOTS[0]) { SLOTS[1] } else { SLOTS[0] };
        self.move_in(&incoming, slot).map_err(|e| self.failed(e))?;
        state.active = Some(slot.into());
        if state.accepted.len() < NAMES_MAX || state.accepted.contains_key(&manifest.name) {
            state.accepted.insert(manifest.name.clone(), manifest.version.clone());
        }
        self.switch(&state).map_err(|e| self.failed(e))?;
        Ok(Installed { name: manifest.name, version: manifest.version, slot: slot.into() })
    }

    /// Switches to the other slot, which must hold `version` and be right; the only way to an older one.
    pub fn roll_back(&mut self, version: &str, check: &mut Check<'_>) -> Result<Installed, StoreError> {
        let mut state = self.state()?;
        let slot = if state.active.as_deref() == Some(SLOTS[0]) { SLOTS[1] } else { SLOTS[0] };
        let folder = self.root.join(slot);
        if state.active.is_none() || !folder.exists() {
            return Err(StoreError::NotThere { found: "nothing".into(), wanted: version.into() });
        }
        let manifest = check(&folder)?;
        if Version::parse(&manifest.version)? != Version::parse(version)? {
            let found = format!("{} {}", manifest.name, manifest.version);
            return Err(StoreError::NotThere { found, wanted: version.into() });
        }
        state.active = Some(slot.into());
        self.switch(&state).map_err(|e| self.failed(e))?;
        Ok(Installed { name: manifest.name, version: manifest.version, slot: slot.into() })
    }

    fn unpack(&mut self, package: &Package, incoming: &Path) -> io::Result<()> {
        self.disk.make_folder(&self.root)?;
        self.disk.remove_folder(incoming)?;
        self.disk.make_folder(incoming)?;
        for (path, content) in package.files() {
            let to = incoming.join(path);
            let folder = to.parent().unwrap_or(incoming).to_path_buf();
            self.disk.make_folder(&folder)?;
            self.disk.write(&to, content)?;
            self.disk.sync_folder(&folder)?;
        }
        self.disk.sync_folder(incoming)
    }

    fn move_in(&mut self, incoming: &Path, slot: &str) -> io::Result<()> {
        let to = self.root.join(slot);
        self.disk.remove_folder(&to)?;
        self.disk.rename(incoming, &to)?;
        self.disk.sync_folder(&self.root)
    }

    fn switch(&mut self, state: &State) -> io::Result<()> {
        let new = self.root.join(STATE_NEW);
        self.disk.write(&new, &serde_json::to_vec_pretty(state)?)?;
        self.disk.rename(&new, &self.root.join(STATE))?;
        self.disk.sync_folder(&self.root)
    }

    fn state(&self) -> Result<State, StoreError> {
        Ok(state_of(&self.root)?.unwrap_or_default())
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Write { path: self.root.clone(), source }
    }
}

/// The folder of the active bundle in the store `root`; `None` where it is no store.
///
/// A store that is damaged is an error and never guessed at: a model is read with as it was chosen, or not at all.
pub fn active_folder(root: &Path) -> Result<Option<PathBuf>, StoreError> {
    Ok(state_of(root)?.and_then(|state| state.active).map(|slot| root.join(slot)))
}

fn state_of(root: &Path) -> Result<Option<State>, StoreError> {
    let path = root.join(STATE);
    let text = match read_bounded(&path, STATE_BYTES_MAX) {
        // Any other error hides a store that may be there.
        Err(StoreError::Read { source, .. }) if is_absent(&source) => return Ok(None),
        read => read?,
    };
    let state: State = serde_json::from_slice(&text).map_err(|_| StoreError::State { path: path.clone() })?;
    let known = state.active.as_deref().is_none_or(|slot| SLOTS.contains(&slot));
    if known { Ok(Some(state)) } else { Err(StoreError::State { path }) }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn refuse_older(
    state: &State,
    (shipped_name, shipped_version): (&str, &str),
    name: &str,
    version: Version,
) -> Result<(), StoreError> {
    let mut accepted: Vec<Version> = Vec::new();
    if let Some(text) = state.accepted.get(name) {
        accepted.push(Version::parse(text)?);
    }
    if name == shipped_name {
        accepted.push(Version::parse(shipped_version)?);
    }
    match accepted.into_iter().max() {
        Some(accepted) if version < accepted => {
            Err(StoreError::Older { name: name.into(), version, accepted })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "slots_tests.rs"]
mod tests;
