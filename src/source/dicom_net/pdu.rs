//! Protocol data units: their frames, and the fragments of messages inside them.
//!
//! Source: DICOM PS3.8, 9.3. Numbers are big endian. Nothing is allocated before its length has been checked.

use std::io::{Read, Write};

use super::error::NetError;

/// Longest unit that is taken, which is told to the peer: a request with every context has some 20 KB.
pub(crate) const PDU_BYTES_MAX: u32 = 64 * 1024;

/// What a peer may send, whether it called or was called; other units end the association.
#[derive(Debug, PartialEq)]
pub(crate) enum Pdu {
    AssociateRequest(Vec<u8>),
    AssociateAccept(Vec<u8>),
    /// Result, source and reason.
    AssociateReject(Vec<u8>),
    Data(Vec<u8>),
    ReleaseRequest,
    ReleaseResponse,
    Abort,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    AssociateRequest = 1,
    AssociateAccept = 2,
    AssociateReject = 3,
    Data = 4,
    ReleaseRequest = 5,
    ReleaseResponse = 6,
    Abort = 7,
}

impl Pdu {
    /// Its number in the standard.
    pub(crate) fn kind(&self) -> u8 {
        match self {
            Self::AssociateRequest(_) => 1,
            Self::AssociateAccept(_) => 2,
            Self::AssociateReject(_) => 3,
            Self::Data(_) => 4,
            Self::ReleaseRequest => 5,
            Self::ReleaseResponse => 6,
            Self::Abort => 7,
        }
    }
}

pub(crate) fn read(from: &mut impl Read) -> Result<Pdu, NetError> {
    let mut head = [0; 6];
    from.read_exact(&mut head)?;
    let [kind, _, length @ ..] = head;
    let length = u32::from_be_bytes(length);
    if length > PDU_BYTES_MAX {
        return Err(NetError::PduLength(length));
    }
    let mut body = vec![0; length as usize];
    from.read_exact(&mut body)?;
    match kind {
        1 => Ok(Pdu::AssociateRequest(body)),
        2 => Ok(Pdu::AssociateAccept(body)),
        3 => Ok(Pdu::AssociateReject(body)),
        4 => Ok(Pdu::Data(body)),
        5 => Ok(Pdu::ReleaseRequest),
        6 => Ok(Pdu::ReleaseResponse),
        7 => Ok(Pdu::Abort),
        _ => Err(NetError::PduKind(kind)),
    }
}

pub(crate) fn write(to: &mut impl Write, kind: Kind, body: &[u8]) -> Result<(), NetError> {
    let mut bytes = vec![kind as u8, 0];
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend(body);
    // In one piece, so that a small answer does not wait for a timer of the network's.
    to.write_all(&bytes)?;
    Ok(to.flush()?)
}

/// A fragment of a message: a presentation data value.
#[derive(Debug, PartialEq)]
pub(crate) struct Fragment<'a> {
    pub context: u8,
    pub command: bool,
    pub last: bool,
    pub bytes: &'a [u8],
}

/// The fragments in a data unit.
pub(crate) fn fragments(mut body: &[u8]) -> Result<Vec<Fragment<'_>>, NetError> {
    let mut fragments = Vec::new();
    while let Some((length, rest)) = body.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (value, rest) = rest.split_at_checked(length).ok_or(NetError::Form)?;
        let [context, control, bytes @ ..] = value else { return Err(NetError::Form) };
        fragments.push(Fragment {
            context: *context,
            command: control & 1 != 0,
            last: control & 2 != 0,
            bytes,
        });
        body = rest;
    }
    if body.is_empty() { Ok(fragments) } else { Err(NetError::Form) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_is_too_long_is_not_even_read() {
        let head = [4, 0, 0, 1, 0, 1];
        assert!(matches!(read(&mut &head[..]), Err(NetError::PduLength(65_537))));
        assert!(matches!(read(&mut &[9, 0, 0, 0, 0, 0][..]), Err(NetError::PduKind(9))));
        assert_eq!(read(&mut &[5, 0, 0, 0, 0, 0][..]).unwrap(), Pdu::ReleaseRequest);
    }

    #[test]
    fn fragments_end_where_they_say() {
        let body = [0, 0, 0, 4, 1, 3, 7, 8, 0, 0, 0, 2, 1, 0];
        let found = fragments(&body).unwrap();
        assert_eq!(found[0], Fragment { context: 1, command: true, last: true, bytes: &[7, 8] });
        assert_eq!((found[1].last, found[1].bytes.len(), found.len()), (false, 0, 2));
        for cut in [3, 7, 9, 13] {
            assert!(fragments(&body[..cut]).is_err(), "{cut} bytes");
        }
    }
}
