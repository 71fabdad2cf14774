//! The body of a mock's answer, piece by piece on the pool's clock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use steadfast_clock::{BoxSleep, SharedTimer};

use crate::attempt::Reached;
use crate::transport::{TransportError, TransportErrorKind};

/// How a body that is cut ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Fails(TransportErrorKind),
    Stalls,
}

pub(super) struct MockBody {
    timer: SharedTimer,
    chunks: VecDeque<Bytes>,
    delay: Duration,
    /// The wait before the next piece, once it is asked for.
    sleep: Option<BoxSleep>,
    ending: Option<Ending>,
}

impl MockBody {
    /// No body.
    pub(super) fn none(timer: SharedTimer) -> Self {
        Self { timer, chunks: VecDeque::new(), delay: Duration::ZERO, sleep: None, ending: None }
    }

    pub(super) fn of(mut self, chunks: Vec<Bytes>) -> Self {
        self.chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect();
        self
    }

    pub(super) fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Keeps only so many bytes, and does not end well.
    pub(super) fn cut(mut self, cut: Option<(usize, Ending)>) -> Self {
        let Some((mut keep, ending)) = cut else { return self };
        for chunk in &mut self.chunks {
            chunk.truncate(keep);
            keep -= chunk.len();
        }
        self.chunks.retain(|chunk| !chunk.is_empty());
        self.ending = Some(ending);
        self
    }

    fn left(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }
}

impl http_body::Body for MockBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        if this.chunks.is_empty() {
            return match this.ending {
                None => Poll::Ready(None),
                Some(Ending::Stalls) => Poll::Pending,
                Some(Ending::Fails(kind)) => {
                    this.ending = None;
                    Poll::Ready(Some(Err(TransportError::new(kind, Reached::Headers))))
                }
            };
        }
        if !this.delay.is_zero() {
            let (timer, delay) = (&this.timer, this.delay);
            let sleep = this.sleep.get_or_insert_with(|| timer.sleep_until(timer.now().saturating_add(delay)));
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.sleep = None;
        }
        Poll::Ready(this.chunks.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.ending.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.ending.is_some() { SizeHint::new() } else { SizeHint::with_exact(self.left()) }
    }
}
