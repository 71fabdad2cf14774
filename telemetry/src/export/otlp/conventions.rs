//! Which series stand for what the semantic conventions name.

use std::collections::BTreeSet;

use super::super::Bounds;
use super::super::family::Labels;
use super::super::unit::Unit;
use crate::Key;
use crate::calls::series;

/// Which prefixes of [`Calls`](crate::Calls) are exported by the [semantic conventions] of HTTP clients and of generative
/// AI: `pool` and `llm` by default.
///
/// [semantic conventions]: https://opentelemetry.io/docs/specs/semconv/
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conventions {
    http: BTreeSet<String>,
    gen_ai: BTreeSet<String>,
}

/// What a family is called, and how it leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) unit: &'static str,
    pub(super) scale: Unit,
    /// `sum`, `gauge` or `histogram`.
    pub(super) form: &'static str,
    /// Whether a sum only grows.
    pub(super) grows: bool,
}

impl Conventions {
    /// No prefix: every series keeps its name and labels.
    #[must_use]
    pub fn none() -> Self {
        Self { http: BTreeSet::new(), gen_ai: BTreeSet::new() }
    }

    /// The calls with this prefix are of an HTTP client.
    #[must_use]
    pub fn http(mut self, prefix: impl Into<String>) -> Self {
        self.http.insert(prefix.into());
        self
    }

    /// The calls with this prefix are of a client of models.
    #[must_use]
    pub fn gen_ai(mut self, prefix: impl Into<String>) -> Self {
        self.gen_ai.insert(prefix.into());
        self
    }

    /// The name and the attributes of a series. Where the names of generative AI are `told` by series of their own, the
    /// calls keep theirs.
    pub(super) fn of(&self, key: &Key, kind: &'static str, told: bool) -> (Name, Labels) {
        let (scale, stem) = Unit::of(key.name());
        let (of_http, of_model) = (split(&self.http, key.name()), split(&self.gen_ai, key.name()));
        let mut labels: Labels = if of_http.is_some() || of_model.is_some() {
            key.labels().flat_map(|(name, value)| attribute(name, value)).collect()
        } else {
            key.labels().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let own = match scale {
            Unit::Duration => (stem, "s"),
            Unit::Bytes => (stem, "By"),
            Unit::None => (stem, "1"),
        };
        let (text, unit) = match (of_http, of_model) {
            (Some(series::ATTEMPT_LATENCY), _) => ("http.client.request.duration", "s"),
            (Some(series::ACTIVE), _) => (ACTIVE_REQUESTS, "{request}"),
            _ if key.name() == TOKEN_USAGE => (TOKEN_USAGE, "{token}"),
            (_, Some(series::CALL_LATENCY)) if !told => ("gen_ai.client.operation.duration", "s"),
            (_, Some(series::TOKENS_IN)) if !told => token_usage(&mut labels, "input"),
            (_, Some(series::TOKENS_OUT)) if !told => token_usage(&mut labels, "output"),
            _ => own,
        };
        let form = match kind {
            "counter" => "sum",
            "gauge" if text == ACTIVE_REQUESTS => "sum",
            kind => kind,
        };
        (Name { text: text.to_owned(), unit, scale, form, grows: kind == "counter" }, labels)
    }

    /// The bounds of a histogram's buckets.
    pub(super) fn bounds(&self, name: &str, bounds: &Bounds) -> Vec<u64> {
        match split(&self.gen_ai, name) {
            _ if is_told(name) && name.ends_with("_ns") => bounds.of_generation(name),
            Some(series::CALL_LATENCY) => bounds.of_generation(name),
            _ => bounds.of(name),
        }
    }
}

impl Default for Conventions {
    fn default() -> Self {
        Self::none().http("pool").gen_ai("llm")
    }
}

const TOKEN_USAGE: &str = "gen_ai.client.token.usage";

/// Whether a series bears a name of the conventions itself.
pub(super) fn is_told(name: &str) -> bool {
    name.starts_with("gen_ai.client.")
}

/// The conventions have it as a sum that goes up and down.
const ACTIVE_REQUESTS: &str = "http.client.active_requests";

/// Whether the conventions have the attribute as a number.
pub(super) fn is_number(attribute: &str) -> bool {
    matches!(attribute, "http.response.status_code" | "server.port")
}

fn token_usage(labels: &mut Labels, of: &str) -> (&'static str, &'static str) {
    labels.push(("gen_ai.token.type".to_owned(), of.to_owned()));
    (TOKEN_USAGE, "{token}")
}

/// The name behind one of the prefixes.
fn split<'a>(prefixes: &BTreeSet<String>, name: &'a str) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix.as_str())?.strip_prefix('_'))
}

/// A label as one attribute, or as two.
fn attribute(name: &str, value: &str) -> impl Iterator<Item = (String, String)> {
    let (value, port) = if name == series::HOST { host_and_port(value) } else { (value, None) };
    let name = match name {
        series::HOST => "server.address",
        series::STATUS => "http.response.status_code",
        series::MODEL => "gen_ai.request.model",
        "provider" => "gen_ai.provider.name",
        "operation" => "gen_ai.operation.name",
        "error" => "error.type",
        name => name,
    };
    let port = port.map(|port| ("server.port".to_owned(), port.to_owned()));
    [(name.to_owned(), value.to_owned())].into_iter().chain(port)
}

/// `example.com:8443` and `[::1]:8443` in their parts; an address of IPv6 without brackets has no port.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && (host.ends_with(']') || !host.contains(':')) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}
