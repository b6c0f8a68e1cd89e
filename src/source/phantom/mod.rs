//! Phantom.
