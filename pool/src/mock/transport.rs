//! A transport that plays what it was told, and remembers what it was asked.

use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use steadfast_clock::{Nanos, SharedTimer, TokioTimer};

use super::body::MockBody;
use super::recorded::Recorded;
use super::reply::{MockReply, Play};
use super::response::MockResponse;
use super::route::MockRoute;
use super::time::{Gate, Held};
use super::unmet::{Unmet, VerifyOnDrop};
use super::when::When;
use crate::attempt::Reached;
use crate::body::BoxBody;
use crate::transport::{Inbound, Outbound, SendFuture, Transport, TransportError, TransportErrorKind};

/// A [`Transport`] without a network. Clones share what was scripted and what came.
///
/// The first route, in the order in which they were made, that a request meets and that has a reply left, replies. A request
/// that none replies to ends at once with an error of kind [`Request`](crate::ErrorKind::Request), which is never retried.
///
/// The body of a request is read whole before its reply is chosen, also where the reply is that nothing was written. Waits
/// are those of the pool's timer. There are no connections, so it tells of none.
#[derive(Clone, Default)]
pub struct MockTransport {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    routes: Mutex<Vec<MockRoute>>,
    came: Mutex<Came>,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Came {
    requests: Vec<Recorded>,
    unexpected: Vec<String>,
}

impl MockTransport {
    /// One that was told nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replies to the requests that meet `when` with what is added to the route. Make the special ones first.
    #[expect(
        clippy::must_use_candidate,
        reason = "a route without replies objects in reports, which may be all it is for"
    )]
    pub fn when(&self, when: When) -> MockRoute {
        let route = MockRoute::new(when);
        lock(&self.inner.routes).push(route.clone());
        route
    }

    /// Answers one request to a host: `api.example.com`, or with its port `api.example.com:8443`. Several for one host are
    /// given in order.
    pub fn add_response(&self, host: &str, response: MockResponse) {
        self.when(When::host(host)).then(response);
    }

    /// The requests that were sent, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.inner.came).requests.clone()
    }

    /// Whether all that was scripted came, and nothing else did.
    ///
    /// # Errors
    ///
    /// [`Unmet`] lists what was expected and did not come, and what came and was not expected.
    pub fn verify(&self) -> Result<(), Unmet> {
        let missing: Vec<_> = lock(&self.inner.routes).iter().filter_map(MockRoute::missing).collect();
        let unexpected = lock(&self.inner.came).unexpected.clone();
        if missing.is_empty() && unexpected.is_empty() { Ok(()) } else { Err(Unmet::new(missing, unexpected)) }
    }

    /// Verifies when the guard is dropped, and panics with the list if need be.
    pub fn verify_on_drop(&self) -> VerifyOnDrop {
        VerifyOnDrop::new(self.clone())
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.inner.gate)
    }

    /// The reply to a request whose body came whole.
    fn reply(&self, request: &Recorded) -> Result<MockReply, TransportError> {
        // Conditions are the test's code, which may ask for what came: no lock is held.
        let routes = lock(&self.inner.routes).clone();
        let mut objections = Vec::new();
        for route in &routes {
            match route.when().objection(request) {
                Some(objection) => objections.push((objection.into_owned(), route)),
                None => match route.take(request) {
                    Some(reply) => return Ok(reply.decided(request)),
                    None => objections.push((String::from("has no reply left"), route)),
                },
            }
        }
        // A condition that was looked at later had more before it that held.
        let order = |words: &str| ["another host", "another method", "another path"].iter().position(|w| *w == words);
        let nearest = objections.iter().max_by_key(|(words, _)| order(words).unwrap_or(usize::MAX));
        let detail = match nearest {
            Some((objection, route)) => {
                format!("no reply is scripted for it; the nearest is {}: {objection}", route.when())
            }
            None => String::from("no reply is scripted for it"),
        };
        lock(&self.inner.came).unexpected.push(format!("{}: {detail}", request.place()));
        Err(TransportError::new(TransportErrorKind::Request, Reached::NotConnected).detailed(detail))
    }

    async fn play(self, request: Outbound) -> Result<Inbound, TransportError> {
        let Outbound { method, url, headers, body, exchange, .. } = request;
        let timer = exchange.timer().cloned().unwrap_or_else(|| steadfast_clock::shared(TokioTimer::new()));
        let (body, failed) = match body {
            Some(body) => read(body, &self.inner.gate).await,
            None => (Bytes::new(), None),
        };
        let mut request = Recorded::new(method, Arc::unwrap_or_clone(url), headers, body);
        (request.at, request.complete) = (timer.now(), failed.is_none());
        lock(&self.inner.came).requests.push(request.clone());
        if let Some(error) = failed {
            return Err(error);
        }
        match self.reply(&request)?.0 {
            Play::Fail(fault) => {
                if fault.reached == Reached::NotConnected {
                    exchange.connecting();
                }
                wait(&timer, fault.latency).await;
                Err(fault.error())
            }
            Play::Answer(response) => {
                wait(&timer, response.latency).await;
                response.play(&request.method, MockBody::none(timer))
            }
            Play::Silence | Play::Decide(_) => pending().await,
        }
    }
}

impl Transport for MockTransport {
    fn send(&self, request: Outbound) -> SendFuture {
        Box::pin(self.clone().play(request))
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came = lock(&self.inner.came);
        f.debug_struct("MockTransport")
            .field("requests", &came.requests.len())
            .field("unexpected", &came.unexpected)
            .finish_non_exhaustive()
    }
}

/// All that comes of a body, and its failure if it does not come whole.
async fn read(mut body: BoxBody, gate: &Arc<Gate>) -> (Bytes, Option<TransportError>) {
    let mut bytes = BytesMut::new();
    let mut held = Held::new(gate);
    loop {
        let frame = poll_fn(|cx| {
            let frame = body.as_mut().poll_frame(cx);
            held.set(matches!(frame, Poll::Pending));
            frame
        });
        match frame.await {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    bytes.extend_from_slice(&data);
                }
            }
            Some(Err(error)) => {
                let error = TransportError::new(TransportErrorKind::RequestBody, Reached::Written).caused_by(error);
                return (bytes.freeze(), Some(error));
            }
            None => return (bytes.freeze(), None),
        }
    }
}

async fn wait(timer: &SharedTimer, delay: Duration) {
    if !delay.is_zero() {
        let until: Nanos = timer.now().saturating_add(delay);
        timer.sleep_until(until).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
