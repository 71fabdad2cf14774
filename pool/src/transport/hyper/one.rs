//! An exchange over HTTP/1.1, driven by whoever waits for it: first for the head, then for the body.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONNECTION;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use url::Url;

use super::failure;
use super::lease::LineLease;
use super::leave::Leave;
use super::line::{Answered, nobody};
use super::outgoing::Unsent;
use crate::transport::{Exchange, Inbound, TransportError};

/// What came of handing a request to a connection.
pub(super) enum Tried {
    Done(Result<Inbound, TransportError>),
    /// The connection had ended before anything was written: the request is whole.
    Unsent(Unsent),
}

pub(super) async fn exchange(mut lease: LineLease, unsent: Unsent, exchange: &Exchange) -> Tried {
    let Begun { answer, url, leave, last, reused } = match begin(&mut lease, unsent, exchange) {
        Ok(begun) => begun,
        Err(tried) => return tried,
    };
    let mut told = false;
    let mut answer = pin!(answer);
    let answer = poll_fn(|cx| {
        if let Some(line) = lease.line() {
            line.drive(cx);
            if !told && line.has_written() {
                told = true;
                exchange.written();
            }
        }
        answer.as_mut().poll(&mut nobody())
    })
    .await;
    match answer {
        Ok(answer) => {
            if let Some(leave) = leave {
                leave.refuse();
            }
            let (head, body) = answer.into_parts();
            let mut arriving = Arriving { body, lease: Some(lease), last, reused };
            if !arriving.body.is_end_stream() {
                return Tried::Done(Ok(Inbound::new(head.status, head.headers, Box::pin(arriving))));
            }
            poll_fn(|cx| {
                arriving.end(cx);
                Poll::Ready(())
            })
            .await;
            Tried::Done(Ok(Inbound::new(head.status, head.headers, Box::pin(Nothing))))
        }
        Err(mut failed) => match failed.take_message() {
            Some(request) => Tried::Unsent(Unsent::returned(request, url, leave)),
            None => {
                let written = told || lease.line().is_some_and(|line| line.has_written());
                Tried::Done(Err(failure::of_http1(failed.into_error(), written, reused)))
            }
        },
    }
}

/// An exchange whose request was handed over.
struct Begun<F> {
    answer: F,
    url: Arc<Url>,
    leave: Option<Leave>,
    last: bool,
    reused: bool,
}

/// Hands the request over. Apart from what waits for its answer, so that nothing of it is kept there.
#[expect(clippy::result_large_err, reason = "it is the request itself, which goes to another connection")]
fn begin(
    lease: &mut LineLease,
    unsent: Unsent,
    exchange: &Exchange,
) -> Result<Begun<impl Future<Output = Answered> + use<>>, Tried> {
    let Some(line) = lease.line() else { return Err(Tried::Unsent(unsent)) };
    let leave = unsent.leave.clone();
    let (request, url) = match unsent.over_http1(&line.facts.peer, line.facts.forward.as_ref()) {
        Ok(ready) => ready,
        Err(error) => {
            lease.unused();
            return Err(Tried::Done(Err(error)));
        }
    };
    let last = is_last(request.headers());
    let connected = line.connected();
    exchange.connected(connected);
    Ok(Begun { answer: line.send(request), url, leave, last, reused: connected.reused })
}

/// The body of an answer: reading it drives the line, and with it an upload that still goes on.
struct Arriving {
    body: Incoming,
    /// `None` once the body has ended.
    lease: Option<LineLease>,
    /// The request asked for the connection to be closed.
    last: bool,
    reused: bool,
}

impl Arriving {
    /// The body is over: the line is given back, unless it cannot carry another exchange.
    fn end(&mut self, cx: &mut Context<'_>) {
        let Some(mut lease) = self.lease.take() else { return };
        let Some(line) = lease.line() else { return };
        line.drive(cx);
        if line.is_free() && !self.last {
            lease.keep();
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        if this.lease.is_none() {
            return Poll::Ready(None);
        }
        let mut frame = Pin::new(&mut this.body).poll_frame(&mut nobody());
        if frame.is_pending() {
            if let Some(line) = this.lease.as_mut().and_then(LineLease::line) {
                line.drive(cx);
            }
            frame = Pin::new(&mut this.body).poll_frame(&mut nobody());
        }
        match frame {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                if this.body.is_end_stream() {
                    // The last bytes of a body of known length: the line is free before they are read.
                    this.end(cx);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                this.end(cx);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => {
                this.lease = None;
                Poll::Ready(Some(Err(failure::of_body(error).on_reused(this.reused))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.lease.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// No body.
pub(super) struct Nothing;

impl Body for Nothing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

/// Whether the request says that it is the last on its connection.
fn is_last(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close")))
}
