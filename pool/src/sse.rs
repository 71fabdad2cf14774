//! Server-sent events: bytes in, events out, whatever the chunk boundaries.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use memchr::memchr2;

pub use self::event::{SseError, SseEvent};
pub use self::events::SseEvents;
pub use self::resume::Resume;

mod event;
mod events;
mod resume;

/// Decodes the `text/event-stream` format of the WHATWG HTML standard, section 9.2.
///
/// Lines end in LF, CR or CRLF, mixed as they come; a byte order mark is skipped; an event that the stream's end cuts
/// off is discarded. At most one unfinished event and the finished ones that were not taken are held in memory.
///
/// ```
/// use steadfast_pool::SseDecoder;
///
/// let mut decoder = SseDecoder::new();
/// decoder.push(b"event: greeting\nda").unwrap();
/// assert!(decoder.next().is_none());
/// decoder.push(b"ta: hello\n\n: a comment\n\ndata: cut off").unwrap();
/// assert_eq!(decoder.next().unwrap().data, "hello");
/// assert!(decoder.next().is_none());
/// ```
pub struct SseDecoder {
    limit: usize,
    /// The line that has not ended yet.
    line: Vec<u8>,
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    id: Option<Vec<u8>>,
    last_id: Option<String>,
    retry: Option<Duration>,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    at_start: bool,
    ready: VecDeque<SseEvent>,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl SseDecoder {
    /// A decoder that allows events of up to 64 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(64 * 1024 * 1024 + 1024)
    }

    /// A decoder that allows events of up to `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            event: Vec::new(),
            data: Vec::new(),
            has_data: false,
            id: None,
            last_id: None,
            retry: None,
            after_cr: false,
            at_start: true,
            ready: VecDeque::new(),
        }
    }

    /// Takes in the next bytes of the stream.
    ///
    /// # Errors
    ///
    /// [`SseError::TooLarge`] when an event outgrows the bound; the decoder is of no more use then.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), SseError> {
        while !bytes.is_empty() {
            if self.after_cr {
                self.after_cr = false;
                if bytes[0] == b'\n' {
                    bytes = &bytes[1..];
                    continue;
                }
            }
            let Some(end) = memchr2(b'\n', b'\r', bytes) else {
                self.check(bytes.len())?;
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            self.check(end)?;
            self.after_cr = bytes[end] == b'\r';
            if self.line.is_empty() {
                self.end_of_line(&bytes[..end]);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                self.end_of_line(&line);
                line.clear();
                self.line = line;
            }
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The next finished event.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: there can be more after a `None`")]
    pub fn next(&mut self) -> Option<SseEvent> {
        self.ready.pop_front()
    }

    /// The `id` that the events finished so far have left: what a client that was cut off says in `Last-Event-ID`.
    /// `None` when there was none, or an empty one took it back.
    #[must_use]
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_id.as_deref().filter(|id| !id.is_empty())
    }

    /// How long the server wants a client that was cut off to wait: its last `retry` field.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Goes on with another connection's bytes: what the end of the last one cut off is discarded, what it said of ids and
    /// waits is kept.
    pub(crate) fn restart(&mut self) {
        let fresh = Self::with_limit(self.limit);
        let before = std::mem::replace(self, fresh);
        (self.last_id, self.retry, self.ready) = (before.last_id, before.retry, before.ready);
    }

    fn check(&self, more: usize) -> Result<(), SseError> {
        let id = self.id.as_ref().map_or(0, Vec::len);
        if self.line.len() + self.data.len() + self.event.len() + id + more > self.limit {
            return Err(SseError::TooLarge { limit: self.limit });
        }
        Ok(())
    }

    fn end_of_line(&mut self, line: &[u8]) {
        let line = match std::mem::take(&mut self.at_start) {
            true => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line),
            false => line,
        };
        if line.is_empty() {
            return self.end_of_event();
        }
        // Almost every line is one of data.
        let colon = if line.starts_with(b"data:") { Some(4) } else { memchr::memchr(b':', line) };
        let (field, value) = match colon {
            Some(0) => return,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            b"id" if !value.contains(&0) => self.id = Some(value.to_vec()),
            b"retry" => self.retry = milliseconds(value).or(self.retry),
            _ => {}
        }
    }

    fn end_of_event(&mut self) {
        let event = text(std::mem::take(&mut self.event));
        let data = std::mem::take(&mut self.data);
        let id = self.id.take().map(text);
        if id.is_some() {
            self.last_id.clone_from(&id);
        }
        if !std::mem::take(&mut self.has_data) {
            return;
        }
        let event = if event.is_empty() { String::from("message") } else { event };
        self.ready.push_back(SseEvent { event, data: text(data), id });
    }
}

impl fmt::Debug for SseDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseDecoder")
            .field("limit", &self.limit)
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}

/// Digits alone, as the standard has it; a number beyond `u64` is ignored.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().map(Duration::from_millis)
}

/// UTF-8 as the standard decodes it: what is malformed becomes U+FFFD.
fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}
