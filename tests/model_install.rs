//! Models in the field by the program itself: signed packages installed, refused and rolled back.

mod program;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use minisign::KeyPair;
use program::raymap;

/// The version of the bundle in the tree.
const SHIPPED: &str = "0.4.0";

fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lite0-unet-256")
}

/// The bundle in the tree as a tar file, called by another version.
fn packed(version: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    };
    let manifest = fs::read_to_string(bundle().join("manifest.toml")).unwrap();
    let line = manifest.lines().find(|l| l.starts_with("version = ")).unwrap().to_owned();
    add("manifest.toml", manifest.replacen(&line, &format!("version = \"{version}\""), 1).as_bytes());
    for name in ["model.onnx", "card.md", "golden/input.png", "golden/expected.bin"] {
        add(name, &fs::read(bundle().join(name)).unwrap());
    }
    builder.into_inner().unwrap()
}

fn signature(keys: &KeyPair, bytes: &[u8]) -> String {
    minisign::sign(None, &keys.sk, Cursor::new(bytes), None, None).unwrap().into_string()
}

struct Field {
    folder: tempfile::TempDir,
    keys: KeyPair,
}

impl Field {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyPair::generate_unencrypted_keypair().unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        let key = keys.pk.to_box().unwrap().into_string();
        fs::write(folder.path().join("keys/maker.pub"), key).unwrap();
        Self { folder, keys }
    }

    /// Runs `raymap model …`; its exit code and all that it said.
    fn model(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = raymap(self.folder.path(), &[&["model"], words, &["--store", "models"]].concat());
        let text = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned()).concat();
        (output.status.code(), text)
    }

    /// Installs `package` with `signature`.
    fn install(&self, package: &[u8], signature: &str) -> (Option<i32>, String) {
        fs::write(self.folder.path().join("new.tar"), package).unwrap();
        fs::write(self.folder.path().join("new.tar.minisig"), signature).unwrap();
        self.model(&["install", "new.tar", "--keys", "keys"])
    }

    fn signed(&self, version: &str) -> (Option<i32>, String) {
        let package = packed(version);
        self.install(&package, &signature(&self.keys, &package))
    }

    /// What a station whose board names the store says that it reads with.
    fn version_of_a_station(&self) -> String {
        let board = "name = \"test\"\ndescription = \"A phantom.\"\nmodel = \"models\"\n\
                     source = { kind = \"phantom\", phantoms = [{ seed = 2, infected = 30 }] }\n\
                     screen = { kind = \"png\", path = \"screen.png\", width = 800, height = 480 }\n\
                     serial = { file = \"serial.log\" }\n";
        fs::write(self.folder.path().join("board.toml"), board).unwrap();
        let output = raymap(self.folder.path(), &["run", "--board", "board.toml"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = fs::read_to_string(self.folder.path().join("serial.log")).unwrap();
        let boot = text.lines().next().unwrap().rsplit_once('*').unwrap().0.to_owned();
        boot.split(" version=").nth(1).unwrap().to_owned()
    }
}

#[test]
fn a_signed_model_is_installed_read_with_and_rolled_back_by_its_version() {
    let field = Field::new();
    for version in [SHIPPED, "0.5.0"] {
        let (code, text) = field.signed(version);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("{version} is active")), "{text}");
    }
    assert_eq!(field.version_of_a_station(), "0.5.0");
    let (code, text) = field.signed("0.3.9");
    assert!(code == Some(6) && text.contains("older than 0.5.0"), "{text}");
    assert_eq!(field.model(&["rollback", "0.1.0"]).0, Some(6));
    assert_eq!(field.model(&["rollback", SHIPPED]).0, Some(0));
    assert_eq!(field.version_of_a_station(), SHIPPED);
}

#[test]
fn what_is_not_signed_by_a_trusted_key_is_not_looked_into() {
    let field = Field::new();
    let package = packed("0.5.0");
    let own = signature(&field.keys, &package);
    let stranger = KeyPair::generate_unencrypted_keypair().unwrap();
    let mut changed = package.clone();
    changed[600] ^= 1;
    for (what, package, signature) in [
        ("a stranger's", &package[..], signature(&stranger, &package)),
        ("changed", &changed, own.clone()),
        ("cut off", &package[..package.len() / 2], own.clone()),
        ("signed in part", &package, own[..own.len() / 2].to_owned()),
        ("not signed", &package, String::new()),
    ] {
        let (code, text) = field.install(package, &signature);
        assert!(
            code == Some(6) && text.contains("not signed by any of the 1 trusted keys"),
            "{what}: {text}"
        );
    }
    assert!(!field.folder.path().join("models").exists());
    fs::remove_file(field.folder.path().join("keys/maker.pub")).unwrap();
    let (code, text) = field.install(&package, &own);
    assert!(code == Some(3) && text.contains("no key is trusted"), "{text}");
}

#[test]
fn a_signed_model_that_fails_its_golden_input_leaves_the_last_good_one() {
    let field = Field::new();
    assert_eq!(field.signed("0.5.0").0, Some(0));
    let package = packed("0.5.0");
    // One byte of the golden output, the last of the files; signed all the same.
    let expected = fs::read(bundle().join("golden/expected.bin")).unwrap();
    let start = package.windows(64).position(|w| w == &expected[..64]).unwrap();
    let mut wrong = package.clone();
    wrong[start] ^= 1;
    let (code, text) = field.install(&wrong, &signature(&field.keys, &wrong));
    assert!(code == Some(6) && text.contains("golden/expected.bin has SHA-256"), "{text}");
    let output = raymap(field.folder.path(), &["model", "verify", "models"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("0.5.0: checksums"), "the last good one");
}
