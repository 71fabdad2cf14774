//! A body whose bytes ask before they go out.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use steadfast_clock::{BoxSleep, Clock};

use crate::pace::Pace;
use crate::transport::Exchange;

pub(super) struct Pacing {
    pace: Arc<dyn Pace>,
    /// What came out of the body and may not go on yet.
    held: Bytes,
    sleep: Option<BoxSleep>,
}

/// A frame of a body.
type Framed = Option<Result<Frame<Bytes>, io::Error>>;

impl Pacing {
    pub(super) fn new(pace: Arc<dyn Pace>) -> Self {
        Self { pace, held: Bytes::new(), sleep: None }
    }

    /// Bytes that are held back.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// The next frame, of `body` or of what is held back of it, once it may go out.
    pub(super) fn poll(
        &mut self,
        exchange: &Exchange,
        cx: &mut Context<'_>,
        body: impl FnOnce(&mut Context<'_>) -> Poll<Framed>,
    ) -> Poll<Framed> {
        // Bodies of a pool always have a timer.
        let Some(timer) = exchange.timer() else { return body(cx) };
        if self.held.is_empty() {
            match ready!(body(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => self.held = bytes,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            let count = self.held.len().min(self.pace.most().max(1));
            match self.pace.pass(count, timer.now()) {
                Ok(()) => return Poll::Ready(Some(Ok(Frame::data(self.held.split_to(count))))),
                Err(at) => {
                    // Time in which the body is held back on purpose is no lack of progress.
                    exchange.upload.hold(at);
                    self.sleep = Some(timer.sleep_until(at));
                }
            }
        }
    }
}
