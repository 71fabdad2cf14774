//! What is counted, and the latest time that was told: each thread on a line of its own, as far as look-ups go.

use std::sync::atomic::{AtomicU64, Ordering};

use super::held::Held;
use super::threads;
use crate::Stats;

/// The sums of one cache.
pub(super) struct Books {
    stripes: Box<[Stripe]>,
    /// The latest time that mattered to everyone: that of a `put`, or at which something was seen to have expired.
    told: AtomicU64,
    bytes: AtomicU64,
    insertions: AtomicU64,
    evictions: AtomicU64,
    expirations: AtomicU64,
}

/// What the look-ups of some threads add up to.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Stripe {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    negative: AtomicU64,
    tokens: AtomicU64,
    micros: AtomicU64,
    /// The latest time that these threads were told.
    latest: AtomicU64,
}

impl Books {
    pub(super) fn new() -> Self {
        Self {
            stripes: (0..threads::count()).map(|_| Stripe::default()).collect(),
            told: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            insertions: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            expirations: AtomicU64::new(0),
        }
    }

    /// The sums of this thread.
    #[inline]
    pub(super) fn mine(&self) -> &Stripe {
        // There is a power of two of them.
        &self.stripes[threads::mine() & (self.stripes.len() - 1)]
    }

    /// The time to go by when the clock says `now`: never before one that was told already.
    pub(super) fn latest(&self, mine: &Stripe, now: u64) -> u64 {
        let seen = mine.latest.load(Ordering::Relaxed).max(self.told.load(Ordering::Relaxed));
        if now > seen {
            mine.latest.store(now, Ordering::Relaxed);
        }
        now.max(seen)
    }

    /// From here on nobody goes by an earlier time.
    pub(super) fn tell(&self, now: u64) {
        self.told.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn arrives(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn leaves(&self, held: &Held) {
        self.bytes.fetch_sub(held.bytes, Ordering::Relaxed);
    }

    pub(super) fn inserted(&self) {
        self.insertions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn evicted(&self) {
        self.evictions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn expired(&self) {
        self.expirations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stats(&self) -> Stats {
        let sum = |pick: fn(&Stripe) -> &AtomicU64| {
            self.stripes.iter().fold(0u64, |sum, stripe| sum.saturating_add(pick(stripe).load(Ordering::Relaxed)))
        };
        Stats {
            hits: sum(|stripe| &stripe.hits),
            stale_hits: sum(|stripe| &stripe.stale),
            negative_hits: sum(|stripe| &stripe.negative),
            misses: sum(|stripe| &stripe.misses),
            insertions: self.insertions.load(Ordering::Relaxed),
            evictions: self.evictions.load(Ordering::Relaxed),
            expirations: self.expirations.load(Ordering::Relaxed),
            tokens_saved: sum(|stripe| &stripe.tokens),
            micros_saved: sum(|stripe| &stripe.micros),
        }
    }
}

impl Stripe {
    #[inline]
    pub(super) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn hit(&self, held: &Held) {
        self.hits.fetch_add(1, Ordering::Relaxed);
        if held.marked {
            self.marked(held);
        }
    }

    /// A hit was a stale one.
    pub(super) fn stale(&self) {
        self.stale.fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    fn marked(&self, held: &Held) {
        if held.entry.is_negative() {
            self.negative.fetch_add(1, Ordering::Relaxed);
        }
        let saving = held.entry.saving();
        add(&self.tokens, saving.tokens);
        add(&self.micros, saving.micros);
    }
}

/// Adds without ever wrapping: what an entry says that it saves may be any number.
fn add(sum: &AtomicU64, more: u64) {
    if more == 0 {
        return;
    }
    let mut seen = sum.load(Ordering::Relaxed);
    while let Err(now) =
        sum.compare_exchange_weak(seen, seen.saturating_add(more), Ordering::Relaxed, Ordering::Relaxed)
    {
        seen = now;
    }
}
