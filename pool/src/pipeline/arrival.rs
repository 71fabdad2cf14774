//! An answer's body on its way in: limited in time and size, counted, and its late failures told to the breaker.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use steadfast_breaker::{Breaker, Outcome};
use steadfast_clock::{Nanos, SharedTimer};
use steadfast_telemetry::Counter;

use super::call::Call;
use super::failure::Failure;

use crate::attempt::Reached;
use crate::error::{ErrorKind, Phase};
use crate::host::HostBreaker;
use crate::race;
use crate::transport::InboundBody;

/// The points in time that end an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    attempt: Option<Nanos>,
    deadline: Option<Nanos>,
    stall: Duration,
}

impl Limits {
    pub(super) fn of(call: &Call<'_>, started: Nanos) -> Self {
        Self {
            attempt: call.timeouts.attempt.map(|limit| started.saturating_add(limit)),
            deadline: call.request.context.deadline,
            stall: call.timeouts.stall,
        }
    }

    /// The earlier of the two ends.
    pub(super) fn end(&self) -> Option<Nanos> {
        match (self.attempt, self.deadline) {
            (Some(attempt), Some(deadline)) => Some(attempt.min(deadline)),
            (attempt, deadline) => attempt.or(deadline),
        }
    }

    pub(super) fn check(&self, now: Nanos, reached: Reached) -> Result<(), Failure> {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(Failure::new(ErrorKind::Deadline, reached, "the deadline passed"));
        }
        if self.attempt.is_some_and(|end| now >= end) {
            let kind = ErrorKind::Timeout(Phase::Attempt);
            return Err(Failure::new(kind, reached, "the attempt took too long"));
        }
        Ok(())
    }
}

pub(crate) struct Arrival {
    body: Option<InboundBody>,
    /// What was read ahead and not handed out.
    prefix: Option<Bytes>,
    limits: Limits,
    timer: SharedTimer,
    breaker: Option<Arc<HostBreaker>>,
    bytes_in: Counter,
    host_bytes_in: Counter,
    /// The breaker has the outcome of the head; a later failure is a record of its own.
    head_settled: bool,
}

impl Arrival {
    pub(super) fn new(call: &Call<'_>, body: InboundBody, limits: Limits) -> Self {
        Self {
            body: Some(body),
            prefix: None,
            limits,
            timer: Arc::clone(&call.pool.timer),
            breaker: call.breaker.clone(),
            bytes_in: call.pool.shared.total.bytes_in.clone(),
            host_bytes_in: call.host.calls.bytes_in.clone(),
            head_settled: false,
        }
    }

    /// Whether all of the body is here.
    pub(super) fn is_whole(&self) -> bool {
        self.body.is_none()
    }

    /// What was read ahead.
    pub(super) fn prefix(&self) -> &[u8] {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// What was read ahead, taken out.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.prefix.unwrap_or_default()
    }

    /// Reads the whole body, at most `limit` bytes.
    pub(super) async fn read_whole(&mut self, limit: usize) -> Result<(), Failure> {
        let whole = self.collect(limit).await?;
        self.prefix = Some(whole);
        Ok(())
    }

    /// Reads the beginning of the body; a failure there is not one of the answer, whose status is known.
    pub(super) async fn read_ahead(&mut self, bytes: usize) -> Result<(), Failure> {
        let mut prefix = BytesMut::new();
        // A refusal that drips in must not hold the call up, as the stream itself may.
        let whole = self.limits.attempt;
        self.limits.attempt = whole.or(Some(self.timer.now().saturating_add(self.limits.stall)));
        while prefix.len() < bytes {
            match self.next().await {
                Ok(Some(chunk)) => prefix.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(failure) if failure.kind == ErrorKind::Deadline => return Err(failure),
                Err(_) => {
                    self.body = None;
                    break;
                }
            }
        }
        self.limits.attempt = whole;
        self.prefix = Some(prefix.freeze());
        self.head_settled = true;
        Ok(())
    }

    /// The next bytes, those read ahead first.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if let Some(prefix) = self.prefix.take().filter(|prefix| !prefix.is_empty()) {
            return Ok(Some(prefix));
        }
        self.head_settled = true;
        self.next().await
    }

    /// The rest of the body, at most `limit` bytes.
    pub(crate) async fn rest(&mut self, limit: usize) -> Result<Bytes, Failure> {
        self.head_settled = true;
        self.collect(limit).await
    }

    async fn collect(&mut self, limit: usize) -> Result<Bytes, Failure> {
        let mut whole = BytesMut::from(self.prefix.take().unwrap_or_default());
        if let Some(body) = &self.body {
            let announced = body.size_hint().lower();
            if announced > limit as u64 {
                return Err(too_large(limit));
            }
        }
        while let Some(chunk) = self.next().await? {
            if whole.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            if whole.is_empty() {
                whole = BytesMut::from(chunk);
            } else {
                whole.extend_from_slice(&chunk);
            }
        }
        Ok(whole.freeze())
    }

    /// The next bytes from the connection. Cancel-safe: a frame is either still in the body or returned.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(body) = &mut self.body else { return Ok(None) };
        let stall = self.timer.now().saturating_add(self.limits.stall);
        let until = self.limits.end().map_or(stall, |end| end.min(stall));
        let result = loop {
            let mut frame = std::pin::pin!(poll_fn(|cx| body.as_mut().poll_frame(cx)));
            match race::before(&self.timer, until, frame.as_mut()).await {
                Some(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => break Ok(Some(bytes)),
                    // Trailers: nothing more can follow, but the end must be read.
                    Err(_) => continue,
                },
                Some(Some(Err(error))) => break Err(Failure::from(error)),
                Some(None) => break Ok(None),
                None => break Err(self.late()),
            }
        };
        match &result {
            Ok(Some(bytes)) => {
                let bytes = bytes.len() as u64;
                self.bytes_in.add(bytes);
                self.host_bytes_in.add(bytes);
            }
            Ok(None) => self.body = None,
            Err(failure) => {
                self.body = None;
                self.record_late_failure(failure);
            }
        }
        result
    }

    /// Which limit struck.
    fn late(&self) -> Failure {
        if let Err(failure) = self.limits.check(self.timer.now(), Reached::Headers) {
            return failure;
        }
        let message = format!("the answer stalled for {:.1} s", self.limits.stall.as_secs_f64());
        Failure::new(ErrorKind::Timeout(Phase::Stall), Reached::Headers, message)
    }

    fn record_late_failure(&self, failure: &Failure) {
        if self.head_settled && failure.kind != ErrorKind::Deadline {
            self.report(Outcome::Failure);
        }
    }

    /// One outcome more for the breaker, besides that of the head.
    pub(crate) fn report(&self, health: Outcome) {
        let Some(breaker) = &self.breaker else { return };
        let now = self.timer.now();
        if let Ok(ticket) = breaker.admit(now) {
            breaker.settle(ticket, health, Duration::ZERO, now);
        }
    }
}

fn too_large(limit: usize) -> Failure {
    Failure::new(ErrorKind::TooLarge, Reached::Headers, format!("the answer is larger than {limit} bytes"))
}
