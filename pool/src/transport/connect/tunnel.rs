//! A tunnel through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6).

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{TransportError, TransportErrorKind, not_connected};
use crate::proxy::Credentials;

/// The most bytes that the head of the proxy's answer may have.
const MAX_HEAD: usize = 16 * 1024;

/// The most header fields in it.
const MAX_FIELDS: usize = 100;

/// The value of `Proxy-Authorization` (RFC 7617), marked as sensitive.
pub(super) fn basic(credentials: &Credentials) -> HeaderValue {
    let text = STANDARD.encode(format!("{}:{}", credentials.user, credentials.password));
    // Base64 is always a valid value.
    let mut value = HeaderValue::try_from(format!("Basic {text}")).unwrap_or(HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// Asks the proxy at the other end of `io` for a tunnel to `host`.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut S,
    host: &str,
    port: u16,
    authorization: Option<&HeaderValue>,
) -> Result<(), TransportError> {
    let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
    let authority = format!("{open}{host}{close}:{port}");
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(value) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    io.write_all(&request).await.map_err(lost)?;
    io.flush().await.map_err(lost)?;
    match answer(io).await? {
        200..=299 => Ok(()),
        407 if authorization.is_some() => Err(failed("it answered 407 to CONNECT: it refuses the credentials")),
        407 => Err(failed("it answered 407 to CONNECT: it wants credentials")),
        status => Err(failed(format!("it answered {status} to CONNECT"))),
    }
}

/// The status of the proxy's answer. Nothing of what may follow its head is read: it would be the host's.
async fn answer<S: AsyncRead + Unpin>(io: &mut S) -> Result<u16, TransportError> {
    let mut head = Vec::with_capacity(512);
    loop {
        let room = MAX_HEAD - head.len();
        if room == 0 {
            return Err(failed("the head of its answer is too long"));
        }
        let read = (&mut *io).take(room as u64).read_buf(&mut head).await.map_err(lost)?;
        if read == 0 {
            return Err(failed("it closed the connection before an answer"));
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        match parsed.parse(&head) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(length)) => {
                let status = parsed.code.unwrap_or_default();
                // A host speaks first in no protocol that goes through here.
                return match head.len() == length || !(200..300).contains(&status) {
                    true => Ok(status),
                    false => Err(failed("it sent more than an answer")),
                };
            }
            Err(error) => return Err(failed("it does not speak valid HTTP").caused_by(error)),
        }
    }
}

fn lost(error: io::Error) -> TransportError {
    failed("the connection to it was lost").caused_by(error)
}

fn failed(detail: impl Into<std::borrow::Cow<'static, str>>) -> TransportError {
    not_connected(TransportErrorKind::Proxy).detailed(detail)
}
