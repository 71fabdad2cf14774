//! A quota as it lies in memory, to be read while another is being put in force.

use steadfast_clock::Nanos;

use crate::Quota;
use crate::gcra::Rule;
use crate::scale::Scale;
use crate::sync::{AtomicU64, Ordering};

/// One quota of a limiter and the rule made from it: one line of the cache.
///
/// Whoever reads it has the cell's word from before, and does nothing with what was read unless the word still stands:
/// [`Cell`](crate::cell::Cell) tells why that is enough.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Slot {
    /// How many changes came before this quota.
    era: AtomicU64,
    /// The point that it is in force from; whoever comes with an earlier one is judged at this.
    since: AtomicU64,
    per_permit: AtomicU64,
    whole: AtomicU64,
    fraction: AtomicU64,
    burst: AtomicU64,
    permits: AtomicU64,
    period: AtomicU64,
}

impl Slot {
    pub(crate) fn new(era: u64, quota: &Quota) -> Self {
        let rule = Rule::new(quota);
        Self {
            era: AtomicU64::new(era),
            since: AtomicU64::new(0),
            per_permit: AtomicU64::new(rule.scale.per_permit),
            whole: AtomicU64::new(rule.scale.whole),
            fraction: AtomicU64::new(rule.scale.fraction),
            burst: AtomicU64::new(rule.burst),
            permits: AtomicU64::new(quota.permits()),
            period: AtomicU64::new(quota.period_nanos()),
        }
    }

    /// Every store is a release, so that whoever reads a new value and then the cell again sees that it has moved on.
    pub(crate) fn write(&self, era: u64, quota: &Quota) {
        let rule = Rule::new(quota);
        self.era.store(era, Ordering::Release);
        self.per_permit.store(rule.scale.per_permit, Ordering::Release);
        self.whole.store(rule.scale.whole, Ordering::Release);
        self.fraction.store(rule.scale.fraction, Ordering::Release);
        self.burst.store(rule.burst, Ordering::Release);
        self.permits.store(quota.permits(), Ordering::Release);
        self.period.store(quota.period_nanos(), Ordering::Release);
    }

    pub(crate) fn begin(&self, since: Nanos) {
        self.since.store(since.as_nanos(), Ordering::Release);
    }

    #[inline]
    pub(crate) fn era(&self) -> u64 {
        self.era.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn since(&self) -> Nanos {
        Nanos::from_nanos(self.since.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn rule(&self) -> Rule {
        Rule {
            scale: Scale {
                per_permit: self.per_permit.load(Ordering::Relaxed),
                whole: self.whole.load(Ordering::Relaxed),
                fraction: self.fraction.load(Ordering::Relaxed),
            },
            burst: self.burst.load(Ordering::Relaxed),
        }
    }

    /// Permits and nanoseconds.
    pub(crate) fn rate(&self) -> (u64, u64) {
        (self.permits.load(Ordering::Relaxed), self.period.load(Ordering::Relaxed))
    }
}
