//! A station that takes no time: every radiograph is refused at once, and nobody looks.

use raymap::frame::Frame;
use raymap::pipeline::Study;
use raymap::preprocess::Display;
use raymap::reading::{Provenance, Refusal};
use raymap::station::{About, Fault, Filed, Panel, PanelError, Reader, TestReport};

/// Refuses every radiograph: a line for each, and no time lost.
pub struct Refuser;

impl Reader for Refuser {
    fn read(&mut self, name: &str, frame: &Frame) -> Study {
        let none = || "none".to_owned();
        let provenance =
            Provenance { model_name: none(), model_version: none(), model_sha256: none(), kernels: "none" };
        let refusal = Refusal { code: "lungs_not_found", text: none() };
        Study::refused(name, Display::of(frame), 64, provenance, refusal)
    }
}

pub struct NoPanel;

impl Panel for NoPanel {
    fn boot(&mut self, _: &About, _: &[TestReport]) -> Result<(), PanelError> {
        Ok(())
    }

    fn result(&mut self, _: &Study, _: Filed) -> Result<(), PanelError> {
        Ok(())
    }

    fn fault(&mut self, _: &Fault) -> Result<(), PanelError> {
        Ok(())
    }
}
