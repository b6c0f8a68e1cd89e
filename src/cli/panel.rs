//! The operator's screen as the station sees it: views drawn and shown.

use std::path::PathBuf;

use crate::clock::Clock;
use crate::exposure::Live;
use crate::pipeline::Study;
use crate::render::{RgbPicture, View, draw_at, palette};
use crate::screen::Screen;
use crate::screen::png::PngScreen;
use crate::station::{About, Fault, Panel, PanelError, TestReport};
use crate::units::PixelSize;

/// A picture file in place of a screen.
pub struct PicturePanel<'a> {
    screen: PngScreen,
    clock: &'a dyn Clock,
    /// What is to be said of the record beside every picture.
    record: Option<String>,
    /// What is on the screen says that no picture comes.
    shows_fault: bool,
}

/// Stands beside a note where the time of day would.
const NO_TIME: &str = "clock not trusted";

impl<'a> PicturePanel<'a> {
    pub fn new(path: PathBuf, size: PixelSize, clock: &'a dyn Clock) -> Self {
        Self { screen: PngScreen::new(path, size), clock, record: None, shows_fault: false }
    }

    fn show(&mut self, view: &View) -> Result<(), PanelError> {
        self.shows_fault = matches!(view, View::Fault { .. });
        let mut picture = RgbPicture::new(self.screen.size(), palette::GROUND);
        let time = self.clock.wall_time().map(|t| t.to_string());
        let time = match &self.record {
            Some(note) => Some(format!("{note} \u{b7} {}", time.as_deref().unwrap_or(NO_TIME))),
            None => time,
        };
        // Drawing into memory cannot fail; whatever its error type, there is none to tell.
        let _ = draw_at(view, time.as_deref(), &mut picture);
        self.screen.show(&picture).map_err(|e| PanelError::new(e.code(), e))
    }
}

impl Panel for PicturePanel<'_> {
    fn boot(&mut self, about: &About, tests: &[TestReport]) -> Result<(), PanelError> {
        let mut lines = vec![format!("raymap {} on {}", about.software, about.board)];
        lines.extend(
            tests
                .iter()
                .map(|t| format!("{} {}: {}", if t.passed { "ok" } else { "FAILED" }, t.code, t.text)),
        );
        self.show(&View::Boot { lines: &lines })
    }

    fn result(&mut self, study: &Study) -> Result<(), PanelError> {
        self.show(&View::Result(study))
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), PanelError> {
        self.show(&View::Fault { code: fault.code, text: &fault.text })
    }

    fn live(&mut self, live: Live) -> Result<(), PanelError> {
        if self.shows_fault { self.show(&View::Boot { lines: &[live.text().to_owned()] }) } else { Ok(()) }
    }

    fn record(&mut self, note: Option<&str>) {
        self.record = note.map(String::from);
    }
}
