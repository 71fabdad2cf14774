//! One call on its way to the figures.

use std::sync::Arc;

use steadfast_clock::{Nanos, SharedTimer};
use steadfast_telemetry::Calls;

use super::Meter;
use super::gen_ai::GenAi;
use crate::{Attempt, Error, Usage};

/// A call that has begun. Dropped before it is told how the call ended, it counts the call as cancelled.
pub(crate) struct Counted {
    meter: Arc<Meter>,
    timer: SharedTimer,
    /// Who was asked first, and the model.
    provider: Arc<str>,
    asked: Arc<str>,
    started: Nanos,
    over: bool,
}

impl Counted {
    pub(super) fn begin(meter: Arc<Meter>, timer: SharedTimer, provider: Arc<str>, asked: Arc<str>) -> Self {
        meter.total.requests.inc();
        meter.total.active.add(1);
        let started = timer.now();
        Self { meter, timer, provider, asked, started, over: false }
    }

    /// The call ended with an answer, which may come from a cache.
    pub(crate) fn answered(mut self, usage: Usage, attempts: &[Attempt], fallbacks: u32, is_cached: bool) {
        self.attempted(attempts, fallbacks);
        if !is_cached {
            self.told(attempts, None);
            // A provider without a ledger tells in the end alone.
            if usage.is_known() && attempts.iter().all(|attempt| attempt.usage.is_none()) {
                self.last(attempts).used(&usage);
            }
        }
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
        self.told(error.attempts(), Some(error.kind().as_str()));
        let status = error.attempts().last().and_then(|last| last.http.status);
        self.end(error.attempts(), |calls| {
            calls.failed.inc();
            if let Some(status) = status {
                calls.ended(status);
            }
        });
    }

    /// The caller left; the ledger tells how far it got.
    pub(crate) fn cancelled(mut self, attempts: &[Attempt], fallbacks: u32) {
        self.attempted(attempts, fallbacks);
        self.leave(attempts);
    }

    fn leave(&mut self, attempts: &[Attempt]) {
        self.over = true;
        self.told(attempts, Some("cancelled"));
        let model = self.meter.model(attempts.last().map_or(&self.asked, |last| &last.model));
        model.requests.inc();
        for calls in [&self.meter.total, &*model] {
            calls.cancelled.inc();
        }
        self.meter.total.active.sub(1);
    }

    /// The conventions' figures: of the call for who was asked last, of each attempt for who was asked.
    fn told(&self, attempts: &[Attempt], error: Option<&'static str>) {
        let last = self.last(attempts);
        last.ended(self.timer.now().since(self.started), error);
        if let Some(after) = attempts.last().and_then(|attempt| attempt.first_token) {
            last.began(after);
        }
        for attempt in attempts {
            let Some(usage) = &attempt.usage else { continue };
            let one = self.meter.gen_ai(&attempt.provider, &attempt.model);
            one.used(usage);
            if let Some(cost) = attempt.cost {
                one.cost(cost);
            }
        }
    }

    fn last(&self, attempts: &[Attempt]) -> GenAi {
        match attempts.last() {
            Some(last) => self.meter.gen_ai(&last.provider, &last.model),
            None => self.meter.gen_ai(&self.provider, &self.asked),
        }
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
            self.leave(&[]);
        }
    }
}
