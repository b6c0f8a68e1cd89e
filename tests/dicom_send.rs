//! Kept readings arrive at an archive, played by DCMTK's `storescp`: each once, over restarts and absent networks.
#![cfg(feature = "dicom-net")]

mod dicom_archive;
mod program;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use dicom_archive::{Manner, answer, archive};
use raymap::board::DicomSendConfig;
use raymap::clock::{BootId, Clock, SimulatedClock, WallTime};
use raymap::dicom_send::{Sender, look, reach};
use raymap::frame::ObjectReference;
use raymap::network::{Bundle, Network};
use raymap::pipeline::Pipeline;
use raymap::record::{Access, Body, DiskStorage, RecordKey, RecordPlace, Rule, Store};
use raymap::source::phantom::{PhantomSpec, compute};
use raymap::station::{Dispatch, DispatchState};
use raymap::units::Percent;

/// So that no test waits for minutes.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];
/// Longest wait for something that is to happen: builds without optimisation and busy machines are slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// Objects of one reading that came as DICOM and was graded.
const OBJECTS: u64 = 3;

fn clock() -> Arc<SimulatedClock> {
    let clock = SimulatedClock::new(BootId::unknown());
    clock.set_wall_time(WallTime::parse("2031-05-06T07:08:09Z"));
    Arc::new(clock)
}

/// An archive that can be taken away: it writes what it takes into a folder.
struct Archive {
    child: Child,
}

impl Archive {
    /// `None`, said aloud, where DCMTK is not installed.
    fn start(folder: &Path, port: u16, more: &[&str]) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("storescp");
        command.args(["-aet", "ARCHIVE", "-od"]).arg(folder).args(more).arg(port.to_string());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = child else {
            println!("skipped: storescp (DCMTK) is not installed");
            return None;
        };
        let archive = Self { child };
        wait_until(|| reach(&config(port)).is_ok());
        Some(archive)
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn wait_until(what: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !what() {
        assert!(Instant::now() < until, "it did not happen in {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn config(port: u16) -> DicomSendConfig {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    DicomSendConfig { address, called: "ARCHIVE".into(), calling: "RAYMAP".into() }
}

/// A sealed record; see [`keep`].
fn record(folder: &Path, count: u64) -> RecordPlace {
    let key_file = folder.join("key");
    RecordKey::make(&key_file).unwrap();
    let place = RecordPlace { folder: folder.join("record"), key_file: Some(key_file) };
    keep(&place, count);
    place
}

/// Keeps `count` readings of one radiograph that came as DICOM, alike but for where they stand.
fn keep(place: &RecordPlace, count: u64) {
    let frame = compute(&PhantomSpec::new(2, Percent::new(35.0).unwrap())).frame;
    let uids = ["2.25.101", "2.25.102", "1.2.840.10008.5.1.4.1.1.1", "2.25.103"];
    let frame = frame.with_object(ObjectReference::new(uids));
    let mut pipeline = Pipeline::new(Network::load(Bundle::embedded().unwrap()).unwrap());
    let study = pipeline.read("x", &frame).unwrap();
    assert!(study.reading.fit());
    let clock = clock();
    let key = place.key().unwrap();
    let storage = DiskStorage::open(&place.folder, Access::Write).unwrap();
    let mut store = Store::open_with(Box::new(storage), Rule::of(1 << 28), key, clock.as_ref()).unwrap();
    for _ in 0..count {
        store.keep(&Body::of("test", &frame, &study).unwrap(), clock.as_ref()).unwrap();
    }
}

fn start(port: u16, place: &RecordPlace) -> Sender {
    let clock: Arc<dyn Clock> = clock();
    Sender::start_with(&config(port), place.clone(), clock, BACK_OFF).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect()
}

/// All that waits is sent within the time that there is.
fn check(sender: &Sender, expected: [u64; 2]) {
    let done = |s: DispatchState| s.waiting == 0 && [s.sent, s.refused] == expected && s.code.is_none();
    wait_until(|| done(sender.state()));
}

#[test]
fn every_object_arrives_once_and_a_restart_sends_none_again() {
    let folder = tempfile::tempdir().unwrap();
    let (port, inbox) = (free_port(), folder.path().join("archive"));
    let Some(archive) = Archive::start(&inbox, port, &[]) else { return };
    let place = record(folder.path(), 3);
    let sender = start(port, &place);
    check(&sender, [3 * OBJECTS, 0]);
    sender.finish(PATIENCE);
    let before: BTreeSet<PathBuf> = files(&inbox).into_iter().collect();
    assert_eq!(before.len() as u64, 3 * OBJECTS);
    let classes = |what: &str| before.iter().filter(|p| name(p).starts_with(what)).count();
    assert_eq!((classes("SC"), classes("SG"), classes("SR")), (3, 3, 3), "{before:?}");

    // What arrived is taken away, so that anything that came again would be seen.
    before.iter().for_each(|p| fs::remove_file(p).unwrap());
    let sender = start(port, &place);
    check(&sender, [3 * OBJECTS, 0]);
    sender.finish(PATIENCE);
    assert_eq!(files(&inbox), Vec::<PathBuf>::new());
    assert_eq!(look(&config(port), &place).unwrap().waiting, 0);
    drop(archive);
}

/// DCMTK names a file by its class and the object's UID.
fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn an_archive_that_is_away_and_comes_back_gets_all() {
    let folder = tempfile::tempdir().unwrap();
    let (port, inbox) = (free_port(), folder.path().join("archive"));
    let place = record(folder.path(), 2);
    let sender = start(port, &place);
    wait_until(|| sender.state().code == Some("dicom_send_connect"));
    assert_eq!(sender.state().waiting, 2);
    // The stick with the key is pulled meanwhile.
    fs::remove_file(place.key_file.as_ref().unwrap()).unwrap();
    let Some(_archive) = Archive::start(&inbox, port, &[]) else { return };
    check(&sender, [2 * OBJECTS, 0]);
    assert_eq!(files(&inbox).len() as u64, 2 * OBJECTS);
}

#[test]
fn an_archive_that_takes_implicit_vr_alone_gets_the_same_objects() {
    let folder = tempfile::tempdir().unwrap();
    let (port, inbox) = (free_port(), folder.path().join("archive"));
    let Some(_archive) = Archive::start(&inbox, port, &["+xi"]) else { return };
    let place = record(folder.path(), 1);
    check(&start(port, &place), [OBJECTS, 0]);
    for path in files(&inbox) {
        let object = dicom_object::open_file(&path).unwrap();
        assert_eq!(
            object.meta().transfer_syntax().trim_end_matches('\0'),
            "1.2.840.10008.1.2",
            "{}",
            name(&path)
        );
        assert_eq!(object.element_by_name("StudyInstanceUID").unwrap().to_str().unwrap(), "2.25.101");
    }
}

/// The connection breaks after the first of three objects, and the sender is started anew.
#[test]
fn a_restart_in_the_middle_goes_on_with_the_object_that_was_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("archive");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let breaking = thread::spawn(move || {
        answer(&mut listener.accept().unwrap().0, Manner::BreaksOff);
    });
    let place = record(folder.path(), 1);
    let sender = start(port, &place);
    wait_until(|| sender.state().code.is_some());
    assert_eq!((sender.state().sent, sender.state().waiting), (1, 1));
    sender.finish(PATIENCE);
    breaking.join().unwrap();

    let Some(_archive) = Archive::start(&inbox, port, &[]) else { return };
    let sender = start(port, &place);
    check(&sender, [OBJECTS, 0]);
    let arrived: BTreeSet<String> = files(&inbox).iter().map(|p| name(p)[..2].to_owned()).collect();
    assert_eq!(arrived, ["SG", "SR"].map(String::from).into(), "the capture had been taken");
}

#[test]
fn what_is_refused_for_good_is_counted_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = record(folder.path(), 2);
    let sender = start(archive(|_| Manner::Refuses), &place);
    check(&sender, [2, 4]);
}

#[test]
fn a_full_archive_is_waited_for_however_often_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let place = record(folder.path(), 1);
    let sender = start(archive(|number| if number < 20 { Manner::IsFull } else { Manner::Takes }), &place);
    // Of the three objects the report is not taken.
    check(&sender, [2, 1]);
    sender.finish(PATIENCE);

    keep(&place, 1);
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let port = archive(move |number| {
        counted.store(number, Ordering::Relaxed);
        Manner::IsFull
    });
    let sender = start(port, &place);
    wait_until(|| times.load(Ordering::Relaxed) > 20);
    assert_eq!((sender.state().refused, sender.state().waiting), (0, 2), "a later one is not taken either");
}

#[test]
fn a_reading_that_is_not_taken_is_given_up_once_a_later_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let place = record(folder.path(), 1);
    // The command set of the first object that comes is refused from then on.
    let first = Arc::new(Mutex::new(None));
    let port = archive(move |_| Manner::IsFullForTheFirst(Arc::clone(&first)));
    let sender = start(port, &place);
    wait_until(|| sender.state().code == Some("dicom_send_status"));
    keep(&place, 2);
    check(&sender, [4, 3]);
}

/// As after a write that was not forced onto the disk: the next reading has the number of one that was sent.
#[test]
fn another_reading_under_the_number_of_one_that_was_sent_is_sent_too() {
    let folder = tempfile::tempdir().unwrap();
    let place = record(folder.path(), 2);
    let port = archive(|_| Manner::Takes);
    let sender = start(port, &place);
    check(&sender, [4, 2]);
    sender.finish(PATIENCE);
    let is_segment = |p: &PathBuf| p.extension().is_some_and(|e| e == "rmj");
    files(&place.folder).iter().filter(|p| is_segment(p)).for_each(|p| fs::remove_file(p).unwrap());
    keep(&place, 2);
    let sender = start(port, &place);
    check(&sender, [6, 3]);
}

#[test]
fn doctor_calls_the_archive_and_says_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (at, port) = (folder.path(), free_port());
    let board = format!(
        r#"name = "test"
description = "A phantom, sent."
source = {{ kind = "phantom", phantoms = [{{ seed = 2, infected = 30 }}] }}
screen = {{ kind = "png", path = "screen.png", width = 800, height = 480 }}
serial = {{ file = "serial.log" }}
record = {{ folder = "record", bytes_max = 268_435_456, key_file = "key" }}
dicom_send = {{ address = "127.0.0.1", port = {port}, called_ae = "ARCHIVE" }}
"#
    );
    fs::write(at.join("board.toml"), board).unwrap();
    record(at, 2);
    let doctor = || {
        let output = program::raymap(at, &["doctor", "--board", "board.toml", "--json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let test = report["tests"].as_array().unwrap().iter().find(|t| t["code"] == "dicom_send").unwrap();
        (test["passed"].as_bool().unwrap(), test["text"].as_str().unwrap().to_owned())
    };
    let (passed, text) = doctor();
    assert!(!passed && text.contains("2 readings waiting") && text.contains("dicom_send_connect"), "{text}");
    let Some(_archive) = Archive::start(&at.join("archive"), port, &[]) else { return };
    let (passed, text) = doctor();
    assert!(passed && text.contains("answers"), "{text}");
}

#[test]
fn without_the_record_s_key_all_waits_and_nothing_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let place = record(folder.path(), 1);
    let sender = start(free_port(), &RecordPlace { key_file: None, ..place });
    wait_until(|| sender.state().code == Some("record_key_none"));
    assert_eq!((sender.state().sent, sender.state().refused), (0, 0));
}

#[test]
fn a_peer_that_says_nothing_useful_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let place = record(folder.path(), 1);
    let sender = start(port, &place);
    wait_until(|| sender.state().code == Some("dicom_send_broken"));
    let asked = Instant::now();
    (0..1_000).for_each(|_| sender.kept());
    assert!(asked.elapsed() < Duration::from_secs(1), "whoever keeps a reading does not wait");
    assert_eq!(sender.state().waiting, 1);
}
