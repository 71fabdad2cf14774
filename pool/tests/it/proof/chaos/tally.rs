//! What many calls came to, and what that must be beside the pool's own figures.

use std::collections::BTreeMap;

use steadfast_pool::PoolMetrics;

use super::call::Ended;
use super::town::ATTEMPTS;

#[derive(Default)]
pub(super) struct Tally {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    cancelled: u64,
    /// Of those that were not cancelled.
    attempts: u64,
    pub(super) kinds: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn note(&mut self, ended: &Ended) {
        match ended {
            Ended { cancelled: true, .. } => self.cancelled += 1,
            Ended { succeeded: true, .. } => self.succeeded += 1,
            Ended { kind, .. } => {
                self.failed += 1;
                *self.kinds.entry(kind.map_or("status", |kind| kind.as_str())).or_default() += 1;
            }
        }
        self.attempts += ended.attempts;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.attempts += other.attempts;
        for (kind, n) in other.kinds {
            *self.kinds.entry(kind).or_default() += n;
        }
    }

    fn calls(&self) -> u64 {
        self.succeeded + self.failed + self.cancelled
    }

    /// Every call ended, and enough of them in each way for it to mean something.
    pub(super) fn check_chaos(&self, calls: u64) {
        assert_eq!(self.calls(), calls);
        assert!(self.succeeded > calls / 10, "{} of {calls}: {:?}", self.succeeded, self.kinds);
        assert!(self.cancelled > 0 && self.attempts > self.succeeded);
    }

    /// The pool counted the same.
    pub(super) fn check_figures(&self, metrics: &PoolMetrics) {
        assert_eq!(metrics.requests, self.calls());
        assert_eq!(metrics.cancelled, self.cancelled);
        assert_eq!((metrics.succeeded, metrics.failed, metrics.active), (self.succeeded, self.failed, 0));
        let of_cancelled = metrics.attempts.checked_sub(self.attempts).unwrap();
        assert!(of_cancelled <= self.cancelled * u64::from(ATTEMPTS), "{of_cancelled}");
        assert!(metrics.retries < metrics.attempts);
    }
}
