//! Whom a set's connections lead to, and what every request to it repeats.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use http::HeaderValue;
use http::uri::Authority;
use url::Url;

use super::super::connect::Target;
use crate::redact::authority;

/// The facts of a target.
pub(super) struct Peer {
    pub(super) target: Target,
    /// Host and port as the URL has them: the name of its figures.
    pub(super) name: Box<str>,
    pub(super) host: HeaderValue,
    pub(super) authority: Authority,
}

impl Peer {
    /// The peer of a URL; `None` when it has no host that HTTP can name.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let Parts { https, host, port } = Parts::of(url)?;
        let name = authority(url).into_boxed_str();
        Some(Self {
            target: Target { https, host: host.into(), port },
            host: HeaderValue::from_str(&name).ok()?,
            authority: name.parse().ok()?,
            name,
        })
    }
}

/// What tells targets apart, borrowed from a URL, so that looking one up allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Parts<'u> {
    https: bool,
    host: &'u str,
    port: u16,
}

impl<'u> Parts<'u> {
    pub(super) fn of(url: &'u Url) -> Option<Self> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host_str()?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Self { https, host, port: url.port_or_known_default()? })
    }
}

/// A key of the map of targets: an owned target, or the parts of a URL.
pub(super) trait Key {
    fn parts(&self) -> Parts<'_>;
}

impl Key for Target {
    fn parts(&self) -> Parts<'_> {
        Parts { https: self.https, host: &self.host, port: self.port }
    }
}

impl Key for Parts<'_> {
    fn parts(&self) -> Parts<'_> {
        *self
    }
}

impl Hash for dyn Key + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for dyn Key + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Key + '_ {}

/// A target that hashes as its parts do.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Known(pub(super) Target);

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.parts().hash(state);
    }
}

impl<'k> Borrow<dyn Key + 'k> for Known {
    fn borrow(&self) -> &(dyn Key + 'k) {
        &self.0
    }
}
