//! A graphics card: finds a display, sets its mode, and flips between two dumb buffers.
//!
//! This file alone names the crate `drm`. Whatever is made on the card goes when its node is closed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use drm::buffer::{Buffer, DrmFourcc};
use drm::control::dumbbuffer::DumbBuffer;
use drm::control::{Device as ControlDevice, Event, Mode, ModeTypeFlags, PageFlipFlags};
use drm::control::{connector, crtc, framebuffer};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Scanout;
use crate::board::DrmConfig;
use crate::screen::ScreenError;
use crate::screen::console::QuietConsole;
use crate::screen::raster::{PixelForm, Raster};
use crate::units::PixelSize;

/// Cards that are looked at: a board has one or two.
const CARDS_MAX: u32 = 8;
/// The largest mode that is chosen unasked: larger layouts are not drawn.
const MODE_MAX: PixelSize = PixelSize::new(1_920, 1_080);
/// A display shows a new picture at its next refresh; the slowest in use take 42 ms.
const FLIP_WAIT: Duration = Duration::from_millis(500);
/// Reads of events until the flip's own is among them.
const EVENT_READS_MAX: u32 = 8;

#[derive(Debug)]
struct Card(File);

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl drm::Device for Card {}
impl ControlDevice for Card {}

/// A display, the mode that it is in, and its buffers.
pub struct CardScanout {
    card: Card,
    path: PathBuf,
    name: String,
    connector: connector::Handle,
    crtc: crtc::Handle,
    mode: Mode,
    buffers: [(DumbBuffer, framebuffer::Handle); 2],
    /// Whether the mode has been set: the first picture does it.
    is_set: bool,
    _console: QuietConsole,
}

impl CardScanout {
    /// The display that `config` names, or the first there is.
    pub fn open(config: &DrmConfig) -> Result<Self, ScreenError> {
        let named = config.device.iter().cloned();
        let numbered = (0..CARDS_MAX).map(|k| PathBuf::from(format!("/dev/dri/card{k}")));
        let paths: Vec<PathBuf> =
            if config.device.is_some() { named.collect() } else { numbered.filter(|p| p.exists()).collect() };
        let mut failures = Vec::new();
        for path in &paths {
            match Self::on_card(path, config) {
                Ok(scanout) => return Ok(scanout),
                Err(error) => failures.push(error),
            }
        }
        let absent = || ScreenError::Absent { what: "any card below /dev/dri".into() };
        Err(failures.into_iter().min_by_key(helpfulness).unwrap_or_else(absent))
    }

    fn on_card(path: &Path, config: &DrmConfig) -> Result<Self, ScreenError> {
        let node = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path);
        let card = Card(node.map_err(|source| ScreenError::Open { path: path.into(), source })?);
        let failed = |doing| move |source| ScreenError::Device { path: path.into(), doing, source };
        let found = display(&card, config.connector.as_deref()).map_err(failed("listing its displays"))?;
        let what = || match &config.connector {
            Some(connector) => format!("{connector} of {}", path.display()),
            None => path.display().to_string(),
        };
        let found = found.ok_or_else(|| ScreenError::Absent { what: what() })?;
        let name = name_of(&found);
        let mode = mode(found.modes(), config.mode).ok_or_else(|| match config.mode {
            Some(mode) => ScreenError::Mode { connector: name.clone(), mode },
            None => ScreenError::Absent { what: what() },
        })?;
        let crtc = crtc(&card, &found).map_err(failed("choosing its output"))?;
        let buffer = || buffer(&card, size_of_mode(&mode));
        let buffers = [buffer(), buffer()];
        let [first, second] = buffers.map(|b| b.map_err(failed("making a buffer")));
        Ok(Self {
            path: path.into(),
            name,
            connector: found.handle(),
            crtc,
            mode,
            buffers: [first?, second?],
            card,
            is_set: false,
            _console: QuietConsole::new(),
        })
    }

    fn failed(&self, doing: &'static str) -> impl Fn(io::Error) -> ScreenError {
        let path = self.path.clone();
        move |source| ScreenError::Device { path: path.clone(), doing, source }
    }

    fn set_mode(&mut self, buffer: usize) -> Result<(), ScreenError> {
        let shown = Some(self.buffers[buffer].1);
        self.card
            .set_crtc(self.crtc, shown, (0, 0), &[self.connector], Some(self.mode))
            .map_err(self.failed("setting the mode (does another program hold the display?)"))?;
        self.is_set = true;
        log::info!("screen: {} of {} at {}", self.name, self.path.display(), size_of_mode(&self.mode));
        Ok(())
    }

    /// Waits for the display to take the buffer that it was given.
    fn wait_for_flip(&self) -> Result<(), ScreenError> {
        let late = || ScreenError::Flip { wait_ms: FLIP_WAIT.as_millis() };
        for _ in 0..EVENT_READS_MAX {
            let wait = Timespec::try_from(FLIP_WAIT).ok();
            let mut fds = [PollFd::new(&self.card, PollFlags::IN)];
            let ready = poll(&mut fds, wait.as_ref()).map_err(io::Error::from);
            match ready {
                Ok(0) => return Err(late()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(self.failed("waiting for the display"))?,
            };
            let mut events = self.card.receive_events().map_err(self.failed("hearing of the display"))?;
            if events.any(|e| matches!(e, Event::PageFlip(_))) {
                return Ok(());
            }
        }
        Err(late())
    }
}

impl Scanout for CardScanout {
    fn raster(&self) -> Raster {
        Raster {
            size: size_of_mode(&self.mode),
            stride: self.buffers[0].0.pitch() as usize,
            start: 0,
            form: PixelForm::XRGB8888,
        }
    }

    fn fill(&mut self, buffer: usize, write: &mut dyn FnMut(&mut [u8])) -> io::Result<()> {
        let mut mapping = self.card.map_dumb_buffer(&mut self.buffers[buffer].0)?;
        write(mapping.as_mut());
        Ok(())
    }

    fn flip(&mut self, buffer: usize) -> Result<(), ScreenError> {
        if !self.is_set {
            return self.set_mode(buffer);
        }
        let shown = self.buffers[buffer].1;
        match self.card.page_flip(self.crtc, shown, PageFlipFlags::EVENT, None) {
            Ok(()) => self.wait_for_flip(),
            // Some drivers cannot flip, or lost the mode when the display was away for a moment.
            Err(error) => {
                log::debug!("no page flip: {error}");
                self.set_mode(buffer)
            }
        }
    }

    fn check(&mut self) -> Result<(), ScreenError> {
        // Asks the kernel what it last saw; it watches the plug itself.
        let found = self.card.get_connector(self.connector, false);
        let found = found.map_err(self.failed("asking for the display"))?;
        let same = found.state() == connector::State::Connected && found.modes().contains(&self.mode);
        if same { Ok(()) } else { Err(ScreenError::Exchanged { connector: self.name.clone() }) }
    }
}

/// Which of several cards' failures to tell, the least first: cards that only compute fail at everything.
fn helpfulness(error: &ScreenError) -> u8 {
    match error {
        ScreenError::Open { .. } | ScreenError::Mode { .. } => 0,
        ScreenError::Absent { .. } => 1,
        _ => 2,
    }
}

/// The first connected display, or the one on the connector with this name.
fn display(card: &Card, name: Option<&str>) -> io::Result<Option<connector::Info>> {
    for &handle in card.resource_handles()?.connectors() {
        let info = card.get_connector(handle, true)?;
        let meant = name.is_none_or(|n| n == name_of(&info));
        if meant && info.state() == connector::State::Connected {
            return Ok(Some(info));
        }
    }
    Ok(None)
}

/// As the kernel names it below /sys/class/drm: `HDMI-A-1`.
fn name_of(info: &connector::Info) -> String {
    format!("{}-{}", info.interface().as_str(), info.interface_id())
}

fn size_of_mode(mode: &Mode) -> PixelSize {
    let (width, height) = mode.size();
    PixelSize::new(width.into(), height.into())
}

/// The mode of the size that is asked for; unasked the display's own, or else the largest, up to [`MODE_MAX`].
fn mode(modes: &[Mode], asked: Option<PixelSize>) -> Option<Mode> {
    if let Some(size) = asked {
        return modes.iter().copied().find(|m| size_of_mode(m) == size);
    }
    let drawn = |m: &&Mode| {
        let size = size_of_mode(m);
        let (long, short) = (size.width.max(size.height), size.width.min(size.height));
        size.area() > 0 && long <= MODE_MAX.width && short <= MODE_MAX.height
    };
    let rank = |m: &&Mode| (m.mode_type().contains(ModeTypeFlags::PREFERRED), size_of_mode(m).area());
    // Of equals the first, which is the display's better one.
    modes.iter().rev().filter(drawn).max_by_key(rank).copied()
}

/// An output that can drive the display.
fn crtc(card: &Card, display: &connector::Info) -> io::Result<crtc::Handle> {
    let resources = card.resource_handles()?;
    for &encoder in display.encoders() {
        let possible = resources.filter_crtcs(card.get_encoder(encoder)?.possible_crtcs());
        if let Some(&crtc) = possible.first() {
            return Ok(crtc);
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

fn buffer(card: &Card, size: PixelSize) -> io::Result<(DumbBuffer, framebuffer::Handle)> {
    let buffer = card.create_dumb_buffer((size.width, size.height), DrmFourcc::Xrgb8888, 32)?;
    let framebuffer = card.add_framebuffer(&buffer, 24, 32)?;
    Ok((buffer, framebuffer))
}
