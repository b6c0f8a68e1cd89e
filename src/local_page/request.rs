//! What a peer asks: the head of an HTTP/1.1 request, within bounds, and nothing after it.

use super::response::Status;
use super::token::CHARACTERS;

/// Longest head: browsers send about one kilobyte.
pub const HEAD_BYTES_MAX: usize = 8 << 10;
/// Browsers send about fifteen headers.
const HEADERS_MAX: usize = 48;
/// The cookie that is given for a token.
pub const COOKIE: &str = "raymap_page";

/// One request for something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Only the head of the answer is wanted.
    pub is_head: bool,
    /// Without a query.
    pub path: String,
    /// The token in the address.
    pub token: Option<String>,
    /// What follows `Authorization: Bearer`.
    pub bearers: Vec<Vec<u8>>,
    /// What cookies called [`COOKIE`] hold.
    pub cookies: Vec<Vec<u8>>,
}

impl Request {
    /// The request at the beginning of `bytes`; `None` while its head is not complete.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Status> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length > HEAD_BYTES_MAX => Err(Status::HeadTooLarge),
            Ok(httparse::Status::Complete(_)) => Self::of(&parsed).map(Some),
            Ok(httparse::Status::Partial) => Ok(None),
            Err(httparse::Error::TooManyHeaders) => Err(Status::HeadTooLarge),
            Err(_) => Err(Status::BadRequest),
        }
    }

    fn of(parsed: &httparse::Request) -> Result<Self, Status> {
        let is_head = match parsed.method {
            Some("GET") => false,
            Some("HEAD") => true,
            _ => return Err(Status::MethodNotAllowed),
        };
        let values = |name: &str| -> Vec<&[u8]> {
            let of_name = parsed.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
            of_name.map(|h| h.value).collect()
        };
        // What has a body wants to write; whom it is for must be clear (RFC 9112, 3.2).
        let has_body = !values("Transfer-Encoding").is_empty()
            || values("Content-Length").iter().any(|length| *length != b"0");
        let hosts = values("Host").len();
        if has_body || hosts > 1 || (hosts == 0 && parsed.version != Some(0)) {
            return Err(Status::BadRequest);
        }
        let (path, query) = target(parsed.path.unwrap_or_default())?;
        Ok(Self {
            is_head,
            path: path.to_owned(),
            token: token_of(query),
            bearers: values("Authorization").into_iter().filter_map(bearer).collect(),
            cookies: values("Cookie").into_iter().flat_map(cookies).collect(),
        })
    }
}

/// Path and query of a target in origin form.
fn target(text: &str) -> Result<(&str, &str), Status> {
    let plain = text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if plain { Ok(text.split_once('?').unwrap_or((text, ""))) } else { Err(Status::BadRequest) }
}

fn token_of(query: &str) -> Option<String> {
    query.split('&').find_map(|pair| pair.strip_prefix("token=")).map(String::from)
}

fn bearer(value: &[u8]) -> Option<Vec<u8>> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    let fits = scheme.eq_ignore_ascii_case(b"Bearer ") && token.len() <= CHARACTERS[1];
    fits.then(|| token.trim_ascii().to_vec())
}

fn cookies(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let pairs = value.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    pairs.filter_map(|pair| pair.strip_prefix(COOKIE.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Request>, Status> {
        Request::parse(text.as_bytes())
    }

    fn get(target: &str, headers: &str) -> Request {
        parse(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n")).unwrap().unwrap()
    }

    #[test]
    fn a_request_is_read_with_whatever_proves_the_token() {
        let request =
            get("/triage?x=1&token=abc", "AUTHORIZATION: bearer t1\r\nCookie: a=b; raymap_page=c1\r\n");
        assert_eq!((request.path.as_str(), request.token.as_deref()), ("/triage", Some("abc")));
        assert_eq!((request.bearers, request.cookies), (vec![b"t1".to_vec()], vec![b"c1".to_vec()]));
        let plain = get("/", "Authorization: Basic dDpw\r\nCookie: other_raymap_page=1\r\n");
        assert!(plain.token.is_none() && plain.bearers.is_empty() && plain.cookies.is_empty());
        assert!(parse("HEAD / HTTP/1.0\r\n\r\n").unwrap().unwrap().is_head);
    }

    #[test]
    fn a_head_that_is_not_complete_is_waited_for() {
        let whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), Ok(None), "{end}");
        }
        assert!(parse(whole).unwrap().is_some());
    }

    #[test]
    fn what_is_no_request_to_look_is_refused() {
        let check = |text: &str, status| assert_eq!(parse(text), Err(status), "{text}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND"] {
            check(&format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"), Status::MethodNotAllowed);
        }
        for first in [
            "GET / HTTP/2.0",
            "GET /",
            "GET  / HTTP/1.1",
            "GET http://a/ HTTP/1.1",
            "GET * HTTP/1.1",
            "GET /a#b HTTP/1.1",
            "GET /\u{e9} HTTP/1.1",
            "\u{1}\u{2} / HTTP/1.1",
            "\u{16}\u{3}\u{1}\u{2}",
        ] {
            check(&format!("{first}\r\nHost: a\r\n\r\n"), Status::BadRequest);
        }
        check("GET / HTTP/1.1\r\n\r\n", Status::BadRequest);
        for more in ["Host: b", "Content-Length: 5", "Transfer-Encoding: chunked", "no colon", "a: \u{1}"] {
            check(&format!("GET / HTTP/1.1\r\nHost: a\r\n{more}\r\n\r\n"), Status::BadRequest);
        }
        let many = "a: b\r\n".repeat(HEADERS_MAX);
        check(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), Status::HeadTooLarge);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_whatever_make_it_panic(bytes in proptest::collection::vec(0u8..=255, 0..300)) {
            let _ = Request::parse(&bytes);
            let _ = Request::parse(&[b"GET /?token=".as_slice(), &bytes, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat());
            let _ = Request::parse(&[b"GET / HTTP/1.1\r\nHost: a\r\nCookie: ".as_slice(), &bytes, b"\r\n\r\n"].concat());
        }
    }
}
