//! A request's body on its way out: counted, and watched for progress.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use steadfast_clock::Nanos;

use crate::body::{BoxBody, Sendable};
use crate::transport::Exchange;

/// What is known of an upload. A part of its exchange, so that both are one allocation.
#[derive(Default)]
pub(crate) struct Progress {
    last: AtomicU64,
    sent: AtomicU64,
    done: AtomicBool,
}

impl Progress {
    /// When the last chunk was taken by the connection; the beginning of time before the first.
    pub(super) fn last(&self) -> Nanos {
        Nanos::from_nanos(self.last.load(Ordering::Relaxed))
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
pub(super) fn watched(body: Sendable, exchange: &Arc<Exchange>) -> Option<BoxBody> {
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
    Some(Box::pin(Watched { inner, exchange: Arc::clone(exchange) }))
}

struct Watched {
    inner: Inner,
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
        let frame = match &mut this.inner {
            Inner::Bytes(bytes) => {
                Pin::new(bytes).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(|never| match never {})))
            }
            Inner::Stream(stream) => stream.as_mut().poll_frame(cx),
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
        match &self.inner {
            Inner::Bytes(bytes) => bytes.is_end_stream(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Bytes(bytes) => bytes.size_hint(),
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}
