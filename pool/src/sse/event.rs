//! An event of a stream, and why there is none.

use std::fmt;

/// One event of a `text/event-stream`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent {
    /// The `event` field; `message` when there was none.
    pub event: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
    /// The `id` field of this event, if it had one.
    pub id: Option<String>,
}

impl fmt::Debug for SseEvent {
    /// Tells the name and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseEvent")
            .field("event", &self.event)
            .field("data_len", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// The stream cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SseError {
    /// One event is larger than the decoder's bound, in bytes.
    #[error("an event of the stream is larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
}
