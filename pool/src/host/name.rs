//! What hosts are called, so that one host has one name.

use std::borrow::Cow;

use url::{Host, Position, Url};

use crate::error::{Error, ErrorKind};

/// The name of the host that a URL goes to: as it is dialled, with its port where that is neither 80 nor 443, and without
/// the dot that a fully qualified name may end with. Costs nothing where the URL has it so already.
pub(crate) fn of(url: &Url) -> Cow<'_, str> {
    let dialled = &url[Position::BeforeHost..Position::AfterPort];
    let name = url.host_str().unwrap_or_default();
    if !name.ends_with('.') && !url.port().is_some_and(is_default) {
        return Cow::Borrowed(dialled);
    }
    Cow::Owned(join(name.strip_suffix('.').unwrap_or(name), url.port()))
}

/// A host, or all hosts below a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `api.example.com`, `api.example.com:8443`, `[::1]`
    Exact(String),
    /// `.example.com`, `.example.com:8443`: any name that ends so.
    Suffix(String),
}

impl Pattern {
    /// Reads a host's name as people write it: in any case and script, with or without port; or `*.example.com`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::new(ErrorKind::Config, format!("`{text}` names no host: give one like api.example.com"));
        let (name, port) = split(text).ok_or_else(wrong)?;
        let below = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
        let bare = below.unwrap_or(name);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        if bare.contains('*') {
            return Err(wrong());
        }
        let host = match bare.parse::<std::net::Ipv6Addr>() {
            Ok(ip) => Host::Ipv6(ip),
            Err(_) => Host::parse(bare).map_err(|_| wrong())?,
        };
        match (below, host) {
            (None, host) => Ok(Self::Exact(join(&host.to_string(), port))),
            (Some(_), Host::Domain(domain)) => Ok(Self::Suffix(format!(".{}", join(&domain, port)))),
            (Some(_), _) => Err(wrong()),
        }
    }
}

/// The host's name as [`of`] gives it, from what people write; as it is where it is none.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match Pattern::parse(text) {
        Ok(Pattern::Exact(name)) => Cow::Owned(name),
        _ => Cow::Borrowed(text),
    }
}

/// Name and port of what [`of`] gives.
pub(super) fn parts(host: &str) -> (&str, Option<u16>) {
    split(host).unwrap_or((host, None))
}

pub(super) fn join(name: &str, port: Option<u16>) -> String {
    match port {
        Some(port) if !is_default(port) => format!("{name}:{port}"),
        _ => name.to_owned(),
    }
}

/// `None` when what should be a port is none.
fn split(text: &str) -> Option<(&str, Option<u16>)> {
    match text.rsplit_once(':') {
        // More than one colon outside of brackets: an IPv6 address without port.
        Some((name, _)) if name.contains(':') && !name.ends_with(']') => Some((text, None)),
        Some((name, port)) => Some((name, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

fn is_default(port: u16) -> bool {
    matches!(port, 80 | 443)
}

#[cfg(test)]
mod tests {
    use super::{Pattern, of, plain};

    #[test]
    fn one_host_has_one_name() {
        for (url, expected) in [
            ("https://API.Example.com/x?y", "api.example.com"),
            ("https://api.example.com:443/", "api.example.com"),
            ("http://api.example.com:80/", "api.example.com"),
            ("http://api.example.com:443/", "api.example.com"),
            ("https://api.example.com./", "api.example.com"),
            ("https://api.example.com.:8443/", "api.example.com:8443"),
            ("http://bücher.example/", "xn--bcher-kva.example"),
            ("http://[::1]/", "[::1]"),
            ("http://[::1]:8080/", "[::1]:8080"),
            ("http://127.1:8080/", "127.0.0.1:8080"),
        ] {
            assert_eq!(of(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for (text, expected) in [
            ("API.example.com.", "api.example.com"),
            ("api.example.com:443", "api.example.com"),
            ("api.example.com:8443", "api.example.com:8443"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("[::1]:8080", "[::1]:8080"),
            ("10.0.0.1:80", "10.0.0.1"),
        ] {
            assert_eq!(Pattern::parse(text).unwrap(), Pattern::Exact(expected.to_owned()), "{text}");
            assert_eq!(plain(text), expected);
        }
        for text in ["*.Example.com", ".example.com", "*.example.com.", ".example.com:443"] {
            assert_eq!(Pattern::parse(text).unwrap(), Pattern::Suffix(".example.com".to_owned()), "{text}");
        }
        for text in ["", "https://host", "a b", "host:port", "*.0.0.1", "*.", "*", "a/b", "host:99999"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
