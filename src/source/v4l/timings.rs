//! A digital video input is set to what arrives at it.
//!
//! This module must not know the kernel's calls: it sees an input through [`DigitalInput`] only.

use std::io;

use super::capture::ESTALE;
use crate::units::PixelSize;

/// Nothing of the kind. Linux: errno.h, EINVAL, ENOTTY, ENODATA, EOPNOTSUPP.
const NOT_DIGITAL: [i32; 4] = [22, 25, 61, 95];

/// An input that says what arrives at it.
pub trait DigitalInput {
    type Timings;

    /// What arrives; fails while nothing does that can be locked to.
    fn query(&self) -> io::Result<Self::Timings>;

    fn set(&self, timings: &mut Self::Timings) -> io::Result<()>;

    fn size(timings: &Self::Timings) -> PixelSize;

    /// Whether the source has changed in size since this was last asked.
    fn has_changed(&self) -> bool;
}

/// Sets a digital video input to what arrives at it: the picture's size, or `None` for other inputs.
///
/// Fails while nothing arrives that can be locked to, and with ESTALE where it changes meanwhile.
pub fn adopt<I: DigitalInput>(input: &I) -> io::Result<Option<PixelSize>> {
    let mut timings = match input.query() {
        Err(e) if e.raw_os_error().is_some_and(|errno| NOT_DIGITAL.contains(&errno)) => return Ok(None),
        other => other?,
    };
    let size = I::size(&timings);
    input.set(&mut timings)?;
    // Setting them is a change of the source too, to some drivers: what has been told until now is passed over, and what
    // arrives is asked once more.
    input.has_changed();
    match I::size(&input.query()?) == size {
        true => Ok(Some(size)),
        false => Err(io::Error::from_raw_os_error(ESTALE)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;

    use super::*;

    const HD: PixelSize = PixelSize::new(1280, 720);
    const FULL_HD: PixelSize = PixelSize::new(1920, 1080);
    /// The link is severed: no cable. Linux: errno.h.
    const ENOLINK: i32 = 67;

    /// What arrives each time that it is asked, the last for ever; to set an input is told as a change of its source.
    struct Input {
        arrives: RefCell<VecDeque<Result<PixelSize, i32>>>,
        set: Cell<Option<PixelSize>>,
        told: Cell<bool>,
    }

    impl DigitalInput for Input {
        type Timings = PixelSize;

        fn query(&self) -> io::Result<PixelSize> {
            let mut arrives = self.arrives.borrow_mut();
            let next = if arrives.len() > 1 { arrives.pop_front() } else { arrives.front().copied() };
            next.unwrap().map_err(io::Error::from_raw_os_error)
        }

        fn set(&self, timings: &mut PixelSize) -> io::Result<()> {
            self.told.set(true);
            self.set.set(Some(*timings));
            Ok(())
        }

        fn size(timings: &PixelSize) -> PixelSize {
            *timings
        }

        fn has_changed(&self) -> bool {
            self.told.replace(false)
        }
    }

    /// What comes of it, what the input was set to, and whether a change is told to whoever captures from it then.
    fn check(
        arrives: &[Result<PixelSize, i32>],
        expected: Result<Option<PixelSize>, i32>,
        set: Option<PixelSize>,
    ) {
        let arrives = RefCell::new(arrives.iter().copied().collect());
        let input = Input { arrives, set: Cell::new(None), told: Cell::new(true) };
        let adopted = adopt(&input).map_err(|e| e.raw_os_error().unwrap());
        assert_eq!((adopted, input.set.get()), (expected, set));
        assert_eq!(input.has_changed(), set.is_none(), "what setting it causes is no change of the source");
    }

    #[test]
    fn what_arrives_is_set_and_the_change_that_this_causes_is_no_fault() {
        check(&[Ok(HD)], Ok(Some(HD)), Some(HD));
    }

    #[test]
    fn a_source_that_changes_while_it_is_set_is_told_so_that_no_frame_is_cut() {
        check(&[Ok(HD), Ok(FULL_HD)], Err(ESTALE), Some(HD));
        check(&[Ok(HD), Err(ENOLINK)], Err(ENOLINK), Some(HD));
    }

    #[test]
    fn an_input_without_timings_is_none_and_one_without_a_picture_an_error() {
        NOT_DIGITAL.into_iter().for_each(|errno| check(&[Err(errno)], Ok(None), None));
        check(&[Err(ENOLINK)], Err(ENOLINK), None);
    }
}
