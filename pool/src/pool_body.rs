//! The body of an answer, as other libraries take bodies.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

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
    Reading(Reading),
    Over,
}

/// The next chunk on its way, with the answer that it is of.
type Reading = Pin<Box<dyn Future<Output = (Box<Streaming>, Result<Option<Bytes>, Error>)> + Send>>;

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
        let mut reading = match std::mem::replace(&mut self.0, Form::Over) {
            Form::Over => return Poll::Ready(None),
            Form::Whole(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Form::Reading(reading) => reading,
            Form::Arriving(mut answer) => Box::pin(async move {
                let chunk = answer.chunk().await;
                (answer, chunk)
            }),
        };
        match reading.as_mut().poll(cx) {
            Poll::Pending => {
                self.0 = Form::Reading(reading);
                Poll::Pending
            }
            Poll::Ready((answer, Ok(Some(chunk)))) => {
                self.0 = Form::Arriving(answer);
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Poll::Ready((_, Ok(None))) => Poll::Ready(None),
            Poll::Ready((_, Err(error))) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Form::Over)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Over => SizeHint::with_exact(0),
            Form::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Form::Arriving(_) | Form::Reading(_) => SizeHint::new(),
        }
    }
}

impl fmt::Debug for PoolBody {
    /// Tells the form and never the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Whole(bytes) => write!(f, "PoolBody({} bytes)", bytes.len()),
            Form::Arriving(_) | Form::Reading(_) => f.write_str("PoolBody(arriving)"),
            Form::Over => f.write_str("PoolBody(over)"),
        }
    }
}
