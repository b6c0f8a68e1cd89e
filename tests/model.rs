//! A bundle is taken whole or refused whole, and the refusal says what is wrong.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use raymap::network::{Bundle, ModelError, Network};
use raymap::preprocess::NetworkInput;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const SHIPPED: &str = "models/lite0-unet-256";
const FILES: [&str; 4] = ["manifest.toml", "model.onnx", "golden/input.png", "golden/expected.bin"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped bundle in a folder of its own.
fn copy() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("golden")).unwrap();
    for file in FILES {
        fs::copy(root().join(SHIPPED).join(file), dir.path().join(file)).unwrap();
    }
    dir
}

fn edit(dir: &Path, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut content = fs::read(dir.join(file)).unwrap();
    change(&mut content);
    fs::write(dir.join(file), content).unwrap();
}

/// Changes a file and puts its new checksum into the manifest, as someone who builds a bundle would.
fn rebuild(dir: &Path, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let sha256 =
        |content: &[u8]| Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let before = sha256(&fs::read(dir.join(file)).unwrap());
    edit(dir, file, change);
    let after = sha256(&fs::read(dir.join(file)).unwrap());
    replace(dir, &before, &after);
}

/// Replaces text in the manifest.
fn replace(dir: &Path, from: &str, to: &str) {
    let manifest = fs::read_to_string(dir.join("manifest.toml")).unwrap();
    assert!(manifest.contains(from), "{from} is not in the manifest");
    fs::write(dir.join("manifest.toml"), manifest.replacen(from, to, 1)).unwrap();
}

fn load(dir: &Path) -> Result<Network, ModelError> {
    Network::load(Bundle::open(dir)?)
}

/// The refusal's code and its whole message.
fn refusal(dir: &Path) -> (&'static str, String) {
    let error = load(dir).unwrap_err();
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    (error.code(), message)
}

#[test]
fn every_bundle_in_the_tree_gives_its_golden_output() {
    let mut loaded = 0;
    for entry in fs::read_dir(root().join("models")).unwrap() {
        let dir = entry.unwrap().path();
        if dir.join("manifest.toml").exists() {
            let network = load(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
            assert_eq!(dir.file_name().unwrap().to_str().unwrap(), network.name());
            loaded += 1;
        }
    }
    assert!(loaded > 0);
}

#[test]
fn the_bundle_in_the_binary_is_the_one_in_the_tree() {
    let embedded = Network::load(Bundle::embedded().unwrap()).unwrap();
    let opened = load(&root().join(SHIPPED)).unwrap();
    assert_eq!(embedded.manifest(), opened.manifest());
    assert_eq!(embedded.sha256().len(), 64);
}

#[test]
fn a_flipped_byte_in_any_file_is_refused() {
    for file in &FILES[1..] {
        let dir = copy();
        edit(dir.path(), file, |content| {
            let middle = content.len() / 2;
            content[middle] ^= 1;
        });
        let (code, message) = refusal(dir.path());
        assert_eq!(code, "model_checksum", "{file}");
        assert!(message.contains(file), "{message}");
    }
}

#[test]
fn a_missing_file_is_refused_by_its_name() {
    for file in FILES {
        let dir = copy();
        fs::remove_file(dir.path().join(file)).unwrap();
        let (code, message) = refusal(dir.path());
        assert_eq!(code, "model_file", "{file}");
        assert!(message.contains(file), "{message}");
    }
}

#[test]
fn a_golden_output_that_the_model_does_not_give_is_refused_with_the_difference() {
    let dir = copy();
    rebuild(dir.path(), "golden/expected.bin", |content| {
        content[7] = content[7].wrapping_add(3);
        content[100] = content[100].wrapping_sub(1);
    });
    let (code, message) = refusal(dir.path());
    assert_eq!(code, "model_golden");
    assert!(message.contains("2 of 65536 values of lung") && message.contains("by 3"), "{message}");
}

#[test]
fn a_golden_output_of_another_length_is_refused() {
    let dir = copy();
    rebuild(dir.path(), "golden/expected.bin", |content| content.truncate(81_000));
    assert_eq!(refusal(dir.path()).0, "model_golden_file");
}

#[test]
fn a_golden_input_that_is_no_picture_is_refused() {
    let dir = copy();
    rebuild(dir.path(), "golden/input.png", |content| content.truncate(20));
    assert_eq!(refusal(dir.path()).0, "model_golden_file");
}

#[test]
fn shapes_other_than_the_manifest_says_are_refused() {
    let dir = copy();
    replace(dir.path(), "side = 256", "side = 224");
    let (code, message) = refusal(dir.path());
    assert_eq!(code, "model_shape");
    assert!(message.contains("256") && message.contains("224"), "{message}");
    let dir = copy();
    replace(dir.path(), "side = 128", "side = 64");
    assert_eq!(refusal(dir.path()).0, "model_shape");
}

#[test]
fn an_operator_without_an_int8_kernel_is_refused_by_its_name() {
    let dir = copy();
    // Names of equal length keep the file's structure: Resize becomes an operator that tract itself would run.
    rebuild(dir.path(), "model.onnx", |content| {
        let at = content.windows(6).position(|w| w == b"Resize").unwrap();
        content[at..at + 6].copy_from_slice(b"Conv2D");
    });
    let (code, message) = refusal(dir.path());
    assert_eq!(code, "model_operator");
    assert!(message.contains("Conv2D"), "{message}");
}

#[test]
fn a_model_cut_short_is_refused() {
    let dir = copy();
    rebuild(dir.path(), "model.onnx", |content| content.truncate(content.len() / 2));
    assert_eq!(refusal(dir.path()).0, "model_engine");
}

#[test]
fn an_input_of_another_side_is_refused() {
    let mut network = load(&root().join(SHIPPED)).unwrap();
    let input = NetworkInput::square(vec![0; 128 * 128], 128).unwrap();
    let error = network.infer(&input).unwrap_err();
    assert!(matches!(error, ModelError::Input { expected: 256, actual: 128 }));
}

#[test]
fn a_segmentation_is_made_of_probabilities_that_repeat_exactly() {
    let mut network = load(&root().join(SHIPPED)).unwrap();
    let pixels = (0..256 * 256).map(|i: u32| ((i / 256) ^ (i % 256)) as u8).collect();
    let input = NetworkInput::square(pixels, 256).unwrap();
    let first = network.infer(&input).unwrap();
    assert_eq!(first.side, 256);
    for plane in [&first.right, &first.left, &first.heart, &first.infection] {
        assert_eq!(plane.len(), 256 * 256);
        assert!(plane.iter().all(|p| (0.0..=1.0).contains(p)));
    }
    let shares = first.right.iter().zip(&first.left).zip(&first.heart);
    assert!(shares.into_iter().all(|((r, l), h)| r + l + h <= 1.0 + 1e-6));
    assert!((0.0..=1.0).contains(&first.fitness.fit()));
    assert_eq!(network.infer(&input).unwrap(), first);
}

/// Infection probabilities of a made-up picture and of its mirror image, with `mirrored_too` as said.
fn maps_of_both(mirrored_too: bool) -> [Vec<f32>; 2] {
    let dir = copy();
    let said = |yes: bool| format!("mirrored_too = {yes}");
    replace(dir.path(), &said(true), &said(mirrored_too));
    let mut network = load(dir.path()).unwrap();
    let pixels = (0..256 * 256).map(|i: u32| ((i / 256) * (i % 256) / 256) as u8).collect();
    let input = NetworkInput::square(pixels, 256).unwrap();
    [&input, &input.mirrored()].map(|i| network.infer(i).unwrap().infection)
}

#[test]
fn asked_twice_the_map_of_a_mirror_image_is_the_mirror_image_of_the_map() {
    let turned = |map: &[f32]| map.chunks(256).flat_map(|l| l.iter().rev().copied()).collect::<Vec<_>>();
    let [once, mirrored] = maps_of_both(false);
    assert_ne!(turned(&once), mirrored, "the control: asked once, it is not");
    let [twice, mirrored] = maps_of_both(true);
    assert_eq!(turned(&twice), mirrored);
}
