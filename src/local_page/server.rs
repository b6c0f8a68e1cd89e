//! Listening, and one connection after another within bounds: so many at once, so many of one peer, so long each.

use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::line::Line;
use super::response::{Response, Status};
use super::site::Site;

/// Requests that are answered at once: some phones and a Prometheus.
const ANSWERED_MAX: usize = 24;
/// Of them those of one peer: browsers open six, and those before may not have let go yet.
const PEER_MAX: usize = 12;
/// Connections that are told at once that there are too many; more are closed without a word.
const TURNED_AWAY_MAX: usize = 8;
/// How long a request may take to arrive, and how long where it is turned away anyway.
const REQUEST_WITHIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(1)];
/// How long an answer may take to be fetched: a picture over a bad wireless network.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Wait after the system could not hand over a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(500);
/// How much the page's threads stand back behind those that read radiographs (nice(2)).
const NICENESS: i32 = 10;

/// Listens, bounds, and has the site answer.
pub struct Server {
    site: Site,
    open: Mutex<Vec<Open>>,
}

/// A connection that is open.
struct Open {
    peer: IpAddr,
    /// Or turned away.
    answered: bool,
}

impl Server {
    pub fn new(site: Site) -> Self {
        Self { site, open: Mutex::default() }
    }

    /// Takes connections until the program ends.
    pub fn accept(self: Arc<Self>, listener: &TcpListener) {
        // Threads that are started from here inherit it. A service that may not is no slower than others.
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            log::debug!("the page's threads do not stand back: {error}");
        }
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => self.take(stream),
                Err(error) => {
                    log::debug!("a connection to the page was lost before it began: {error}");
                    thread::sleep(ACCEPT_RETRY);
                }
            }
        }
    }

    /// Gives the connection a thread of its own, or closes it.
    fn take(self: &Arc<Self>, stream: TcpStream) {
        let Ok(address) = stream.peer_addr() else { return };
        let Some(place) = Place::take(self, address.ip()) else { return };
        let server = Arc::clone(self);
        let talk = move || server.talk(stream, &place);
        if let Err(error) = thread::Builder::new().name("page-answer".into()).spawn(talk) {
            log::warn!("no thread for an answer of the page: {error}");
        }
    }

    fn talk(&self, stream: TcpStream, place: &Place) {
        let [within, briefly] = REQUEST_WITHIN;
        let mut line = Line::new(stream, if place.refused.is_none() { within } else { briefly });
        let Some(request) = line.request() else { return };
        let is_head = request.as_ref().is_ok_and(|r| r.is_head);
        let response = match (place.refused, request) {
            (Some(status), _) | (None, Err(status)) => Response::plain(status),
            (None, Ok(request)) => self.site.answer(&request),
        };
        self.site.count(response.status);
        line.allow(ANSWER_WITHIN);
        if response.write(&mut line, is_head).is_ok() {
            line.let_go();
        }
    }

    fn open(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, given back when it ends however that may be.
struct Place {
    server: Arc<Server>,
    peer: IpAddr,
    /// Why it is turned away.
    refused: Option<Status>,
}

impl Place {
    fn take(server: &Arc<Server>, peer: IpAddr) -> Option<Self> {
        let mut open = server.open();
        let refused = verdict(&open, peer)?;
        open.push(Open { peer, answered: refused.is_none() });
        drop(open);
        Some(Self { server: Arc::clone(server), peer, refused })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.server.open();
        let own = |o: &Open| o.peer == self.peer && o.answered == self.refused.is_none();
        if let Some(at) = open.iter().position(own) {
            open.swap_remove(at);
        }
    }
}

/// Whether one more connection of `peer` is turned away, and by what; `None`: it is closed.
fn verdict(open: &[Open], peer: IpAddr) -> Option<Option<Status>> {
    let answered = || open.iter().filter(|o| o.answered);
    let refused = if answered().filter(|o| o.peer == peer).count() >= PEER_MAX {
        Status::TooMany
    } else if answered().count() >= ANSWERED_MAX {
        Status::Busy
    } else {
        return Some(None);
    };
    (open.len() - answered().count() < TURNED_AWAY_MAX).then_some(Some(refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of one more of peer 1 where so many of peers 1 and 2 are answered and so many turned away.
    fn check(one: usize, two: usize, turned: usize, expected: Option<Option<Status>>) {
        let peer = |n: u8| IpAddr::from([10, 0, 0, n]);
        let of = |n, count, answered| (0..count).map(move |_| Open { peer: peer(n), answered });
        let open: Vec<Open> = of(1, one, true).chain(of(2, two, true)).chain(of(1, turned, false)).collect();
        assert_eq!(verdict(&open, peer(1)), expected, "{one} {two} {turned}");
    }

    #[test]
    fn one_peer_cannot_take_all_places_and_all_together_no_more_than_there_are() {
        check(0, 0, 0, Some(None));
        check(11, 12, 8, Some(None));
        check(12, 0, 0, Some(Some(Status::TooMany)));
        check(0, 24, 0, Some(Some(Status::Busy)));
        check(12, 12, 7, Some(Some(Status::TooMany)));
        check(12, 12, 8, None);
    }
}
