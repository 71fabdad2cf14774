//! A client of each API that is answered with the bytes of an input.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use steadfast_backoff::Policy;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::{Inbound, Outbound, Pool, SendFuture, Transport};
use steadfast_providers::{Call, Client, ClientBuilder, Error, Provider, Reply, ReplyStream};

/// A client that asks once, and what it is answered.
pub(crate) struct Desk {
    builder: fn(Pool) -> ClientBuilder,
    client: Mutex<Client>,
    answer: Arc<Observed>,
}

impl Desk {
    /// A client of the vendor that `builder` is for.
    pub(crate) fn new(builder: fn(Pool) -> ClientBuilder) -> Self {
        let answer = Arc::new(Observed::default());
        Self { builder, client: Mutex::new(client(builder, &answer)), answer }
    }

    /// Asks for a whole answer, and is given this one.
    pub(crate) fn complete(&self, status: StatusCode, headers: HeaderMap, body: &[u8]) -> Result<Reply, Error> {
        self.answer.tell(status, headers, [body]);
        now(self.client().complete(Call::new("q")))
    }

    /// Asks for a stream, and is given this one in these pieces.
    pub(crate) fn stream<'s>(&self, pieces: impl IntoIterator<Item = &'s [u8]>) -> Result<ReplyStream, Error> {
        self.answer.tell(StatusCode::OK, HeaderMap::new(), pieces);
        now(self.client().stream(Call::new("q")))
    }

    /// Takes another client: this one has been told of limits, and would wait for them on a clock that stands still.
    pub(crate) fn renew(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client(self.builder, &self.answer);
    }

    fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn client(builder: fn(Pool) -> ClientBuilder, answer: &Arc<Observed>) -> Client {
    let clock = ManualClock::new();
    let pool = Pool::builder()
        .transport(answer.clone())
        .timer(shared(clock.clone()))
        .wall(Arc::new(clock))
        .without_breaker()
        .build()
        .expect("a pool");
    builder(pool).base_url("http://localhost").model("m").retry(Policy::disabled()).build().expect("a client")
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
}

/// The output of a future that waits for nothing.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Answers what it was told.
#[derive(Debug, Default)]
struct Observed(Mutex<Option<Answer>>);

#[derive(Clone, Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    pieces: Pieces,
}

impl Observed {
    fn tell<'s>(&self, status: StatusCode, headers: HeaderMap, pieces: impl IntoIterator<Item = &'s [u8]>) {
        let pieces = Pieces(pieces.into_iter().map(Bytes::copy_from_slice).collect());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Answer { status, headers, pieces });
    }
}

impl Transport for Observed {
    fn send(&self, _request: Outbound) -> SendFuture {
        // A redirect is followed by a request of its own.
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let Answer { status, headers, pieces } = answer.expect("an answer to give");
            Ok(Inbound::new(status, headers, Box::pin(pieces.map_err(|never| match never {}))))
        })
    }
}

/// A body that is there already, in pieces.
#[derive(Clone, Debug)]
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}
