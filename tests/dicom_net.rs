//! A unit that sends DICOM, played by DCMTK's `echoscu` and `storescu`, and peers that mean no good.
#![cfg(feature = "dicom-net")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use raymap::board::DicomNetConfig;
use raymap::source::FrameSource;
use raymap::source::dicom_net::{ASSOCIATIONS_MAX, DicomNetSource};
use raymap::source::file;

const COMPUTED_RADIOGRAPHY: &str = uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE;

/// A station that listens, and where.
struct Station {
    folder: tempfile::TempDir,
    source: DicomNetSource,
}

impl Station {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = listen(folder.path(), "RAYMAP");
        Self { folder, source }
    }

    /// Runs one of DCMTK's tools against it; whether that worked. `None`, said aloud, where the tool is missing.
    fn tool(&self, name: &str, calling: &str, called: &str, files: &[&Path]) -> Option<bool> {
        let address = self.source.address();
        let mut command = Command::new(name);
        command.args(["-aet", calling, "-aec", called, "-to", "20"]);
        command.arg(address.ip().to_string()).arg(address.port().to_string()).args(files);
        match command.output() {
            Ok(output) => Some(output.status.success()),
            Err(_) => {
                println!("skipped: {name} (DCMTK) is not installed");
                None
            }
        }
    }

    fn files(&self, ending: &str) -> usize {
        let entries = std::fs::read_dir(self.folder.path().join("inbox")).unwrap();
        entries.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == ending)).count()
    }
}

fn listen(folder: &Path, title: &str) -> DicomNetSource {
    let bind: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let (title, callers) = (title.to_owned(), vec!["XRAY".to_owned(), "XRAY2".to_owned()]);
    DicomNetSource::open(&DicomNetConfig { bind, title, callers, folder: folder.join("inbox") }).unwrap()
}

/// A file of this class, with pixels or without.
fn write(folder: &Path, name: &str, class: &str, pixels: bool) -> PathBuf {
    let mut object = InMemDicomObject::new_empty();
    object.put_str(tags::SOP_CLASS_UID, VR::UI, class);
    object.put_str(tags::SOP_INSTANCE_UID, VR::UI, "2.25.17");
    object.put_str(tags::MODALITY, VR::CS, "CR");
    object.put_str(tags::PATIENT_NAME, VR::PN, "DOE^JANE");
    object.put_str(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1u16),
        (tags::ROWS, 300),
        (tags::COLUMNS, 200),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 12),
        (tags::HIGH_BIT, 11),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put_element(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    if pixels {
        let values: Vec<u16> = (0..300u32 * 200).map(|i| (i * 7 % 4096) as u16).collect();
        object.put_element(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(values.into())));
    }
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let path = folder.join(name);
    object.with_meta(meta).unwrap().write_to_file(&path).unwrap();
    path
}

#[test]
fn an_echo_is_answered_and_a_radiograph_arrives_as_it_was_sent() {
    let mut station = Station::start();
    let path = write(station.folder.path(), "a.dcm", COMPUTED_RADIOGRAPHY, true);
    let Some(echoed) = station.tool("echoscu", "XRAY", "RAYMAP", &[]) else { return };
    assert!(echoed);
    assert!(station.source.next_frame().is_none(), "nothing has been sent");
    let Some(stored) = station.tool("storescu", "XRAY2", "RAYMAP", &[&path, &path]) else { return };
    assert!(stored);
    let given = station.source.next_frame().unwrap().unwrap();
    assert_eq!((given.name.as_str(), &given.frame), ("dicom-00000001", &file::read(&path).unwrap()));
    assert_eq!(station.files("dcm"), 2, "the first stays until its reading is done");
    assert_eq!(station.source.next_frame().unwrap().unwrap().name, "dicom-00000002");
    assert_eq!(station.files("dcm"), 1);
    assert!(station.source.next_frame().is_none());
    assert_eq!(station.files("dcm"), 0);
}

#[test]
fn strangers_and_what_is_no_radiograph_are_turned_away() {
    let station = Station::start();
    let folder = station.folder.path();
    let radiograph = write(folder, "a.dcm", COMPUTED_RADIOGRAPHY, true);
    let slice = write(folder, "b.dcm", uids::CT_IMAGE_STORAGE, true);
    for (calling, called, path) in
        [("STRANGER", "RAYMAP", &radiograph), ("XRAY", "ANYTHING", &radiograph), ("XRAY", "RAYMAP", &slice)]
    {
        let Some(stored) = station.tool("storescu", calling, called, &[path]) else { return };
        assert!(!stored, "{calling} stored {} at {called}", path.display());
    }
    assert_eq!(station.files("dcm") + station.files("part"), 0);
}

#[test]
fn what_cannot_be_read_is_put_aside_and_the_next_is_given() {
    let mut station = Station::start();
    let folder = station.folder.path();
    let empty = write(folder, "a.dcm", COMPUTED_RADIOGRAPHY, false);
    let whole = write(folder, "b.dcm", COMPUTED_RADIOGRAPHY, true);
    let Some(stored) = station.tool("storescu", "XRAY", "RAYMAP", &[&empty, &whole]) else { return };
    assert!(stored);
    let error = station.source.next_frame().unwrap().unwrap_err();
    assert_eq!(error.code(), "dicom_no_pixels");
    assert!(!error.to_string().contains("DOE"), "{error}");
    assert_eq!(station.source.next_frame().unwrap().unwrap().name, "dicom-00000002");
    assert_eq!((station.files("refused"), station.files("dcm")), (1, 1));
}

#[test]
fn a_radiograph_whose_reading_was_cut_off_is_given_again() {
    let mut station = Station::start();
    let path = write(station.folder.path(), "a.dcm", COMPUTED_RADIOGRAPHY, true);
    let Some(stored) = station.tool("storescu", "XRAY", "RAYMAP", &[&path]) else { return };
    assert!(stored && station.source.next_frame().unwrap().is_ok());
    // Another station on the same folder, as after a loss of power.
    let mut again = listen(station.folder.path(), "AGAIN");
    assert_eq!(again.next_frame().unwrap().unwrap().name, "dicom-00000001");
}

#[test]
fn one_during_which_the_program_ended_twice_is_put_aside_and_the_next_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    std::fs::create_dir(&inbox).unwrap();
    for name in ["00000001.dcm", "00000002.dcm"] {
        write(&inbox, name, COMPUTED_RADIOGRAPHY, true);
    }
    for title in ["FIRST", "SECOND"] {
        let mut cut_off = listen(folder.path(), title);
        assert_eq!(cut_off.next_frame().unwrap().unwrap().name, "dicom-00000001");
        // As after a loss of power: nobody has given anything up.
        std::mem::forget(cut_off);
    }
    let mut third = listen(folder.path(), "THIRD");
    assert_eq!(third.next_frame().unwrap().map(drop).map_err(|e| e.code()), Err("file_passed_over"));
    assert_eq!(third.next_frame().unwrap().unwrap().name, "dicom-00000002");
    assert!(inbox.join("00000001.refused").exists());
    // In good order what was given is done with.
    drop(third);
    assert!(!inbox.join("00000002.dcm").exists());
}

#[test]
fn peers_that_send_rubbish_are_cut_off_and_the_others_served() {
    let station = Station::start();
    let aborted = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(station.source.address()).unwrap();
        stream.write_all(bytes).unwrap();
        let mut said = Vec::new();
        // Bytes that were not read make some systems reset the connection; what came before it counts.
        _ = stream.read_to_end(&mut said);
        assert!(said.is_empty() || said[0] == 7, "{said:?} to {bytes:?}");
    };
    aborted(&[1, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    aborted(&[1, 0, 0, 0, 0, 3, 0, 1, 0]);
    aborted(&[4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3]);
    aborted(b"GET / HTTP/1.1\r\nHost: raymap\r\n\r\n");
    if let Some(echoed) = station.tool("echoscu", "XRAY", "RAYMAP", &[]) {
        assert!(echoed);
    }
}

#[test]
fn no_more_peers_than_there_are_places_are_heard() {
    let station = Station::start();
    let connect = || TcpStream::connect(station.source.address()).unwrap();
    let silent: Vec<TcpStream> = (0..ASSOCIATIONS_MAX).map(|_| connect()).collect();
    let mut one_more = connect();
    let mut said = [0; 10];
    one_more.read_exact(&mut said).unwrap();
    // Refused for now, by the provider of the service, since its places are taken.
    assert_eq!(said, [3, 0, 0, 0, 0, 4, 0, 2, 3, 2]);
    drop(silent);
}
