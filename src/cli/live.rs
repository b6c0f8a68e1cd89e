//! A board's live source: a capture device, or a recording of one.

use std::sync::Arc;

use crate::board::{CaptureConfig, LiveConfig, ReplayConfig};
use crate::clock::SystemClock;
use crate::exposure::{SETTLE_DEFAULT, SettleRules};
use crate::source::FrameSource;
use crate::source::console::{ConsoleError, ConsoleSource};
use crate::source::replay::{ReplayError, ReplaySource};
use crate::station::{Fault, Feed, LiveFeed};

/// What was last said of a device that does not open: it is tried every second, and is said again when it changes.
#[derive(Debug, Default)]
pub struct Said(Option<String>);

impl Said {
    /// Whether `text` is news; `None`, that all is well, is none.
    fn is_news(&mut self, text: Option<String>) -> bool {
        let is_news = text.is_some() && text != self.0;
        self.0 = text;
        is_news
    }
}

/// The settled radiographs of the capture device that the board names.
#[cfg(feature = "v4l")]
pub fn capture(config: &CaptureConfig, said: &mut Said) -> Result<Box<dyn Feed>, Fault> {
    use crate::source::v4l::V4lError;
    Ok(feed(device(config, said)?, config.live, |e| e.code(V4lError::code)))
}

#[cfg(not(feature = "v4l"))]
pub fn capture(_: &CaptureConfig, said: &mut Said) -> Result<Box<dyn Feed>, Fault> {
    let text = "this program was built without capture (feature v4l)".to_owned();
    if said.is_news(Some(text.clone())) {
        log::warn!("{text}");
    }
    Err(Fault::source("capture_absent", text))
}

/// The settled radiographs of a recording.
pub fn replay(config: &ReplayConfig) -> Result<Box<dyn Feed>, Fault> {
    Ok(feed(recording(config)?, config.live, |e| e.code(ReplayError::code)))
}

/// A recording as it is.
pub fn recording(config: &ReplayConfig) -> Result<ReplaySource, Fault> {
    ReplaySource::open(&config.path).map_err(|e| Fault::source(e.code(), e.to_string()))
}

/// The capture device that the board names.
#[cfg(feature = "v4l")]
pub fn device(config: &CaptureConfig, said: &mut Said) -> Result<crate::source::v4l::V4lSource, Fault> {
    use super::failure::chain;
    use crate::board::CaptureDevice;
    use crate::source::v4l::{DeviceName, PixelFormat, TIMEOUT_DEFAULT, V4lConfig, V4lSource};
    let device = match &config.device {
        CaptureDevice::Path(path) => DeviceName::Path(path.clone()),
        CaptureDevice::Card(card) => DeviceName::Card(card.clone()),
    };
    let format = config.format.map(|code| {
        let text = String::from_utf8_lossy(&code).trim_end().to_owned();
        PixelFormat::parse(&text)
            .ok_or_else(|| Fault::source("capture_format", format!("pixel format {text} cannot be read")))
    });
    let config = V4lConfig {
        device,
        size: config.size,
        format: format.transpose()?,
        timeout: config.timeout.unwrap_or(TIMEOUT_DEFAULT),
    };
    let opened = V4lSource::open(config);
    // A device's fault names no patient, so whoever stands at the terminal may read it whole.
    let text = opened.as_ref().err().map(|e| chain(e));
    if said.is_news(text.clone()) {
        log::warn!("{}", text.unwrap_or_default());
    }
    opened.map_err(|e| Fault::source(e.code(), e.to_string()))
}

fn feed<S: FrameSource + 'static>(
    source: S,
    live: LiveConfig,
    code: fn(&ConsoleError<S::Error>) -> &'static str,
) -> Box<dyn Feed> {
    let rules = SettleRules {
        settle: live.settle.unwrap_or(SETTLE_DEFAULT),
        is_cropped: live.crop.is_some(),
        optics: live.optics,
    };
    let source = ConsoleSource::new(source, live.crop, live.range);
    Box::new(LiveFeed::new(source, code, rules, Arc::new(SystemClock::start())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_device_does_not_open_is_said_again_only_when_it_changes_or_has_worked() {
        let (mut said, text) = (Said::default(), |t: &str| Some(t.to_owned()));
        let told = [text("gone"), text("gone"), text("busy"), text("gone"), None, text("gone"), text("gone")];
        let news = told.map(|t| said.is_news(t));
        assert_eq!(news, [true, false, true, true, false, true, false]);
    }
}
