//! Reading the head of a request: request line, header fields, and what they say of the body.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::Headers;

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    /// As sent: path and query, or a whole URL from a client that takes the server for a proxy.
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) framing: Framing,
    pub(crate) is_http10: bool,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// Why there is no head.
#[derive(Debug)]
pub(crate) enum NoHead {
    /// The client closed, between two requests or in the middle of one.
    Closed,
    /// What it sent is not a request that this server takes: the status to answer.
    Refused(u16, &'static str),
}

/// The longest head that is read, in bytes.
const LONGEST: usize = 64 * 1024;
const MOST_FIELDS: usize = 128;

impl Head {
    /// The path without the query, and without scheme and authority.
    pub(crate) fn path(&self) -> &str {
        let target = self.target.split(['?', '#']).next().unwrap_or_default();
        match target.split_once("://") {
            Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |slash| &rest[slash..]),
            _ => target,
        }
    }

    /// What follows the path after a `?`; empty where there is none.
    pub(crate) fn query(&self) -> &str {
        let target = self.target.split('#').next().unwrap_or_default();
        target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Reads the next head; what follows it stays in `buffer`.
    pub(crate) async fn read(socket: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> Result<Self, NoHead> {
        loop {
            if let Some(head) = parse(buffer)? {
                return Ok(head);
            }
            if buffer.len() >= LONGEST {
                return Err(NoHead::Refused(431, "the head of the request is longer than 64 KiB"));
            }
            buffer.reserve(4096);
            if read_more(socket, buffer).await.unwrap_or(0) == 0 {
                return Err(NoHead::Closed);
            }
        }
    }
}

/// Reads once into the spare room of `buffer`; 0 is the end.
pub(super) async fn read_more(socket: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> io::Result<usize> {
    loop {
        match socket.read_buf(buffer).await {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn parse(buffer: &mut BytesMut) -> Result<Option<Head>, NoHead> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(NoHead::Refused(431, "the request has more than 128 header fields"));
        }
        Err(_) => return Err(NoHead::Refused(400, "this is not an HTTP/1 request")),
    };
    let headers: Headers =
        request.headers.iter().map(|field| (field.name, String::from_utf8_lossy(field.value))).collect();
    let is_http10 = request.version == Some(0);
    let framing = framing(&headers)?;
    let head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        framing,
        is_http10,
        keep_alive: match is_http10 {
            true => headers.lists("connection", "keep-alive"),
            false => !headers.lists("connection", "close"),
        },
        expects_continue: !is_http10 && headers.lists("expect", "100-continue"),
        headers,
    };
    buffer.advance(length);
    Ok(Some(head))
}

/// RFC 9112, section 6.3, for requests.
fn framing(headers: &Headers) -> Result<Framing, NoHead> {
    let mut lengths = headers.get_all("content-length").flat_map(|value| value.split(',')).map(str::trim);
    let length = match lengths.next() {
        Some(first) => {
            let digits = first.bytes().all(|byte| byte.is_ascii_digit());
            let length = first.parse().ok().filter(|_| digits && lengths.all(|other| other == first));
            Some(length.ok_or(NoHead::Refused(400, "the Content-Length of the request makes no sense"))?)
        }
        None => None,
    };
    if !headers.contains("transfer-encoding") {
        return Ok(Framing::Length(length.unwrap_or(0)));
    }
    let mut codings = headers.get_all("transfer-encoding").flat_map(|value| value.split(',')).map(str::trim);
    let only_chunked = codings.next().is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    if length.is_some() || !only_chunked || codings.next().is_some() {
        return Err(NoHead::Refused(400, "the Transfer-Encoding of the request is not chunked alone"));
    }
    Ok(Framing::Chunked)
}
