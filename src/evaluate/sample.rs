//! What was seen of many radiographs, and the figures that follow from it.
//!
//! A sample keeps per radiograph only what its figures need, so that resampling never reads a radiograph again.

use super::bootstrap;

/// One figure of a section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its name in the table.
    pub label: &'static str,
    /// `None` where it is not defined on these radiographs.
    pub value: Option<f64>,
    pub ci95: Option<[f64; 2]>,
    /// Radiographs that it was measured on.
    pub n: usize,
    /// Of these, refused or unreadable.
    pub refused: usize,
    /// The same figure on those that were graded: it says nothing of what was refused.
    pub graded_only: Option<f64>,
}

/// Key in JSON and name in the table.
pub type Name = (&'static str, &'static str);

/// Whose radiograph it was, and whether the device graded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Number of the patient's group.
    pub group: usize,
    pub graded: bool,
}

/// Observations of one kind.
#[derive(Debug, Clone)]
pub struct Sample<T>(Vec<(Origin, T)>);

impl<T> Default for Sample<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Sample<T> {
    pub fn push(&mut self, origin: Origin, observed: impl Into<Option<T>>) {
        self.0.extend(observed.into().map(|o| (origin, o)));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn n(&self) -> usize {
        self.0.len()
    }

    pub fn refused(&self) -> usize {
        self.0.iter().filter(|(o, _)| !o.graded).count()
    }

    pub fn all(&self) -> Vec<&T> {
        self.0.iter().map(|(_, o)| o).collect()
    }

    /// The metrics of `measure` on this sample under `names`, with intervals; none when it is empty.
    pub fn figures<const N: usize>(
        &self,
        names: [Name; N],
        measure: &dyn Fn(&[&T]) -> [Option<f64>; N],
    ) -> Vec<Figure> {
        if self.is_empty() {
            return Vec::new();
        }
        let values = measure(&self.all());
        let intervals = bootstrap::intervals(&self.groups(), measure);
        let graded: Vec<&T> = self.0.iter().filter(|(o, _)| o.graded).map(|(_, o)| o).collect();
        let graded_only = measure(&graded);
        let (n, refused) = (self.n(), self.refused());
        (0..N)
            .map(|i| Figure {
                key: names[i].0,
                label: names[i].1,
                value: values[i],
                ci95: intervals[i],
                n,
                refused,
                graded_only: graded_only[i],
            })
            .collect()
    }

    /// Observations by group, in the order in which groups first appear.
    fn groups(&self) -> Vec<Vec<&T>> {
        let mut order = std::collections::HashMap::new();
        let mut groups: Vec<Vec<&T>> = Vec::new();
        for (origin, observed) in &self.0 {
            let i = *order.entry(origin.group).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[i].push(observed);
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::super::statistics::mean;
    use super::*;

    #[test]
    fn figures_tell_the_refused_from_the_graded() {
        let mut sample = Sample::default();
        for (group, value) in [(0, 1.0), (1, 3.0), (1, 5.0)] {
            sample.push(Origin { group, graded: value < 5.0 }, value);
        }
        let figures = sample.figures([("m", "mean")], &|s: &[&f64]| [mean(s.iter().map(|v| **v))]);
        let f = figures[0];
        assert_eq!((f.value, f.n, f.refused, f.graded_only), (Some(3.0), 3, 1, Some(2.0)));
        assert!(f.ci95.is_some_and(|[low, high]| low >= 1.0 && high <= 4.0));
    }

    #[test]
    fn nothing_observed_gives_no_figure() {
        let sample = Sample::<f64>::default();
        assert!(sample.figures([("m", "mean")], &|_: &[&f64]| [Some(1.0)]).is_empty());
    }
}
