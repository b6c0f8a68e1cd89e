//! How an association is asked for, accepted or refused.
//!
//! Source: DICOM PS3.8, 9.3.2 to 9.3.4 and annex D.1 (user information).

use super::error::NetError;
use super::pdu::PDU_BYTES_MAX;
use crate::source::dicom::{Uid, is_read};

/// How an object that is sent is written: little endian, with explicit VR or with implicit VR, which has to be among
/// those offered (PS3.5, 10.1).
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
/// The result for a context that is taken, and for one whose transfer syntaxes are not supported (PS3.8, 9.3.3.2).
pub(crate) const TAKEN: u8 = 0;
const SYNTAXES: u8 = 4;

/// Verification: an echo.
pub(super) const VERIFICATION: &str = "1.2.840.10008.1.1";
/// What is stored: computed radiography, digital X-ray for presentation, secondary capture, and what others use.
const STORED: [&str; 5] = [
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.12.1",
    "1.2.840.10008.5.1.4.1.1.12.2",
];
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// This program, as DICOM wants it named: an UUID made for it once (PS3.5, B.2).
pub(super) const IMPLEMENTATION: &str = "2.25.276519844106187041960273338128764025413";
pub(super) const IMPLEMENTATION_NAME: &str = "RAYMAP_1";
/// Contexts in one request: their numbers are odd and one byte (PS3.8, 9.3.2.2).
const CONTEXTS_MAX: usize = 128;
/// Smallest unit of a peer's into which every answer fits.
const PEER_PDU_BYTES_MIN: u32 = 512;
/// Both titles, each in 16 bytes, begin here in a request; 32 bytes without meaning follow them.
const TITLES_AT: usize = 4;
const ITEMS_AT: usize = 68;

/// The name of an application entity: up to 16 characters without the spaces around them.
pub(super) fn title(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default().trim_matches([' ', '\0'])
}

/// One presentation context, as offered and as answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub id: u8,
    pub class: Uid,
    /// The first of those offered that is read; `None` when the context is refused.
    pub syntax: Option<Uid>,
    known: bool,
}

/// A request as it came.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub called: &'a str,
    pub calling: &'a str,
    titles: &'a [u8],
    pub contexts: Vec<Context>,
    peer_pdu_bytes: u32,
}

/// Why a request is refused: result, source and reason (PS3.8, 9.3.4), and in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rejection(pub [u8; 3], pub &'static str);

pub(super) const BUSY: Rejection = Rejection([2, 3, 2], "too many at once");
const CALLED: Rejection = Rejection([1, 1, 7], "it called another title than the station's");
const CALLING: Rejection = Rejection([1, 1, 3], "its own title is not among the callers");
const APPLICATION: Rejection = Rejection([1, 1, 1], "its units are too short for an answer");

impl<'a> Request<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, NetError> {
        let titles = body.get(TITLES_AT..TITLES_AT + 32).ok_or(NetError::Form)?;
        let (called, calling) = titles.split_at(16);
        let mut request = Self {
            called: title(called),
            calling: title(calling),
            titles,
            contexts: Vec::new(),
            peer_pdu_bytes: 0,
        };
        for (kind, value) in items(body.get(ITEMS_AT..).ok_or(NetError::Form)?)? {
            match kind {
                0x20 if request.contexts.len() < CONTEXTS_MAX => request.contexts.push(context(value)?),
                0x20 => return Err(NetError::Form),
                0x50 => request.peer_pdu_bytes = longest(value)?,
                _ => {}
            }
        }
        Ok(request)
    }

    /// Whether such a caller may talk to the station.
    pub(super) fn check(&self, own: &str, callers: &[String]) -> Result<(), Rejection> {
        if self.called != own {
            Err(CALLED)
        } else if !callers.iter().any(|known| known == self.calling) {
            Err(CALLING)
        } else if self.peer_pdu_bytes != 0 && self.peer_pdu_bytes < PEER_PDU_BYTES_MIN {
            Err(APPLICATION)
        } else {
            Ok(())
        }
    }

    /// The body of the answer that accepts.
    pub(super) fn acceptance(&self) -> Vec<u8> {
        let mut body = vec![0, 1, 0, 0];
        body.extend(self.titles);
        body.extend([0; 32]);
        put_item(&mut body, 0x10, APPLICATION_CONTEXT.as_bytes());
        for context in &self.contexts {
            let result = match (context.known, context.syntax) {
                (true, Some(_)) => 0,
                // Abstract syntax not supported; none of the transfer syntaxes supported.
                (false, _) => 3,
                (true, None) => 4,
            };
            let mut value = vec![context.id, 0, result, 0];
            put_item(&mut value, 0x40, context.syntax.as_ref().map_or("", Uid::as_str).as_bytes());
            put_item(&mut body, 0x21, &value);
        }
        put_item(&mut body, 0x50, &user());
        body
    }
}

/// The body of a request by `calling` to `called` for objects of these classes: contexts 1, 3, 5 and so on.
pub(crate) fn request(called: &str, calling: &str, classes: &[&str]) -> Vec<u8> {
    let mut body = vec![0, 1, 0, 0];
    body.extend(format!("{called:<16.16}{calling:<16.16}").bytes());
    body.extend([0; 32]);
    put_item(&mut body, 0x10, APPLICATION_CONTEXT.as_bytes());
    for (class, id) in classes.iter().zip((1..).step_by(2)) {
        let mut context = vec![id, 0, 0, 0];
        put_item(&mut context, 0x30, class.as_bytes());
        [EXPLICIT, IMPLICIT].iter().for_each(|s| put_item(&mut context, 0x40, s.as_bytes()));
        put_item(&mut body, 0x20, &context);
    }
    put_item(&mut body, 0x50, &user());
    body
}

/// What a peer answers to one context.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answered {
    pub id: u8,
    /// [`TAKEN`], or why not: 1 and 2 may be another one later, 3 and 4 are for good.
    pub result: u8,
    /// Whether it is to be written with implicit VR.
    pub is_implicit: bool,
}

/// What a peer that was called accepts.
#[derive(Debug, PartialEq)]
pub(crate) struct Acceptance {
    pub contexts: Vec<Answered>,
    /// The longest unit that it takes; 0: it sets no limit.
    pub pdu_bytes: u32,
}

impl Acceptance {
    pub(crate) fn read(body: &[u8]) -> Result<Self, NetError> {
        let mut acceptance = Self { contexts: Vec::new(), pdu_bytes: 0 };
        for (kind, value) in items(body.get(ITEMS_AT..).ok_or(NetError::Form)?)? {
            match (kind, value) {
                (0x21, [id, _, result, _, syntax @ ..]) => {
                    let chosen = items(syntax)?;
                    let is = |wanted| chosen.iter().any(|(kind, uid)| *kind == 0x40 && title(uid) == wanted);
                    let is_implicit = is(IMPLICIT);
                    let is_unknown = *result == TAKEN && !is_implicit && !is(EXPLICIT);
                    let result = if is_unknown { SYNTAXES } else { *result };
                    acceptance.contexts.push(Answered { id: *id, result, is_implicit });
                }
                (0x50, user) => acceptance.pdu_bytes = longest(user)?,
                _ => {}
            }
        }
        Ok(acceptance)
    }
}

/// What this program says of itself.
fn user() -> Vec<u8> {
    let mut user = Vec::new();
    put_item(&mut user, 0x51, &PDU_BYTES_MAX.to_be_bytes());
    put_item(&mut user, 0x52, IMPLEMENTATION.as_bytes());
    put_item(&mut user, 0x55, IMPLEMENTATION_NAME.as_bytes());
    user
}

/// Items of a type, a reserved byte, a length and as many bytes.
fn items(mut bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, NetError> {
    let mut items = Vec::new();
    while let Some(([kind, _, high, low], rest)) = bytes.split_first_chunk::<4>() {
        let length = u16::from_be_bytes([*high, *low]).into();
        let (value, rest) = rest.split_at_checked(length).ok_or(NetError::Form)?;
        items.push((*kind, value));
        bytes = rest;
    }
    if bytes.is_empty() { Ok(items) } else { Err(NetError::Form) }
}

fn put_item(to: &mut Vec<u8>, kind: u8, value: &[u8]) {
    to.extend([kind, 0]);
    to.extend((value.len() as u16).to_be_bytes());
    to.extend(value);
}

fn context(value: &[u8]) -> Result<Context, NetError> {
    let [id, _, _, _, sub @ ..] = value else { return Err(NetError::Form) };
    let mut context = Context { id: *id, class: Uid::new(""), syntax: None, known: false };
    for (kind, value) in items(sub)? {
        let uid = Uid::new(title(value));
        match kind {
            0x30 => {
                context.class = uid;
                context.known = uid.as_str() == VERIFICATION || STORED.contains(&uid.as_str());
            }
            0x40 if context.known && context.syntax.is_none() && is_read(uid.as_str()) => {
                context.syntax = Some(uid);
            }
            _ => {}
        }
    }
    Ok(context)
}

/// The longest unit that the peer takes; 0 when it sets no limit.
fn longest(user: &[u8]) -> Result<u32, NetError> {
    let found = items(user)?.into_iter().find(|(kind, _)| *kind == 0x51);
    let bytes = found.map(|(_, value)| <[u8; 4]>::try_from(value).map_err(|_| NetError::Form));
    Ok(bytes.transpose()?.map_or(0, u32::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of one context.
    pub fn request(called: &str, calling: &str, class: &str, syntaxes: &[&str]) -> Vec<u8> {
        let mut body = vec![0, 1, 0, 0];
        body.extend(format!("{called:<16}{calling:<16}").bytes());
        body.extend([0; 32]);
        put_item(&mut body, 0x10, APPLICATION_CONTEXT.as_bytes());
        let mut context = vec![1, 0, 0, 0];
        put_item(&mut context, 0x30, class.as_bytes());
        syntaxes.iter().for_each(|s| put_item(&mut context, 0x40, s.as_bytes()));
        put_item(&mut body, 0x20, &context);
        let mut user = Vec::new();
        put_item(&mut user, 0x51, &16_384u32.to_be_bytes());
        put_item(&mut body, 0x50, &user);
        body
    }

    #[test]
    fn only_known_callers_of_the_station_s_own_title_are_let_in() {
        let check = |called: &str, calling: &str, expected: Result<(), Rejection>| {
            let body = request(called, calling, VERIFICATION, &["1.2.840.10008.1.2"]);
            assert_eq!(Request::read(&body).unwrap().check("RAYMAP", &["UNIT1".into()]), expected);
        };
        check("RAYMAP", "UNIT1", Ok(()));
        check("RAYMAP", "UNIT2", Err(CALLING));
        check("RAYMAP", "unit1", Err(CALLING));
        check("RAYMAP", "", Err(CALLING));
        check("ANY", "UNIT1", Err(CALLED));
    }

    #[test]
    fn a_context_gets_the_first_syntax_that_is_read() {
        let chosen = |class: &str, syntaxes: &[&str]| {
            let body = request("A", "B", class, syntaxes);
            let context = Request::read(&body).unwrap().contexts[0];
            context.syntax.map(|uid| uid.as_str().to_owned())
        };
        let (mpeg, implicit) = ("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2");
        assert_eq!(chosen(STORED[0], &[mpeg, implicit, "1.2.840.10008.1.2.1"]), Some(implicit.into()));
        assert_eq!(chosen(STORED[0], &[mpeg]), None);
        assert_eq!(chosen("1.2.840.10008.5.1.4.1.1.2", &[implicit]), None, "a CT slice");
    }

    #[test]
    fn what_is_asked_for_as_a_caller_is_understood_by_a_called_one() {
        let body = super::request("ARCHIVE", "RAYMAP", &[STORED[2], "1.2.840.10008.5.1.4.1.1.66.4"]);
        let request = Request::read(&body).unwrap();
        assert_eq!((request.called, request.calling, request.contexts.len()), ("ARCHIVE", "RAYMAP", 2));
        let answer = Acceptance::read(&request.acceptance()).unwrap();
        // A station takes captures, and no segmentations.
        let contexts = [(1, TAKEN), (3, 3)].map(|(id, result)| Answered { id, result, is_implicit: false });
        assert_eq!(answer, Acceptance { contexts: contexts.into(), pdu_bytes: PDU_BYTES_MAX });
        assert!(Acceptance::read(&body[..40]).is_err());
    }

    #[test]
    fn what_an_archive_answers_to_a_context_is_told_apart() {
        let answer = |result: u8, syntax: &str| {
            let mut body = vec![0; ITEMS_AT];
            let mut value = vec![5, 0, result, 0];
            put_item(&mut value, 0x40, syntax.as_bytes());
            put_item(&mut body, 0x21, &value);
            let answered = Acceptance::read(&body).unwrap().contexts[0];
            (answered.id, answered.result, answered.is_implicit)
        };
        assert_eq!(answer(0, EXPLICIT), (5, TAKEN, false));
        assert_eq!(answer(0, IMPLICIT), (5, TAKEN, true));
        assert_eq!(answer(0, "1.2.840.10008.1.2.2").1, SYNTAXES, "one that was not offered");
        assert_eq!([1, 2, 3, 4].map(|result| answer(result, "").1), [1, 2, 3, 4]);
    }

    #[test]
    fn every_cut_of_a_request_is_refused_or_whole() {
        let body = request("RAYMAP", "UNIT1", STORED[1], &["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]);
        let whole = Request::read(&body).unwrap();
        assert_eq!((whole.contexts.len(), whole.peer_pdu_bytes), (1, 16_384));
        let read = (0..body.len()).filter(|end| Request::read(&body[..*end]).is_ok()).count();
        // Between its three items it can be cut without a trace.
        assert_eq!(read, 3);
    }
}
