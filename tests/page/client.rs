//! A strict HTTP client: what is not exactly as it should be fails the test.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes, on a machine under load.
pub const GENEROUS: Duration = Duration::from_secs(90);

pub struct Answer {
    pub status: u16,
    /// By lower-case names; none comes twice.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text is UTF-8")
    }

    fn read(bytes: &[u8], is_head: bool) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head's end");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|l| l.strip_prefix("HTTP/1.1 ")).expect("a status line");
        let status = status.split_once(' ').expect("a phrase").0.parse().unwrap();
        let mut headers = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header");
            assert_eq!(value.trim(), value);
            let before = headers.insert(name.to_ascii_lowercase(), value.to_owned());
            assert!(before.is_none(), "{name} twice");
        }
        let body = bytes[end + 4..].to_vec();
        let length: usize = headers["content-length"].parse().unwrap();
        assert_eq!(body.len(), if is_head { 0 } else { length }, "{head}");
        assert_eq!(headers["connection"], "close");
        Self { status, headers, body }
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(GENEROUS)).unwrap();
    stream.set_write_timeout(Some(GENEROUS)).unwrap();
    stream
}

/// What is answered to these bytes; `None` where the connection is closed without a word.
pub fn send(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = connect(address);
    // A peer that was turned away may have closed already.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    answer(stream, bytes.starts_with(b"HEAD "))
}

/// What is answered on a connection that has said all it has to say.
pub fn answer(mut stream: TcpStream, is_head: bool) -> Option<Answer> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    (!bytes.is_empty()).then(|| Answer::read(&bytes, is_head))
}

/// A request as browsers send it.
pub fn request(method: &str, path: &str, headers: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: station\r\nUser-Agent: test\r\n{headers}\r\n").into_bytes()
}
