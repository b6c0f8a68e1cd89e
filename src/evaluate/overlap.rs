//! Pixels of one mask against pixels of one map.

use super::statistics::ratio;

/// Pixels by what the device and the annotator say of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overlap {
    /// Both mark it.
    pub both: u64,
    /// Only the device marks it.
    pub extra: u64,
    /// Only the annotator marks it.
    pub missed: u64,
    /// Neither marks it.
    pub neither: u64,
}

impl Overlap {
    /// Of pairs (marked by the device, marked by the annotator).
    pub fn of(pixels: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut o = Self::default();
        for pixel in pixels {
            match pixel {
                (true, true) => o.both += 1,
                (true, false) => o.extra += 1,
                (false, true) => o.missed += 1,
                (false, false) => o.neither += 1,
            }
        }
        o
    }

    /// Pixels that the annotator marks.
    pub fn drawn(&self) -> u64 {
        self.both + self.missed
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            both: self.both + other.both,
            extra: self.extra + other.extra,
            missed: self.missed + other.missed,
            neither: self.neither + other.neither,
        }
    }

    /// Dice's coefficient: twice the common area by the sum of both (Dice 1945).
    pub fn dice(&self) -> Option<f64> {
        ratio((2 * self.both) as f64, (2 * self.both + self.extra + self.missed) as f64)
    }

    /// Intersection over union (Jaccard 1912).
    pub fn iou(&self) -> Option<f64> {
        ratio(self.both as f64, (self.both + self.extra + self.missed) as f64)
    }

    pub fn sensitivity(&self) -> Option<f64> {
        ratio(self.both as f64, self.drawn() as f64)
    }

    pub fn specificity(&self) -> Option<f64> {
        ratio(self.neither as f64, (self.neither + self.extra) as f64)
    }

    pub fn precision(&self) -> Option<f64> {
        ratio(self.both as f64, (self.both + self.extra) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(device: &str, annotator: &str) -> Overlap {
        Overlap::of(device.bytes().zip(annotator.bytes()).map(|(d, a)| (d == b'#', a == b'#')))
    }

    #[test]
    fn each_measure_follows_its_definition() {
        let o = drawn("##..#...", ".##.#...");
        assert_eq!(o, Overlap { both: 2, extra: 1, missed: 1, neither: 4 });
        assert_eq!((o.dice(), o.iou()), (Some(4.0 / 6.0), Some(0.5)));
        assert_eq!((o.sensitivity(), o.precision()), (Some(2.0 / 3.0), Some(2.0 / 3.0)));
        assert_eq!(o.specificity(), Some(0.8));
    }

    #[test]
    fn pooled_dice_follows_the_larger_lesion_and_the_mean_does_not() {
        let (large, small) = (drawn("########", "########"), drawn("..", "##"));
        let pooled = large.plus(small).dice().unwrap();
        let mean = (large.dice().unwrap() + small.dice().unwrap()) / 2.0;
        assert_eq!((pooled, mean), (16.0 / 18.0, 0.5));
    }

    #[test]
    fn two_empty_pictures_have_no_dice() {
        assert_eq!(drawn("...", "...").dice(), None);
    }
}
