//! The state of one call on its way through the pipeline.

use std::sync::Arc;
use std::time::Duration;

use steadfast_backoff::{Policy, Retry, Stop, Wait, retry_after};
use steadfast_breaker::State;
use steadfast_clock::Nanos;
use steadfast_telemetry::Calls;

use super::failure::Failure;
use super::{Arrival, Mode, log};
use crate::attempt::{Attempt, Reached};
use crate::classify::Classify;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer};
use crate::host::{Host, HostBreaker};
use crate::pool::Inner;
use crate::redact::authority;
use crate::request::Request;
use crate::response::Head;
use crate::timeouts::Timeouts;

/// What an attempt brings.
pub(super) type Received = Result<(http::response::Parts, Arrival), Failure>;

pub(super) struct Call<'p> {
    pub(super) pool: &'p Inner,
    pub(super) request: &'p Request,
    pub(super) mode: Mode,
    pub(super) host: Arc<Host>,
    pub(super) scope: Arc<str>,
    pub(super) breaker: Option<Arc<HostBreaker>>,
    pub(super) policy: Policy,
    pub(super) timeouts: Timeouts,
    pub(super) retry: Retry,
    /// The one resend that [`Resend::Stale`](crate::Resend::Stale) gives was used.
    pub(super) stale_resent: bool,
    started: Nanos,
    /// The wait before the next attempt, and the status that caused it: a retry once that attempt begins.
    waited: Option<(Duration, Option<u16>)>,
    attempts: Vec<Attempt>,
    finished: bool,
}

impl<'p> Call<'p> {
    pub(super) fn begin(pool: &'p Inner, request: &'p Request, mode: Mode) -> Self {
        let authority = authority(&request.url);
        let host = pool.hosts.host(&authority, request.transient);
        let scope = request.scope.clone().unwrap_or_else(|| Arc::from(authority));
        let started = pool.timer.now();
        let mut retry = Retry::new(started);
        for _ in 0..request.context.attempts_before {
            retry.begin();
        }
        let timeouts = request.timeouts.unwrap_or(match mode {
            Mode::Whole => pool.config.timeouts,
            Mode::Stream => pool.config.timeouts.attempt(None),
        });
        let call = Self {
            pool,
            request,
            mode,
            breaker: pool.hosts.breaker(&scope, &host, started),
            policy: request.retry.or(host.config.retry).unwrap_or(pool.retry),
            host,
            scope,
            timeouts,
            retry,
            stale_resent: false,
            started,
            waited: None,
            attempts: Vec::new(),
            finished: false,
        };
        call.count(|calls| {
            calls.requests.inc();
            calls.active.add(1);
        });
        call
    }

    /// Adds to the total and to the host's own figures.
    pub(super) fn count(&self, add: impl Fn(&Calls)) {
        add(&self.pool.shared.total);
        add(&self.host.calls);
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        self.pool.shared.observer.on(event);
        if let Some(observer) = &self.request.observer {
            observer.on(event);
        }
    }

    pub(super) fn classify(&self) -> &dyn Classify {
        self.request.classify.as_deref().unwrap_or(&*self.pool.classify)
    }

    /// An error of this call that is not an attempt's: the place and the attempts so far are filled in.
    pub(super) fn refuse(&mut self, error: Error) -> Error {
        self.close(false, None);
        error.at(self.request.place()).after(std::mem::take(&mut self.attempts))
    }

    pub(super) fn begin_attempt(&mut self) -> Nanos {
        let number = self.retry.begin();
        let waited = self.waited.take();
        self.count(|calls| {
            calls.attempts.inc();
            if let Some((delay, cause)) = waited {
                calls.retried(delay, cause);
            }
        });
        let max = self.policy.max_attempts();
        self.tell(&Event::AttemptStarted { target: &self.scope, number, max });
        self.pool.timer.now()
    }

    pub(super) fn end_attempt(&mut self, started: Nanos, result: &Received) {
        let elapsed = self.pool.timer.now().since(started);
        self.count(|calls| calls.attempt_latency.record_duration(elapsed));
        let (status, error, reached) = match result {
            Ok((head, arrival)) => {
                (Some(head.status.as_u16()), None, if arrival.is_whole() { Reached::Body } else { Reached::Headers })
            }
            Err(failure) => (failure.status, Some(failure.to_string()), failure.reached),
        };
        let attempt = Attempt {
            number: self.retry.attempt(),
            target: Arc::clone(&self.scope),
            status,
            error,
            reached,
            elapsed,
            wait: None,
            hinted: false,
            maybe_executed: result.is_err() && !reached.is_harmless(),
        };
        tracing::debug!(target_scope = &*self.scope, attempt = attempt.number, outcome = %attempt.outcome(), "attempt ended");
        self.tell(&Event::AttemptEnded { attempt: &attempt });
        self.attempts.push(attempt);
    }

    /// Sleeps before the next attempt and tells of it. The failed answer is dropped first: its connection is free.
    pub(super) async fn wait(&mut self, wait: &Wait, result: Received) {
        let until = self.pool.timer.now().saturating_add(wait.delay);
        let what = what(&result);
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.wait = Some(wait.delay);
            attempt.hinted = wait.hinted;
        }
        let status = result.as_ref().ok().map(|(head, _)| head.status.as_u16());
        drop(result);
        self.waited = Some((wait.delay, status));
        if wait.hinted {
            self.count(|calls| calls.hinted(wait.delay));
        }
        let (attempt, max) = (self.retry.attempt() + 1, self.policy.max_attempts());
        log::retrying(&self.scope, attempt, max, wait.delay, &what);
        self.tell(&Event::Retrying {
            target: &self.scope,
            attempt,
            max,
            what: &what,
            delay: wait.delay,
            hinted: wait.hinted,
        });
        self.pool.timer.sleep_until(until).await;
    }

    pub(super) fn finish(mut self, result: Received, stop: Option<Stop>) -> Result<(Head, Arrival), Error> {
        let status = match &result {
            Ok((head, _)) => Some(head.status.as_u16()),
            Err(failure) => failure.status,
        };
        let succeeded = result.is_ok() && status.is_some_and(|status| status < 400);
        self.close(succeeded, status);
        let retried = self.attempts.len() > 1 || stop.is_some_and(|stop| stop != Stop::NotRetryable);
        if !succeeded && retried {
            log::gave_up(&self.request.place(), &self.attempts, self.retry.total_wait(), &what(&result));
        }
        let attempts = std::mem::take(&mut self.attempts);
        let place = self.request.place();
        match result {
            Ok((head, arrival)) => {
                let retry_after = self.hint_of(&head.headers);
                Ok((Head { status: head.status, headers: head.headers, place, retry_after, stop, attempts }, arrival))
            }
            Err(failure) => Err(failure.into_error().at(place).after(attempts).stopped(stop)),
        }
    }

    /// The wait that an answer asks for, read relative to the answer's own date.
    pub(super) fn hint_of(&self, headers: &http::HeaderMap) -> Option<Duration> {
        if !headers.contains_key("retry-after") && !headers.contains_key("retry-after-ms") {
            return None;
        }
        let fields = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        retry_after::hint(fields, self.pool.wall.wall())
    }

    fn close(&mut self, succeeded: bool, status: Option<u16>) {
        self.finished = true;
        let elapsed = self.pool.timer.now().since(self.started);
        self.count(|calls| {
            if succeeded {
                calls.succeeded.inc()
            } else {
                calls.failed.inc()
            }
            if let Some(status) = status {
                calls.ended(status);
            }
            calls.latency.record_duration(elapsed);
            calls.active.sub(1);
        });
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.count(|calls| {
                calls.cancelled.inc();
                calls.active.sub(1);
            });
        }
        if self.request.transient && self.breaker.take().is_some() {
            self.pool.hosts.forget(&self.scope, self.pool.timer.now());
        }
    }
}

/// What came of an attempt, in a few words.
fn what(result: &Received) -> String {
    match result {
        Ok((head, _)) => format!("HTTP {}", head.status.as_u16()),
        Err(failure) => failure.to_string(),
    }
}

/// The error of a call that the breaker did not let through.
pub(super) fn breaker_open(rejected: &steadfast_breaker::Rejected, scope: &str) -> Error {
    let message = match rejected.state {
        State::HalfOpen => format!("breaker of {scope} is half-open and its probes are out: nothing was sent"),
        _ => match rejected.retry_in {
            Some(left) => format!("breaker of {scope} is open for {:.1} s more: nothing was sent", left.as_secs_f64()),
            None => format!("breaker of {scope} is open: nothing was sent"),
        },
    };
    Error::new(ErrorKind::BreakerOpen, message).retry_in(rejected.retry_in)
}
