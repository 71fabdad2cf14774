//! What a `reqwest` error means.

use std::error::Error as StdError;
use std::io;

use super::{Reached, TransportError, TransportErrorKind, tls};

/// An exchange that ended without the head of an answer; `by_proxy` if it was to go through one.
pub(super) fn of_exchange(error: reqwest::Error, reused: bool, by_proxy: bool) -> TransportError {
    if let Some(words) = refusal_of_us(&error).filter(|_| !reused) {
        let failed = TransportError::new(TransportErrorKind::Tls, Reached::Refused).detailed(words);
        return failed.caused_by(error.without_url());
    }
    let (kind, reached) = judge(&error, by_proxy);
    let failed = TransportError::new(kind, reached).on_reused(reused);
    let failed = match kind {
        TransportErrorKind::Tls => failed.detailed(find(&error).map_or("the handshake failed".into(), tls::words)),
        TransportErrorKind::Proxy => failed.detailed(refusal(&error)),
        _ => failed,
    };
    failed.caused_by(error.without_url())
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

/// What a server says of our certificate once the handshake seemed to be over.
fn refusal_of_us(error: &reqwest::Error) -> Option<std::borrow::Cow<'static, str>> {
    if error.is_connect() {
        return None;
    }
    let io = find::<h2::Error>(error).and_then(h2::Error::get_io).or_else(|| find(error));
    io.and_then(tls::refusal_of_us)
}

fn judge(error: &reqwest::Error, by_proxy: bool) -> (TransportErrorKind, Reached) {
    if error.is_builder() {
        return (TransportErrorKind::Request, Reached::NotConnected);
    }
    if error.is_connect() {
        return (connecting(error, by_proxy), Reached::NotConnected);
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

fn connecting(error: &reqwest::Error, by_proxy: bool) -> TransportErrorKind {
    if error.is_timeout() {
        return TransportErrorKind::DialTimeout;
    }
    if find::<rustls::Error>(error).is_some() {
        return TransportErrorKind::Tls;
    }
    if by_proxy {
        return TransportErrorKind::Proxy;
    }
    if error.is_dns() {
        return TransportErrorKind::Dns;
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => TransportErrorKind::Refused,
        // How `hyper-util` says that there was no address to try.
        Some(io::ErrorKind::NotConnected) => TransportErrorKind::Dns,
        // How rustls errors, wrapped by the connector, come out of tokio-rustls.
        Some(io::ErrorKind::InvalidData) => TransportErrorKind::Tls,
        _ => TransportErrorKind::Connect,
    }
}

/// What a proxy's failure was, as far as the words of `hyper-util` tell; it has no types for them.
fn refusal(error: &reqwest::Error) -> &'static str {
    if error.is_dns() {
        return "the host name does not resolve";
    }
    if find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        return "connection refused";
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        match error.to_string() {
            text if text.contains("proxy authorization required") => {
                return "it answered 407 to CONNECT: it wants credentials";
            }
            text if text.starts_with("SOCKS error") => return "it refuses the connection",
            text if text.starts_with("tunnel error") => return "it refuses CONNECT",
            _ => next = error.source(),
        }
    }
    "it cannot be reached"
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
