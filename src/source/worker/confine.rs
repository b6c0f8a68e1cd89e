//! What a decoding process gives up before it looks at a file.
//!
//! Limits come first, then landlock (no path can be opened, no socket bound or connected), then seccomp (system
//! calls that decoding does not need fail, and no memory turns into code). Kernels before 5.13 have no landlock,
//! emulators often neither: what is missing is told in the greeting, and the rest holds.
//! The crates landlock and seccompiler are named here only.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::DECODE_TIME_MAX;

/// Memory of the process, the program itself included.
pub const MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What holds a decoding process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// Of memory, time and files.
    pub limits: bool,
    pub landlock: bool,
    pub seccomp: bool,
}

impl Guards {
    pub(super) fn to_byte(self) -> u8 {
        u8::from(self.limits) | u8::from(self.landlock) << 1 | u8::from(self.seccomp) << 2
    }

    pub(super) fn from_byte(byte: u8) -> Self {
        Self { limits: byte & 1 != 0, landlock: byte & 2 != 0, seccomp: byte & 4 != 0 }
    }

    /// Logs what is missing; without either sandbox it is worth a warning.
    pub(super) fn say(self) {
        let word = |there: bool| if there { "on" } else { "missing on this machine" };
        let (limits, landlock, seccomp) = (word(self.limits), word(self.landlock), word(self.seccomp));
        let level = if self.landlock || self.seccomp { log::Level::Info } else { log::Level::Warn };
        log::log!(
            level,
            "files are decoded in a process of their own: limits {limits}, landlock {landlock}, seccomp {seccomp}"
        );
    }
}

/// Confines this process, for good; it may still read and write what is open.
pub fn confine() -> Guards {
    // Whoever waits for the answer may be killed; the process then ends with it.
    _ = set_parent_process_death_signal(Some(Signal::KILL));
    Guards { limits: limit(), landlock: shut_files(), seccomp: shut_calls() }
}

fn limit() -> bool {
    let to = |most| Rlimit { current: Some(most), maximum: Some(most) };
    [
        (Resource::As, MEMORY_BYTES_MAX),
        (Resource::Cpu, DECODE_TIME_MAX.as_secs()),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, 8),
    ]
    .into_iter()
    .all(|(resource, most)| setrlimit(resource, to(most)).is_ok())
}

/// Handles every right that landlock knows and grants none.
fn shut_files() -> bool {
    let shut = || {
        let abi = ABI::V6;
        let rules = Ruleset::default().handle_access(AccessFs::from_all(abi))?;
        let rules = rules.handle_access(AccessNet::from_all(abi))?.scope(Scope::from_all(abi))?;
        rules.create()?.restrict_self()
    };
    let shut: Result<_, landlock::RulesetError> = shut();
    shut.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn shut_calls() -> bool {
    let program = filter().and_then(|filter| Ok(seccompiler::BpfProgram::try_from(filter)?));
    program.is_ok_and(|program| seccompiler::apply_filter(&program).is_ok())
}

/// There is no seccompiler for 32-bit ARM.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn shut_calls() -> bool {
    false
}

/// Calls that decoding needs; any other fails as if it were forbidden to this user.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn filter() -> Result<seccompiler::SeccompFilter, seccompiler::Error> {
    use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
    const WHOLE: [i64; 20] = [
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_fstat,
        libc::SYS_futex,
        libc::SYS_getrandom,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_restart_syscall,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_write,
    ];
    // The third argument of both says what the memory may be; not code.
    let no_code = || {
        let executable = libc::PROT_EXEC as u64;
        let masked = SeccompCmpOp::MaskedEq(executable);
        SeccompRule::new(vec![SeccompCondition::new(2, SeccompCmpArgLen::Dword, masked, 0)?])
    };
    let whole = WHOLE.into_iter().map(|call| (call, Vec::new()));
    let mut rules: std::collections::BTreeMap<_, _> = whole.collect();
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![no_code()?]);
    }
    let forbidden = SeccompAction::Errno(libc::EPERM as u32);
    let here = std::env::consts::ARCH.try_into()?;
    Ok(seccompiler::SeccompFilter::new(rules, forbidden, SeccompAction::Allow, here)?)
}
