//! An entry as the store holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use steadfast_clock::Nanos;

use crate::{Entry, Freshness, Saving};

/// An entry with what has to be known at each look-up, which is cloned whole and has to be small for it.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) entry: Entry,
    /// Tells this entry from others of its key.
    pub(super) id: u64,
    /// What it takes of the store's capacity.
    pub(super) units: u64,
    /// What it counts as.
    pub(super) bytes: u64,
    /// Whether a hit has more to tell than that it was one.
    pub(super) marked: bool,
    term: Term,
    /// When it was last asked for, where that matters.
    used: Option<Arc<AtomicU64>>,
}

/// When an entry turns stale and when it is gone, in nanoseconds of the cache's clock; [`NEVER`] where it does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) fresh: u64,
    pub(super) until: u64,
}

/// No point in time.
pub(super) const NEVER: u64 = u64::MAX;

impl Term {
    pub(super) const ENDLESS: Self = Self { fresh: NEVER, until: NEVER };

    /// Ends after `left` at the latest.
    pub(super) fn ends_in(self, now: u64, left: Duration) -> Self {
        Self { until: self.until.min(after(now, left)), ..self }
    }

    /// Stale after `left`.
    pub(super) fn fresh_for(self, now: u64, left: Duration) -> Self {
        Self { fresh: self.fresh.min(after(now, left)), ..self }
    }

    /// Whether it is over at `now`.
    pub(super) fn is_over(&self, now: u64) -> bool {
        reached(self.until, now)
    }
}

impl Held {
    pub(super) fn new(entry: Entry, id: u64, units: u64, bytes: u64) -> Self {
        let marked = entry.is_negative() || entry.saving() != Saving::NOTHING;
        Self { entry, id, units, bytes, marked, term: Term::ENDLESS, used: None }
    }

    /// The same with an end. `counts_use`: it may end earlier because nobody asked for it.
    pub(super) fn lasting(self, term: Term, now: u64, counts_use: bool) -> Self {
        Self { term, used: counts_use.then(|| Arc::new(AtomicU64::new(now))), ..self }
    }

    /// Whether what it is depends on the time.
    #[inline]
    pub(super) fn is_timed(&self) -> bool {
        self.term != Term::ENDLESS || self.used.is_some()
    }

    /// When it is gone, as far as is known by now; `idle` is the time after which an unused entry is.
    pub(super) fn end(&self, idle: Option<Duration>) -> u64 {
        match (&self.used, idle) {
            (Some(used), Some(idle)) => self.term.until.min(after(used.load(Ordering::Relaxed), idle)),
            _ => self.term.until,
        }
    }

    pub(super) fn freshness(&self, now: u64, idle: Option<Duration>) -> Freshness {
        if reached(self.end(idle), now) {
            Freshness::Expired
        } else if reached(self.term.fresh, now) {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }

    pub(super) fn is_over(&self, now: u64, idle: Option<Duration>) -> bool {
        reached(self.end(idle), now)
    }

    /// It was asked for.
    pub(super) fn touch(&self, now: u64) {
        if let Some(used) = &self.used {
            used.fetch_max(now, Ordering::Relaxed);
        }
    }
}

/// An entry exactly as old as a bound has passed it.
pub(super) fn reached(end: u64, now: u64) -> bool {
    end != NEVER && now >= end
}

fn after(now: u64, left: Duration) -> u64 {
    Nanos::from_nanos(now).saturating_add(left).as_nanos()
}
