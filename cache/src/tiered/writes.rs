//! Which keys are being written: so that nothing old is carried up past something new.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::CacheKey;

/// Counts of the writes that began and ended, each for the keys of one group.
pub(super) struct Writes(Box<[Group]>);

/// How many groups there are: enough that two keys in use at once seldom share one, which costs no more than a
/// second look into the slow tier. A power of two.
const GROUPS: usize = 256;

#[derive(Default)]
struct Group {
    began: AtomicU64,
    ended: AtomicU64,
}

/// A write; it ends when this is dropped, also where its future was.
pub(super) struct Write<'a> {
    group: &'a Group,
    /// How many had begun with this one, and none of the others was going on.
    began: Option<u64>,
}

/// What was going on in a key's group at some time.
pub(super) struct Seen<'a> {
    group: &'a Group,
    /// How many had begun, and none of them was going on.
    began: Option<u64>,
}

impl Writes {
    pub(super) fn new() -> Self {
        Self((0..GROUPS).map(|_| Group::default()).collect())
    }

    pub(super) fn begin(&self, key: &CacheKey) -> Write<'_> {
        let group = self.group(key);
        // In this order: those that ended had begun, so that equal counts mean that none was going on in between.
        let ended = group.ended.load(Ordering::SeqCst);
        let before = group.began.fetch_add(1, Ordering::SeqCst);
        Write { group, began: (before == ended).then_some(before.wrapping_add(1)) }
    }

    pub(super) fn seen(&self, key: &CacheKey) -> Seen<'_> {
        let group = self.group(key);
        let ended = group.ended.load(Ordering::SeqCst);
        let began = group.began.load(Ordering::SeqCst);
        Seen { group, began: (began == ended).then_some(began) }
    }

    fn group(&self, key: &CacheKey) -> &Group {
        let [a, b, ..] = *key.as_bytes();
        &self.0[usize::from(a ^ b.rotate_left(4)) % GROUPS]
    }
}

impl Seen<'_> {
    /// Whether no write was going on then, and none has begun since.
    pub(super) fn is_current(&self) -> bool {
        self.began == Some(self.group.began.load(Ordering::SeqCst))
    }
}

impl Write<'_> {
    /// Whether no other write was going on when this one began, and none has begun since.
    pub(super) fn is_alone(&self) -> bool {
        self.began == Some(self.group.began.load(Ordering::SeqCst))
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.group.ended.fetch_add(1, Ordering::SeqCst);
    }
}
