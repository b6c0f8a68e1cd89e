use std::fs;

use super::*;

/// A folder with these files in it, each with the mark of DICOM.
fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, [&[0; 128][..], b"DICM"].concat()).unwrap();
    }
    folder
}

fn check(folder: &Path, expected: &[&str]) {
    let files = list(&[folder.to_path_buf()]).unwrap();
    let names: Vec<_> =
        files.iter().map(|path| path.strip_prefix(folder).unwrap().to_string_lossy()).collect();
    assert_eq!(names, expected);
}

/// A folder that is there and that nobody can list: a removed one, by way of whoever still has it open.
fn unlistable(at: &Path) -> File {
    use std::os::fd::AsRawFd;
    let removed = tempfile::tempdir().unwrap();
    let open = File::open(removed.path()).unwrap();
    removed.close().unwrap();
    std::os::unix::fs::symlink(format!("/proc/self/fd/{}", open.as_raw_fd()), at).unwrap();
    assert!(at.is_dir() && at.canonicalize().is_err());
    open
}

#[test]
fn dicom_is_met_under_whatever_name_unless_it_is_unfinished() {
    let there = ["CR.1.2.840.9", "DX.1.2.276.0", "chest.IMA", "x.dic"];
    let folder = folder_with(&there);
    for name in ["a.dcm.part", "b.TMP", "c.filepart", "d.dic~", "DICOMDIR"] {
        fs::copy(folder.path().join(there[0]), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("no_dicom.ima"), [0; 200]).unwrap();
    check(folder.path(), &there);
}

#[test]
fn a_folder_that_cannot_be_listed_keeps_nobody_from_those_beside_it() {
    let folder = folder_with(&["a/1.dcm", "z/2.dcm"]);
    let _open = unlistable(&folder.path().join("lost+found"));
    check(folder.path(), &["a/1.dcm", "z/2.dcm"]);
    let error = list(&[folder.path().join("lost+found")]).unwrap_err();
    assert_eq!(error.code(), "folder_read");
    let nothing_else = tempfile::tempdir().unwrap();
    let _open = unlistable(&nothing_else.path().join("a"));
    assert_eq!(list(&[nothing_else.path().to_path_buf()]).unwrap_err().code(), "folder_read");
}
