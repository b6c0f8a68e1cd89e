//! A receiver of DICOM, and whom readings are sent to, checked.

use std::net::{IpAddr, SocketAddr};

use toml::Spanned;

use super::{Checker, Key, span_of};
use crate::board::dicom_send::{DicomSendConfig, PORT, RawDicomSend};
use crate::board::raw::RawSource;
use crate::board::{BoardError, DicomNetConfig};

/// Units and archives that may call one station.
pub const CALLERS_MAX: usize = 16;
/// The station's own title where none is given.
const TITLE_DEFAULT: &str = "RAYMAP";
/// DICOM PS3.5, 6.2, AE.
const TITLE_FORM: &str = "1 to 16 ASCII characters without backslash, and no space at either end";

impl Checker<'_> {
    pub(super) fn dicom_net(&self, raw: &Spanned<RawSource>) -> Result<DicomNetConfig, BoardError> {
        let (source, what) = (raw.get_ref(), "a dicom-net source");
        let bind = source.bind.as_ref().ok_or_else(|| self.missing(raw, what, "bind"))?;
        let folder = source.path.as_ref().ok_or_else(|| self.missing(raw, what, "path"))?;
        let callers = source.callers.as_ref().ok_or_else(|| self.missing(raw, what, "callers"))?;
        let title = source.title.as_ref().map(|t| self.form("title", t, TITLE_FORM, is_title)).transpose()?;
        Ok(DicomNetConfig {
            bind: self.own_address("bind", bind)?,
            title: title.unwrap_or_else(|| TITLE_DEFAULT.into()),
            callers: self.callers(callers)?,
            folder: self.file("path", folder)?,
        })
    }

    /// One address of the board's own to listen on, with its port.
    pub(super) fn own_address(
        &self,
        key: &'static str,
        raw: &Spanned<String>,
    ) -> Result<SocketAddr, BoardError> {
        let form =
            "one of the board's own addresses with a port, such as 192.168.7.1:11112, and not all of them";
        // Also `[::ffff:0.0.0.0]` is all of them.
        let is_one = |a: &SocketAddr| !a.ip().to_canonical().is_unspecified() && a.port() != 0;
        let parsed = |s: &str| s.parse().ok().filter(is_one);
        let text = self.form(key, raw, form, |s| parsed(s).is_some())?;
        let refused = || BoardError::Form { place: self.place(raw), key, value: text.clone(), form };
        parsed(&text).ok_or_else(refused)
    }

    /// `is_kept`: whether there is a record to send from.
    pub(super) fn dicom_send(
        &self,
        raw: &Spanned<RawDicomSend>,
        is_kept: bool,
    ) -> Result<DicomSendConfig, BoardError> {
        if !is_kept {
            return Err(self.missing(raw, "a board that sends readings", "record"));
        }
        let send = raw.get_ref();
        let form = "the archive's address in numbers, such as 192.168.7.2";
        let parsed = |s: &str| s.parse().ok().filter(|a: &IpAddr| !a.is_unspecified() && !a.is_multicast());
        let text = self.form("address", &send.address, form, |s| parsed(s).is_some())?;
        let place = || self.place(&send.address);
        let refused = || BoardError::Form { place: place(), key: "address", value: text.clone(), form };
        let address = parsed(&text).ok_or_else(refused)?;
        let port = self.range("port", &send.port, PORT)? as u16;
        let title = |key, raw| self.form(key, raw, TITLE_FORM, is_title);
        let calling = send.calling_ae.as_ref().map(|t| title("calling_ae", t)).transpose()?;
        Ok(DicomSendConfig {
            address: SocketAddr::new(address, port),
            called: title("called_ae", &send.called_ae)?,
            calling: calling.unwrap_or_else(|| TITLE_DEFAULT.into()),
        })
    }

    fn callers(&self, raw: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<String>, BoardError> {
        let count = raw.get_ref().len();
        if !(1..=CALLERS_MAX).contains(&count) {
            let place = self.place(raw);
            let (value, max) = (count as f64, CALLERS_MAX as f64);
            return Err(BoardError::Range { place, key: "number of callers", value, min: 1.0, max });
        }
        raw.get_ref().iter().map(|title| self.form("callers", title, TITLE_FORM, is_title)).collect()
    }
}

fn is_title(text: &str) -> bool {
    (1..=16).contains(&text.len())
        && text.bytes().all(|b| (0x20..0x7F).contains(&b) && b != b'\\')
        && text.trim() == text
}

/// The keys that only a receiver of DICOM has.
pub(super) fn net_keys(source: &RawSource) -> [Key; 3] {
    [
        ("bind", span_of(&source.bind)),
        ("title", span_of(&source.title)),
        ("callers", span_of(&source.callers)),
    ]
}
