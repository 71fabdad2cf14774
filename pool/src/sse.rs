//! Server-sent events: bytes in, events out, whatever the chunk boundaries.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
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

/// The most room that is kept for the events to come.
const KEPT: usize = 16 * 1024;

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
        while let Some(event) = self.read(&mut bytes)? {
            self.ready.push_back(event);
        }
        Ok(())
    }

    /// Takes in the next bytes of the stream, and shows `each` the events that end in them, after those that were not
    /// taken. The room of one event serves the next: nothing is allocated for events of a usual size. Where `each`
    /// breaks, the rest of `bytes` is discarded.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use steadfast_pool::SseDecoder;
    ///
    /// let (mut decoder, mut letters) = (SseDecoder::new(), 0);
    /// let flow = decoder.decode(b"data: one\n\ndata: two\n\ndata: [DONE]\n\ndata: three\n\n", |event| {
    ///     if event.data == "[DONE]" {
    ///         return ControlFlow::Break(letters);
    ///     }
    ///     letters += event.data.len();
    ///     ControlFlow::Continue(())
    /// });
    /// assert_eq!(flow, Ok(ControlFlow::Break(6)));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push); `each` has seen the events before.
    pub fn decode<B>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&SseEvent) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, SseError> {
        while let Some(event) = self.ready.pop_front() {
            if let ControlFlow::Break(value) = each(&event) {
                return Ok(ControlFlow::Break(value));
            }
        }
        while let Some(event) = self.read(&mut bytes)? {
            let flow = each(&event);
            self.recycle(event);
            if let ControlFlow::Break(value) = flow {
                return Ok(ControlFlow::Break(value));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes bytes in until an event has ended, or there are none left.
    fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<SseEvent>, SseError> {
        while !bytes.is_empty() {
            if self.after_cr {
                self.after_cr = false;
                if bytes[0] == b'\n' {
                    *bytes = &bytes[1..];
                    continue;
                }
            }
            let Some(end) = memchr2(b'\n', b'\r', bytes) else {
                self.check(bytes.len())?;
                self.line.extend_from_slice(bytes);
                *bytes = &[];
                return Ok(None);
            };
            self.check(end)?;
            self.after_cr = bytes[end] == b'\r';
            let ended = if self.line.is_empty() {
                self.end_of_line(&bytes[..end])
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                let ended = self.end_of_line(&line);
                line.clear();
                self.line = line;
                ended
            };
            *bytes = &bytes[end + 1..];
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

    /// Gives the room of an event that was seen to those to come.
    fn recycle(&mut self, event: SseEvent) {
        let emptied = |text: String| {
            let mut bytes = text.into_bytes();
            bytes.clear();
            if bytes.capacity() > KEPT { Vec::new() } else { bytes }
        };
        (self.data, self.event) = (emptied(event.data), emptied(event.event));
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

    /// Takes in a line; the event that ended with it, if one did.
    fn end_of_line(&mut self, line: &[u8]) -> Option<SseEvent> {
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
            Some(0) => return None,
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
        None
    }

    fn end_of_event(&mut self) -> Option<SseEvent> {
        let id = self.id.take().map(text);
        if id.is_some() {
            self.last_id.clone_from(&id);
        }
        if !std::mem::take(&mut self.has_data) {
            self.event.clear();
            return None;
        }
        if self.event.is_empty() {
            self.event.extend_from_slice(b"message");
        }
        let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
        Some(SseEvent { event: text(event), data: text(data), id })
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
