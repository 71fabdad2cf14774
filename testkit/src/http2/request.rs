//! The head of an HTTP/2 request, as the servers know heads.

use http::request::Parts;

use crate::server::{Framing, Head};

/// Pseudo-fields become what they are in HTTP/1.1: the request line and the field `host`.
pub(super) fn head(parts: &Parts) -> Head {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let target = match (parts.uri.path_and_query(), authority) {
        (Some(path), _) => path.as_str(),
        (None, authority) => authority.unwrap_or_default(),
    };
    let host =
        authority.filter(|_| !parts.headers.contains_key("host")).map(|name| ("host".to_owned(), name.to_owned()));
    let fields = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Head {
        method: parts.method.as_str().to_owned(),
        target: target.to_owned(),
        headers: host.into_iter().chain(fields).collect(),
        // Frames tell where the body ends.
        framing: Framing::Length(0),
        is_http10: false,
        keep_alive: true,
        expects_continue: false,
    }
}
