//! `raymap records export`: readings as files that any program opens, each read back after it was written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};
use serde_json::{Value, json};

use super::failure::{Exit, Failure};
use super::print::print_line;
use super::progress;
use super::records::times;
use super::records_dicom::{DicomArguments, DicomObjects};
use crate::frame::{Frame, Photometric};
use crate::record::{Entry, Journal, RecordError, RecordPlace, Restored};
use crate::render;
use crate::replace::replace;

/// A day and a time, as far as either is given.
const TIME_FORM: &str = "dddd-dd-ddTdd:dd:ddZ";
/// The columns of `records.csv`: a path into the reading's JSON for each that comes from there.
const READING_COLUMNS: [(&str, &str); 27] = [
    ("file", "/file"),
    ("fit", "/fit"),
    ("refusal", "/refusal/code"),
    ("grade", "/severity/grade"),
    ("infected", "/infected/total"),
    ("infected_low90", "/infected/interval90/0"),
    ("infected_high90", "/infected/interval90/1"),
    ("right", "/infected/right"),
    ("left", "/infected/left"),
    ("zone_a", "/infected/zones/A"),
    ("zone_b", "/infected/zones/B"),
    ("zone_c", "/infected/zones/C"),
    ("zone_d", "/infected/zones/D"),
    ("zone_e", "/infected/zones/E"),
    ("zone_f", "/infected/zones/F"),
    ("geographic_extent", "/severity/geographic_extent"),
    ("toussie", "/severity/toussie"),
    ("brixia_estimate", "/severity/brixia_estimate"),
    ("probability", "/detection/probability"),
    ("positive", "/detection/positive"),
    ("threshold", "/detection/operating_point/threshold"),
    ("model", "/model/name"),
    ("model_version", "/model/version"),
    ("model_sha256", "/model/sha256"),
    ("software", "/software"),
    ("notice", "/notice"),
    ("warnings", "/warnings"),
];

#[derive(Debug, clap::Args)]
pub struct ExportArguments {
    /// Where the files go
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// The first: a number, or a time such as 2026-11-24 or 2026-11-24T08:00
    #[arg(long = "from", value_name = "ID|TIME", value_parser = bound)]
    first: Option<Bound>,
    /// The last, itself included
    #[arg(long = "to", value_name = "ID|TIME", value_parser = bound)]
    last: Option<Bound>,
    #[command(flatten)]
    dicom: DicomArguments,
}

/// One end of what is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    Id(u64),
    /// The beginning of a time in UTC; readings whose time was not trusted lie outside.
    Time(String),
}

fn bound(text: &str) -> Result<Bound, String> {
    if let Ok(id) = text.parse() {
        return Ok(Bound::Id(id));
    }
    let fits = |(c, form): (char, char)| if form == 'd' { c.is_ascii_digit() } else { c == form };
    if text.len() >= 7 && text.len() <= TIME_FORM.len() && text.chars().zip(TIME_FORM.chars()).all(fits) {
        return Ok(Bound::Time(text.into()));
    }
    Err("it takes a number, or a time in UTC: 2026-11, 2026-11-24, 2026-11-24T08:00, 2026-11-24T08:00:00Z"
        .into())
}

/// What came of an export.
#[derive(Debug, Default)]
struct Tally {
    readings: usize,
    files: usize,
    damaged: usize,
}

pub fn run(place: &RecordPlace, how: &ExportArguments, as_json: bool) -> Result<(), Failure> {
    let journal = place.open()?;
    fs::create_dir_all(&how.to).map_err(|e| Failure::storage(&how.to, &e))?;
    let entries: Vec<Entry> = journal.readings().copied().collect();
    let dicom = how.dicom.prepare()?;
    let (bar, mut tally) = (progress(entries.len(), "exporting"), Tally::default());
    let mut table = csv::Writer::from_writer(Vec::new());
    let table_failed = |e: csv::Error| Failure::storage(Path::new("records.csv"), &e);
    table.write_record(columns()).map_err(table_failed)?;
    for entry in &entries {
        bar.inc(1);
        let restored = Restored::load(&journal, entry);
        if !how.takes(entry, restored.as_ref().ok()) {
            continue;
        }
        let row = one(&journal, entry, restored, (&how.to, dicom.as_ref()), &mut tally)?;
        table.write_record(row).map_err(table_failed)?;
    }
    bar.finish_and_clear();
    let rows = table.into_inner().map_err(|e| Failure::storage(Path::new("records.csv"), e.error()))?;
    write_checked(&how.to.join("records.csv"), &rows)?;
    tally.files += 1;
    conclude(&tally, &how.to, as_json)
}

impl ExportArguments {
    fn takes(&self, entry: &Entry, restored: Option<&Restored>) -> bool {
        let time = restored.and_then(|r| r.moment.wall_time).map(|t| t.to_string());
        // Times are compared as far as the bound goes: `to 2026-11-24` takes all of that day.
        let after = |bound: &Bound| match bound {
            Bound::Id(id) => entry.sequence >= *id,
            Bound::Time(from) => time.as_ref().is_some_and(|t| t.as_str() >= from.as_str()),
        };
        let before = |bound: &Bound| match bound {
            Bound::Id(id) => entry.sequence <= *id,
            Bound::Time(to) => {
                time.as_ref().is_some_and(|t| t.get(..to.len()).is_some_and(|t| t <= to.as_str()))
            }
        };
        self.first.as_ref().is_none_or(after) && self.last.as_ref().is_none_or(before)
    }
}

fn columns() -> Vec<&'static str> {
    let own = [
        "id",
        "start",
        "boot_id",
        "uptime_s",
        "time",
        "board",
        "width",
        "height",
        "bits_stored",
        "photometric",
    ];
    let reading = READING_COLUMNS.iter().map(|(name, _)| *name);
    own.into_iter().chain(reading).chain(["radiograph", "overlay", "error"]).collect()
}

/// Writes the pictures of one reading; its row. What is damaged is said in the row, and the rest goes on.
fn one(
    journal: &Journal,
    entry: &Entry,
    restored: Result<Restored, RecordError>,
    (to, dicom): (&Path, Option<&DicomObjects>),
    tally: &mut Tally,
) -> Result<Vec<String>, Failure> {
    tally.readings += 1;
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            tally.damaged += 1;
            let mut row = vec![String::new(); columns().len()];
            row[0] = entry.sequence.to_string();
            row[columns().len() - 1] = error.to_string();
            return Ok(row);
        }
    };
    let (mut names, mut error) = ([String::new(), String::new()], String::new());
    match pictures(&restored, journal, entry) {
        Ok(pictures) => {
            for ((name, png), what) in names.iter_mut().zip(pictures).zip(["radiograph", "overlay"]) {
                *name = format!("{:07}-{what}.png", entry.sequence);
                write_checked(&to.join(&*name), &png)?;
                tally.files += 1;
            }
        }
        Err(e) => {
            tally.damaged += 1;
            error = e.to_string();
        }
    }
    match dicom.map(|d| d.of(&restored, journal, entry)).transpose() {
        Ok(objects) => {
            for object in objects.into_iter().flatten() {
                write_checked(&to.join(format!("{:07}-{}.dcm", entry.sequence, object.name)), &object.bytes)?;
                tally.files += 1;
            }
        }
        // The same damage has been counted with the pictures.
        Err(e) => error = e.to_string(),
    }
    Ok(row(&restored, names, error))
}

fn row(restored: &Restored, [radiograph, overlay]: [String; 2], error: String) -> Vec<String> {
    let (own, frame, reading) = (times(restored), &restored.json["frame"], &restored.json["reading"]);
    let own = ["id", "start", "boot_id", "uptime_s", "time"].map(|key| text_of(&own[key]));
    let frame = ["width", "height", "bits_stored", "photometric"].map(|key| text_of(&frame[key]));
    let reading =
        READING_COLUMNS.iter().map(|(_, path)| reading.pointer(path).map_or_else(String::new, text_of));
    let board = std::iter::once(text_of(&restored.json["board"]));
    own.into_iter().chain(board).chain(frame).chain(reading).chain([radiograph, overlay, error]).collect()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        // Warnings, by their codes.
        Value::Array(all) => all.iter().map(|one| text_of(&one["code"])).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Radiograph and overlay as PNG.
fn pictures(restored: &Restored, journal: &Journal, entry: &Entry) -> Result<[Vec<u8>; 2], RecordError> {
    let frame = restored.frame(journal, entry)?;
    let overlay = render::overlay(&restored.study(&frame, journal, entry)?);
    let size = overlay.size();
    let overlay = png(overlay.bytes(), (size.width, size.height), ExtendedColorType::Rgb8)?;
    Ok([radiograph(&frame)?, overlay])
}

/// The radiograph for any viewer: values spread over 8 or 16 bits, black the lowest. Nothing is lost by it.
fn radiograph(frame: &Frame) -> Result<Vec<u8>, RecordError> {
    let (bits, size) = (frame.bits_stored(), frame.size());
    let top = u16::MAX >> (16 - bits);
    let shown = frame.pixels().iter().map(|v| match frame.photometric() {
        Photometric::Monochrome1 => top - (*v).min(top),
        Photometric::Monochrome2 => (*v).min(top),
    });
    if bits <= 8 {
        let bytes: Vec<u8> = shown.map(|v| (v << (8 - bits)) as u8).collect();
        return png(&bytes, (size.width, size.height), ExtendedColorType::L8);
    }
    let bytes: Vec<u8> = shown.flat_map(|v| (v << (16 - bits)).to_ne_bytes()).collect();
    png(&bytes, (size.width, size.height), ExtendedColorType::L16)
}

pub fn png(
    bytes: &[u8],
    (width, height): (u32, u32),
    colour: ExtendedColorType,
) -> Result<Vec<u8>, RecordError> {
    let mut to = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut to, CompressionType::Default, FilterType::Adaptive);
    let encoded = encoder.write_image(bytes, width, height, colour);
    encoded.map_err(|source: ImageError| RecordError::Encode { width, height, source })?;
    Ok(to)
}

/// Writes a file, forces it onto the disk, and reads it back.
pub fn write_checked(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::storage(path, &e);
    replace(path, bytes).map_err(failed)?;
    if fs::read(path).map_err(failed)? == bytes {
        return Ok(());
    }
    let text = format!("{} was read back other than it was written: do not use this disk", path.display());
    Err(Failure { exit: Exit::Storage, code: "export_differs", text })
}

fn conclude(tally: &Tally, to: &Path, as_json: bool) -> Result<(), Failure> {
    let Tally { readings, files, damaged } = *tally;
    if as_json {
        let folder = to.display().to_string();
        print_line(
            &json!({"folder": folder, "readings": readings, "files": files, "damaged": damaged}).to_string(),
        )?;
    } else {
        print_line(&format!(
            "{}: {readings} readings in {files} files, each read back and compared",
            to.display()
        ))?;
    }
    if damaged == 0 {
        return Ok(());
    }
    let text = format!("{damaged} of {readings} readings are damaged; the column `error` says how");
    Err(Failure { exit: Exit::Storage, code: "record_damaged", text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_stand_in_their_column_by_their_codes() {
        let place = READING_COLUMNS.iter().position(|(name, _)| *name == "warnings").unwrap();
        let column = |warnings: Value| {
            let reading = json!({"warnings": warnings});
            text_of(reading.pointer(READING_COLUMNS[place].1).unwrap())
        };
        assert_eq!(column(json!([])), "");
        let both = json!([{"code": "mirrored", "text": "a, b"}, {"code": "incomplete", "text": "c"}]);
        assert_eq!(column(both), "mirrored incomplete");
    }
}
