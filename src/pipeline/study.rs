//! A reading with the pictures that it was made from, for whoever shows it.

use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::preprocess::{Display, Letterbox};
use crate::reading::{Provenance, Reading, Refusal, Timing};

/// One radiograph, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    pub reading: Reading,
    /// The radiograph as shown, at its own size.
    pub display: Display,
    /// From the radiograph's pixels to the square on which `field` and `map` lie.
    pub letterbox: Letterbox,
    /// `None` where the radiograph was refused before the network.
    pub field: Option<LungField>,
    /// `None` where the radiograph was refused.
    pub map: Option<InfectionMap>,
}

impl Study {
    /// The study of a radiograph that the network never saw; `side` is the network's square.
    pub fn refused(
        name: &str,
        display: Display,
        side: u32,
        provenance: Provenance,
        refusal: Refusal,
    ) -> Self {
        let reading = Reading {
            name: name.to_owned(),
            lung_field: None,
            outcome: Err(refusal),
            warnings: Vec::new(),
            provenance,
            timing: Timing::default(),
        };
        let letterbox = Letterbox::new(display.size, side);
        Self { reading, display, letterbox, field: None, map: None }
    }
}
