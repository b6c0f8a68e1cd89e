//! What a package's scripts do to what stands on the disk, tried in a folder in place of the root.

use std::fs;
use std::path::Path;
use std::process::Command;

const POSTRM: &str = include_str!("../packaging/debian/postrm");

/// Runs `postrm purge` with `root` in place of `/`; what it said.
fn purge(root: &Path) -> String {
    let at = |path: &str| format!("{}{path}", root.display());
    // Nothing of the machine's own is touched, its service manager least of all.
    let script = ["/etc/raymap", "/var/lib/raymap", "/run/systemd", "/usr/bin/deb-systemd-helper"]
        .iter()
        .fold(POSTRM.to_owned(), |script, path| script.replace(path, &at(path)));
    let output = Command::new("sh").args(["-c", &script, "postrm", "purge"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn write(root: &Path, paths: &[&str]) {
    for path in paths {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
}

#[test]
fn a_purge_keeps_the_key_as_long_as_there_is_a_record() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    let keys = ["etc/raymap/record-key.cred", "etc/raymap/record.key"];
    write(at, &keys);
    write(
        at,
        &["etc/raymap/board.toml", "etc/raymap/sbc/mine.toml", "var/lib/raymap/records/0000000001.rmj"],
    );
    let said = purge(at);
    assert!(said.contains("key") && said.contains("/var/lib/raymap"), "{said}");
    for kept in keys.iter().chain(&["var/lib/raymap/records/0000000001.rmj"]) {
        assert!(at.join(kept).exists(), "{kept}");
    }
    for gone in ["etc/raymap/board.toml", "etc/raymap/sbc"] {
        assert!(!at.join(gone).exists(), "{gone}");
    }
}

#[test]
fn a_purge_leaves_no_empty_folder_and_without_a_record_nothing() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    write(at, &["etc/raymap/board.toml", "var/lib/raymap/inbox/1.dcm"]);
    purge(at);
    assert!(!at.join("etc/raymap").exists() && at.join("var/lib/raymap/inbox/1.dcm").exists());
    fs::remove_dir_all(at.join("var")).unwrap();
    write(at, &["etc/raymap/board.toml", "etc/raymap/record.key"]);
    assert_eq!(purge(at), "");
    assert!(!at.join("etc/raymap").exists());
}
