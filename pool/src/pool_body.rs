//! The body of an answer, as other libraries take bodies.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::error::Error;
use crate::streaming::Streaming;

/// An answer's body as an [`http_body::Body`], within the limits of its request. Dropping it closes the connection, unless
/// it was read to its end.
pub struct PoolBody(Form);

enum Form {
    Whole(Bytes),
    Arriving(Box<Streaming>),
    Over,
}

impl From<Streaming> for PoolBody {
    fn from(answer: Streaming) -> Self {
        Self(Form::Arriving(Box::new(answer)))
    }
}

impl From<Bytes> for PoolBody {
    fn from(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { Form::Over } else { Form::Whole(bytes) })
    }
}

impl http_body::Body for PoolBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match &mut self.0 {
            Form::Over => None,
            Form::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Form::Over;
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            Form::Arriving(answer) => ready!(Pin::new(answer).poll_frame(cx)),
        };
        if !matches!(frame, Some(Ok(_))) {
            self.0 = Form::Over;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Over => true,
            Form::Whole(_) => false,
            Form::Arriving(answer) => answer.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Over => SizeHint::with_exact(0),
            Form::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Form::Arriving(answer) => answer.size_hint(),
        }
    }
}

impl fmt::Debug for PoolBody {
    /// Tells the form and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Whole(bytes) => write!(f, "PoolBody({} bytes)", bytes.len()),
            Form::Arriving(_) => f.write_str("PoolBody(arriving)"),
            Form::Over => f.write_str("PoolBody(over)"),
        }
    }
}
