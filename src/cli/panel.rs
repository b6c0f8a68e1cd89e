//! The operator's panel of a board.

use std::sync::Arc;

use super::failure::{Exit, Failure};
use crate::board::{Board, CaptureDevice, Keyboard, ScreenConfig, SourceConfig};
use crate::clock::Clock;
use crate::operator::{Archive, OperatorPanel, Showcase, Start};
use crate::reading::Provenance;
use crate::record::RecordPlace;
use crate::render::Language;
use crate::screen;

/// The board's screen, and buttons where the screen is one that an operator stands before.
///
/// `started` is the number of this start in the record: what was kept before it can be looked at again.
/// Others look through `showcase`.
pub fn start(
    board: &Board,
    model: Provenance,
    started: Option<u32>,
    clock: Arc<dyn Clock>,
    showcase: Option<Showcase>,
) -> Result<OperatorPanel, Failure> {
    refuse_left_out(&board.screen)?;
    let language = Language::of(&board.language).unwrap_or_default();
    let keyboard = board.keyboard;
    let start = Start { source: source(&board.source), model, language, keyboard };
    let (screen, turn) = (screen::open(&board.screen), board.screen.turn());
    let archive = archive(board, started);
    let panel = match board.screen {
        // Whoever looks at a file has a keyboard for other things.
        ScreenConfig::Png { .. } => {
            OperatorPanel::without_buttons(start, archive, screen, turn, clock, showcase)
        }
        // The system's keyboard is the desktop's.
        ScreenConfig::Window { .. } => {
            let panel = OperatorPanel::without_buttons(start, archive, screen, turn, clock, showcase);
            panel.inspect(|panel| listen_to_window(panel, keyboard))
        }
        _ => OperatorPanel::start(start, archive, screen, turn, clock, showcase),
    };
    panel.map_err(|e| Failure::new(Exit::Device, e.code(), &e))
}

/// A screen that no later try can bring.
fn refuse_left_out(screen: &ScreenConfig) -> Result<(), Failure> {
    let error = screen::ScreenError::WindowLeftOut;
    let is_left_out = !cfg!(feature = "window") && matches!(screen, ScreenConfig::Window { .. });
    if is_left_out { Err(Failure::new(Exit::Configuration, error.code(), &error)) } else { Ok(()) }
}

#[cfg(feature = "window")]
fn listen_to_window(panel: &OperatorPanel, keyboard: Keyboard) {
    panel.listen(|tell| crate::input::window::start(keyboard, tell));
}

#[cfg(not(feature = "window"))]
fn listen_to_window(_: &OperatorPanel, _: Keyboard) {}

/// The board's record from before this start.
fn archive(board: &Board, started: Option<u32>) -> Archive {
    let Some((record, start)) = board.record.as_ref().zip(started) else { return Archive::none() };
    let place = RecordPlace::from(record);
    Archive::new(Box::new(move || place.open()), start)
}

/// Where pictures go, in words.
pub fn place(screen: &ScreenConfig) -> String {
    match screen {
        ScreenConfig::Png { path, .. } => path.display().to_string(),
        ScreenConfig::Drm(config) => {
            config.device.as_ref().map_or("the first display".into(), |d| d.display().to_string())
        }
        ScreenConfig::Framebuffer { device, .. } => {
            device.as_ref().map_or("the framebuffer".into(), |d| d.display().to_string())
        }
        ScreenConfig::Auto { .. } => "the first display, or the framebuffer".into(),
        ScreenConfig::Spi(config) => config.device.display().to_string(),
        ScreenConfig::Window { .. } => "a window".into(),
    }
}

/// Where radiographs come from, in words.
fn source(source: &SourceConfig) -> String {
    match source {
        SourceConfig::Phantom(_) => "phantoms".into(),
        SourceConfig::Folder(folder) => folder.path.display().to_string(),
        SourceConfig::DicomNet(config) => format!("{} at {}", config.title, config.bind),
        SourceConfig::Replay(config) => config.path.display().to_string(),
        SourceConfig::Capture(config) => match &config.device {
            CaptureDevice::Path(path) => path.display().to_string(),
            CaptureDevice::Card(card) => card.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::LANGUAGES;

    #[test]
    fn every_language_of_a_board_is_one_of_the_screen_s() {
        assert_eq!(LANGUAGES.to_vec(), Language::ALL.map(Language::tag));
        assert_eq!(Language::of(LANGUAGES[0]), Some(Language::default()));
    }
}
