//! Which requests a reply is for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use super::recorded::Recorded;
use crate::redact::authority;

/// Conditions that a request must meet, all of them.
#[derive(Clone)]
#[must_use]
pub struct When {
    method: Option<Method>,
    host: Option<String>,
    path: Path,
    more: Vec<Condition>,
}

#[derive(Clone)]
enum Path {
    Any,
    Is(String),
    BeginsWith(String),
}

#[derive(Clone)]
struct Condition {
    /// What is asked for, in words that tell no values.
    words: Cow<'static, str>,
    holds: Arc<dyn Fn(&Recorded) -> bool + Send + Sync>,
}

impl When {
    /// Every request.
    pub fn any() -> Self {
        Self { method: None, host: None, path: Path::Any, more: Vec::new() }
    }

    /// Requests to a host: `api.example.com` whatever the port, `api.example.com:8443` with that port in the URL.
    pub fn host(host: &str) -> Self {
        Self { host: Some(host.to_ascii_lowercase()), ..Self::any() }
    }

    /// GET requests to a host.
    pub fn get(host: &str) -> Self {
        Self::host(host).method(Method::GET)
    }

    /// POST requests to a host.
    pub fn post(host: &str) -> Self {
        Self::host(host).method(Method::POST)
    }

    /// Asks for a method.
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Asks for exactly this path, as it stands in the URL.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Path::Is(path.into());
        self
    }

    /// Asks for a path that begins so.
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path = Path::BeginsWith(prefix.into());
        self
    }

    /// Asks for a pair of the query, decoded.
    pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        let words = format!("with the query's `{name}`");
        self.matches(words, move |request| request.url.query_pairs().any(|(n, v)| n == *name && v == *value))
    }

    /// Asks for a header, whatever its value.
    pub fn header(self, name: impl Into<String>) -> Self {
        let name = name.into();
        let words = format!("with header `{name}`");
        self.matches(words, move |request| request.headers.contains_key(&name))
    }

    /// Asks for a header with this value.
    pub fn header_is(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        let words = format!("with header `{name}` of a certain value");
        self.matches(words, move |request| {
            request.headers.get_all(&name).iter().any(|present| present.as_bytes() == value.as_bytes())
        })
    }

    /// Asks for exactly this body.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let words = format!("with a certain body of {} bytes", body.len());
        self.matches(words, move |request| request.body == body)
    }

    /// Asks for a body that is this JSON, whatever its spaces and the order of its keys.
    pub fn json(self, value: impl Into<serde_json::Value>) -> Self {
        let value = value.into();
        self.matches("with a certain JSON body", move |request| {
            serde_json::from_slice::<serde_json::Value>(&request.body).is_ok_and(|body| body == value)
        })
    }

    /// Asks for what `holds` says; `words` name it in reports.
    pub fn matches(
        mut self,
        words: impl Into<Cow<'static, str>>,
        holds: impl Fn(&Recorded) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.more.push(Condition { words: words.into(), holds: Arc::new(holds) });
        self
    }

    /// The first condition that does not hold, in words; `None` when all do.
    pub(super) fn objection(&self, request: &Recorded) -> Option<Cow<'_, str>> {
        if self.host.as_ref().is_some_and(|host| !self.is_for(host, request)) {
            return Some("another host".into());
        }
        if self.method.as_ref().is_some_and(|method| *method != request.method) {
            return Some("another method".into());
        }
        let path = request.url.path();
        let fits = match &self.path {
            Path::Any => true,
            Path::Is(expected) => path == expected,
            Path::BeginsWith(prefix) => path.starts_with(prefix.as_str()),
        };
        if !fits {
            return Some("another path".into());
        }
        let broken = self.more.iter().find(|condition| !(condition.holds)(request))?;
        Some(format!("not {}", broken.words).into())
    }

    fn is_for(&self, host: &str, request: &Recorded) -> bool {
        request.url.host_str() == Some(host) || authority(&request.url) == host
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(f, "{method} ")?,
            None => f.write_str("any method ")?,
        }
        f.write_str(self.host.as_deref().unwrap_or("any host"))?;
        match &self.path {
            Path::Any => {}
            Path::Is(path) => f.write_str(path)?,
            Path::BeginsWith(prefix) => write!(f, "{prefix}…")?,
        }
        for condition in &self.more {
            write!(f, " {}", condition.words)?;
        }
        Ok(())
    }
}

impl fmt::Debug for When {
    /// As `Display`: no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "When({self})")
    }
}
