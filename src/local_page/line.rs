//! A connection that ends at a moment, however slowly its peer goes on.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::request::{HEAD_BYTES_MAX, Request};
use super::response::Status;

/// How long a peer may take to let go of an answered connection.
const LET_GO_WITHIN: Duration = Duration::from_secs(1);
/// What a peer may still send meanwhile: it is thrown away.
const LET_GO_BYTES_MAX: usize = 64 << 10;

/// A connection with the time that is left for it.
pub struct Line {
    stream: TcpStream,
    until: Instant,
}

impl Line {
    /// The connection for as long as `within`.
    pub fn new(stream: TcpStream, within: Duration) -> Self {
        Self { stream, until: Instant::now() + within }
    }

    /// From now on there is so much time.
    pub fn allow(&mut self, within: Duration) {
        self.until = Instant::now() + within;
    }

    /// The request; `None` where the peer went away without one.
    pub fn request(&mut self) -> Option<Result<Request, Status>> {
        let mut head = Vec::new();
        let mut block = [0; 1_024];
        loop {
            let count = match self.read(&mut block) {
                Ok(0) if head.is_empty() => return None,
                Ok(0) => return Some(Err(Status::BadRequest)),
                Ok(count) => count,
                Err(e) if e.kind() == ErrorKind::TimedOut => return Some(Err(Status::Timeout)),
                Err(_) => return None,
            };
            let read = block.get(..count).unwrap_or_default();
            head.extend_from_slice(read);
            // A head ends with a line's end: anything else need not be looked at.
            if read.contains(&b'\n') || head.len() > HEAD_BYTES_MAX {
                match Request::parse(&head) {
                    Ok(None) if head.len() > HEAD_BYTES_MAX => return Some(Err(Status::HeadTooLarge)),
                    Ok(None) => {}
                    Ok(Some(request)) => return Some(Ok(request)),
                    Err(status) => return Some(Err(status)),
                }
            }
        }
    }

    /// Ends the connection so that the peer gets all of the answer, also where it has sent more than was read.
    pub fn let_go(mut self) {
        self.allow(LET_GO_WITHIN);
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let (mut block, mut left) = ([0; 4_096], LET_GO_BYTES_MAX);
        while let Ok(count) = self.read(&mut block) {
            left = left.saturating_sub(count);
            if count == 0 || left == 0 {
                return;
            }
        }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// The system's "would block" is a time that is over.
fn in_time<T>(done: io::Result<T>) -> io::Result<T> {
    done.map_err(|e| if e.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { e })
}

impl Read for Line {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        in_time(self.stream.read(to))
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        in_time(self.stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Time that is given, and time after which something must have gone wrong.
    const GIVEN: Duration = Duration::from_millis(300);
    const GENEROUS: Duration = Duration::from_secs(60);

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, theirs)
    }

    #[test]
    fn a_peer_that_never_reads_is_left_when_its_time_is_over() {
        let (mine, _theirs) = pair();
        let (mut line, start) = (Line::new(mine, GIVEN), Instant::now());
        // More than all buffers between the two hold.
        let error = line.write_all(&vec![0; 64 << 20]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!((GIVEN..GENEROUS).contains(&start.elapsed()));
    }

    #[test]
    fn a_request_that_drips_in_is_given_up_when_its_time_is_over() {
        let (mine, mut theirs) = pair();
        let drip = thread::spawn(move || {
            let bytes = b"GET / HTTP/1.1\r\nHost: a\r\na: b".iter().chain(std::iter::repeat(&b'c'));
            bytes.take_while(|b| theirs.write_all(&[**b]).is_ok()).for_each(|_| thread::sleep(GIVEN / 20));
        });
        let (mut line, start) = (Line::new(mine, GIVEN), Instant::now());
        assert_eq!(line.request(), Some(Err(Status::Timeout)));
        assert!((GIVEN..GENEROUS).contains(&start.elapsed()));
        drop(line);
        drip.join().unwrap();
    }

    #[test]
    fn a_head_without_an_end_is_not_read_to_its_end() {
        let (mine, mut theirs) = pair();
        let endless = thread::spawn(move || while theirs.write_all(&[b'a'; 4_096]).is_ok() {});
        let mut line = Line::new(mine, GENEROUS);
        assert_eq!(line.request(), Some(Err(Status::HeadTooLarge)));
        drop(line);
        endless.join().unwrap();
    }
}
