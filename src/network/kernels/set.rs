//! Which kernels compute: chosen once, at start, from what the processor has.

/// Kernels for one set of instructions. All of them give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelSet {
    /// Plain Rust, for every processor; the others are held against it.
    Portable,
    /// ARMv7 with NEON: multiply-add of byte pairs (Cortex-A7, A9).
    NeonArmv7,
    /// Armv8.0: multiply-add of byte pairs (Cortex-A53, A72).
    Neon,
    /// Armv8.2 with dot products of four bytes (Cortex-A55, A76).
    NeonDotprod,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 and its dot products of four bytes.
    Avx512Vnni,
}

/// Why kernels cannot be had by a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelSetError {
    /// no kernels of this name
    #[error("no kernels are called {name}: this processor can run {}", names())]
    Unknown { name: String },
    /// the processor lacks the instructions
    #[error("this processor cannot run the kernels {}: it can run {}", .set.name(), names())]
    Absent { set: KernelSet },
}

impl KernelSetError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "kernels_unknown",
            Self::Absent { .. } => "kernels_absent",
        }
    }
}

impl KernelSet {
    /// From the plainest to the fastest of each architecture.
    pub const ALL: [Self; 6] =
        [Self::Portable, Self::NeonArmv7, Self::Neon, Self::NeonDotprod, Self::Avx2, Self::Avx512Vnni];

    /// The fastest that this processor can run.
    pub fn best() -> Self {
        Self::present().last().unwrap_or(Self::Portable)
    }

    /// Those that this processor can run, the fastest last.
    pub fn present() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|set| set.is_present())
    }

    /// The kernels called `name`; fails where there are none, or where this processor cannot run them.
    pub fn named(name: &str) -> Result<Self, KernelSetError> {
        match Self::ALL.into_iter().find(|set| set.name() == name) {
            Some(set) if set.is_present() => Ok(set),
            Some(set) => Err(KernelSetError::Absent { set }),
            None => Err(KernelSetError::Unknown { name: name.to_owned() }),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::NeonArmv7 => "neon-armv7",
            Self::Neon => "neon",
            Self::NeonDotprod => "neon-dotprod",
            Self::Avx2 => "avx2",
            Self::Avx512Vnni => "avx512-vnni",
        }
    }

    /// Whether this processor has the instructions.
    pub fn is_present(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "arm")]
            Self::NeonArmv7 => super::armv7::is_present(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDotprod => std::arch::is_aarch64_feature_detected!("dotprod"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => Self::Avx2.is_present() && super::x86::vnni_is_present(),
            _ => false,
        }
    }
}

/// Names of those that this processor can run.
fn names() -> String {
    KernelSet::present().map(KernelSet::name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_kernels_or_to_an_error() {
        assert_eq!(KernelSet::named("portable"), Ok(KernelSet::Portable));
        for set in KernelSet::ALL {
            let expected = if set.is_present() { Ok(set) } else { Err(KernelSetError::Absent { set }) };
            assert_eq!(KernelSet::named(set.name()), expected);
        }
        let error = KernelSet::named("neno").unwrap_err();
        assert_eq!(error.code(), "kernels_unknown");
        assert!(error.to_string().contains("neno") && error.to_string().contains("portable"), "{error}");
    }

    #[test]
    fn the_best_kernels_are_present() {
        assert!(KernelSet::best().is_present());
    }

    /// Every ARM processor that is meant has NEON, and so has each that is emulated.
    #[test]
    #[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
    fn on_arm_the_best_kernels_use_neon() {
        assert!(KernelSet::best().name().starts_with("neon"), "{}", KernelSet::best().name());
    }
}
