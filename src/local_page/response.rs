//! What is answered: a status, strict headers, and a body that is never kept by who gets it.

use std::io::{self, Write};
use std::sync::Arc;

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Ok = 200,
    SeeOther = 303,
    BadRequest = 400,
    Unauthorized = 401,
    NotFound = 404,
    MethodNotAllowed = 405,
    Timeout = 408,
    TooMany = 429,
    HeadTooLarge = 431,
    Failed = 500,
    Busy = 503,
}

impl Status {
    #[cfg(test)]
    const ALL: [Self; 11] = [
        Self::Ok,
        Self::SeeOther,
        Self::BadRequest,
        Self::Unauthorized,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::TooMany,
        Self::HeadTooLarge,
        Self::Failed,
        Self::Busy,
    ];

    fn phrase(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::SeeOther => "See Other",
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::Timeout => "Request Timeout",
            Self::TooMany => "Too Many Requests",
            Self::HeadTooLarge => "Request Header Fields Too Large",
            Self::Failed => "Internal Server Error",
            Self::Busy => "Service Unavailable",
        }
    }

    /// The header that goes with it.
    fn header(self) -> &'static str {
        match self {
            Self::Unauthorized => "WWW-Authenticate: Bearer realm=\"raymap\"\r\n",
            Self::MethodNotAllowed => "Allow: GET, HEAD\r\n",
            Self::TooMany | Self::Busy => "Retry-After: 2\r\n",
            _ => "",
        }
    }

    /// What to do, for a person.
    fn advice(self) -> &'static str {
        match self {
            Self::Unauthorized => {
                "Open the address with ?token= and the token, or send it as a bearer token."
            }
            Self::TooMany | Self::Busy => "Try again in a moment.",
            _ => "",
        }
    }
}

/// Nothing is fetched from elsewhere, run, framed, sent on or kept.
const HEADERS: &str = "\
    Content-Security-Policy: default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cache-Control: no-store\r\n\
    Connection: close\r\n";

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Html,
    Css,
    Png,
    Json,
    Text,
    /// Prometheus's text format.
    Figures,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Css => "text/css; charset=utf-8",
            Self::Png => "image/png",
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::Figures => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: Status,
    kind: Kind,
    body: Arc<Vec<u8>>,
    /// Where to go instead, with the cookie to take there.
    elsewhere: Option<(String, String)>,
}

impl Response {
    pub fn ok(kind: Kind, body: impl Into<Vec<u8>>) -> Self {
        Self::shared(kind, Arc::new(body.into()))
    }

    /// The same for a body that others have as well.
    pub fn shared(kind: Kind, body: Arc<Vec<u8>>) -> Self {
        Self { status: Status::Ok, kind, body, elsewhere: None }
    }

    /// An answer without content, in words.
    pub fn plain(status: Status) -> Self {
        let text = format!("{} {}\n{}\n", status as u16, status.phrase(), status.advice());
        Self { status, ..Self::ok(Kind::Text, text) }
    }

    /// To `path` of this page, with this cookie.
    pub fn elsewhere(path: String, cookie: String) -> Self {
        Self { elsewhere: Some((path, cookie)), ..Self::plain(Status::SeeOther) }
    }

    /// Writes all of it, or its head alone.
    pub fn write(&self, to: &mut impl Write, head_alone: bool) -> io::Result<()> {
        let (status, length) = (self.status, self.body.len());
        let mut head = format!("HTTP/1.1 {} {}\r\n{HEADERS}", status as u16, status.phrase());
        head.push_str(status.header());
        head.push_str(&format!("Content-Type: {}\r\nContent-Length: {length}\r\n", self.kind.name()));
        if let Some((path, cookie)) = &self.elsewhere {
            head.push_str(&format!("Location: {path}\r\nSet-Cookie: {cookie}\r\n"));
        }
        head.push_str("\r\n");
        to.write_all(head.as_bytes())?;
        if head_alone { Ok(()) } else { to.write_all(&self.body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: &Response, head_alone: bool) -> String {
        let mut bytes = Vec::new();
        response.write(&mut bytes, head_alone).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_answer_has_the_strict_headers() {
        for status in Status::ALL {
            let text = written(&Response::plain(status), false);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {} ", status as u16)), "{head}");
            for header in [
                "Content-Security-Policy: default-src 'none'; img-src 'self'; style-src 'self';",
                "frame-ancestors 'none'",
                "X-Content-Type-Options: nosniff",
                "Referrer-Policy: no-referrer",
                "Cache-Control: no-store",
            ] {
                assert!(head.contains(header), "{status:?}: {header}");
            }
            assert!(head.contains(&format!("Content-Length: {}", body.len())));
            assert!(
                head.split("\r\n").skip(1).all(|line| line.contains(": ") && !line.starts_with(' ')),
                "{head}"
            );
        }
    }

    #[test]
    fn the_head_alone_is_the_same_without_a_body() {
        let response = Response::ok(Kind::Json, "{}");
        assert_eq!(format!("{}{{}}", written(&response, true)), written(&response, false));
    }
}
