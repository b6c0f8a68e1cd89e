//! One association, as the side that calls: asked for, objects stored one after another, released.
//!
//! Source: DICOM PS3.8, 9.3; PS3.7, 9.3.1. Every step has its time, and the whole has one.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::error::SendError;
use crate::board::DicomSendConfig;
use crate::dicom_export::Object;
use crate::source::dicom_net::associate::{Acceptance, Answered, TAKEN, request};
use crate::source::dicom_net::dimse::{COMMAND_BYTES_MAX, answer_of, store_request};
use crate::source::dicom_net::pdu::{self, Kind, PDU_BYTES_MAX, Pdu, fragments};
use crate::source::dicom_net::{Line, NetError};

/// Longest wait for the peer to pick up.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest silence of the peer, and longest wait for it to take a piece.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Longest association: one reading's objects, 20 MB or so, over a slow line.
const ASSOCIATION_MAX: Duration = Duration::from_secs(10 * 60);
/// In every unit that carries a piece: its own length, the context, and what it is.
const FRAGMENT_HEAD_BYTES: usize = 6;
/// Units that a peer may ask for; smaller ones are taken for a mistake, and larger ones gain nothing.
const UNIT_BYTES: [usize; 2] = [1024, PDU_BYTES_MAX as usize];

/// An open association.
pub struct Association {
    line: Line,
    classes: Vec<&'static str>,
    answered: Vec<Answered>,
    unit_bytes: usize,
    message: u16,
}

impl Association {
    /// Calls the peer and asks for contexts of these classes, at most 128.
    pub fn open(config: &DicomSendConfig, classes: Vec<&'static str>) -> Result<Self, SendError> {
        let address = config.address;
        let failed = |source| SendError::Connect { address, source };
        let stream = TcpStream::connect_timeout(&address, CONNECT_MAX).map_err(failed)?;
        let timed = stream
            .set_read_timeout(Some(SILENCE_MAX))
            .and_then(|()| stream.set_write_timeout(Some(SILENCE_MAX)))
            .and_then(|()| stream.set_nodelay(true));
        timed.map_err(failed)?;
        let mut line = Line { stream, until: Instant::now() + ASSOCIATION_MAX };
        pdu::write(&mut line, Kind::AssociateRequest, &request(&config.called, &config.calling, &classes))?;
        match pdu::read(&mut line)? {
            Pdu::AssociateAccept(body) => {
                let Acceptance { contexts, pdu_bytes } = Acceptance::read(&body)?;
                let [least, most] = UNIT_BYTES;
                let unit_bytes = if pdu_bytes == 0 { most } else { (pdu_bytes as usize).clamp(least, most) };
                Ok(Self { line, classes, answered: contexts, unit_bytes, message: 0 })
            }
            Pdu::AssociateReject(body) => match body[..] {
                [_, result, source, reason] => Err(SendError::Rejected(result, source, reason)),
                _ => Err(NetError::Form.into()),
            },
            Pdu::Abort => Err(SendError::Aborted),
            other => Err(NetError::PduKind(other.kind()).into()),
        }
    }

    /// The peer's status for an object; `None` where it takes none of this class, for good.
    pub fn store(&mut self, object: &Object) -> Result<Option<u16>, SendError> {
        let Some(answered) = self.answered_for(object.class)? else { return Ok(None) };
        let context = answered.id;
        self.message = self.message.wrapping_add(1);
        self.send(context, true, &store_request(self.message, object.class, &object.instance))?;
        match answered.is_implicit {
            true => self.send(context, false, &object.implicit_dataset())?,
            false => self.send(context, false, object.dataset())?,
        }
        let (message, status) = answer_of(&self.answer(context)?)?;
        if message == self.message { Ok(Some(status)) } else { Err(NetError::Command.into()) }
    }

    /// The context that is taken for a class. A peer that takes another one is well, and what it does not take it
    /// does not take for good.
    fn answered_for(&self, class: &str) -> Result<Option<Answered>, SendError> {
        let id = self.classes.iter().zip((1..).step_by(2)).find(|(c, _)| **c == class).map(|(_, id)| id);
        let answered = self.answered.iter().copied().find(|a| Some(a.id) == id);
        match answered.map(|a| a.result) {
            Some(TAKEN) => Ok(answered),
            Some(result @ 1..=2) if self.answered.iter().all(|a| a.result != TAKEN) => {
                Err(SendError::Context(result))
            }
            _ => Ok(None),
        }
    }

    /// Ends it in good order; that the peer does not answer any more changes nothing.
    pub fn release(mut self) {
        if pdu::write(&mut self.line, Kind::ReleaseRequest, &[0; 4]).is_ok() {
            _ = pdu::read(&mut self.line);
        }
    }

    fn send(&mut self, context: u8, is_command: bool, bytes: &[u8]) -> Result<(), SendError> {
        let pieces = bytes.chunks(self.unit_bytes - FRAGMENT_HEAD_BYTES);
        let last = pieces.len().saturating_sub(1);
        for (k, piece) in pieces.enumerate() {
            let mut body = ((piece.len() + 2) as u32).to_be_bytes().to_vec();
            body.extend([context, u8::from(is_command) | u8::from(k == last) << 1]);
            body.extend(piece);
            pdu::write(&mut self.line, Kind::Data, &body)?;
        }
        Ok(())
    }

    /// The command set that the peer answers with.
    fn answer(&mut self, context: u8) -> Result<Vec<u8>, SendError> {
        let mut command = Vec::new();
        loop {
            let body = match pdu::read(&mut self.line)? {
                Pdu::Data(body) => body,
                Pdu::Abort => return Err(SendError::Aborted),
                other => return Err(NetError::PduKind(other.kind()).into()),
            };
            for fragment in fragments(&body)? {
                let fits = command.len() + fragment.bytes.len() <= COMMAND_BYTES_MAX;
                if fragment.context != context || !fragment.command || !fits {
                    return Err(NetError::Command.into());
                }
                command.extend(fragment.bytes);
                if fragment.last {
                    return Ok(command);
                }
            }
        }
    }
}
