//! What a `reqwest` error means.

use std::error::Error as StdError;
use std::io;

use super::{Reached, TransportError, TransportErrorKind};

/// An exchange that ended without the head of an answer.
pub(super) fn of_exchange(error: reqwest::Error, reused: bool) -> TransportError {
    let (kind, reached) = judge(&error);
    TransportError::new(kind, reached).on_reused(reused).caused_by(error.without_url())
}

/// An answer whose body ended early.
pub(super) fn of_body(error: reqwest::Error, reused: bool) -> TransportError {
    let kind = match find::<io::Error>(&error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset) => TransportErrorKind::Reset,
        _ => match find::<hyper::Error>(&error) {
            Some(error) if error.is_parse() => TransportErrorKind::Protocol,
            _ => TransportErrorKind::Closed,
        },
    };
    TransportError::new(kind, Reached::Headers).on_reused(reused).caused_by(error.without_url())
}

fn judge(error: &reqwest::Error) -> (TransportErrorKind, Reached) {
    if error.is_builder() {
        return (TransportErrorKind::Request, Reached::NotConnected);
    }
    if error.is_connect() {
        return (connecting(error), Reached::NotConnected);
    }
    if let Some(reason) = find::<h2::Error>(error).and_then(h2::Error::reason) {
        if reason == h2::Reason::REFUSED_STREAM {
            return (TransportErrorKind::Closed, Reached::Refused);
        }
    }
    let Some(error) = find::<hyper::Error>(error) else {
        return (TransportErrorKind::Closed, Reached::Written);
    };
    if error.is_canceled() {
        // The connection closed while the request still waited its turn on it.
        return (TransportErrorKind::Closed, Reached::NotWritten);
    }
    if error.is_user() {
        return (TransportErrorKind::RequestBody, Reached::Written);
    }
    if error.is_parse() {
        return (TransportErrorKind::Protocol, Reached::Headers);
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted) => {
            (TransportErrorKind::Reset, Reached::Written)
        }
        _ => (TransportErrorKind::Closed, Reached::Written),
    }
}

fn connecting(error: &reqwest::Error) -> TransportErrorKind {
    if error.is_dns() {
        return TransportErrorKind::Dns;
    }
    if error.is_timeout() {
        return TransportErrorKind::DialTimeout;
    }
    if find::<rustls::Error>(error).is_some() {
        return TransportErrorKind::Tls;
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => TransportErrorKind::Refused,
        // How rustls errors, wrapped by the connector, come out of tokio-rustls.
        Some(io::ErrorKind::InvalidData) => TransportErrorKind::Tls,
        _ => TransportErrorKind::Connect,
    }
}

/// The first error of type `T` in the chain of causes, looking into `io::Error`s.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
