//! A streamed answer that was recorded to its end, and its replay.

use std::fmt;
use std::iter::FusedIterator;

use bytes::{Buf, Bytes};
use sha2::{Digest, Sha256};

use crate::CacheError;

/// A streamed answer that was recorded to its end by a [`Tape`](crate::Tape): its events, in their order.
///
/// Its body is what an [`Entry`](crate::Entry) keeps: a head of 16 bytes with the version and the number of events,
/// each event with its length in front, and a checksum of 16 bytes against damage, not against forgery. `Debug` shows
/// how many events there are and no contents.
#[derive(Clone, PartialEq, Eq)]
pub struct Recording {
    body: Bytes,
    events: u64,
}

/// The last byte is the version.
const MAGIC: &[u8; 8] = b"sf-tape\x01";
/// The magic and the number of events.
pub(crate) const HEAD: usize = 16;
/// What is in front of each event.
pub(crate) const EVENT: usize = 4;
/// The head and the checksum.
pub(crate) const FRAME: usize = HEAD + CHECKSUM;
const CHECKSUM: usize = 16;

impl Recording {
    /// The recording that has this body.
    ///
    /// # Errors
    ///
    /// [`CacheError::Corrupt`] when the body is something else, damaged, or of a version that is not known here.
    pub fn from_body(body: Bytes) -> Result<Self, CacheError> {
        match events(&body) {
            Ok(events) => Ok(Self { body, events }),
            Err(why) => Err(CacheError::Corrupt(why.into())),
        }
    }

    /// The body, as an entry keeps it.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, as an entry keeps it.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// How many events there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.events
    }

    /// Whether the stream ended without an event.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The events from the first on, as fast as they are asked for. They are slices of the body: nothing is copied.
    pub fn replay(&self) -> Replay {
        Replay { rest: self.body.slice(HEAD..self.body.len() - CHECKSUM) }
    }
}

impl IntoIterator for Recording {
    type Item = Bytes;
    type IntoIter = Replay;

    fn into_iter(self) -> Replay {
        self.replay()
    }
}

impl IntoIterator for &Recording {
    type Item = Bytes;
    type IntoIter = Replay;

    fn into_iter(self) -> Replay {
        self.replay()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("events", &self.events).field("bytes", &self.body.len()).finish()
    }
}

/// The events of a [`Recording`], each exactly as it was taken down.
#[derive(Clone)]
#[must_use = "a replay is an iterator: it does nothing until it is asked"]
pub struct Replay {
    /// Whole events, each after its length.
    rest: Bytes,
}

impl Iterator for Replay {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        split(&mut self.rest)
    }
}

impl FusedIterator for Replay {}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("bytes_left", &self.rest.len()).finish()
    }
}

/// Completes what a tape has written: room for the head, which is missing when nothing was recorded, and the events.
pub(crate) fn sealed(mut written: Vec<u8>, events: u64) -> Recording {
    written.resize(written.len().max(HEAD), 0);
    written[..MAGIC.len()].copy_from_slice(MAGIC);
    written[MAGIC.len()..HEAD].copy_from_slice(&events.to_le_bytes());
    let checksum = checksum(&written);
    written.extend_from_slice(&checksum);
    // Exactly as large as it says: a cache counts bytes, not what a buffer had to spare.
    Recording { body: written.into_boxed_slice().into(), events }
}

/// The number of events of a sound body, or what is wrong with it.
fn events(body: &Bytes) -> Result<u64, &'static str> {
    let (front, version) = MAGIC.split_at(MAGIC.len() - 1);
    if !body.starts_with(front) {
        return Err("not a recording");
    }
    if body.len() < FRAME {
        return Err("a recording that was cut short");
    }
    if !body[front.len()..].starts_with(version) {
        return Err("a recording of an unknown version");
    }
    let mut rest = body.clone();
    let told = rest.split_off(body.len() - CHECKSUM);
    if told[..] != checksum(&rest) {
        return Err("a recording whose checksum differs");
    }
    rest.advance(MAGIC.len());
    let promised = rest.get_u64_le();
    let mut events = 0;
    while split(&mut rest).is_some() {
        events += 1;
    }
    if events == promised && rest.is_empty() { Ok(events) } else { Err("a recording whose events do not add up") }
}

/// Takes the first event off; `None` when there is no whole one.
fn split(rest: &mut Bytes) -> Option<Bytes> {
    let length = u32::from_le_bytes(*rest.first_chunk::<EVENT>()?);
    let length = usize::try_from(length).ok()?;
    if rest.len() - EVENT < length {
        return None;
    }
    rest.advance(EVENT);
    Some(rest.split_to(length))
}

/// The first half of SHA-256.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let whole: [u8; 32] = Sha256::digest(bytes).into();
    std::array::from_fn(|at| whole[at])
}
