//! A bundle's files, read within bounds and held against their checksums.
//!
//! A bundle is a folder with `manifest.toml` and the files that it names; the default one is inside the binary.
//! This module does not know what the model computes.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::ModelError;
use super::manifest::{self, Manifest};

/// A manifest is two pages of text.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;
/// Eight times the shipped model; a larger one would not run on the boards in a useful time.
const MODEL_BYTES_MAX: u64 = 16 << 20;
/// A PNG of at most 1024 x 1024 grey pixels.
const GOLDEN_INPUT_BYTES_MAX: u64 = 2 << 20;
/// Five planes of at most 1024 x 1024, and the fitness map.
const GOLDEN_EXPECTED_BYTES_MAX: u64 = 6 << 20;

/// The files of a bundle; their content has the checksums of the manifest.
#[derive(Debug, Clone)]
pub struct Bundle {
    manifest_text: Cow<'static, str>,
    manifest: Manifest,
    model: Cow<'static, [u8]>,
    golden_input: Cow<'static, [u8]>,
    golden_expected: Cow<'static, [u8]>,
}

impl Bundle {
    /// The bundle inside the binary.
    pub fn embedded() -> Result<Self, ModelError> {
        let text = include_str!("../../models/lite0-unet-256/manifest.toml");
        Self {
            manifest_text: Cow::Borrowed(text),
            manifest: Manifest::parse(text)?,
            model: Cow::Borrowed(include_bytes!("../../models/lite0-unet-256/model.onnx")),
            golden_input: Cow::Borrowed(include_bytes!("../../models/lite0-unet-256/golden/input.png")),
            golden_expected: Cow::Borrowed(include_bytes!("../../models/lite0-unet-256/golden/expected.bin")),
        }
        .checked()
    }

    /// The bundle in folder `dir`.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join("manifest.toml");
        let text = String::from_utf8_lossy(&read(&path, MANIFEST_BYTES_MAX)?).into_owned();
        let manifest = Manifest::parse(&text)?;
        let file = |file: &manifest::File, max| read(&dir.join(&file.path), max).map(Cow::Owned);
        let files = &manifest.files;
        Self {
            model: file(&files.model, MODEL_BYTES_MAX)?,
            golden_input: file(&files.golden_input, GOLDEN_INPUT_BYTES_MAX)?,
            golden_expected: file(&files.golden_expected, GOLDEN_EXPECTED_BYTES_MAX)?,
            manifest_text: Cow::Owned(text),
            manifest,
        }
        .checked()
    }

    /// The manifest as written.
    pub fn manifest_text(&self) -> &str {
        &self.manifest_text
    }

    /// Of the manifest as written, which names the checksums of all other files.
    pub fn manifest_sha256(&self) -> String {
        sha256(self.manifest_text.as_bytes())
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The ONNX file.
    pub fn model(&self) -> &[u8] {
        &self.model
    }

    /// The PNG that the model is tried on.
    pub fn golden_input(&self) -> &[u8] {
        &self.golden_input
    }

    /// The model's int8 outputs on the golden input: those of the manifest, one after another, NCHW.
    pub fn golden_expected(&self) -> &[u8] {
        &self.golden_expected
    }

    fn checked(self) -> Result<Self, ModelError> {
        let files = &self.manifest.files;
        let contents = [
            (&files.model, &self.model),
            (&files.golden_input, &self.golden_input),
            (&files.golden_expected, &self.golden_expected),
        ];
        for (file, content) in contents {
            let actual = sha256(content);
            if actual != file.sha256 {
                let (file, expected) = (file.path.clone(), file.sha256.clone());
                return Err(ModelError::Checksum { file, expected, actual });
            }
        }
        Ok(self)
    }
}

/// The whole file, if it has at most `max` bytes.
fn read(path: &Path, max: u64) -> Result<Vec<u8>, ModelError> {
    let failed = |source| ModelError::File { path: path.to_owned(), source };
    let mut content = vec![];
    File::open(path).map_err(failed)?.take(max + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > max {
        return Err(ModelError::FileSize { path: path.to_owned(), max });
    }
    Ok(content)
}

/// SHA-256 as lower-case hexadecimal digits.
fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_sha_256_in_lower_case() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_file_above_its_bound_is_not_read_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large");
        std::fs::write(&path, [0; 9]).unwrap();
        assert_eq!(read(&path, 9).unwrap().len(), 9);
        assert!(matches!(read(&path, 8), Err(ModelError::FileSize { max: 8, .. })));
    }
}
