//! A body that waits for the server's leave (RFC 9110, section 10.1.1): `100 Continue`, or a while without a word.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use steadfast_clock::{BoxSleep, Clock};

use crate::body::BoxBody;
use crate::transport::Exchange;

/// Whether the body may be sent. Those who ask are asked again after each thing that happens on their connection, so that
/// nobody has to be woken.
#[derive(Clone, Default)]
pub(super) struct Leave(Arc<AtomicU8>);

const GIVEN: u8 = 1;
const REFUSED: u8 = 2;

impl Leave {
    /// The server said so, or it was waited for long enough.
    pub(super) fn give(&self) {
        let _ = self.0.compare_exchange(0, GIVEN, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The answer is there: a body that was not begun is not sent any more.
    pub(super) fn refuse(&self) {
        let _ = self.0.compare_exchange(0, REFUSED, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn state(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body before which the server is asked.
pub(super) struct Waiting {
    body: BoxBody,
    leave: Leave,
    patience: Duration,
    sleep: Option<BoxSleep>,
    exchange: Arc<Exchange>,
}

impl Waiting {
    pub(super) fn new(body: BoxBody, leave: Leave, patience: Duration, exchange: Arc<Exchange>) -> Self {
        Self { body, leave, patience, sleep: None, exchange }
    }

    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.leave.state() {
            GIVEN => return Poll::Ready(()),
            REFUSED => return Poll::Pending,
            _ => {}
        }
        // Without a timer nobody would end the wait.
        let Some(timer) = self.exchange.timer() else { return Poll::Ready(()) };
        let sleep = self.sleep.get_or_insert_with(|| {
            let until = timer.now().saturating_add(self.patience);
            // It is us who wait: no lack of progress.
            self.exchange.upload.hold(until);
            timer.sleep_until(until)
        });
        ready!(sleep.as_mut().poll(cx));
        self.leave.give();
        Poll::Ready(())
    }
}

impl Body for Waiting {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        ready!(self.poll_leave(cx));
        self.body.as_mut().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
