//! The figures of a call that makes no attempt of its own.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use steadfast_clock::{Clock, Nanos};
use steadfast_telemetry::Calls;

use crate::host::Host;
use crate::pool::Inner;
use crate::request::Request;

/// Counts one call, from its beginning until it has ended or is dropped.
pub(super) struct Tally {
    pub(super) host: Arc<Host>,
    pool: Arc<Inner>,
    started: Nanos,
    ended: bool,
    /// It is part of a call that is counted elsewhere.
    within: bool,
}

impl Tally {
    pub(super) fn begin(pool: &Arc<Inner>, request: &Request) -> Self {
        let started = pool.timer.now();
        let host = pool.hosts.host(&request.url, request.transient, started);
        let tally = Self { host, pool: Arc::clone(pool), started, ended: false, within: request.within };
        tally.count_call(|calls| {
            calls.requests.inc();
            calls.active.add(1);
        });
        tally
    }

    /// Ends the call with an answer of that status, or without one; tells how long it took.
    pub(super) fn end(&mut self, status: Option<StatusCode>) -> Duration {
        self.ended = true;
        let elapsed = self.pool.timer.now().since(self.started);
        self.count_call(|calls| {
            match status {
                Some(status) if status.as_u16() < 400 => calls.succeeded.inc(),
                _ => calls.failed.inc(),
            }
            if let Some(status) = status {
                calls.ended(status.as_u16());
            }
            calls.latency.record_duration(elapsed);
            calls.active.sub(1);
        });
        elapsed
    }

    fn count_call(&self, add: impl Fn(&Calls)) {
        if !self.within {
            self.count(add);
        }
    }

    /// Adds to the total and to the host's own figures.
    pub(super) fn count(&self, add: impl Fn(&Calls)) {
        let figures = self.pool.shared.total().into_iter().chain(self.host.figures.as_deref());
        figures.for_each(|figures| add(&figures.calls));
    }

    /// One more of a series that most calls never need.
    pub(super) fn inc(&self, series: &'static str) {
        let figures = self.pool.shared.total().into_iter().chain(self.host.figures.as_deref());
        figures.for_each(|figures| figures.inc(series));
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if !self.ended {
            self.count_call(|calls| {
                calls.cancelled.inc();
                calls.active.sub(1);
            });
        }
    }
}
