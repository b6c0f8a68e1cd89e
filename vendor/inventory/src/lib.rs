//! Stands in for the crate `inventory`, with which tract's kernels, knobs and file formats register before `main`.
//!
//! None of them is used here: our own kernels compute, and ONNX is read without a registry. What registers can never be
//! left out by the linker, though, and draws in whatever it refers to, Fourier transforms among them. So nothing
//! registers: [`submit!`] leaves its value out, and [`iter`] finds nothing.

#![no_std]

use core::iter::Empty;
use core::marker::PhantomData;
use core::ops::Deref;

/// A type of which values may be submitted.
pub trait Collect: Sync + Sized + 'static {}

mod values {
    use super::PhantomData;

    /// All submitted values of type `T`: `iter::<T>` and `iter::<T>()` stand for the same.
    #[allow(non_camel_case_types)]
    pub enum iter<T> {
        #[allow(non_camel_case_types)]
        iter,
        #[doc(hidden)]
        Never(core::convert::Infallible, PhantomData<T>),
    }
}

pub use values::iter::iter;

impl<T: Collect> IntoIterator for values::iter<T> {
    type Item = &'static T;
    type IntoIter = Empty<&'static T>;

    fn into_iter(self) -> Self::IntoIter {
        core::iter::empty()
    }
}

impl<T: Collect> Deref for values::iter<T> {
    type Target = fn() -> Empty<&'static T>;

    fn deref(&self) -> &Self::Target {
        &(core::iter::empty as fn() -> Empty<&'static T>)
    }
}

#[macro_export]
macro_rules! collect {
    ($type:ty) => {
        impl $crate::Collect for $type {}
    };
}

#[macro_export]
macro_rules! submit {
    ($($value:tt)*) => {};
}
