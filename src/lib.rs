//! The life of a frame.
//!
//! A radiograph meets these modules in the order in which they are listed here,
//! and a module uses only what stands above it; `tests/tidy.rs` checks it.
//! The long form, with what each module must not know, is `docs/architecture.md`.

#![deny(unsafe_code)]

pub mod units;
pub mod clock;
pub mod secret;
pub mod replace;
pub mod board;
pub mod person;
pub mod identity;
pub mod frame;
pub mod source;
pub mod exposure;
pub mod preprocess;
pub mod network;
pub mod model_store;
pub mod lung_field;
pub mod infection_map;
pub mod grade;
pub mod reading;
pub mod pipeline;
pub mod render;
pub mod screen;
pub mod input;
pub mod record;
pub mod dicom_export;
pub mod serial;
pub mod station;
pub mod operator;
pub mod local_page;
#[cfg(feature = "dicom-net")]
pub mod dicom_send;
pub mod evaluate;
pub mod cli;
