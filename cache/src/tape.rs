//! A streamed answer while it is recorded.

use std::fmt;

use crate::Recording;
use crate::recording::{EVENT, FRAME, HEAD, sealed};

/// Takes down the events of a streamed answer as they pass, up to a bound.
///
/// Only [`finish`](Self::finish) makes a [`Recording`], and only a stream that came to its proper end is to be finished:
/// a tape that is dropped, because the stream broke off or its reader left, leaves nothing behind. Times are not
/// recorded.
///
/// ```
/// use steadfast_cache::{Recording, Tape};
///
/// let mut tape = Tape::new(64 * 1024);
/// for event in ["The sky", " is blue", "."] {
///     tape.record(event);
/// }
/// let body = tape.finish()?.into_body(); // what an entry keeps
///
/// let replay: Vec<_> = Recording::from_body(body)?.replay().collect();
/// assert_eq!(replay, ["The sky", " is blue", "."]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tape {
    /// The recording as it will be, but for the head's number and the checksum; `None` once it is too long.
    written: Option<Vec<u8>>,
    events: u64,
    max_bytes: u64,
}

/// The answer was longer than the tape, and nothing was kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is longer than the {max_bytes} bytes that a recording may have")]
#[non_exhaustive]
pub struct Overlong {
    /// The bound of the tape.
    pub max_bytes: u64,
}

impl Tape {
    /// A tape for a recording of at most so many bytes: 32, and for each event its length and 4.
    #[must_use]
    pub const fn new(max_bytes: u64) -> Self {
        let written = if max_bytes < FRAME as u64 { None } else { Some(Vec::new()) };
        Self { written, events: 0, max_bytes }
    }

    /// Takes down the next event, opaque; tells whether the tape still runs.
    ///
    /// The event that does not fit ends the recording, and what was taken down is let go at once.
    pub fn record(&mut self, event: impl AsRef<[u8]>) -> bool {
        let Some(written) = &mut self.written else { return false };
        let event = event.as_ref();
        if written.is_empty() {
            written.resize(HEAD, 0);
        }
        let room = self.max_bytes - (written.len() + FRAME - HEAD) as u64;
        match u32::try_from(event.len()) {
            Ok(length) if event.len() as u64 + EVENT as u64 <= room => {
                written.extend_from_slice(&length.to_le_bytes());
                written.extend_from_slice(event);
                self.events += 1;
                true
            }
            _ => {
                self.written = None;
                false
            }
        }
    }

    /// How many events were taken down; 0 once the tape has ended early.
    #[must_use]
    pub fn events(&self) -> u64 {
        if self.is_overlong() { 0 } else { self.events }
    }

    /// Whether the answer was longer than the tape.
    #[must_use]
    pub const fn is_overlong(&self) -> bool {
        self.written.is_none()
    }

    /// The recording of a stream that came to its proper end.
    ///
    /// # Errors
    ///
    /// [`Overlong`] when not all of it was taken down.
    pub fn finish(self) -> Result<Recording, Overlong> {
        match self.written {
            Some(written) => Ok(sealed(written, self.events)),
            None => Err(Overlong { max_bytes: self.max_bytes }),
        }
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("events", &self.events())
            .field("bytes", &self.written.as_ref().map(Vec::len))
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}
