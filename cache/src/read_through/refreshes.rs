//! Which refreshes are under way, and which keys are left alone after one that failed.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use steadfast_clock::Nanos;

use crate::CacheKey;

/// The book of refreshes: at most so many at once, one a key, and a pause after a failure.
#[derive(Debug)]
pub(super) struct Refreshes {
    most: NonZeroUsize,
    pause: Duration,
    under_way: HashSet<CacheKey>,
    /// When the last refresh of each key failed.
    failed: HashMap<CacheKey, Nanos>,
}

/// So many failures are remembered. Where there are more, what is behind the cache is in trouble, and no refresh is
/// started until one of the pauses is over.
const FAILURES: usize = 4096;

impl Refreshes {
    pub(super) fn new(most: NonZeroUsize, pause: Duration) -> Self {
        Self { most, pause, under_way: HashSet::new(), failed: HashMap::new() }
    }

    /// Whether a refresh of `key` may be started now; then it is under way.
    pub(super) fn begin(&mut self, key: CacheKey, now: Nanos) -> bool {
        if self.under_way.contains(&key) || self.under_way.len() >= self.most.get() {
            return false;
        }
        if self.failed.get(&key).is_some_and(|&at| now.since(at) < self.pause) {
            return false;
        }
        if self.failed.len() >= FAILURES {
            let pause = self.pause;
            self.failed.retain(|_, at| now.since(*at) < pause);
            if self.failed.len() >= FAILURES {
                return false;
            }
        }
        self.failed.remove(&key);
        self.under_way.insert(key)
    }

    /// Takes note that the refresh of `key` is over; `failed` when it did, and when that was.
    pub(super) fn end(&mut self, key: &CacheKey, failed: Option<Nanos>) {
        self.under_way.remove(key);
        if let Some(at) = failed {
            self.failed.insert(*key, at);
        }
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    fn key(number: usize) -> CacheKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        CacheKey::from_bytes(bytes)
    }

    fn at(secs: u64) -> Nanos {
        Nanos::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn one_a_key_and_so_many_at_once() {
        let mut book = Refreshes::new(NonZeroUsize::new(2).unwrap(), PAUSE);
        assert!(book.begin(key(1), at(1)));
        assert!(!book.begin(key(1), at(1)));
        assert!(book.begin(key(2), at(1)));
        assert!(!book.begin(key(3), at(1)));
        book.end(&key(1), None);
        assert_eq!(book.under_way(), 1);
        assert!(book.begin(key(3), at(1)));
    }

    #[test]
    fn a_failure_is_followed_by_a_pause() {
        let mut book = Refreshes::new(NonZeroUsize::MIN, PAUSE);
        assert!(book.begin(key(1), at(1)));
        book.end(&key(1), Some(at(2)));
        assert!(!book.begin(key(1), at(6)));
        assert!(book.begin(key(2), at(6)));
        book.end(&key(2), None);
        assert!(book.begin(key(1), at(7)));
        assert!(book.failed.is_empty());
    }

    #[test]
    fn failures_are_remembered_in_bounds() {
        let mut book = Refreshes::new(NonZeroUsize::MIN, PAUSE);
        for number in 0..FAILURES {
            assert!(book.begin(key(number), at(1)));
            book.end(&key(number), Some(at(1)));
        }
        assert!(!book.begin(key(FAILURES), at(5)));
        assert!(book.begin(key(FAILURES), at(6)));
        assert!(book.failed.is_empty());
    }
}
