//! One radiograph's label beside what the device said of it.
//!
//! Refusing must not improve a figure, or the surest way to a good one would be to read nothing.
//! So a radiograph that was refused, or could not be read, counts with the answer farthest from its label:
//! the far end of a scale, the wrong side of the operating point, a map wrong in every pixel of its lung field.
//! Where a map or a lung field exists nevertheless, it is measured as it is.

use super::row::Row;
use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::pipeline::{Blackout, Study};
use crate::reading::Finding;

/// A label and a study; no study where the radiograph could not be read.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub row: &'a Row,
    pub study: Option<&'a Study>,
    /// What is said with the lungs blacked out, where that was measured.
    pub blackout: Option<Blackout>,
}

impl<'a> Seen<'a> {
    pub fn finding(&self) -> Option<&'a Finding> {
        self.study?.reading.outcome.as_ref().ok()
    }

    /// Whether the device gave a result.
    pub fn graded(&self) -> bool {
        self.finding().is_some()
    }

    pub fn map(&self) -> Option<&'a InfectionMap> {
        self.study?.map.as_ref()
    }

    pub fn field(&self) -> Option<&'a LungField> {
        self.study?.field.as_ref()
    }

    /// Infected share of both lungs, 0..=1, as the map says.
    pub fn share(&self) -> Option<f64> {
        let shares = self.map().map(InfectionMap::shares).or(self.finding().map(|f| f.infected))?;
        Some(f64::from(shares.total.get()))
    }
}

/// The end of the scale 0..=`top` that lies farther from `label`.
pub fn farthest(label: f64, top: f64) -> f64 {
    if label * 2.0 >= top { 0.0 } else { top }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_never_nearer_than_an_answer() {
        for label in 0..=18 {
            let label = f64::from(label);
            let refused = (label - farthest(label, 18.0)).abs();
            assert!((0..=18).all(|answer| (label - f64::from(answer)).abs() <= refused));
        }
    }
}
