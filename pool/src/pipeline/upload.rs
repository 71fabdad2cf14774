//! A request's body on its way out: counted, and watched for progress.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use steadfast_clock::{Nanos, SharedTimer};

use crate::body::{BoxBody, Sendable};

/// What is known of an upload.
pub(super) struct Progress {
    last: AtomicU64,
    sent: AtomicU64,
    done: AtomicBool,
}

impl Progress {
    pub(super) fn new(started: Nanos) -> Arc<Self> {
        Arc::new(Self {
            last: AtomicU64::new(started.as_nanos()),
            sent: AtomicU64::new(0),
            done: AtomicBool::new(false),
        })
    }

    /// When the last chunk was taken by the connection.
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
pub(super) fn watched(body: Sendable, progress: Arc<Progress>, timer: SharedTimer) -> Option<BoxBody> {
    let inner: BoxBody = match body {
        Sendable::Bytes(bytes) if bytes.is_empty() => {
            progress.finish();
            return None;
        }
        Sendable::Bytes(bytes) => Box::pin(Full::new(bytes).map_err(|never| match never {})),
        Sendable::Stream(stream) => stream,
    };
    Some(Box::pin(Watched { inner, progress, timer }))
}

struct Watched {
    inner: BoxBody,
    progress: Arc<Progress>,
    timer: SharedTimer,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let frame = this.inner.as_mut().poll_frame(cx);
        if let Poll::Ready(frame) = &frame {
            this.progress.last.store(this.timer.now().as_nanos(), Ordering::Relaxed);
            if let Some(Ok(frame)) = frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.progress.sent.fetch_add(bytes as u64, Ordering::Relaxed);
            }
            if frame.is_none() || this.inner.is_end_stream() {
                this.progress.finish();
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
