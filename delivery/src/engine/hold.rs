//! What a machine waits for.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::Engine;
use super::state::Stage;
use crate::record::Hold;

impl Engine {
    /// What keeps it from starting any device that is left; `None` while it starts some, and while all that are left are
    /// in hands, deferred, or wait for others of their site. Exact after a [`claim`](Self::claim) that gave less than it
    /// was asked for.
    pub(crate) fn hold(&self) -> Option<Hold> {
        if self.is_done() || self.kept.cancelling {
            return None;
        }
        if self.kept.paused.is_some() {
            return Some(Hold::Paused);
        }
        if let Some(at) = self.not_before.filter(|_| self.kept.started.is_none()) {
            return Some(Hold::Scheduled { until_ms: millis(at) });
        }
        if !self.is_idle() {
            return None;
        }
        let phase = self.kept.phase + 1;
        if let Stage::Ahead { asked: true, .. } = self.kept.stage {
            return Some(Hold::AwaitingApproval { phase });
        }
        if let Some(until) = self.soaks_until() {
            return Some(Hold::Soaking { phase, until_ms: millis(until) });
        }
        if self.sites.as_ref().is_some_and(|sites| sites.waiting > 0) {
            return None;
        }
        if let Some(zones) = self.zones.as_ref().filter(|zones| zones.waiting > 0) {
            return Some(Hold::WindowClosed { until_ms: zones.opens_at().map(millis) });
        }
        let left = self.steps.unfinished(self.kept.index()).saturating_sub(self.hand.len() as u64);
        (left > 0 && left == u64::from(self.away)).then_some(Hold::AwaitingDevices)
    }

    /// When time alone changes something: a deferral, a soak or a window is over, the start time comes.
    pub(crate) fn wake_at(&self) -> Option<UnixNanos> {
        if self.is_done() || self.kept.cancelling {
            return None;
        }
        if self.kept.started.is_none() {
            return self.not_before;
        }
        let window = self.zones.as_ref().map(super::zones::Zones::edge);
        let starts = self.may_start();
        let deferred = self.queues.due().filter(|_| starts);
        let soaked = self.soaks_until().filter(|_| starts);
        [window, deferred, soaked].into_iter().flatten().min()
    }

    /// Sets how long a device takes, as far as is known: it is started only if its window stays open for so long. The
    /// reserve of the window counts where it is longer. Costs a look at every zone when it changes.
    pub(crate) fn set_estimate(&mut self, estimate: Duration) {
        if let Some(zones) = &mut self.zones {
            zones.estimate(estimate);
        }
    }
}

fn millis(at: UnixNanos) -> u64 {
    at.as_nanos() / 1_000_000
}
