//! Server-sent events: bytes in, events out, whatever the chunk boundaries.

use std::collections::VecDeque;
use std::fmt;

use memchr::memchr2;

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
        let (field, value) = match memchr::memchr(b':', line) {
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
            _ => {}
        }
    }

    fn end_of_event(&mut self) {
        let event = text(std::mem::take(&mut self.event));
        let data = std::mem::take(&mut self.data);
        let id = self.id.take().map(text);
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

/// UTF-8 as the standard decodes it: what is malformed becomes U+FFFD.
fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}
