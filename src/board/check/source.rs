//! Where radiographs come from, checked.

use std::time::Duration;

use toml::Spanned;

use super::dicom_net::net_keys;
use super::{Checker, Key, span_of};
use crate::board::raw::{RawCrop, RawNumber, RawPhantom, RawSource};
use crate::board::{Area, BoardError, CaptureConfig, CaptureDevice, Crop, FolderConfig, LevelRange};
use crate::board::{LiveConfig, Optics, PhantomConfig, ReplayConfig, SourceConfig, StationConfig};
use crate::units::{Fraction, Percent, PixelSize};

/// A round of phantoms is a demonstration or a soak test.
const PHANTOMS_MAX: usize = 1_000;
/// From a frame a fifth of a second on to a wait that still leaves a watchdog time.
pub const TIMEOUT_MS: [i64; 2] = [200, 10_000];
/// Below it a slow fade could pass for a standstill; above it no operator waits.
pub const SETTLE_MS: [i64; 2] = [300, 10_000];
/// From the smallest frame that is read to the largest that capture devices give.
pub const CAPTURE_SIDE_PX: [i64; 2] = [64, 8_192];
/// Side of the picture that a crop is tried on when the picture's size is not known: the largest.
const CROP_TRIAL_PX: u32 = CAPTURE_SIDE_PX[1] as u32;

const LEVELS: [(&str, LevelRange); 2] = [("full", LevelRange::Full), ("limited", LevelRange::Limited)];
const OPTICS: [(&str, Optics); 2] = [("none", Optics::None), ("camera", Optics::Camera)];

impl Checker<'_> {
    pub(super) fn source(&self, raw: &Spanned<RawSource>) -> Result<SourceConfig, BoardError> {
        let source = raw.get_ref();
        let (capture, net) = (capture_keys(source), net_keys(source));
        match source.kind.get_ref().as_str() {
            "phantom" => {
                self.refuse("a phantom source", &[&folder_keys(source)[..], &capture, &net].concat())?;
                let missing = self.missing(raw, "a phantom source", "phantoms");
                self.phantoms(source.phantoms.as_ref().ok_or(missing)?)
            }
            "v4l" => {
                self.refuse(
                    "a v4l source",
                    &[&folder_keys(source)[..], &phantoms_of(source), &net].concat(),
                )?;
                self.capture(raw).map(SourceConfig::Capture)
            }
            "folder" => {
                self.refuse("a folder source", &[&phantoms_of(source)[..], &capture, &net].concat())?;
                let missing = self.missing(raw, "a folder source", "path");
                let path = self.file("path", source.path.as_ref().ok_or(missing)?)?;
                let remember = source.remember.as_ref().map(|r| self.file("remember", r)).transpose()?;
                Ok(SourceConfig::Folder(FolderConfig { path, remember }))
            }
            "dicom-net" => {
                let [_, remember] = folder_keys(source);
                self.refuse(
                    "a dicom-net source",
                    &[&phantoms_of(source)[..], &[remember], &capture].concat(),
                )?;
                self.dicom_net(raw).map(SourceConfig::DicomNet)
            }
            "replay" => {
                let [_, remember] = folder_keys(source);
                let keys = &capture_keys(source)[..DEVICE_KEYS];
                let others = [&phantoms_of(source)[..], &[remember], keys, &net].concat();
                self.refuse("a replay source", &others)?;
                let missing = self.missing(raw, "a replay source", "path");
                let path = self.file("path", source.path.as_ref().ok_or(missing)?)?;
                Ok(SourceConfig::Replay(ReplayConfig { path, live: self.live(source, None)? }))
            }
            _ => Err(self.kind("source", &source.kind, "phantom, v4l, folder, replay, dicom-net")),
        }
    }

    fn phantoms(&self, raw: &Spanned<Vec<RawPhantom>>) -> Result<SourceConfig, BoardError> {
        let count = raw.get_ref().len();
        if !(1..=PHANTOMS_MAX).contains(&count) {
            return Err(BoardError::PhantomCount { place: self.place(raw), count, max: PHANTOMS_MAX });
        }
        let phantoms: Result<Vec<_>, _> = raw.get_ref().iter().map(|p| self.phantom(p)).collect();
        phantoms.map(SourceConfig::Phantom)
    }

    fn phantom(&self, raw: &RawPhantom) -> Result<PhantomConfig, BoardError> {
        let seed = self.range("seed", &raw.seed, [0, i64::MAX])?;
        let value = *raw.infected.get_ref();
        let infected = Percent::new(value as f32).map_err(|_| BoardError::Range {
            place: self.place(&raw.infected),
            key: "infected",
            value,
            min: 0.0,
            max: 100.0,
        })?;
        Ok(PhantomConfig { seed: seed as u64, infected })
    }

    fn capture(&self, raw: &Spanned<RawSource>) -> Result<CaptureConfig, BoardError> {
        let source = raw.get_ref();
        let device = match (&source.device, &source.card) {
            (Some(device), None) => CaptureDevice::Path(self.file("device", device)?),
            (None, Some(card)) => CaptureDevice::Card(self.text("card", card)?),
            (Some(_), Some(card)) => {
                let (place, what) = (self.place(card), "a v4l source with a device");
                return Err(BoardError::Surplus { place, what, key: "card" });
            }
            (None, None) => return Err(self.missing(raw, "a v4l source", "device or card")),
        };
        let size = match (&source.width, &source.height) {
            (Some(width), Some(height)) => Some(self.size(width, height, CAPTURE_SIDE_PX)?),
            (None, None) => None,
            _ => return Err(self.missing(raw, "a v4l source with a size", "both width and height")),
        };
        let timeout =
            source.timeout_ms.as_ref().map(|t| self.range("timeout_ms", t, TIMEOUT_MS)).transpose()?;
        Ok(CaptureConfig {
            device,
            size,
            format: source.format.as_ref().map(|f| self.four_characters(f)).transpose()?,
            timeout: timeout.map(|ms| Duration::from_millis(ms as u64)),
            live: self.live(source, size)?,
        })
    }

    /// An X-ray unit that is switched off is no hang: the wait for a frame has to end well within what a stage may take.
    pub(super) fn waits(
        &self,
        raw: &RawSource,
        source: &SourceConfig,
        station: Option<&StationConfig>,
    ) -> Result<(), BoardError> {
        let SourceConfig::Capture(capture) = source else { return Ok(()) };
        match capture.timeout.zip(raw.timeout_ms.as_ref()).zip(station) {
            Some(((timeout, written), station)) if timeout > station.stage_max / 2 => {
                let (timeout_ms, stage_s) = (timeout.as_millis(), station.stage_max.as_secs());
                Err(BoardError::Timeout { place: self.place(written), timeout_ms, stage_s })
            }
            _ => Ok(()),
        }
    }

    fn live(&self, source: &RawSource, size: Option<PixelSize>) -> Result<LiveConfig, BoardError> {
        let settle = source.settle_ms.as_ref().map(|t| self.range("settle_ms", t, SETTLE_MS)).transpose()?;
        Ok(LiveConfig {
            crop: source.crop.as_ref().map(|c| self.crop(c, size)).transpose()?,
            range: self.one_of("range", source.range.as_ref(), "full or limited", &LEVELS)?,
            settle: settle.map(|ms| Duration::from_millis(ms as u64)),
            optics: self.one_of("optics", source.optics.as_ref(), "none or camera", &OPTICS)?,
        })
    }

    fn four_characters(&self, raw: &Spanned<String>) -> Result<[u8; 4], BoardError> {
        let form = "a format's code of 1 to 4 capital letters and digits, such as GREY";
        let fits = |s: &str| {
            (1..=4).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let text = self.form("format", raw, form, fits)?;
        let mut code = [b' '; 4];
        code.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Ok(code)
    }

    fn crop(&self, raw: &Spanned<RawCrop>, picture: Option<PixelSize>) -> Result<Crop, BoardError> {
        let r = raw.get_ref();
        let all = [("left", &r.left), ("top", &r.top), ("width", &r.width), ("height", &r.height)];
        let crop = if all.iter().all(|(_, v)| matches!(v.get_ref(), RawNumber::Whole(_))) {
            let [left, top, width, height] = all.map(|(key, v)| self.pixels(key, v));
            Crop::Pixels(Area { left: left?, top: top?, size: PixelSize::new(width?, height?) })
        } else {
            let [left, top, width, height] = all.map(|(key, v)| self.share(key, v));
            Crop::Shares { left: left?, top: top?, width: width?, height: height? }
        };
        // Where the picture's size is not known, this still finds shares that reach beyond the whole.
        let size = picture.unwrap_or(PixelSize::new(CROP_TRIAL_PX, CROP_TRIAL_PX));
        match crop.in_picture(size) {
            Some(_) => Ok(crop),
            None => Err(BoardError::Crop { place: self.place(raw), size }),
        }
    }

    fn pixels(&self, key: &'static str, raw: &Spanned<RawNumber>) -> Result<u32, BoardError> {
        match *raw.get_ref() {
            RawNumber::Whole(value) => {
                self.range(key, &Spanned::new(raw.span(), value), [0, CAPTURE_SIDE_PX[1]]).map(|v| v as u32)
            }
            RawNumber::Share(value) => {
                let max = CAPTURE_SIDE_PX[1] as f64;
                Err(BoardError::Range { place: self.place(raw), key, value, min: 0.0, max })
            }
        }
    }

    fn share(&self, key: &'static str, raw: &Spanned<RawNumber>) -> Result<Fraction, BoardError> {
        let value = match *raw.get_ref() {
            RawNumber::Whole(value) => value as f64,
            RawNumber::Share(value) => value,
        };
        let place = || self.place(raw);
        Fraction::new(value as f32).map_err(|_| BoardError::Range {
            place: place(),
            key,
            value,
            min: 0.0,
            max: 1.0,
        })
    }
}

fn folder_keys(source: &RawSource) -> [Key; 2] {
    [("path", span_of(&source.path)), ("remember", span_of(&source.remember))]
}

fn phantoms_of(source: &RawSource) -> [Key; 1] {
    [("phantoms", span_of(&source.phantoms))]
}

/// How many of [`capture_keys`] are about the device; the rest are about its picture.
const DEVICE_KEYS: usize = 6;

/// The keys that only a live picture has.
fn capture_keys(source: &RawSource) -> [Key; 10] {
    [
        ("device", span_of(&source.device)),
        ("card", span_of(&source.card)),
        ("width", span_of(&source.width)),
        ("height", span_of(&source.height)),
        ("format", span_of(&source.format)),
        ("timeout_ms", span_of(&source.timeout_ms)),
        ("crop", span_of(&source.crop)),
        ("range", span_of(&source.range)),
        ("settle_ms", span_of(&source.settle_ms)),
        ("optics", span_of(&source.optics)),
    ]
}
