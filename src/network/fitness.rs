//! Whether a picture can be read, by the network's own account: shares of what it may be.

/// What a picture may be. `Fit` and `Mirrored` can be graded; the others cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureClass {
    /// A frontal, upright, uninverted chest radiograph.
    Fit,
    /// The same with the heart on the other side: a mirrored picture, or dextrocardia.
    Mirrored,
    /// Black and white exchanged.
    Inverted,
    /// Turned by half a turn.
    UpsideDown,
    /// Turned by a quarter.
    Turned,
    /// Anything else: another view, another part of the body, no radiograph.
    Other,
}

/// Number of classes.
const CLASSES: usize = PictureClass::ALL.len();

impl PictureClass {
    pub const ALL: [Self; 6] =
        [Self::Fit, Self::Mirrored, Self::Inverted, Self::UpsideDown, Self::Turned, Self::Other];

    /// Its name in a manifest.
    pub fn name(self) -> &'static str {
        ["fit", "mirrored", "inverted", "upside_down", "turned", "other"][self as usize]
    }

    /// Whether a picture of this class can be graded.
    pub fn gradable(self) -> bool {
        matches!(self, Self::Fit | Self::Mirrored)
    }

    /// The class of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

/// Probabilities of the classes, summing to 1; a class that the network does not know has 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitness([f32; CLASSES]);

impl Fitness {
    /// `fit` with this probability, else anything: all that a network with one channel says.
    pub fn plain(fit: f32) -> Self {
        Self::of(&[(PictureClass::Fit, fit), (PictureClass::Other, 1.0 - fit)])
    }

    /// Each class with its probability; 0 for those left out.
    pub fn of(classes: &[(PictureClass, f32)]) -> Self {
        let mut probability = [0.0; CLASSES];
        for &(class, p) in classes {
            probability[class as usize] = p;
        }
        Self(probability)
    }

    /// Probability of one class.
    pub fn probability(&self, class: PictureClass) -> f32 {
        self.0[class as usize]
    }

    /// Probability that the picture can be graded, mirrored or not.
    pub fn fit(&self) -> f32 {
        self.probability(PictureClass::Fit) + self.probability(PictureClass::Mirrored)
    }

    /// Probability that a picture which can be graded is mirrored; 0 where none can.
    pub fn mirrored(&self) -> f32 {
        let fit = self.fit();
        if fit > 0.0 { self.probability(PictureClass::Mirrored) / fit } else { 0.0 }
    }

    /// The likeliest class that cannot be graded; of equal ones the more general.
    pub fn likeliest_unfit(&self) -> PictureClass {
        let unfit =
            [PictureClass::Other, PictureClass::Turned, PictureClass::UpsideDown, PictureClass::Inverted];
        let likelier = |a, b| if self.probability(b) > self.probability(a) { b } else { a };
        unfit.into_iter().reduce(likelier).unwrap_or(PictureClass::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::PictureClass::*;
    use super::*;

    #[test]
    fn a_mirrored_radiograph_is_fit_and_told_apart() {
        let f = Fitness::of(&[(Fit, 0.15), (Mirrored, 0.6), (Inverted, 0.05), (UpsideDown, 0.2)]);
        assert_eq!((f.fit(), f.likeliest_unfit()), (0.75, UpsideDown));
        assert!((f.mirrored() - 0.8).abs() < 1e-6);
    }

    #[test]
    fn one_channel_tells_fit_from_anything_else() {
        let f = Fitness::plain(0.25);
        assert_eq!((f.fit(), f.mirrored(), f.likeliest_unfit()), (0.25, 0.0, Other));
        assert_eq!((Fitness::plain(0.0).mirrored(), Fitness::plain(1.0).likeliest_unfit()), (0.0, Other));
    }

    #[test]
    fn every_class_is_found_by_its_name() {
        assert!(PictureClass::ALL.into_iter().all(|c| PictureClass::of(c.name()) == Some(c)));
        assert_eq!(PictureClass::of("Fit"), None);
    }
}
