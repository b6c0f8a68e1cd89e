//! Whether there is a desktop to open a window on, asked before the library is: it takes one answer for ever.

use std::env;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::ScreenError;

/// Where X servers of this machine listen.
const X11_FOLDER: &str = "/tmp/.X11-unix";
/// The port of display 0; the others follow.
const X11_PORT: u16 = 6_000;
/// A desktop on another machine, or through a tunnel, answers within it or is none.
const REMOTE_WAIT: Duration = Duration::from_secs(2);

/// A kind of desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    Wayland,
    X11,
}

/// The desktop that the environment names and that answers; Wayland before X11.
pub fn find() -> Result<Desktop, ScreenError> {
    let named = |key| env::var(key).ok().filter(|value| !value.is_empty());
    let (wayland, x11) = (named("WAYLAND_DISPLAY"), named("DISPLAY"));
    let runtime = named("XDG_RUNTIME_DIR").unwrap_or_default();
    if wayland.as_ref().is_some_and(|name| answers(&wayland_socket(name, &runtime))) {
        return Ok(Desktop::Wayland);
    }
    if x11.as_ref().and_then(|name| x11_place(name)).is_some_and(|place| place.answers()) {
        return Ok(Desktop::X11);
    }
    Err(ScreenError::Desktop { wayland: wayland.unwrap_or_default(), x11: x11.unwrap_or_default() })
}

fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}

/// A name that is a whole path stands for itself.
fn wayland_socket(name: &str, runtime: &str) -> PathBuf {
    Path::new(runtime).join(name)
}

/// Where an X server listens.
#[derive(Debug, PartialEq, Eq)]
enum X11Place {
    Here(PathBuf),
    At(String, u16),
}

impl X11Place {
    fn answers(&self) -> bool {
        match self {
            Self::Here(socket) => answers(socket),
            Self::At(host, port) => {
                let address = (host.as_str(), *port).to_socket_addrs().ok().and_then(|mut all| all.next());
                address.is_some_and(|a| TcpStream::connect_timeout(&a, REMOTE_WAIT).is_ok())
            }
        }
    }
}

/// What `HOST:DISPLAY.SCREEN` means; `None` where it has another form.
fn x11_place(name: &str) -> Option<X11Place> {
    let (host, rest) = name.rsplit_once(':')?;
    let number: u16 = rest.split('.').next()?.parse().ok()?;
    Some(match host {
        "" | "unix" => X11Place::Here(Path::new(X11_FOLDER).join(format!("X{number}"))),
        host => X11Place::At(host.to_owned(), X11_PORT.checked_add(number)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_s_name_says_where_it_listens() {
        let here = |path: &str| Some(X11Place::Here(path.into()));
        assert_eq!(x11_place(":0"), here("/tmp/.X11-unix/X0"));
        assert_eq!(x11_place("unix:12.1"), here("/tmp/.X11-unix/X12"));
        assert_eq!(x11_place("localhost:10.0"), Some(X11Place::At("localhost".into(), 6_010)));
        for wrong in ["", "0", ":", ":x", "host:65535"] {
            assert_eq!(x11_place(wrong), None, "{wrong}");
        }
        assert_eq!(wayland_socket("wayland-0", "/run/user/1"), Path::new("/run/user/1/wayland-0"));
        assert_eq!(wayland_socket("/tmp/w", "/run/user/1"), Path::new("/tmp/w"));
    }
}
