//! An answer's body on its way in: limited in time and size, counted, and its late failures told to the breaker.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use steadfast_breaker::{Breaker, Outcome};
use steadfast_clock::{BoxSleep, Clock, Nanos};
use steadfast_ratelimit::OwnedInFlight;

use super::call::Call;
use super::failure::Failure;
#[cfg(feature = "cache")]
use super::tape::Tape;

use crate::attempt::Reached;
use crate::coding::{self, Decoding, Undecodable};
use crate::error::{ErrorKind, Phase};
use crate::gate::Inside;
use crate::host::{Host, HostBreaker};
use crate::pool::Inner;
use crate::transport::{Connected, InboundBody};

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
            deadline: call.deadline,
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

/// A body that has not ended, and what is held until it has.
struct Open {
    body: InboundBody,
    held: Option<Held>,
}

/// What an answer holds until its body has ended, failed or was dropped.
pub(super) struct Held {
    /// One of the places that there are for calls to the host.
    pub(super) _place: Option<OwnedInFlight>,
    pub(super) _inside: Inside,
}

pub(crate) struct Arrival {
    open: Option<Open>,
    /// What undoes the body's content coding.
    decoding: Option<Decoding>,
    /// How many bytes may still be handed out.
    left: usize,
    /// The wait for the next bytes, while there are none.
    sleep: Option<BoxSleep>,
    /// When its head came; `None` once anything of it had to be waited for after that.
    came: Option<Nanos>,
    connection: Option<Connected>,
    /// What was read ahead and not handed out.
    prefix: Option<Bytes>,
    limits: Limits,
    pool: Arc<Inner>,
    host: Arc<Host>,
    breaker: Option<Arc<HostBreaker>>,
    /// The breaker has the outcome of the head; a later failure is a record of its own.
    head_settled: bool,
    /// Takes the body down as it passes.
    #[cfg(feature = "cache")]
    tape: Option<Tape>,
}

impl Arrival {
    pub(super) fn new(call: &Call<'_>, body: InboundBody, limits: Limits, now: Nanos) -> Self {
        Self {
            open: Some(Open { body, held: None }),
            decoding: None,
            left: usize::MAX,
            sleep: None,
            came: Some(now),
            connection: None,
            prefix: None,
            limits,
            pool: Arc::clone(call.pool),
            host: Arc::clone(&call.host),
            breaker: call.breaker.clone(),
            head_settled: false,
            #[cfg(feature = "cache")]
            tape: None,
        }
    }

    /// A body that is here already.
    #[cfg(feature = "cache")]
    pub(super) fn of(pool: &Arc<Inner>, host: &Arc<Host>, body: Bytes, connection: Option<Connected>) -> Self {
        Self {
            open: None,
            decoding: None,
            left: usize::MAX,
            sleep: None,
            came: None,
            connection,
            prefix: Some(body),
            limits: Limits { attempt: None, deadline: None, stall: Duration::MAX },
            pool: Arc::clone(pool),
            host: Arc::clone(host),
            breaker: None,
            head_settled: true,
            tape: None,
        }
    }

    /// Hands the whole body to `then` once it has passed, if it has no more than `most` bytes.
    #[cfg(feature = "cache")]
    pub(super) fn record(&mut self, most: usize, then: impl FnOnce(Bytes) + Send + 'static) {
        let mut tape = Tape { bytes: BytesMut::new(), most, then: Box::new(then) };
        if !tape.push(self.prefix()) {
            return;
        }
        match self.open {
            Some(_) => self.tape = Some(tape),
            None => tape.end(),
        }
    }

    #[cfg(feature = "cache")]
    fn taken_down(&mut self, passed: &Result<Option<Bytes>, Failure>) {
        let Some(mut tape) = self.tape.take() else { return };
        match passed {
            Ok(Some(bytes)) if tape.push(bytes) => self.tape = Some(tape),
            Ok(None) if self.open.is_some() => tape.end(),
            _ => {}
        }
    }

    /// Undoes the body's content coding.
    pub(super) fn decoded(mut self, decoding: Option<Decoding>) -> Self {
        self.decoding = decoding;
        self
    }

    /// Hands out at most `bytes` of the body.
    pub(super) fn at_most(mut self, bytes: usize) -> Self {
        self.left = bytes;
        self
    }

    /// Notes the connection that it comes on.
    pub(super) fn on(mut self, connection: Option<Connected>) -> Self {
        self.connection = connection;
        self
    }

    /// The connection that it comes on.
    pub(crate) fn connection(&self) -> Option<&Connected> {
        self.connection.as_ref()
    }

    /// When all of it that is here came, where that was at once.
    pub(super) fn came_at(&self) -> Option<Nanos> {
        self.came
    }

    /// Whether all of the body is here.
    pub(super) fn is_whole(&self) -> bool {
        self.open.is_none()
    }

    /// Holds on to this until the body has ended.
    pub(super) fn hold(&mut self, held: Held) {
        if let Some(open) = &mut self.open {
            open.held = Some(held);
        }
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
        self.limits.attempt = whole.or(Some(self.pool.timer.now().saturating_add(self.limits.stall)));
        while prefix.len() < bytes {
            match self.next().await {
                Ok(Some(chunk)) => prefix.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(failure) if failure.kind == ErrorKind::Deadline => return Err(failure),
                Err(_) => {
                    self.open = None;
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
        self.begin_wait();
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// A wait that was begun before is over: the consumer asks anew.
    pub(crate) fn begin_wait(&mut self) {
        self.sleep = None;
    }

    /// As [`chunk`](Self::chunk), for those who poll. A wait begins when there is nothing to hand out.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        if let Some(prefix) = self.prefix.take().filter(|prefix| !prefix.is_empty()) {
            return Poll::Ready(Ok(Some(prefix)));
        }
        self.head_settled = true;
        self.poll_next(cx)
    }

    /// The rest of the body, at most `limit` bytes.
    pub(crate) async fn rest(&mut self, limit: usize) -> Result<Bytes, Failure> {
        self.head_settled = true;
        self.collect(limit).await
    }

    /// Whether no more bytes will come, as far as is known without asking.
    pub(crate) fn is_spent(&self) -> bool {
        self.open.is_none() && self.prefix.as_ref().is_none_or(Bytes::is_empty)
    }

    /// How many bytes are still to come, where that is known.
    pub(crate) fn announced(&self) -> Option<u64> {
        let ahead = self.prefix.as_ref().map_or(0, Bytes::len) as u64;
        match (&self.open, &self.decoding) {
            (None, _) => Some(ahead),
            (Some(open), None) => open.body.size_hint().exact().map(|bytes| bytes.saturating_add(ahead)),
            (Some(_), Some(_)) => None,
        }
    }

    async fn collect(&mut self, limit: usize) -> Result<Bytes, Failure> {
        let first = self.prefix.take().unwrap_or_default();
        if let (Some(open), None) = (&self.open, &self.decoding) {
            let announced = open.body.size_hint().lower();
            if announced > limit as u64 {
                return Err(too_large(limit));
            }
        }
        let mut whole = Whole::One(first);
        while let Some(chunk) = self.next().await? {
            if whole.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            whole = whole.and(chunk);
        }
        Ok(whole.into_bytes())
    }

    /// The next bytes from the connection. Cancel-safe: a frame is either still in the body or returned.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        self.begin_wait();
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        let result = ready!(self.poll_decoded(cx));
        self.sleep = None;
        let result = result.and_then(|bytes| match bytes {
            Some(bytes) if bytes.len() > self.left => Err(too_large_stream()),
            bytes => Ok(bytes),
        });
        #[cfg(feature = "cache")]
        self.taken_down(&result);
        match &result {
            Ok(Some(bytes)) => self.left -= bytes.len(),
            Ok(None) => self.open = None,
            Err(failure) => {
                self.open = None;
                self.decoding = None;
                self.record_late_failure(failure);
            }
        }
        Poll::Ready(result)
    }

    fn poll_decoded(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        loop {
            if let Some(decoding) = &mut self.decoding {
                if let Some(bytes) = decoding.next().map_err(undecodable)? {
                    return Poll::Ready(Ok(Some(bytes)));
                }
            }
            let bytes = ready!(self.poll_received(cx))?;
            match (bytes, &mut self.decoding) {
                (Some(bytes), Some(decoding)) => decoding.push(bytes),
                (None, Some(decoding)) => return Poll::Ready(decoding.finish().map(|()| None).map_err(undecodable)),
                (bytes, None) => return Poll::Ready(Ok(bytes)),
            }
        }
    }

    /// The next bytes as they were sent.
    fn poll_received(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        let Some(Open { body, .. }) = &mut self.open else { return Poll::Ready(Ok(None)) };
        loop {
            match body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => {
                        let figures = self.pool.shared.total().into_iter().chain(self.host.figures.as_deref());
                        figures.for_each(|figures| figures.calls.bytes_in.add(bytes.len() as u64));
                        return Poll::Ready(Ok(Some(bytes)));
                    }
                    // Trailers: nothing more can follow, but the end must be read.
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(Failure::from(error))),
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => break,
            }
        }
        self.came = None;
        let sleep = self.sleep.get_or_insert_with(|| {
            let stall = self.pool.timer.now().saturating_add(self.limits.stall);
            self.pool.timer.sleep_until(self.limits.end().map_or(stall, |end| end.min(stall)))
        });
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(self.late()))
    }

    /// Which limit struck.
    fn late(&self) -> Failure {
        if let Err(failure) = self.limits.check(self.pool.timer.now(), Reached::Headers) {
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
        let now = self.pool.timer.now();
        if let Ok(ticket) = breaker.admit(now) {
            breaker.settle(ticket, health, Duration::ZERO, now);
        }
    }
}

/// Chunks put together; a single one is not copied.
enum Whole {
    One(Bytes),
    Many(BytesMut),
}

impl Whole {
    fn len(&self) -> usize {
        match self {
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn and(self, chunk: Bytes) -> Self {
        let mut bytes = match self {
            Self::One(first) if first.is_empty() => return Self::One(chunk),
            Self::One(first) => BytesMut::from(first),
            Self::Many(bytes) => bytes,
        };
        bytes.extend_from_slice(&chunk);
        Self::Many(bytes)
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

fn too_large_stream() -> Failure {
    Failure::new(ErrorKind::TooLarge, Reached::Headers, "the answer is larger than the request allows")
}

pub(super) fn undecodable(error: Undecodable) -> Failure {
    Failure::new(coding::kind_of(&error), Reached::Headers, error.to_string())
}

fn too_large(limit: usize) -> Failure {
    Failure::new(ErrorKind::TooLarge, Reached::Headers, format!("the answer is larger than {limit} bytes"))
}
