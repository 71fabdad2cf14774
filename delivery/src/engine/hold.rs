//! What a machine waits for.

use steadfast_clock::UnixNanos;

use super::Engine;
use crate::record::Hold;

impl Engine {
    /// What keeps it from starting any device that is left; `None` while it starts some, and while all that are left are
    /// in hands or deferred. Exact after a [`claim`](Self::claim) that gave less than it was asked for.
    pub(crate) fn hold(&self) -> Option<Hold> {
        if self.is_done() || self.kept.ending.is_some() {
            return None;
        }
        if self.kept.paused.is_some() {
            return Some(Hold::Paused);
        }
        if let Some(at) = self.not_before.filter(|_| !self.kept.started) {
            return Some(Hold::Scheduled { until_ms: at.as_nanos() / 1_000_000 });
        }
        let left = self.counts.unfinished() - self.hand.len() as u64;
        (left > 0 && left == u64::from(self.away)).then_some(Hold::AwaitingDevices)
    }

    /// When time alone changes something: a deferral, a soak or a window is over, the start time comes. After the time
    /// that it was told last.
    pub(crate) fn wake_at(&self) -> Option<UnixNanos> {
        if !self.kept.started {
            return self.not_before;
        }
        if self.may_start() { self.queues.due() } else { None }
    }
}
