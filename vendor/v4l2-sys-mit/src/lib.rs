//! V4L2's structures and constants, made ahead of time from the kernel's public headers.
//!
//! Stands in for v4l2-sys-mit 0.3.0, which runs bindgen, and so needs libclang, at every build.
//! What each file is and how it is made again: `README.md`.

#![allow(clippy::all)]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

#[rustfmt::skip]
mod bindings;
pub use bindings::*;

// A structure that differs from the C compiler's by one byte does not compile.
#[cfg(target_pointer_width = "32")]
#[rustfmt::skip]
mod layout_32;
#[cfg(target_pointer_width = "64")]
#[rustfmt::skip]
mod layout_64;

#[cfg(not(target_os = "linux"))]
compile_error!("V4L2 is Linux only: build without the feature that needs it");
