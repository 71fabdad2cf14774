//! An entry as a row, and a row as an entry again, if it is still what it was.

use std::time::Duration;

use rusqlite::Row;
use sha2::{Digest, Sha256};
use steadfast_clock::UnixNanos;

use crate::{CacheKey, Entry, Lifetime, Saving};

/// An entry as it lies in the file. Numbers beyond what a column holds keep their bits; points in time that are compared
/// there, and lifetimes, end in the year 2262.
pub(super) struct Record {
    pub(super) stored_at: i64,
    pub(super) put_at: i64,
    pub(super) expires_at: i64,
    pub(super) fresh: Option<i64>,
    pub(super) stale: Option<i64>,
    pub(super) negative: bool,
    pub(super) tokens: i64,
    pub(super) micros: i64,
    pub(super) notes: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// The columns that [`Record::read`] reads, in its order.
pub(super) const COLUMNS: &str = "stored_at, put_at, expires_at, fresh, stale, negative, tokens, micros, notes, body";

impl Record {
    /// The row of an entry that is put at `now`.
    pub(super) fn new(entry: &Entry, now: UnixNanos, ttl: Option<Duration>) -> Self {
        let own = entry.lifetime().map(|lifetime| entry.stored_at().saturating_add(lifetime.total()));
        let end = ttl.map(|ttl| now.saturating_add(ttl)).into_iter().chain(own).min();
        Self {
            stored_at: entry.stored_at().as_nanos().cast_bits(),
            put_at: instant(now),
            expires_at: end.map_or(i64::MAX, instant),
            fresh: entry.lifetime().map(|lifetime| span(lifetime.fresh)),
            stale: entry.lifetime().map(|lifetime| span(lifetime.stale)),
            negative: entry.is_negative(),
            tokens: entry.saving().tokens.cast_bits(),
            micros: entry.saving().micros.cast_bits(),
            notes: written(entry),
            body: entry.value().to_vec(),
        }
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            stored_at: row.get(0)?,
            put_at: row.get(1)?,
            expires_at: row.get(2)?,
            fresh: row.get(3)?,
            stale: row.get(4)?,
            negative: row.get(5)?,
            tokens: row.get(6)?,
            micros: row.get(7)?,
            notes: row.get(8)?,
            body: row.get(9)?,
        })
    }

    /// Whether the entry is alive at `now`. One that was put later than that is not: the calendar was set back, and nobody
    /// knows how old the entry is.
    pub(super) fn is_alive(&self, now: UnixNanos) -> bool {
        (self.put_at..self.expires_at).contains(&instant(now))
    }

    /// A digest of all of it and of its key.
    pub(super) fn sum(&self, key: &CacheKey) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(key.as_bytes());
        for number in [self.stored_at, self.put_at, self.expires_at, self.tokens, self.micros] {
            hash.update(number.to_le_bytes());
        }
        for number in [self.fresh, self.stale] {
            hash.update([u8::from(number.is_some())]);
            hash.update(number.unwrap_or_default().to_le_bytes());
        }
        hash.update([u8::from(self.negative)]);
        hash.update((self.notes.len() as u64).to_le_bytes());
        hash.update(&self.notes);
        hash.update(&self.body);
        hash.finalize().into()
    }

    /// The entry; `None` when there was never one like this.
    pub(super) fn entry(self) -> Option<Entry> {
        let mut entry = Entry::new(self.body, UnixNanos::from_nanos(self.stored_at.cast_bits()))
            .with_saving(Saving::tokens(self.tokens.cast_bits()).and_micros(self.micros.cast_bits()));
        if let (Some(fresh), Some(stale)) = (self.fresh, self.stale) {
            let span = |nanos: i64| u64::try_from(nanos).ok().map(Duration::from_nanos);
            entry = entry.with_lifetime(Lifetime::fresh_for(span(fresh)?).stale_for(span(stale)?));
        }
        if self.negative {
            entry = entry.negative();
        }
        let mut rest = self.notes.as_slice();
        while !rest.is_empty() {
            let name = text(&mut rest)?;
            entry = entry.with_note(name, text(&mut rest)?);
        }
        Some(entry)
    }
}

/// A point in time as it is compared in the file.
pub(super) fn instant(at: UnixNanos) -> i64 {
    i64::try_from(at.as_nanos()).unwrap_or(i64::MAX)
}

/// A span of time as it is compared in the file.
pub(super) fn span(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

/// The notes, each name and text after its length.
fn written(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::new();
    for part in entry.notes().flat_map(|(name, text)| [name, text]) {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part.as_bytes());
    }
    out
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (len, after) = rest.split_first_chunk::<8>()?;
    let (text, after) = after.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

/// The same bits as a number of the other signedness.
trait CastBits<T> {
    fn cast_bits(self) -> T;
}

impl CastBits<i64> for u64 {
    fn cast_bits(self) -> i64 {
        i64::from_ne_bytes(self.to_ne_bytes())
    }
}

impl CastBits<u64> for i64 {
    fn cast_bits(self) -> u64 {
        u64::from_ne_bytes(self.to_ne_bytes())
    }
}
