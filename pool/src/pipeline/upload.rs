//! A request's body on its way out: counted, and watched for progress.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::Full;
use steadfast_clock::Nanos;

use super::pacing::Pacing;
use crate::body::{BoxBody, Sendable};
use crate::pace::Pace;
use crate::transport::Exchange;

/// What is known of an upload. A part of its exchange, so that both are one allocation.
#[derive(Default)]
pub(crate) struct Progress {
    last: AtomicU64,
    sent: AtomicU64,
    done: AtomicBool,
    held: AtomicU64,
}

impl Progress {
    /// When the last chunk was taken by the connection; the beginning of time before the first.
    pub(super) fn last(&self) -> Nanos {
        Nanos::from_nanos(self.last.load(Ordering::Relaxed))
    }

    /// Until when it is held back on our side; the beginning of time when it never was.
    pub(super) fn held(&self) -> Nanos {
        Nanos::from_nanos(self.held.load(Ordering::Relaxed))
    }

    /// It is held back on our side until then.
    pub(crate) fn hold(&self, until: Nanos) {
        self.held.store(until.as_nanos(), Ordering::Relaxed);
    }

    /// Bytes handed to the connection.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the whole body was handed over.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }
}

/// Opens the body of an attempt.
pub(super) fn watched(body: Sendable, pace: Option<Arc<dyn Pace>>, exchange: &Arc<Exchange>) -> Option<BoxBody> {
    let inner = match body {
        Sendable::Bytes(bytes) if bytes.is_empty() => {
            exchange.upload.finish();
            return None;
        }
        Sendable::Bytes(bytes) => Inner::Bytes(Full::new(bytes)),
        // Empty, and known to be: as good as none, of which the server is told likewise.
        Sendable::Stream(stream) if stream.size_hint().exact() == Some(0) => {
            exchange.upload.finish();
            return None;
        }
        Sendable::Stream(stream) => Inner::Stream(stream),
    };
    Some(Box::pin(Watched { inner, pacing: pace.map(Pacing::new), exchange: Arc::clone(exchange) }))
}

struct Watched {
    inner: Inner,
    pacing: Option<Pacing>,
    exchange: Arc<Exchange>,
}

enum Inner {
    Bytes(Full<Bytes>),
    Stream(BoxBody),
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let inner = &mut this.inner;
        let frame = match &mut this.pacing {
            None => inner.poll(cx),
            Some(pacing) => pacing.poll(&this.exchange, cx, |cx| inner.poll(cx)),
        };
        if let Poll::Ready(frame) = &frame {
            let progress = &this.exchange.upload;
            progress.last.store(this.exchange.now().as_nanos(), Ordering::Relaxed);
            if let Some(Ok(frame)) = frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                progress.sent.fetch_add(bytes as u64, Ordering::Relaxed);
            }
            if frame.is_none() || this.is_end_stream() {
                progress.finish();
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        let ended = match &self.inner {
            Inner::Bytes(bytes) => bytes.is_end_stream(),
            Inner::Stream(stream) => stream.is_end_stream(),
        };
        ended && self.pacing.as_ref().is_none_or(|pacing| pacing.held() == 0)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = match &self.inner {
            Inner::Bytes(bytes) => bytes.size_hint(),
            Inner::Stream(stream) => stream.size_hint(),
        };
        if let Some(pacing) = &self.pacing {
            let held = pacing.held() as u64;
            match hint.exact() {
                Some(exact) => hint.set_exact(exact + held),
                None => {
                    if let Some(upper) = hint.upper() {
                        hint.set_upper(upper + held);
                    }
                    hint.set_lower(hint.lower() + held);
                }
            }
        }
        hint
    }
}

impl Inner {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self {
            Self::Bytes(bytes) => {
                Pin::new(bytes).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(|never| match never {})))
            }
            Self::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }
}
