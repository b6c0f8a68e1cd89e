//! Listening, and one association from its request to its release.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::DicomNetConfig;
use super::associate::{BUSY, Context, Rejection, Request, VERIFICATION};
use super::dimse::{COMMAND_BYTES_MAX, Command, Operation, Status};
use super::error::NetError;
use super::inbox::{Inbox, Incoming, NotTaken};
use super::pdu::{self, Fragment, Kind, Pdu, fragments};
use crate::source::dicom::Uid;

/// Peers at the same time; a station has one unit, and perhaps an archive that asks whether it is there.
pub const ASSOCIATIONS_MAX: usize = 4;
/// Longest silence of a peer, and longest wait for it to take an answer.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Longest association, from when it is accepted; its request must come within [`SILENCE_MAX`]. A day's radiographs over a slow line.
pub const ASSOCIATION_MAX: Duration = Duration::from_secs(30 * 60);
/// Wait after the system could not hand over a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(500);

/// Listens from now on; the address that it came to, where the port was left to the system.
pub(super) fn listen(config: DicomNetConfig, inbox: Arc<Inbox>) -> Result<SocketAddr, NetError> {
    let failed = |source| NetError::Bind { address: config.bind, source };
    let listener = TcpListener::bind(config.bind).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let server = Arc::new(Server { config, inbox, associations: AtomicUsize::new(0) });
    let accept = move || server.accept(&listener);
    thread::Builder::new().name("dicom-net".into()).spawn(accept)?;
    Ok(address)
}

struct Server {
    config: DicomNetConfig,
    inbox: Arc<Inbox>,
    associations: AtomicUsize,
}

impl Server {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => self.take(stream),
                Err(error) => {
                    log::warn!("a connection was lost before it began: {error}");
                    thread::sleep(ACCEPT_RETRY);
                }
            }
        }
    }

    /// Gives the connection a thread of its own, or turns it away.
    fn take(self: &Arc<Self>, mut stream: TcpStream) {
        let peer = stream.peer_addr().map_or("a peer".into(), |address| address.ip().to_string());
        let timed = stream
            .set_read_timeout(Some(SILENCE_MAX))
            .and_then(|()| stream.set_write_timeout(Some(SILENCE_MAX)))
            .and_then(|()| stream.set_nodelay(true));
        if timed.is_err() {
            return;
        }
        let place = Place::take(self);
        if place.is_none() {
            log::warn!("{peer} was turned away: {ASSOCIATIONS_MAX} associations are open");
            _ = reject(&mut stream, BUSY);
            return;
        }
        let server = Arc::clone(self);
        let talk = move || {
            let _place = place;
            if let Err(error) = server.associate(stream) {
                log::warn!("association with {peer} ended: {}: {error}", error.code());
            }
        };
        if let Err(error) = thread::Builder::new().name("association".into()).spawn(talk) {
            log::warn!("no thread for an association: {error}");
        }
    }

    fn associate(&self, stream: TcpStream) -> Result<(), NetError> {
        let stream = &mut Line { stream, until: Instant::now() + SILENCE_MAX };
        let Pdu::AssociateRequest(body) = pdu::read(stream)? else { return abort(stream, NetError::Form) };
        let request = match Request::read(&body) {
            Ok(request) => request,
            Err(error) => return abort(stream, error),
        };
        if let Err(rejection) = request.check(&self.config.title, &self.config.callers) {
            return reject(stream, rejection);
        }
        stream.until = Instant::now() + ASSOCIATION_MAX;
        pdu::write(stream, Kind::AssociateAccept, &request.acceptance())?;
        let mut talk =
            Talk { contexts: request.contexts, inbox: &self.inbox, command: Vec::new(), object: None };
        loop {
            match pdu::read(stream) {
                Ok(Pdu::Data(body)) => {
                    if let Err(error) = talk.data(stream, &body) {
                        return abort(stream, error);
                    }
                }
                Ok(Pdu::ReleaseRequest) => return pdu::write(stream, Kind::ReleaseResponse, &[0; 4]),
                Ok(Pdu::Abort) => return Ok(()),
                Ok(other) => return abort(stream, NetError::PduKind(other.kind())),
                Err(NetError::Connection(e)) if e.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return abort(stream, error),
            }
        }
    }
}

/// A connection that ends at a moment, however slowly its peer goes on.
pub(crate) struct Line {
    pub stream: TcpStream,
    pub until: Instant,
}

impl Line {
    fn in_time(&self) -> std::io::Result<()> {
        if Instant::now() < self.until { Ok(()) } else { Err(ErrorKind::TimedOut.into()) }
    }
}

impl Read for Line {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.in_time()?;
        self.stream.read(to)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.in_time()?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// One of the places for associations.
struct Place(Arc<Server>);

impl Place {
    fn take(server: &Arc<Server>) -> Option<Self> {
        let place = Self(Arc::clone(server));
        // Counted first and given back with the place, so that two at once cannot both be the last.
        (server.associations.fetch_add(1, Ordering::Relaxed) < ASSOCIATIONS_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.associations.fetch_sub(1, Ordering::Relaxed);
    }
}

fn reject(
    stream: &mut impl Write,
    Rejection([result, source, reason], words): Rejection,
) -> Result<(), NetError> {
    pdu::write(stream, Kind::AssociateReject, &[0, result, source, reason])?;
    Err(NetError::Refused(words))
}

/// Tells the peer that it is over, if it still listens, and why it is over to the caller.
fn abort(stream: &mut impl Write, error: NetError) -> Result<(), NetError> {
    // By the service provider, for a reason that is not given (PS3.8, 9.3.8).
    _ = pdu::write(stream, Kind::Abort, &[0, 0, 2, 0]);
    Err(error)
}

/// What has been said in an association so far.
struct Talk<'a> {
    contexts: Vec<Context>,
    inbox: &'a Arc<Inbox>,
    /// The command that is on its way.
    command: Vec<u8>,
    object: Option<Object>,
}

/// An object that is on its way, or whose bytes are let go by since it is not taken.
struct Object {
    command: Command,
    context: u8,
    incoming: Result<Incoming, Status>,
}

impl Talk<'_> {
    fn data(&mut self, to: &mut impl Write, body: &[u8]) -> Result<(), NetError> {
        for fragment in fragments(body)? {
            let context = self.contexts.iter().find(|c| c.id == fragment.context).copied();
            let (context, syntax) = context.and_then(|c| Some((c, c.syntax?))).ok_or(NetError::Form)?;
            match (fragment.command, self.object.take()) {
                (true, None) => self.command(to, &fragment, &context, syntax)?,
                (false, Some(object)) if object.context == fragment.context => {
                    self.object = object.more(to, &fragment)?;
                }
                _ => return Err(NetError::Form),
            }
        }
        Ok(())
    }

    fn command(
        &mut self,
        to: &mut impl Write,
        fragment: &Fragment,
        context: &Context,
        syntax: Uid,
    ) -> Result<(), NetError> {
        if self.command.len() + fragment.bytes.len() > COMMAND_BYTES_MAX {
            return Err(NetError::Command);
        }
        self.command.extend(fragment.bytes);
        if !fragment.last {
            return Ok(());
        }
        let command = Command::read(&std::mem::take(&mut self.command))?;
        let incoming = match command.operation {
            Operation::Cancel => return Ok(()),
            Operation::Echo if !command.data => return answer(to, context.id, &command, Status::Success),
            Operation::Store { class, instance } if command.data => {
                if class != context.class || class.as_str() == VERIFICATION {
                    Err(Status::DoesNotMatchClass)
                } else {
                    self.inbox.begin(&class, &instance, &syntax).map_err(status)
                }
            }
            _ if !command.data => return answer(to, context.id, &command, Status::Unrecognized),
            _ => Err(Status::Unrecognized),
        };
        self.object = Some(Object { command, context: context.id, incoming });
        Ok(())
    }
}

impl Object {
    /// Takes a fragment; `None` when it was the last and has been answered.
    fn more(mut self, to: &mut impl Write, fragment: &Fragment) -> Result<Option<Self>, NetError> {
        if let Ok(incoming) = &mut self.incoming
            && let Err(not_taken) = incoming.write(fragment.bytes)
        {
            self.incoming = Err(status(not_taken));
        }
        if !fragment.last {
            return Ok(Some(self));
        }
        let stored = self.incoming.and_then(|incoming| incoming.finish().map_err(status));
        let said = stored.err().unwrap_or(Status::Success);
        if said != Status::Success {
            log::warn!("an object was not taken: status {:#06x}", said as u16);
        }
        answer(to, self.context, &self.command, said)?;
        Ok(None)
    }
}

fn status(not_taken: NotTaken) -> Status {
    if matches!(not_taken, NotTaken::Full) {
        log::warn!("the inbox is full: what is sent is refused until something has been read");
    }
    Status::OutOfResources
}

fn answer(to: &mut impl Write, context: u8, command: &Command, status: Status) -> Result<(), NetError> {
    let set = command.response(status);
    let mut body = ((set.len() + 2) as u32).to_be_bytes().to_vec();
    // The last fragment of a command.
    body.extend([context, 3]);
    body.extend(set);
    pdu::write(to, Kind::Data, &body)
}
