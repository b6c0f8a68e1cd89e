//! From a board as written to a [`Board`]: which keys go together, and which values make sense.

mod dicom_net;
mod facts;
mod screen;
mod source;
mod station;

pub(super) use self::dicom_net::CALLERS_MAX;
pub(super) use self::facts::{FACTS_MAX, SETUP_LINES_MAX, WATCHDOG_S};
pub(super) use self::screen::{CLOCK_HZ, PIN, SCREEN_SIDE_PX};
pub(super) use self::source::{CAPTURE_SIDE_PX, SETTLE_MS, TIMEOUT_MS};

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;

use super::page::{PageConfig, RawPage};
use super::raw::{RawBoard, RawCompute, RawSerial};
use super::record::{RECORD_BYTES_MAX, RawRecord, RecordConfig};
use super::texts::Texts;
use super::{Board, BoardError, ComputeConfig, ModelConfig, Place, SerialConfig, Status};
use crate::units::PixelSize;

/// A board's name goes into a serial line, which is short.
pub(super) const NAME_CHARACTERS_MAX: usize = 32;
/// A description is one sentence on a screen.
pub(super) const DESCRIPTION_CHARACTERS_MAX: usize = 300;
/// Paths of Linux end at 4,096 bytes; names of capture cards at 32.
const TEXT_BYTES_MAX: usize = 4_096;
/// From the slowest rate in use to the fastest that UARTs of small boards hold.
pub(super) const BAUD_RATE: [i64; 2] = [1_200, 4_000_000];
/// The usual rate of serial consoles.
pub(super) const BAUD_RATE_DEFAULT: u32 = 115_200;
/// The boards that are meant have four cores that are alike; more threads than that wait for each other.
pub(super) const THREADS: [i64; 2] = [1, 4];
/// What a name takes: of boards, and of kernels.
pub(super) const NAME_FORM: &str = "1 to 32 lower-case letters, digits and dashes";

/// Checks a board with the texts that errors point into.
pub struct Checker<'a> {
    pub texts: &'a Texts,
}

/// Collects what is wrong with one table after another.
#[derive(Default)]
struct Faults(Vec<BoardError>);

impl Faults {
    fn keep<T>(&mut self, checked: Result<T, BoardError>) -> Option<T> {
        checked.map_err(|error| self.0.push(error)).ok()
    }
}

impl Checker<'_> {
    /// The board, or at least one fault.
    pub fn board(&self, raw: &RawBoard) -> Result<Board, Vec<BoardError>> {
        let mut faults = Faults::default();
        let name = faults.keep(self.name(raw.name.as_ref()));
        let description = self.needed(&raw.description, "description").and_then(|d| self.description(d));
        let description = faults.keep(description);
        let status = faults.keep(self.status(raw.status.as_ref()));
        let source = faults.keep(self.needed(&raw.source, "source").and_then(|s| self.source(s)));
        let screen = faults.keep(self.needed(&raw.screen, "screen").and_then(|s| self.screen(s)));
        let language = faults.keep(self.language(raw.language.as_ref()));
        let keyboard = faults.keep(self.keyboard(raw.keyboard.as_ref()));
        let serial = faults.keep(self.needed(&raw.serial, "serial").and_then(|s| self.serial(s)));
        let model = faults.keep(self.model(raw.model.as_ref()));
        let record = faults.keep(raw.record.as_ref().map(|r| self.record(r)).transpose());
        let dicom_send = raw.dicom_send.as_ref().map(|s| self.dicom_send(s, raw.record.is_some()));
        let dicom_send = faults.keep(dicom_send.transpose());
        let page = faults.keep(raw.page.as_ref().map(|p| self.page(p)).transpose());
        let station = faults.keep(raw.station.as_ref().map(|s| self.station(s)).transpose());
        let watched = raw.source.as_ref().zip(source.as_ref()).zip(station.as_ref());
        let waits =
            watched.map(|((raw, source), station)| self.waits(raw.get_ref(), source, station.as_ref()));
        let waits = faults.keep(waits.transpose());
        let compute = faults.keep(self.compute(raw.compute.as_ref()));
        let facts = faults.keep(self.facts(raw.facts.as_ref()));
        let board = || {
            waits?;
            Some(Board {
                name: name?,
                description: description?,
                status: status?,
                source: source?,
                screen: screen?,
                language: language?,
                keyboard: keyboard?,
                serial: serial?,
                model: model?,
                record: record?,
                dicom_send: dicom_send?,
                page: page?,
                station: station?,
                compute: compute?,
                facts: facts?,
            })
        };
        board().ok_or(faults.0)
    }

    /// What is wrong with a part; what it does not say is for others to say.
    pub fn part(&self, raw: &RawBoard) -> Vec<BoardError> {
        let mut faults = Faults::default();
        faults.keep(self.name(raw.name.as_ref()));
        faults.keep(self.needed(&raw.description, "description").and_then(|d| self.description(d)));
        faults.keep(self.needed(&raw.status, "status").and_then(|s| self.status(Some(s))));
        faults.keep(raw.source.as_ref().map(|s| self.source(s)).transpose());
        faults.keep(raw.screen.as_ref().map(|s| self.screen(s)).transpose());
        faults.keep(self.language(raw.language.as_ref()));
        faults.keep(self.keyboard(raw.keyboard.as_ref()));
        faults.keep(raw.serial.as_ref().map(|s| self.serial(s)).transpose());
        faults.keep(self.model(raw.model.as_ref()));
        faults.keep(raw.record.as_ref().map(|r| self.record(r)).transpose());
        faults.keep(raw.dicom_send.as_ref().map(|s| self.dicom_send(s, true)).transpose());
        faults.keep(raw.page.as_ref().map(|p| self.page(p)).transpose());
        faults.keep(raw.station.as_ref().map(|s| self.station(s)).transpose());
        faults.keep(self.compute(raw.compute.as_ref()));
        faults.keep(self.facts(raw.facts.as_ref()));
        faults.0
    }

    /// What a board cannot do without; the fault stands at the beginning of its own file.
    fn needed<'v, T>(&self, value: &'v Option<T>, key: &'static str) -> Result<&'v T, BoardError> {
        let place = || self.texts.place(0);
        value.as_ref().ok_or_else(|| BoardError::Missing { place: place(), what: "a board file", key })
    }

    /// The name as given, or else the file's.
    fn name(&self, name: Option<&Spanned<String>>) -> Result<String, BoardError> {
        match name {
            Some(name) => self.form("name", name, NAME_FORM, is_name),
            None => {
                let stem = self.texts.own().path.file_stem().unwrap_or_default().to_string_lossy();
                self.form("name", &Spanned::new(0..0, stem.into_owned()), NAME_FORM, is_name)
            }
        }
    }

    fn description(&self, text: &Spanned<String>) -> Result<String, BoardError> {
        let fits = |s: &str| (1..=DESCRIPTION_CHARACTERS_MAX).contains(&s.chars().count());
        self.form("description", text, "1 to 300 characters", fits)
    }

    fn status(&self, raw: Option<&Spanned<String>>) -> Result<Status, BoardError> {
        let Some(raw) = raw else { return Ok(Status::default()) };
        let form = "documents, emulated or tested";
        self.form("status", raw, form, |s| Status::parse(s).is_some())
            .map(|name| Status::parse(&name).unwrap_or_default())
    }

    fn serial(&self, raw: &Spanned<RawSerial>) -> Result<SerialConfig, BoardError> {
        let serial = raw.get_ref();
        match (&serial.file, &serial.port) {
            (Some(file), None) => {
                self.refuse("a serial log file", &[("baud_rate", span_of(&serial.baud_rate))])?;
                Ok(SerialConfig::File(self.file("file", file)?))
            }
            (None, Some(port)) => {
                let baud_rate = serial.baud_rate.as_ref().map(|b| self.range("baud_rate", b, BAUD_RATE));
                let baud_rate = baud_rate.transpose()?.map_or(BAUD_RATE_DEFAULT, |b| b as u32);
                Ok(SerialConfig::Port { path: self.file("port", port)?, baud_rate })
            }
            (Some(_), Some(port)) => {
                let (place, what) = (self.place(port), "a serial table with a file");
                Err(BoardError::Surplus { place, what, key: "port" })
            }
            (None, None) => Err(self.missing(raw, "serial", "file or port")),
        }
    }

    fn model(&self, raw: Option<&Spanned<String>>) -> Result<ModelConfig, BoardError> {
        match raw {
            Some(model) if model.get_ref() != "embedded" => {
                Ok(ModelConfig::Folder(self.file("model", model)?))
            }
            _ => Ok(ModelConfig::Embedded),
        }
    }

    fn record(&self, raw: &RawRecord) -> Result<RecordConfig, BoardError> {
        let bytes_max = self.range("bytes_max", &raw.bytes_max, RECORD_BYTES_MAX)? as u64;
        let key_file = raw.key_file.as_ref().map(|k| self.file("key_file", k)).transpose()?;
        let patient = raw.patient.as_ref().filter(|patient| *patient.get_ref());
        if let (Some(patient), None) = (patient, &key_file) {
            return Err(self.missing(patient, "a record with patient = true", "key_file"));
        }
        let folder = self.file("folder", &raw.folder)?;
        Ok(RecordConfig { folder, bytes_max, key_file, patient: patient.is_some() })
    }

    fn page(&self, raw: &RawPage) -> Result<PageConfig, BoardError> {
        let address = self.own_address("address", &raw.address)?;
        Ok(PageConfig { address, token_file: self.file("token_file", &raw.token_file)? })
    }

    fn compute(&self, raw: Option<&RawCompute>) -> Result<ComputeConfig, BoardError> {
        let Some(raw) = raw else { return Ok(ComputeConfig::default()) };
        let threads = raw.threads.as_ref().map(|t| self.range("threads", t, THREADS)).transpose()?;
        let kernels =
            raw.kernels.as_ref().map(|k| self.form("kernels", k, NAME_FORM, is_name)).transpose()?;
        Ok(ComputeConfig { threads: threads.map(|t| t as usize), kernels })
    }

    fn size(
        &self,
        width: &Spanned<i64>,
        height: &Spanned<i64>,
        sides: [i64; 2],
    ) -> Result<PixelSize, BoardError> {
        let width = self.range("width", width, sides)?;
        let height = self.range("height", height, sides)?;
        Ok(PixelSize::new(width as u32, height as u32))
    }

    fn file(&self, key: &'static str, raw: &Spanned<String>) -> Result<PathBuf, BoardError> {
        self.text(key, raw).map(PathBuf::from)
    }

    fn text(&self, key: &'static str, raw: &Spanned<String>) -> Result<String, BoardError> {
        let fits = |s: &str| (1..=TEXT_BYTES_MAX).contains(&s.len()) && !s.contains('\0');
        self.form(key, raw, "1 to 4,096 bytes", fits)
    }

    fn form(
        &self,
        key: &'static str,
        raw: &Spanned<String>,
        form: &'static str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String, BoardError> {
        let value = raw.get_ref().clone();
        if fits(&value) {
            Ok(value)
        } else {
            Err(BoardError::Form { place: self.place(raw), key, value, form })
        }
    }

    fn range(&self, key: &'static str, raw: &Spanned<i64>, [min, max]: [i64; 2]) -> Result<i64, BoardError> {
        let value = *raw.get_ref();
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        let place = self.place(raw);
        Err(BoardError::Range { place, key, value: value as f64, min: min as f64, max: max as f64 })
    }

    /// Refuses the first of `keys` that is there.
    fn refuse(&self, what: &'static str, keys: &[Key]) -> Result<(), BoardError> {
        match keys.iter().find_map(|(key, span)| Some((*key, span.as_ref()?))) {
            Some((key, span)) => {
                let place = self.texts.place(span.start);
                Err(BoardError::Surplus { place, what, key })
            }
            None => Ok(()),
        }
    }

    /// The value that a name stands for; the default where there is none.
    fn one_of<T: Copy + Default>(
        &self,
        key: &'static str,
        raw: Option<&Spanned<String>>,
        form: &'static str,
        known: &[(&str, T)],
    ) -> Result<T, BoardError> {
        let Some(raw) = raw else { return Ok(T::default()) };
        let found = known.iter().find(|(name, _)| raw.get_ref() == name).map(|(_, value)| *value);
        let value = raw.get_ref().clone();
        found.ok_or_else(|| BoardError::Form { place: self.place(raw), key, value, form })
    }

    fn missing<T>(&self, table: &Spanned<T>, what: &'static str, key: &'static str) -> BoardError {
        BoardError::Missing { place: self.place(table), what, key }
    }

    fn kind(&self, what: &'static str, kind: &Spanned<String>, known: &'static str) -> BoardError {
        BoardError::Kind { place: self.place(kind), what, found: kind.get_ref().clone(), known }
    }

    fn place<T>(&self, value: &Spanned<T>) -> Place {
        self.texts.place(value.span().start)
    }
}

type Key = (&'static str, Option<Range<usize>>);

fn span_of<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
    value.as_ref().map(Spanned::span)
}

fn is_name(s: &str) -> bool {
    (1..=NAME_CHARACTERS_MAX).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
