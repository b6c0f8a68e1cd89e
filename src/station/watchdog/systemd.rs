//! systemd's watchdog and its idea of the service's state: sd_notify(3), one datagram for each word.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use crate::station::progress::Watchdog;

/// Signs of life are sent no more often than this; systemd's times are of several seconds.
const FEED_EVERY: Duration = Duration::from_millis(500);

/// The way to the service manager.
#[derive(Debug)]
pub struct Systemd {
    socket: UnixDatagram,
    manager: SocketAddr,
    fed: Option<Instant>,
}

impl Systemd {
    /// `None` where no service manager wants to know: a program started by hand.
    pub fn from_environment() -> Option<Self> {
        let name = env::var_os("NOTIFY_SOCKET")?;
        Self::to(name.as_bytes()).map_err(|e| log::warn!("systemd cannot be told anything: {e}")).ok()
    }

    /// To the socket `name`: a path, or an abstract name after `@`.
    fn to(name: &[u8]) -> io::Result<Self> {
        let manager = match name.strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
        };
        let socket = UnixDatagram::unbound()?;
        // A manager that does not read must hold nobody up.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, manager, fed: None })
    }

    /// A second way for another thread.
    pub fn again(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, manager: self.manager.clone(), fed: None })
    }

    /// Says `words`, such as `READY=1`, one a line. What cannot be said is left: systemd acts on silence by itself.
    pub fn say(&self, words: &str) {
        if let Err(e) = self.socket.send_to_addr(words.as_bytes(), &self.manager) {
            log::debug!("systemd was not told {words}: {e}");
        }
    }
}

impl Watchdog for Systemd {
    fn feed(&mut self) {
        if self.fed.is_none_or(|fed| fed.elapsed() >= FEED_EVERY) {
            self.say("WATCHDOG=1");
            self.fed = Some(Instant::now());
        }
    }

    fn release(&mut self) {
        self.say("STOPPING=1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_by_path_and_by_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("raymap-test-{}", std::process::id());
        let listeners = [
            (UnixDatagram::bind(&path), path.to_string_lossy().into_owned()),
            (UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()), format!("@{name}")),
        ];
        for (listener, name) in listeners {
            let (listener, mut systemd) = (listener.unwrap(), Systemd::to(name.as_bytes()).unwrap());
            let mut received = [0; 64];
            let mut check = |expected: &str| {
                let bytes = listener.recv(&mut received).unwrap();
                assert_eq!(&received[..bytes], expected.as_bytes());
            };
            systemd.say("READY=1\nSTATUS=ready");
            check("READY=1\nSTATUS=ready");
            systemd.feed();
            systemd.feed();
            check("WATCHDOG=1");
            systemd.release();
            check("STOPPING=1");
        }
    }

    #[test]
    fn a_manager_that_is_gone_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let systemd = Systemd::to(folder.path().join("gone").as_os_str().as_bytes()).unwrap();
        systemd.say("READY=1");
    }
}
