//! Server-sent events, as a reply's body.

use bytes::Bytes;

/// One server-sent event: an optional name and its data.
///
/// Built from a string (data alone) or from a pair (name, data).
///
/// ```
/// use steadfast_testkit::SseEvent;
///
/// let ping = SseEvent::named("ping", r#"{"type":"ping"}"#);
/// assert_eq!(ping, SseEvent::from(("ping", r#"{"type":"ping"}"#)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    name: Option<String>,
    data: String,
}

impl SseEvent {
    /// An event without a name.
    #[must_use]
    pub fn data(data: impl Into<String>) -> Self {
        Self { name: None, data: data.into() }
    }

    /// An event with a name.
    #[must_use]
    pub fn named(name: impl Into<String>, data: impl Into<String>) -> Self {
        Self { name: Some(name.into()), data: data.into() }
    }

    /// The event on the wire: one `data` line for each line of its data, a blank line at the end.
    pub(crate) fn encode(&self) -> Bytes {
        let mut wire = String::with_capacity(self.data.len() + 32);
        if let Some(name) = &self.name {
            wire.push_str("event: ");
            wire.push_str(name);
            wire.push('\n');
        }
        for line in self.data.split('\n') {
            wire.push_str("data: ");
            wire.push_str(line);
            wire.push('\n');
        }
        wire.push('\n');
        Bytes::from(wire)
    }
}

impl From<&str> for SseEvent {
    fn from(data: &str) -> Self {
        Self::data(data)
    }
}

impl From<String> for SseEvent {
    fn from(data: String) -> Self {
        Self::data(data)
    }
}

impl<N: Into<String>, D: Into<String>> From<(N, D)> for SseEvent {
    fn from((name, data): (N, D)) -> Self {
        Self::named(name, data)
    }
}
