//! A guard that counts a whole call, however it ends.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast_clock::{Clock, Nanos};

use super::{Attempt, Calls};

/// One call, from its beginning to its end. Made by [`Calls::begin`].
///
/// [`succeed`](Self::succeed) and [`fail`](Self::fail) end it. Dropping it without a word, also by a panic or in a
/// cancelled future, counts it as cancelled: how long its caller had the patience to wait is no latency of the call, and
/// is not recorded.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::ManualClock;
/// use steadfast_telemetry::{CallReport, Calls, Recorder, Registry};
///
/// let (registry, clock) = (Registry::new(), ManualClock::new());
/// let calls = Calls::new(registry.clone(), "llm");
///
/// let operation = calls.begin(&clock);
/// drop(operation.attempt());
/// clock.advance(Duration::from_secs(1));
/// drop(operation.attempt_after(Duration::from_secs(1), Some(529)));
/// operation.succeed();
///
/// let report = CallReport::read(&registry.snapshot(), "llm", &[]);
/// assert_eq!((report.requests, report.succeeded, report.attempts, report.retries), (1, 1, 2, 1));
/// assert_eq!(report.latency.max, Some(Duration::from_secs(1)));
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard counts the call as cancelled"]
pub struct Operation<'a, C: Clock> {
    calls: &'a Calls,
    /// Usually the host or the model, and no more.
    also: Option<&'a Calls>,
    more: Vec<&'a Calls>,
    clock: C,
    started: Nanos,
    /// At the present target.
    attempts: AtomicU32,
    live: bool,
}

impl Calls {
    /// Begins a call: it is counted now, and timed by `clock`.
    pub fn begin<C: Clock>(&self, clock: C) -> Operation<'_, C> {
        begin(self);
        let (started, attempts) = (clock.now(), AtomicU32::new(0));
        Operation { calls: self, also: None, more: Vec::new(), clock, started, attempts, live: true }
    }
}

impl<'a, C: Clock> Operation<'a, C> {
    /// Counts the call in this scope too, such as that of its host. Said before the first attempt.
    pub fn also(mut self, scope: &'a Calls) -> Self {
        begin(scope);
        match self.also {
            None => self.also = Some(scope),
            Some(_) => self.more.push(scope),
        }
        self
    }

    /// Begins an attempt. One beyond the first at the same target is a retry.
    pub fn attempt(&self) -> Attempt<'_, 'a, C> {
        if self.attempts.fetch_add(1, Ordering::Relaxed) > 0 {
            self.count(|calls| calls.retries.inc());
        }
        self.send()
    }

    /// Begins an attempt that is a retry: after a wait of `delay`, because of that status; none for a failure of the
    /// network.
    pub fn attempt_after(&self, delay: Duration, cause: Option<u16>) -> Attempt<'_, 'a, C> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.count(|calls| calls.retried(delay, cause));
        self.send()
    }

    /// Turns to another provider or model: the next attempt is the first at its target, and no retry.
    pub fn fall_back(&self) {
        self.attempts.store(0, Ordering::Relaxed);
        self.count(Calls::fell_back);
    }

    /// Records in every scope of the call.
    ///
    /// ```
    /// # use steadfast_clock::ManualClock;
    /// # use steadfast_telemetry::{Calls, Recorder, Registry};
    /// # let (registry, clock) = (Registry::new(), ManualClock::new());
    /// let calls = Calls::new(registry.clone(), "llm");
    /// let model = calls.model("small-1");
    /// let operation = calls.begin(&clock).also(&model);
    /// operation.count(|calls| calls.tokens(1_200, 80));
    /// operation.succeed();
    /// assert_eq!(registry.snapshot().histogram_sum("llm_tokens_in").sum(), 2 * 1_200);
    /// ```
    pub fn count(&self, record: impl Fn(&Calls)) {
        record(self.calls);
        self.also.iter().chain(&self.more).for_each(|calls| record(calls));
    }

    /// The time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.now().since(self.started)
    }

    /// Ends the call as a success.
    pub fn succeed(self) {
        self.end(|calls| calls.succeeded.inc());
    }

    /// Ends the call as a failure, and counts the status that it ended with, if there was any.
    pub fn fail(self, status: Option<u16>) {
        self.end(|calls| {
            calls.failed.inc();
            if let Some(status) = status {
                calls.ended(status);
            }
        });
    }

    pub(super) fn clock(&self) -> &C {
        &self.clock
    }

    fn send(&self) -> Attempt<'_, 'a, C> {
        self.count(|calls| calls.attempts.inc());
        Attempt::new(self)
    }

    fn end(mut self, how: impl Fn(&Calls)) {
        self.live = false;
        let elapsed = self.elapsed();
        self.count(|calls| {
            calls.latency.record_duration(elapsed);
            calls.active.sub(1);
            how(calls);
        });
    }
}

impl<C: Clock> Drop for Operation<'_, C> {
    fn drop(&mut self) {
        if self.live {
            self.count(|calls| {
                calls.active.sub(1);
                calls.cancelled.inc();
            });
        }
    }
}

fn begin(calls: &Calls) {
    calls.requests.inc();
    calls.active.add(1);
}
