//! What the errors of `hyper` and `h2` mean.

use std::error::Error as StdError;
use std::io;

use crate::attempt::Reached;
use crate::transport::{TransportError, TransportErrorKind, tls};

/// An exchange over HTTP/1.1 that ended without the head of an answer.
pub(super) fn of_http1(error: hyper::Error, written: bool, reused: bool) -> TransportError {
    if let Some(words) = find_io(&error).filter(|_| !reused).and_then(tls::refusal_of_us) {
        return TransportError::new(TransportErrorKind::Tls, Reached::Refused).detailed(words).caused_by(error);
    }
    let reached = if written { Reached::Written } else { Reached::NotWritten };
    let (kind, reached) = if error.is_parse() {
        // What came is no head, but something came.
        (TransportErrorKind::Protocol, Reached::Headers)
    } else if error.is_user() {
        (TransportErrorKind::RequestBody, reached)
    } else {
        (of_io(&error), reached)
    };
    TransportError::new(kind, reached).on_reused(reused).caused_by(error)
}

/// An answer over HTTP/1.1 whose body ended early.
pub(super) fn of_body(error: hyper::Error) -> TransportError {
    let kind = if error.is_parse() { TransportErrorKind::Protocol } else { of_io(&error) };
    TransportError::new(kind, Reached::Headers).caused_by(error)
}

/// An exchange over HTTP/2 that got as far as `reached` (RFC 9113, sections 6.8, 7 and 8.7).
pub(super) fn of_http2(error: h2::Error, reached: Reached) -> TransportError {
    let early = reached < Reached::Headers;
    if let Some(words) = error.get_io().filter(|_| early).and_then(tls::refusal_of_us) {
        return TransportError::new(TransportErrorKind::Tls, Reached::Refused).detailed(words).caused_by(error);
    }
    let (kind, reached) = if error.is_io() {
        (of_io(&error), reached)
    } else if error.is_go_away() && error.is_remote() {
        // Only streams above the last that the server says it looks at end so.
        (TransportErrorKind::GoAway, if early { Reached::Refused } else { reached })
    } else if error.is_reset() && error.is_remote() {
        match error.reason() {
            Some(h2::Reason::REFUSED_STREAM) if early => (TransportErrorKind::StreamRefused, Reached::Refused),
            _ => (TransportErrorKind::Reset, reached),
        }
    } else if error.is_library() || error.is_reset() || error.is_go_away() {
        (TransportErrorKind::Protocol, reached)
    } else {
        (TransportErrorKind::Request, reached)
    };
    TransportError::new(kind, reached).caused_by(error)
}

fn of_io(error: &(dyn StdError + 'static)) -> TransportErrorKind {
    match find_io(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) => TransportErrorKind::Reset,
        // How broken chunks come out of hyper.
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => TransportErrorKind::Protocol,
        _ => TransportErrorKind::Closed,
    }
}

/// The first I/O error in the chain of causes.
fn find_io<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(h2) = error.downcast_ref::<h2::Error>() {
            return h2.get_io();
        }
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
