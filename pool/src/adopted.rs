//! Bodies of other libraries as the pool's own.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use crate::body::{Body, BoxBody};

/// A body that can be sent again if it is all there at once, as `Full` and `String` are; otherwise one that can be sent once.
pub(crate) fn body<B>(body: B) -> Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    if body.is_end_stream() {
        return Body::empty();
    }
    let mut body: BoxBody = Box::pin(body.map_err(io::Error::other));
    // Whoever polls it next takes the waker's place.
    let first = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
    match first {
        Poll::Pending => Body::once(body),
        Poll::Ready(None) => Body::empty(),
        Poll::Ready(Some(Ok(frame))) if frame.is_data() && body.is_end_stream() => {
            frame.into_data().map_or_else(|_| Body::empty(), Body::from)
        }
        Poll::Ready(first) => Body::once(Box::pin(Begun { first, rest: body })),
    }
}

/// A body of which the first frame was read already.
struct Begun {
    first: Option<Result<Frame<Bytes>, io::Error>>,
    rest: BoxBody,
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => self.rest.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().and_then(|first| first.as_ref().ok()).and_then(Frame::data_ref);
        let first = first.map_or(0, |data| data.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(first));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint
    }
}
