//! A bundle as one tar file: read within bounds, held against its signature, and only then looked into.
//!
//! This file alone names the crate `tar`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::error::StoreError;
use super::keys::Keys;

/// Twice the largest model, with its golden files.
const PACKAGE_BYTES_MAX: u64 = 48 << 20;
/// A signature is four lines.
const SIGNATURE_BYTES_MAX: u64 = 4_096;
/// Files of a bundle: it has five.
const FILES_MAX: usize = 32;
/// Folders in folders: a bundle has `golden/`.
const DEPTH_MAX: usize = 3;

/// The files of a signed package, in memory: what was checked is what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Package {
    /// The package at `path` with its signature at `signature`.
    ///
    /// Nothing is looked into before one of `keys` is found to have signed all of it.
    pub fn open(path: &Path, signature: &Path, keys: &Keys) -> Result<Self, StoreError> {
        let bytes = read_bounded(path, PACKAGE_BYTES_MAX)?;
        let signature = read_bounded(signature, SIGNATURE_BYTES_MAX)?;
        keys.check(&bytes, &String::from_utf8_lossy(&signature))?;
        Self::unpack(&bytes)
    }

    /// Paths inside the bundle, and their content.
    pub fn files(&self) -> &[(PathBuf, Vec<u8>)] {
        &self.files
    }

    /// A package that was never packed, for tests of what is done with one.
    #[cfg(test)]
    pub(super) fn of(files: Vec<(PathBuf, Vec<u8>)>) -> Self {
        Self { files }
    }

    fn unpack(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::Package { what: "it is no whole tar file" };
        let (mut files, mut names) = (Vec::new(), BTreeSet::new());
        let mut archive = tar::Archive::new(bytes);
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            let kind = entry.header().entry_type();
            if kind.is_dir() {
                continue;
            }
            if !kind.is_file() {
                return Err(StoreError::Package {
                    what: "it holds something that is neither file nor folder",
                });
            }
            let path = inside(&entry.path().map_err(damaged)?)?;
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(damaged)?;
            if files.len() >= FILES_MAX || !names.insert(path.clone()) {
                return Err(StoreError::Package { what: "it holds too many files, or one twice" });
            }
            files.push((path, content));
        }
        if files.is_empty() {
            return Err(StoreError::Package { what: "it is empty" });
        }
        Ok(Self { files })
    }
}

/// `path` without its leading dot, when it stays inside the bundle.
fn inside(path: &Path) -> Result<PathBuf, StoreError> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => plain.push(name),
            _ => return Err(StoreError::Package { what: "a path leaves the bundle" }),
        }
    }
    match plain.components().count() {
        1..=DEPTH_MAX => Ok(plain),
        _ => Err(StoreError::Package { what: "a path is empty or too deep" }),
    }
}

/// The whole file, if it has at most `max` bytes.
pub fn read_bounded(path: &Path, max: u64) -> Result<Vec<u8>, StoreError> {
    let failed = |source| StoreError::Read { path: path.into(), source };
    let mut content = Vec::new();
    File::open(path).map_err(failed)?.take(max + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > max {
        return Err(StoreError::Size { path: path.into(), max });
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tar file with these paths, each with its own name in it; a name that ends in `@` is a symbolic link.
    fn packed(paths: &[&str]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for path in paths {
            let mut header = tar::Header::new_gnu();
            if path.ends_with('@') {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_link_name("/etc/passwd").unwrap();
            }
            header.set_size(if path.ends_with('@') { 0 } else { path.len() as u64 });
            // The usual way refuses paths that leave the archive, as a forger does not.
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            let content: &[u8] = if path.ends_with('@') { b"" } else { path.as_bytes() };
            builder.append(&header, content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn files_are_taken_with_or_without_a_leading_dot() {
        let package = Package::unpack(&packed(&["./manifest.toml", "golden/input.png"])).unwrap();
        let paths: Vec<&str> = package.files().iter().map(|(p, _)| p.to_str().unwrap()).collect();
        assert_eq!(paths, ["manifest.toml", "golden/input.png"]);
        assert_eq!(package.files()[1].1, b"golden/input.png");
    }

    #[test]
    fn what_leaves_the_bundle_or_is_no_file_is_refused() {
        let many: Vec<String> = (0..=FILES_MAX).map(|i| format!("f{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let cases: [&[&str]; 7] = [
            &["../manifest.toml"],
            &["/etc/passwd"],
            &["a/b/c/d"],
            &["model.onnx@"],
            &["a", "./a"],
            &[],
            &many,
        ];
        for case in cases {
            assert_eq!(Package::unpack(&packed(case)).unwrap_err().code(), "store_package", "{case:?}");
        }
    }

    #[test]
    fn a_package_that_ends_early_is_refused() {
        let whole = packed(&["manifest.toml"]);
        for length in [1, 100, 511, 513, 520] {
            assert!(Package::unpack(&whole[..length]).is_err(), "{length}");
        }
    }
}
