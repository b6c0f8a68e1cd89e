//! Whether a radiograph may be graded, and what to know of one that is: `docs/fitness.md`.
//!
//! The order of the reasons is the order of how sure they are and how much they tell: a named class of picture that
//! outweighs a fit one, then the lung field, then the network's own doubt, then what is cut off.

use crate::lung_field::{Cut, LungFault, LungField};
use crate::network::{Fitness, Manifest, PictureClass};
use crate::reading::{Refusal, Warning};
use crate::units::Fraction;

/// What the manifest says of fitness.
#[derive(Debug, Clone, Copy)]
pub struct FitnessRule {
    pub fit_from: Fraction,
    pub mirrored_from: Option<Fraction>,
}

impl FitnessRule {
    pub fn of(manifest: &Manifest) -> Self {
        let fit = &manifest.fit;
        Self { fit_from: fit.calibration.threshold, mirrored_from: fit.mirrored_from }
    }

    /// Why this is not to be graded; else the warnings that go with its grade.
    pub fn judge(&self, fitness: &Fitness, field: &LungField) -> Result<Vec<Warning>, Refusal> {
        let unfit = (fitness.fit() < self.fit_from.get()).then(|| fitness.likeliest_unfit());
        if let Some(class) = unfit.filter(|c| fitness.probability(*c) > fitness.fit())
            && let Some(refusal) = turned_or_inverted(class)
        {
            return Err(refusal);
        }
        if let Some(fault) = field.fault() {
            return Err(no_lungs(fault));
        }
        if let Some(class) = unfit {
            return Err(turned_or_inverted(class).unwrap_or_else(not_frontal));
        }
        let cut = field.cut();
        if let Some(cut) = cut.filter(Cut::is_large) {
            return Err(cut_off(&cut));
        }
        let mirrored = self.mirrored_from.filter(|from| fitness.mirrored() >= from.get()).map(|_| mirrored());
        Ok(mirrored.into_iter().chain(cut.as_ref().map(incomplete)).collect())
    }
}

/// The refusal of a class that has its own.
fn turned_or_inverted(class: PictureClass) -> Option<Refusal> {
    let (code, text) = match class {
        PictureClass::Inverted => (
            "inverted",
            "Black and white are exchanged: air must be black and bone white. Switch the inversion off.",
        ),
        PictureClass::UpsideDown => ("upside_down", "The radiograph is upside down. Turn it by half a turn."),
        PictureClass::Turned => ("turned", "The radiograph lies on its side. Turn it by a quarter, head up."),
        PictureClass::Fit | PictureClass::Mirrored | PictureClass::Other => return None,
    };
    Some(Refusal { code, text: text.to_owned() })
}

fn not_frontal() -> Refusal {
    Refusal {
        code: "not_frontal_chest",
        text:
            "This does not look like an upright frontal chest radiograph. Check view, rotation and inversion."
                .to_owned(),
    }
}

fn no_lungs(fault: LungFault) -> Refusal {
    let advice = if fault.may_be_opaque_lung() {
        "A wrong view or crop looks like this, and so does a lung that is opaque throughout: \
         have a person look at the radiograph now."
    } else {
        "This is not read as a frontal chest radiograph: check view, position and crop."
    };
    Refusal { code: fault.code(), text: format!("{fault}. {advice}") }
}

fn cut_off(cut: &Cut) -> Refusal {
    let text = format!(
        "{cut}: a large part of it must be missing. Make sure that both lungs are whole in the picture."
    );
    Refusal { code: "lungs_cut_off", text }
}

fn incomplete(cut: &Cut) -> Warning {
    let text = format!(
        "{cut}: part of it may be missing. Shares and scores are of the lung that is in the picture."
    );
    Warning { code: "incomplete", text }
}

fn mirrored() -> Warning {
    Warning {
        code: "mirrored",
        text: "The heart seems to lie on the other side: a mirrored picture, or dextrocardia. \
               Check the side marker: right and left may be exchanged."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::PictureClass::*;
    use super::*;
    use crate::lung_field::tests::drawn;

    const WHOLE: [[usize; 4]; 2] = [[10, 10, 28, 46], [36, 10, 54, 46]];
    const ONE_ONLY: [[usize; 4]; 2] = [[10, 10, 28, 46], [0; 4]];

    fn judge(
        classes: &[(PictureClass, f32)],
        [right, left]: [[usize; 4]; 2],
    ) -> Result<Vec<Warning>, Refusal> {
        let share = |v| Fraction::new(v).unwrap();
        let rule = FitnessRule { fit_from: share(0.7), mirrored_from: Some(share(0.5)) };
        rule.judge(&Fitness::of(classes), &LungField::of(&drawn(right, left)))
    }

    fn check(classes: &[(PictureClass, f32)], lungs: [[usize; 4]; 2], expected: Result<&[&str], &str>) {
        let judged = judge(classes, lungs);
        let codes = judged.as_ref().map(|w| w.iter().map(|w| w.code).collect::<Vec<_>>()).map_err(|r| r.code);
        assert_eq!(codes, expected.map(<[&str]>::to_vec));
    }

    #[test]
    fn each_unfit_class_has_its_refusal() {
        for (class, code) in [
            (Inverted, "inverted"),
            (UpsideDown, "upside_down"),
            (Turned, "turned"),
            (Other, "not_frontal_chest"),
        ] {
            check(&[(Fit, 0.1), (class, 0.9)], WHOLE, Err(code));
            check(&[(Fit, 0.6), (class, 0.4)], WHOLE, Err(code));
        }
        check(&[(Fit, 0.7), (Other, 0.3)], WHOLE, Ok(&[]));
    }

    #[test]
    fn a_lung_that_may_be_opaque_is_told_before_a_weak_doubt() {
        check(&[(Fit, 0.1), (Inverted, 0.9)], ONE_ONLY, Err("inverted"));
        check(&[(Fit, 0.6), (Inverted, 0.4)], ONE_ONLY, Err("one_lung_only"));
        check(&[(Fit, 0.1), (Other, 0.9)], ONE_ONLY, Err("one_lung_only"));
    }

    #[test]
    fn a_mirrored_radiograph_is_graded_with_a_warning() {
        check(&[(Fit, 0.3), (Mirrored, 0.5), (Other, 0.2)], WHOLE, Ok(&["mirrored"]));
        check(&[(Fit, 0.5), (Mirrored, 0.4), (Other, 0.1)], WHOLE, Ok(&[]));
        check(&[(Fit, 0.1), (Mirrored, 0.2), (Other, 0.7)], WHOLE, Err("not_frontal_chest"));
        let text = &judge(&[(Mirrored, 1.0)], WHOLE).unwrap()[0].text;
        assert!(text.contains("side marker"), "{text}");
    }

    #[test]
    fn without_a_bound_nothing_is_called_mirrored() {
        let rule = FitnessRule { fit_from: Fraction::ZERO, mirrored_from: None };
        let field = LungField::of(&drawn(WHOLE[0], WHOLE[1]));
        assert_eq!(rule.judge(&Fitness::of(&[(Mirrored, 1.0)]), &field), Ok(Vec::new()));
    }

    #[test]
    fn a_slight_cut_warns_and_a_large_one_refuses() {
        let sure = [(Fit, 1.0)];
        check(&sure, [[0, 10, 18, 46], [36, 10, 54, 46]], Err("lungs_cut_off"));
        check(&sure, [[10, 0, 28, 46], [36, 10, 54, 46]], Err("lungs_cut_off"));
        check(&sure, [[10, 10, 28, 46], [36, 10, 54, 64]], Err("lungs_cut_off"));
        let mut apex_at_the_edge = drawn(WHOLE[0], WHOLE[1]);
        for i in (0..10).flat_map(|y| y * 64 + 16..y * 64 + 22) {
            apex_at_the_edge.right[i] = 0.9;
        }
        let rule = FitnessRule { fit_from: Fraction::ZERO, mirrored_from: None };
        let warnings = rule.judge(&Fitness::of(&sure), &LungField::of(&apex_at_the_edge)).unwrap();
        assert!(matches!(warnings.as_slice(), [Warning { code: "incomplete", .. }]), "{warnings:?}");
    }
}
