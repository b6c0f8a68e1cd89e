//! The program as a service: hangs end it, three failed starts lead to safe mode, signals stop it, systemd is told.

mod program;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use program::emulator;
use raymap::station::Stage;

/// Longer than any stage of the test's station takes, on a machine under load; an emulator is slower.
fn stage_s_max() -> u64 {
    if emulator::runner().is_some() { 60 } else { 6 }
}

/// Far above what is waited for.
fn generous() -> Duration {
    Duration::from_secs(60 + 3 * stage_s_max())
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let board = format!(
        "name = \"test\"\ndescription = \"A phantom, watched over.\"\n\
         source = {{ kind = \"phantom\", phantoms = [{{ seed = 2, infected = 30 }}] }}\n\
         screen = {{ kind = \"png\", path = \"screen.png\", width = 800, height = 480 }}\n\
         serial = {{ file = \"serial.log\" }}\n\
         station = {{ folder = \"state\", stage_s_max = {}, log = \"info\" }}\n",
        stage_s_max()
    );
    fs::write(folder.path().join("board.toml"), board).unwrap();
    folder
}

/// A station that goes on until it is told to stop.
fn start(folder: &Path, environment: &[(&str, &str)]) -> Child {
    let mut command = program::command();
    command.args(["run", "--forever", "--board", "board.toml"]).current_dir(folder);
    command.env_remove("RUST_LOG").stdout(Stdio::null()).stderr(Stdio::null());
    command.envs(environment.iter().copied()).spawn().unwrap()
}

/// Waits until `true`; whether it came.
fn wait_for(mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < generous() {
        if is_so() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

fn serial_says(folder: &Path, what: &str) -> bool {
    fs::read_to_string(folder.join("serial.log")).is_ok_and(|text| text.contains(what))
}

/// The end of the program, which must come; it is killed where it does not.
fn end(child: &mut Child) -> Option<ExitStatus> {
    let mut status = None;
    wait_for(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if status.is_none() {
        child.kill().unwrap();
    }
    status
}

fn terminate(child: &Child) {
    Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
}

#[test]
fn three_hangs_end_three_starts_and_the_fourth_says_why() {
    let folder = folder();
    let at = folder.path();
    for n in 1..=3 {
        let began = Instant::now();
        let mut child = start(at, &[("RAYMAP_DRILL_HANG", "reading")]);
        assert_eq!(end(&mut child).and_then(|s| s.code()), Some(5), "start {n}");
        assert!(began.elapsed() >= Duration::from_secs(stage_s_max()));
        assert!(serial_says(at, &format!("boot start={n} ")));
    }
    let mut child = start(at, &[]);
    let safe = wait_for(|| serial_says(at, "origin=station code=safe_mode"));
    terminate(&child);
    let ended = end(&mut child);
    let text = fs::read_to_string(at.join("serial.log")).unwrap();
    assert!(safe && !text.contains(" reading "), "{text}");
    assert!(text.contains("no+progress+while+reading"), "the reason is in the log's record: {text}");
    assert_eq!(ended.and_then(|s| s.code()), Some(5));
    assert!(at.join("screen.png").exists());

    let mut child = start(at, &[]);
    assert!(wait_for(|| serial_says(at, " reading n=1 ")), "after safe mode it is tried again");
    terminate(&child);
    assert_eq!(end(&mut child).and_then(|s| s.code()), Some(0));
}

/// A file that hangs the program each time is begun twice, so that two starts fail and no third.
#[test]
fn a_radiograph_that_ends_the_program_does_not_end_each_start() {
    let folder = folder();
    let at = folder.path();
    for (seed, name) in [("2", "a.png"), ("3", "b.png")] {
        let words = ["phantom", "--seed", seed, "--infected", "30"];
        assert!(program::raymap(at, &words).status.success());
        fs::create_dir_all(at.join("in")).unwrap();
        fs::rename(at.join(format!("out/phantom-{seed}-30-display.png")), at.join("in").join(name)).unwrap();
    }
    let board = fs::read_to_string(at.join("board.toml")).unwrap();
    let watched = "source = { kind = \"folder\", path = \"in\", remember = \"seen\" }";
    let lines = board.lines().map(|l| if l.starts_with("source") { watched } else { l });
    fs::write(at.join("board.toml"), lines.collect::<Vec<_>>().join("\n")).unwrap();
    for n in 1..=2 {
        let mut child = start(at, &[("RAYMAP_DRILL_HANG", "reading")]);
        assert_eq!(end(&mut child).and_then(|s| s.code()), Some(5), "start {n}");
    }
    let mut child = start(at, &[]);
    let read = wait_for(|| serial_says(at, " reading n=1 "));
    terminate(&child);
    assert_eq!(end(&mut child).and_then(|s| s.code()), Some(0));
    let text = fs::read_to_string(at.join("serial.log")).unwrap();
    assert!(read && text.contains("boot start=3 ") && text.contains("code=file_passed_over "), "{text}");
    assert!(!text.contains("code=safe_mode"), "{text}");
}

/// All at once: each takes as long as its deadline.
#[test]
fn a_hang_in_any_stage_ends_the_program_and_the_reason_names_it() {
    let hang = |stage: Stage| {
        let folder = folder();
        let child = start(folder.path(), &[("RAYMAP_DRILL_HANG", stage.name())]);
        (stage, folder, child)
    };
    for (stage, folder, mut child) in Stage::ALL.map(hang) {
        let at = folder.path();
        if stage == Stage::Stopping {
            assert!(wait_for(|| serial_says(at, " reading n=1 ")));
            terminate(&child);
        }
        assert_eq!(end(&mut child).and_then(|s| s.code()), Some(5), "{stage:?}");
        let starts = fs::read_to_string(at.join("state/starts.json")).unwrap();
        assert!(starts.contains(&format!("no progress while {} for ", stage.name())), "{stage:?}: {starts}");
    }
}

#[test]
fn a_drill_at_a_stage_that_there_is_not_is_refused_with_the_stages_that_there_are() {
    let folder = folder();
    let at = folder.path();
    let mut command = program::command();
    command.args(["run", "--forever", "--board", "board.toml"]).env("RAYMAP_DRILL_HANG", "readin");
    let output = command.current_dir(at).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("\"readin\"") && Stage::ALL.iter().all(|s| text.contains(s.name())), "{text}");
    assert!(!at.join("state").exists(), "a trial that never began is no failed start");
}

#[test]
fn systemd_is_told_and_sigterm_is_a_clean_end() {
    let folder = folder();
    let at = folder.path();
    let manager = UnixDatagram::bind(at.join("notify")).unwrap();
    manager.set_read_timeout(Some(generous())).unwrap();
    let socket = at.join("notify");
    let mut child = start(at, &[("NOTIFY_SOCKET", socket.to_str().unwrap())]);
    assert!(wait_for(|| serial_says(at, " reading n=1 ")));
    terminate(&child);
    assert_eq!(end(&mut child).and_then(|s| s.code()), Some(0));
    assert!(serial_says(at, " end radiographs="));
    assert!(serial_says(at, " log level=info text=radiograph+1:"));
    manager.set_nonblocking(true).unwrap();
    let mut bytes = [0; 256];
    let mut told = Vec::new();
    while let Ok(count) = manager.recv(&mut bytes) {
        told.push(String::from_utf8_lossy(&bytes[..count]).into_owned());
    }
    let place = |word: &str| told.iter().position(|t| t.contains(word));
    assert!(place("READY=1\nSTATUS=ready") < place("STATUS=reading"), "{told:?}");
    assert!(place("WATCHDOG=1").is_some(), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("STOPPING=1"));
}
