//! A unit and an archive that others wrote: Orthanc sends a radiograph, and gets back what was made of it.
#![cfg(feature = "dicom-net")]

mod dicom_radiograph;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dicom_radiograph::radiograph;
use raymap::board::{DicomNetConfig, DicomSendConfig};
use raymap::clock::{BootId, SimulatedClock, WallTime};
use raymap::dicom_send::Sender;
use raymap::network::{Bundle, Network};
use raymap::pipeline::Pipeline;
use raymap::record::{Access, Body, DiskStorage, RecordKey, RecordPlace, Rule, Store};
use raymap::source::FrameSource;
use raymap::source::dicom_net::DicomNetSource;
use serde_json::{Value, json};

/// Longest wait for something that is to happen: builds without optimisation and busy machines are slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Where Orthanc listens, for HTTP and for DICOM, and where the station does.
#[derive(Clone, Copy)]
struct Ports {
    http: u16,
    archive: u16,
    station: u16,
}

impl Ports {
    fn free() -> Self {
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, archive, station] = listeners.each_ref().map(|l| l.local_addr().unwrap().port());
        Self { http, archive, station }
    }

    /// What Orthanc answers; `None` where it does not, or not with success.
    fn try_ask(self, method: &str, path: &str, body: &[u8]) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).ok()?;
        let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
        let is_good = answer.split(|b| *b == b' ').nth(1) == Some(b"200");
        is_good.then(|| serde_json::from_slice(&answer[end..]).unwrap_or(Value::Null))
    }

    fn ask(self, method: &str, path: &str, body: &[u8]) -> Value {
        self.try_ask(method, path, body).unwrap_or_else(|| panic!("Orthanc: {method} {path} failed"))
    }
}

/// `None`, said aloud, where Orthanc is not installed.
fn orthanc(folder: &Path, ports: Ports) -> Option<Running> {
    let Some(program) = ["/usr/sbin/Orthanc", "/usr/bin/Orthanc"].into_iter().find(|p| Path::new(p).exists())
    else {
        println!("skipped: Orthanc is not installed");
        return None;
    };
    let configuration = json!({
        "Name": "archive",
        "StorageDirectory": folder.join("orthanc"),
        "IndexDirectory": folder.join("orthanc"),
        "HttpPort": ports.http,
        "DicomPort": ports.archive,
        "DicomAet": "ARCHIVE",
        "AuthenticationEnabled": false,
        "Plugins": [],
        "DicomModalities": {"raymap": ["RAYMAP", "127.0.0.1", ports.station]},
    });
    fs::write(folder.join("orthanc.json"), configuration.to_string()).unwrap();
    let mut command = Command::new(program);
    command.arg(folder.join("orthanc.json")).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().unwrap());
    wait_for(|| ports.try_ask("GET", "/system", b"").map(drop));
    Some(running)
}

/// A board without a network's time would wait for one: an archive's objects have a date.
fn clock() -> Arc<SimulatedClock> {
    let clock = SimulatedClock::new(BootId::unknown());
    clock.set_wall_time(WallTime::parse("2031-05-06T07:08:09Z"));
    Arc::new(clock)
}

/// Reads the next radiograph that has arrived, and keeps it with its patient in a sealed record.
fn read_and_keep(source: &mut DicomNetSource, folder: &Path) -> RecordPlace {
    let frame = wait_for(|| source.next_frame()).unwrap().frame;
    let mut pipeline = Pipeline::new(Network::load(Bundle::embedded().unwrap()).unwrap());
    let study = pipeline.read("x", &frame).unwrap();
    assert!(study.reading.fit(), "{:?}", study.reading.outcome);
    let place = RecordPlace { folder: folder.join("kept"), key_file: Some(folder.join("key")) };
    RecordKey::make(&folder.join("key")).unwrap();
    let key = RecordKey::load(&folder.join("key")).unwrap();
    let storage = DiskStorage::open(&place.folder, Access::Write).unwrap();
    let clock = clock();
    let mut store =
        Store::open_with(Box::new(storage), Rule::of(1 << 28), Some(key), clock.as_ref()).unwrap();
    store.keep(&Body::with_identity("test", &frame, &study).unwrap(), clock.as_ref()).unwrap();
    place
}

fn wait_for<T>(mut what: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(done) = what() {
            return done;
        }
        assert!(Instant::now() < until, "it did not happen in {PATIENCE:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The bytes of all files below a folder.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|p| if p.is_dir() { all_bytes(&p) } else { fs::read(p).unwrap() }).collect()
}

#[test]
fn what_orthanc_sends_comes_back_to_the_same_patient_and_study() {
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let at = folder.path();
    let Some(_orthanc) = orthanc(at, ports) else { return };
    let bind = SocketAddr::from(([127, 0, 0, 1], ports.station));
    let (title, callers) = ("RAYMAP".to_owned(), vec!["ARCHIVE".to_owned()]);
    let unit = DicomNetConfig { bind, title, callers, folder: at.join("inbox") };
    let mut source = DicomNetSource::open(&unit).unwrap();
    radiograph().write_to_file(at.join("unit.dcm")).unwrap();
    let stored = ports.ask("POST", "/instances", &fs::read(at.join("unit.dcm")).unwrap());
    ports.ask("POST", "/modalities/raymap/echo", b"{}");
    ports.ask("POST", "/modalities/raymap/store", stored["ID"].as_str().unwrap().as_bytes());

    let place = read_and_keep(&mut source, at);
    let address = SocketAddr::from(([127, 0, 0, 1], ports.archive));
    let archive = DicomSendConfig { address, called: "ARCHIVE".into(), calling: "RAYMAP".into() };
    let sender = Sender::start(&archive, place, clock()).unwrap();
    let counts = wait_for(|| {
        let counts = ports.ask("GET", "/statistics", b"");
        (counts["CountInstances"] == 4).then_some(counts)
    });
    let of = |what: &str| counts[format!("Count{what}")].as_u64();
    assert_eq!((of("Patients"), of("Studies"), of("Series")), (Some(1), Some(1), Some(4)), "{counts}");
    let patients = ports.ask("GET", "/patients?expand", b"");
    let tags = &patients[0]["MainDicomTags"];
    assert_eq!((&tags["PatientID"], &tags["PatientName"]), (&json!("4711"), &json!("DOE^JANE")));
    let series = ports.ask("GET", "/series?expand", b"");
    let mut modalities: Vec<&str> =
        series.as_array().unwrap().iter().map(|s| s["MainDicomTags"]["Modality"].as_str().unwrap()).collect();
    modalities.sort_unstable();
    assert_eq!(modalities, ["CR", "OT", "SEG", "SR"]);

    // In the record the patient is sealed. The sender notes there what was taken: it has ended before anybody looks.
    sender.finish(PATIENCE);
    let (kept, digits) = (all_bytes(&at.join("kept")), b"444f455e4a414e45");
    for word in [b"DOE^JANE".as_slice(), digits, &digits.to_ascii_uppercase()] {
        assert!(!kept.windows(word.len()).any(|w| w == word), "{}", String::from_utf8_lossy(word));
    }
}
