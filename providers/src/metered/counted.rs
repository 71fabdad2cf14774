//! One call on its way to the figures.

use std::sync::Arc;

use steadfast_clock::{Nanos, SharedTimer};
use steadfast_telemetry::Calls;

use super::Meter;
use crate::{Attempt, Error, Usage};

/// A call that has begun. Dropped before it is told how the call ended, it counts the call as cancelled.
pub(crate) struct Counted {
    meter: Arc<Meter>,
    timer: SharedTimer,
    /// The model that was asked first.
    asked: Arc<str>,
    started: Nanos,
    over: bool,
}

impl Counted {
    pub(super) fn begin(meter: Arc<Meter>, timer: SharedTimer, asked: Arc<str>) -> Self {
        meter.total.requests.inc();
        meter.total.active.add(1);
        let started = timer.now();
        Self { meter, timer, asked, started, over: false }
    }

    /// The call ended with an answer.
    pub(crate) fn answered(mut self, usage: Usage, attempts: &[Attempt], fallbacks: u32) {
        self.attempted(attempts, fallbacks);
        let status = attempts.last().and_then(|last| last.http.status);
        self.end(attempts, |calls| {
            calls.succeeded.inc();
            if let Some(status) = status {
                calls.ended(status);
            }
            if usage.is_known() {
                calls.tokens(usage.input, usage.output);
            }
        });
    }

    /// The call ended without one.
    pub(crate) fn failed(mut self, error: &Error) {
        self.attempted(error.attempts(), error.fallbacks());
        let status = error.attempts().last().and_then(|last| last.http.status);
        self.end(error.attempts(), |calls| {
            calls.failed.inc();
            if let Some(status) = status {
                calls.ended(status);
            }
        });
    }

    /// Counts what the ledger tells: each attempt for the model that it was sent to.
    fn attempted(&self, attempts: &[Attempt], fallbacks: u32) {
        for _ in 0..fallbacks {
            self.meter.total.fell_back();
        }
        let mut before: Option<&Attempt> = None;
        for attempt in attempts {
            let model = self.meter.model(&attempt.model);
            for calls in [&self.meter.total, &*model] {
                calls.attempts.inc();
                calls.attempt_latency.record_duration(attempt.http.elapsed);
                // Numbers begin anew at each provider: only what follows an attempt there is a retry.
                if let Some(before) = before.filter(|_| attempt.http.number > 1) {
                    let delay = before.http.wait.unwrap_or_default();
                    calls.retried(delay, before.http.status);
                    if before.http.hinted {
                        calls.hinted(delay);
                    }
                }
            }
            before = Some(attempt);
        }
    }

    /// Counts the end in the total and for the model that was asked last.
    fn end(&mut self, attempts: &[Attempt], how: impl Fn(&Calls)) {
        self.over = true;
        let elapsed = self.timer.now().since(self.started);
        let model = self.meter.model(attempts.last().map_or(&self.asked, |last| &last.model));
        model.requests.inc();
        for calls in [&self.meter.total, &*model] {
            calls.latency.record_duration(elapsed);
            how(calls);
        }
        self.meter.total.active.sub(1);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if !self.over {
            let model = self.meter.model(&self.asked);
            model.requests.inc();
            for calls in [&self.meter.total, &*model] {
                calls.cancelled.inc();
            }
            self.meter.total.active.sub(1);
        }
    }
}
