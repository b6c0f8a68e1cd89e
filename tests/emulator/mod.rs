//! Whether the tests themselves run under an emulator of another processor.

/// The emulator that `cargo test --target` was told to use; a test's child needs it as much as the test does.
pub fn runner() -> Option<String> {
    let name = if cfg!(target_arch = "aarch64") {
        "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"
    } else if cfg!(target_arch = "arm") {
        "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER"
    } else {
        return None;
    };
    std::env::var(name).ok().filter(|r| !r.trim().is_empty())
}
