//! Commands: an echo, or the announcement of an object to be stored, and what is answered.
//!
//! Command sets are written in implicit VR, little endian. Source: DICOM PS3.7, 9.3 and annex E.

use super::error::NetError;
use crate::source::dicom::Uid;

/// Longest command set: those that are used have some 200 bytes.
pub(crate) const COMMAND_BYTES_MAX: usize = 4 * 1024;

const AFFECTED_CLASS: u16 = 0x0002;
const FIELD: u16 = 0x0100;
const MESSAGE: u16 = 0x0110;
const RESPONDED_TO: u16 = 0x0120;
const PRIORITY: u16 = 0x0700;
const DATA: u16 = 0x0800;
const STATUS: u16 = 0x0900;
const AFFECTED_INSTANCE: u16 = 0x1000;
/// What [`DATA`] says when nothing follows.
const NO_DATA: u16 = 0x0101;
const STORE: u16 = 0x0001;
const ECHO: u16 = 0x0030;
const CANCEL: u16 = 0x0FFF;
const RESPONSE: u16 = 0x8000;

/// What is answered (PS3.7, annex C; PS3.4, B.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Success = 0x0000,
    Unrecognized = 0x0211,
    OutOfResources = 0xA700,
    DoesNotMatchClass = 0xA900,
}

/// A command, with the number that its answer refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Command {
    pub message: u16,
    pub operation: Operation,
    field: u16,
    class: Uid,
    instance: Uid,
    /// Whether a dataset follows.
    pub data: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Echo,
    Store {
        class: Uid,
        instance: Uid,
    },
    /// Of something that has been answered by then.
    Cancel,
    Unknown,
}

impl Command {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NetError> {
        let (mut field, mut message, mut data) = (None, None, None);
        let (mut class, mut instance) = (Uid::new(""), Uid::new(""));
        for (element, value) in elements(bytes)? {
            let short = value.first_chunk().map(|pair| u16::from_le_bytes(*pair));
            let uid = Uid::new(std::str::from_utf8(value).unwrap_or_default());
            match element {
                AFFECTED_CLASS => class = uid,
                FIELD => field = short,
                MESSAGE => message = short,
                DATA => data = short,
                AFFECTED_INSTANCE => instance = uid,
                _ => {}
            }
        }
        let field = field.ok_or(NetError::Command)?;
        let operation = match field {
            ECHO => Operation::Echo,
            STORE if class.as_str().is_empty() || instance.as_str().is_empty() => {
                return Err(NetError::Command);
            }
            STORE => Operation::Store { class, instance },
            CANCEL => Operation::Cancel,
            _ => Operation::Unknown,
        };
        let message = message.unwrap_or_default();
        let data = data.unwrap_or(NO_DATA) != NO_DATA;
        Ok(Self { message, operation, field, class, instance, data })
    }

    /// The command set of its answer.
    pub(super) fn response(&self, status: Status) -> Vec<u8> {
        let mut body = Vec::new();
        put_uid(&mut body, AFFECTED_CLASS, &self.class);
        put_short(&mut body, FIELD, self.field | RESPONSE);
        put_short(&mut body, RESPONDED_TO, self.message);
        put_short(&mut body, DATA, NO_DATA);
        put_short(&mut body, STATUS, status as u16);
        put_uid(&mut body, AFFECTED_INSTANCE, &self.instance);
        grouped(&body)
    }
}

/// The command set that announces an object to be stored.
pub(crate) fn store_request(message: u16, class: &str, instance: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_uid(&mut body, AFFECTED_CLASS, &Uid::new(class));
    put_short(&mut body, FIELD, STORE);
    put_short(&mut body, MESSAGE, message);
    put_short(&mut body, PRIORITY, 0);
    put_short(&mut body, DATA, 0);
    put_uid(&mut body, AFFECTED_INSTANCE, &Uid::new(instance));
    grouped(&body)
}

/// Which message a command set answers, and how.
pub(crate) fn answer_of(bytes: &[u8]) -> Result<(u16, u16), NetError> {
    let (mut message, mut status) = (None, None);
    for (element, value) in elements(bytes)? {
        let short = value.first_chunk().map(|pair| u16::from_le_bytes(*pair));
        match element {
            RESPONDED_TO => message = short,
            STATUS => status = short,
            _ => {}
        }
    }
    message.zip(status).ok_or(NetError::Command)
}

/// The elements of a command set: numbers in their group, and values.
fn elements(mut bytes: &[u8]) -> Result<Vec<(u16, &[u8])>, NetError> {
    let mut elements = Vec::new();
    while let Some(([g0, g1, e0, e1, length @ ..], rest)) = bytes.split_first_chunk::<8>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (value, rest) = rest.split_at_checked(length).ok_or(NetError::Command)?;
        if [*g0, *g1] != [0, 0] {
            return Err(NetError::Command);
        }
        elements.push((u16::from_le_bytes([*e0, *e1]), value));
        bytes = rest;
    }
    if bytes.is_empty() { Ok(elements) } else { Err(NetError::Command) }
}

/// A command set after the element that says how long it is.
fn grouped(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 4, 0, 0, 0];
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

fn put(to: &mut Vec<u8>, element: u16, value: &[u8]) {
    to.extend([0, 0]);
    to.extend(element.to_le_bytes());
    to.extend((value.len() as u32).to_le_bytes());
    to.extend(value);
}

fn put_short(to: &mut Vec<u8>, element: u16, value: u16) {
    put(to, element, &value.to_le_bytes());
}

fn put_uid(to: &mut Vec<u8>, element: u16, uid: &Uid) {
    let mut bytes = uid.as_str().as_bytes().to_vec();
    if bytes.is_empty() {
        return;
    }
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    put(to, element, &bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(field: u16, uids: &[(u16, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_short(&mut bytes, FIELD, field);
        put_short(&mut bytes, MESSAGE, 7);
        put_short(&mut bytes, DATA, if field == STORE { 0 } else { NO_DATA });
        uids.iter().for_each(|(element, uid)| put_uid(&mut bytes, *element, &Uid::new(uid)));
        bytes
    }

    #[test]
    fn an_object_is_announced_by_class_and_instance() {
        let bytes = command(STORE, &[(AFFECTED_CLASS, "1.2.3"), (AFFECTED_INSTANCE, "1.2.3.4")]);
        let read = Command::read(&bytes).unwrap();
        let expected = Operation::Store { class: Uid::new("1.2.3"), instance: Uid::new("1.2.3.4") };
        assert_eq!((read.operation, read.message, read.data), (expected, 7, true));
        assert!(Command::read(&command(STORE, &[(AFFECTED_CLASS, "1.2.3")])).is_err());
        assert!(Command::read(&bytes[..bytes.len() - 1]).is_err());
        assert!(Command::read(&[]).is_err());
    }

    #[test]
    fn an_object_that_is_sent_is_announced_as_one_that_is_received() {
        let announced = Command::read(&store_request(9, "1.2.3", "1.2.3.4")).unwrap();
        let expected = Operation::Store { class: Uid::new("1.2.3"), instance: Uid::new("1.2.3.4") };
        assert_eq!((announced.operation, announced.message, announced.data), (expected, 9, true));
        let answer = announced.response(Status::OutOfResources);
        assert_eq!(answer_of(&answer).unwrap(), (9, 0xA700));
        // Only what names the object can be cut off.
        let whole = (0..answer.len()).filter(|end| answer_of(&answer[..*end]).is_ok());
        assert_eq!(whole.collect::<Vec<_>>(), [answer.len() - 16]);
    }

    #[test]
    fn an_echo_is_answered_in_its_own_form() {
        let echo = Command::read(&command(ECHO, &[(AFFECTED_CLASS, "1.2.840.10008.1.1")])).unwrap();
        let answer = echo.response(Status::Success);
        assert_eq!(answer[..8], [0, 0, 0, 0, 4, 0, 0, 0]);
        assert_eq!(usize::from(answer[8]), answer.len() - 12, "the group's length");
        let read = Command::read(&answer).unwrap();
        assert_eq!((read.operation, read.field), (Operation::Unknown, 0x8030));
        assert!(!read.data);
    }
}
