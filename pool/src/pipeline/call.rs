//! The state of one call on its way through the pipeline.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use http::header::RETRY_AFTER;
use steadfast_backoff::{Budget, Policy, Retry, Stop, Wait, retry_after};
use steadfast_breaker::State;
use steadfast_clock::Nanos;
use steadfast_ratelimit::OwnedInFlight;
use steadfast_telemetry::Calls;

use super::arrival::Held;
use super::failure::Failure;
use super::{Arrival, Mode, log};
use crate::admit::Entry;
use crate::attempt::{Attempt, Reached};
use crate::classify::Classify;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer};
use crate::gate::Inside;
use crate::host::{Figures, HEDGES, Host, HostBreaker};
use crate::identity::{self, Identity};
use crate::pool::Inner;
use crate::request::Request;
use crate::response::Head;
use crate::timeouts::Timeouts;
use crate::transport::{Exchange, Inbound};

const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// What an attempt brings.
pub(super) type Received = Result<(http::response::Parts, Arrival), Failure>;

pub(super) struct Call<'p> {
    pub(super) pool: &'p Arc<Inner>,
    pub(super) request: &'p Request,
    pub(super) mode: Mode,
    pub(super) identity: Identity,
    pub(super) host: Arc<Host>,
    pub(super) scope: Arc<str>,
    pub(super) breaker: Option<Arc<HostBreaker>>,
    pub(super) policy: Policy,
    pub(super) timeouts: Timeouts,
    pub(super) retry: Retry,
    /// The one resend that [`Resend::Stale`](crate::Resend::Stale) gives was used.
    pub(super) stale_resent: bool,
    /// Sent again it would be, were its body one that can be.
    pub(super) unrepeatable: bool,
    /// The caller's deadline, or the earlier one of a layer above.
    pub(super) deadline: Option<Nanos>,
    /// When the latest attempt ended.
    pub(super) ended: Nanos,
    /// The present, as it was when the call last had to wait for something.
    pub(super) now: Nanos,
    started: Nanos,
    /// The wait before the next attempt, and the status that caused it: a retry once that attempt begins.
    waited: Option<(Duration, Option<u16>)>,
    attempts: Vec<Attempt>,
    /// How many of the attempts were hedges.
    hedges: u32,
    finished: bool,
}

impl<'p> Call<'p> {
    pub(super) fn begin(pool: &'p Arc<Inner>, request: &'p Request, mode: Mode, identity: Identity) -> Self {
        let started = pool.timer.now();
        let host = pool.hosts.host(&request.url, request.transient, started);
        let scope = request.scope.as_ref().unwrap_or(&host.name);
        let mut retry = Retry::new(started);
        for _ in 0..request.context.attempts_before {
            retry.begin();
        }
        let context = &request.context;
        if let Some(carried) = &context.carried {
            // The first attempt is always made: it is the one of the layer above.
            let _ = carried.begin();
        }
        let carried = context.carried.as_ref().and_then(|carried| carried.deadline());
        let timeouts = request.timeouts.unwrap_or_else(|| {
            let timeouts = host.config.timeouts.unwrap_or(pool.config.timeouts);
            if mode == Mode::Stream { timeouts.attempt(None) } else { timeouts }
        });
        let call = Self {
            pool,
            request,
            mode,
            identity,
            breaker: match request.unwatched {
                true => None,
                false => pool.hosts.breaker(request.scope.as_ref(), &host, started),
            },
            policy: request.retry.or(host.config.retry).unwrap_or(pool.retry),
            scope: Arc::clone(scope),
            host,
            timeouts,
            retry,
            stale_resent: false,
            unrepeatable: false,
            deadline: earlier(context.deadline, carried),
            ended: started,
            now: started,
            started,
            waited: None,
            attempts: Vec::with_capacity(1),
            hedges: 0,
            finished: false,
        };
        call.count_call(|calls| {
            calls.requests.inc();
            calls.active.add(1);
        });
        call
    }

    /// Adds to the total and to the host's own figures.
    pub(super) fn count(&self, add: impl Fn(&Calls)) {
        self.note(|figures| add(&figures.calls));
    }

    /// As [`count`](Self::count), unless the call is part of one that is counted elsewhere.
    fn count_call(&self, add: impl Fn(&Calls)) {
        if !self.request.within {
            self.count(add);
        }
    }

    fn note(&self, add: impl Fn(&Figures)) {
        self.pool.shared.total().into_iter().chain(self.host.figures.as_deref()).for_each(add);
    }

    /// Notes what the transport told of the exchange, and when it brought the head of its answer, which is now.
    pub(super) fn exchanged(&self, started: Nanos, result: &Result<Inbound, Failure>, exchange: &Exchange) -> Nanos {
        let now = self.pool.timer.now();
        let first_byte = result.is_ok().then(|| now.since(started));
        self.note(|figures| {
            figures.calls.bytes_out.add(exchange.upload.sent());
            if let Some(first_byte) = first_byte {
                figures.first_byte.record_duration(first_byte);
            }
            if let Some(connection) = exchange.connection() {
                figures.connected(connection);
            }
        });
        now
    }

    /// Notes a wait for one of the limits, which ends now: the attempt that it was for begins after it.
    pub(super) fn limited(&mut self, since: Nanos) {
        self.now = self.pool.timer.now();
        let delay = self.now.since(since);
        self.count(|calls| calls.limited(delay));
        self.tell(&Event::LimitWaited { target: &self.scope, delay });
    }

    /// The next attempt, to be admitted.
    pub(super) fn entry(&self) -> Entry {
        Entry::new(self.number().saturating_add(1), self.deadline)
    }

    /// Where retries are paid from.
    pub(super) fn budget(&self) -> Option<&Arc<dyn Budget>> {
        self.request.context.budget.as_ref().or(self.host.config.budget.as_ref()).or(self.pool.budget.as_ref())
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        self.pool.shared.observer.on(event);
        if let Some(observer) = &self.request.observer {
            observer.on(event);
        }
    }

    pub(super) fn classify(&self) -> &dyn Classify {
        self.request.classify.as_deref().or(self.host.config.classify.as_deref()).unwrap_or(&*self.pool.classify)
    }

    /// An error of this call that is not an attempt's: the place and the attempts so far are filled in.
    pub(super) fn refuse(&mut self, error: Error) -> Error {
        self.ended = self.pool.timer.now();
        self.close(false, None);
        if let (Some(carried), Some(_)) = (&self.request.context.carried, self.waited) {
            // The retry that was taken from the common store is not made.
            carried.give_back();
        }
        error.at(self.request.place()).after(std::mem::take(&mut self.attempts)).identified(self.identity.id())
    }

    /// The number of the newest attempt that is no hedge.
    pub(super) fn number(&self) -> u32 {
        self.retry.attempt().saturating_add(self.hedges)
    }

    /// The most attempts there can be; hedges are none of the policy's.
    fn max(&self) -> u32 {
        self.policy.max_attempts().saturating_add(self.hedges)
    }

    pub(super) fn begin_attempt(&mut self) {
        self.retry.begin();
        let waited = self.waited.take();
        self.count(|calls| {
            calls.attempts.inc();
            if let Some((delay, cause)) = waited {
                calls.retried(delay, cause);
            }
        });
        self.tell(&Event::AttemptStarted { target: &self.scope, number: self.number(), max: self.max() });
    }

    /// An attempt begins beside others.
    pub(super) fn begin_hedge(&self, number: u32) {
        self.count(|calls| calls.attempts.inc());
        self.counted(HEDGES);
        tracing::debug!(target_scope = &*self.scope, attempt = number, "hedging");
        self.tell(&Event::Hedged { target: &self.scope, number });
    }

    /// One more of a series that most calls never need.
    pub(super) fn counted(&self, series: &'static str) {
        self.note(|figures| figures.inc(series));
    }

    /// Counts an attempt that ended, and makes its record.
    pub(super) fn record(&self, number: u32, started: Nanos, hedge: bool, result: &Received) -> Attempt {
        let came = result.as_ref().ok().and_then(|(_, arrival)| arrival.came_at());
        let elapsed = came.unwrap_or_else(|| self.pool.timer.now()).since(started);
        self.count(|calls| calls.attempt_latency.record_duration(elapsed));
        let (status, error, reached) = match result {
            Ok((head, arrival)) => {
                (Some(head.status.as_u16()), None, if arrival.is_whole() { Reached::Body } else { Reached::Headers })
            }
            Err(failure) => (failure.status, Some(failure.to_string()), failure.reached),
        };
        let attempt = Attempt {
            number,
            target: Arc::clone(&self.scope),
            status,
            error,
            reached,
            elapsed,
            wait: None,
            hinted: false,
            hedge,
            maybe_executed: result.is_err() && !reached.is_harmless(),
            server_request_id: result.as_ref().ok().and_then(|(head, _)| self.id_of_server(&head.headers)),
        };
        tracing::debug!(target_scope = &*self.scope, attempt = number, outcome = %attempt.outcome(), "attempt ended");
        self.tell(&Event::AttemptEnded { attempt: &attempt });
        attempt
    }

    /// Takes note of those that were under way beside the one that decides.
    pub(super) fn hedged(&mut self, others: Vec<Attempt>) {
        self.hedges = self.hedges.saturating_add(u32::try_from(others.len()).unwrap_or(u32::MAX));
        self.attempts.extend(others);
    }

    pub(super) fn end_attempt(&mut self, record: Attempt) {
        self.ended = self.pool.timer.now();
        self.attempts.push(record);
    }

    fn id_of_server(&self, headers: &http::HeaderMap) -> Option<String> {
        identity::of_server(headers, [&self.request.headers, &self.host.config.default_headers], &self.request.url)
    }

    /// Sleeps before the next attempt and tells of it. The failed answer is dropped first: its connection is free.
    pub(super) async fn wait(&mut self, wait: &Wait, result: Received) {
        let until = self.ended.saturating_add(wait.delay);
        let what = what(&result);
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.wait = Some(wait.delay);
            attempt.hinted = wait.hinted;
        }
        let status = result.as_ref().ok().map(|(head, _)| head.status.as_u16());
        self.told_of_retry(result, wait.delay);
        self.waited = Some((wait.delay, status));
        if wait.hinted {
            self.count(|calls| calls.hinted(wait.delay));
        }
        let (attempt, max) = (self.number() + 1, self.max());
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
        self.now = self.pool.timer.now();
    }

    /// Tells the request's own listener what failed. The answer is dropped before.
    fn told_of_retry(&self, result: Received, delay: Duration) {
        let Some(told) = &self.request.on_retry else { return };
        let error = match result {
            Ok((head, _)) => {
                let status = head.status.as_u16();
                Error::new(ErrorKind::Status(status), format!("HTTP {status}")).retry_in(self.hint_of(&head.headers))
            }
            Err(failure) => failure.into_error(),
        };
        told(self.number(), &error.at(self.request.place()), delay);
    }

    pub(super) fn finish(
        mut self,
        result: Received,
        stop: Option<Stop>,
        place: Option<OwnedInFlight>,
    ) -> Result<(Head, Arrival), Error> {
        let status = match &result {
            Ok((head, _)) => Some(head.status.as_u16()),
            Err(failure) => failure.status,
        };
        let succeeded = result.is_ok() && status.is_some_and(|status| status < 400);
        self.close(succeeded, status);
        let retried = self.attempts.len() > 1 || stop.is_some_and(|stop| stop != Stop::NotRetryable);
        if !succeeded && retried {
            log::gave_up(&self.request.place().to_string(), &self.attempts, self.retry.total_wait(), &what(&result));
        }
        let attempts = std::mem::take(&mut self.attempts);
        let at = self.request.place();
        match result {
            Ok((head, mut arrival)) => {
                if !arrival.is_whole() {
                    arrival.hold(Held { _place: place, _inside: Inside::again(self.pool) });
                }
                let retry_after = self.hint_of(&head.headers);
                let head = Head {
                    status: head.status,
                    headers: head.headers,
                    url: Arc::clone(&self.request.url),
                    identity: self.identity.clone(),
                    elapsed: self.ended.since(self.started),
                    place: at,
                    retry_after,
                    stop,
                    attempts,
                    #[cfg(feature = "cache")]
                    coalesced: false,
                    #[cfg(feature = "cache")]
                    cached: None,
                };
                Ok((head, arrival))
            }
            Err(failure) => {
                let failure = if self.unrepeatable { failure.unrepeatable() } else { failure };
                let error = failure.into_error().at(at).after(attempts).stopped(stop);
                Err(error.identified(self.identity.id()))
            }
        }
    }

    /// The wait that an answer asks for, read relative to the answer's own date.
    pub(super) fn hint_of(&self, headers: &http::HeaderMap) -> Option<Duration> {
        if !headers.contains_key(RETRY_AFTER) && !headers.contains_key(RETRY_AFTER_MS) {
            return None;
        }
        let fields = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        retry_after::hint(fields, self.pool.wall.wall())
    }

    fn close(&mut self, succeeded: bool, status: Option<u16>) {
        self.finished = true;
        let elapsed = self.ended.since(self.started);
        self.count_call(|calls| {
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
            self.count_call(|calls| {
                calls.cancelled.inc();
                calls.active.sub(1);
            });
        }
        if self.request.transient && self.breaker.take().is_some() {
            self.pool.hosts.forget(&self.scope, self.pool.timer.now());
        }
    }
}

/// The earlier of two points in time that may be.
fn earlier(one: Option<Nanos>, other: Option<Nanos>) -> Option<Nanos> {
    one.into_iter().chain(other).min()
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
