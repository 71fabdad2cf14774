//! A transport that answers each request with chunks from a list, and notes what was asked and taken.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Frame;
use steadfast_pool::{Inbound, Outbound, Reached, SendFuture, Transport, TransportError, TransportErrorKind};

/// What is answered: `None` among the chunks is a cut.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) chunks: Vec<Option<Bytes>>,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn chunk(mut self, bytes: impl Into<Bytes>) -> Self {
        self.chunks.push(Some(bytes.into()));
        self
    }

    pub(crate) fn chunks(mut self, bytes: &[u8], size: usize) -> Self {
        self.chunks.extend(bytes.chunks(size.max(1)).map(|chunk| Some(Bytes::copy_from_slice(chunk))));
        self
    }

    pub(crate) fn cut(mut self) -> Self {
        self.chunks.push(None);
        self
    }

    pub(crate) fn events(text: &'static str) -> Self {
        Self::new(200).header("content-type", "text/event-stream; charset=utf-8").chunk(text)
    }
}

/// Answers in order; the last for ever.
pub(crate) struct Chunked {
    answers: Mutex<VecDeque<Answer>>,
    pub(crate) asked: Mutex<Vec<HeaderMap>>,
    pub(crate) taken: Arc<AtomicUsize>,
}

impl Chunked {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { answers, asked: Mutex::default(), taken: Arc::default() })
    }
}

impl fmt::Debug for Chunked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunked")
    }
}

struct Chunks(VecDeque<Option<Bytes>>, Arc<AtomicUsize>);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(chunk) = self.0.pop_front() else { return Poll::Ready(None) };
        self.1.fetch_add(1, Ordering::Relaxed);
        let cut = TransportError::new(TransportErrorKind::Closed, Reached::Headers);
        Poll::Ready(Some(chunk.map(Frame::data).ok_or(cut)))
    }
}

impl Transport for Chunked {
    fn send(&self, request: Outbound) -> SendFuture {
        self.asked.lock().unwrap().push(request.headers);
        let mut answers = self.answers.lock().unwrap();
        let last = answers.len() == 1;
        let answer = if last { answers[0].clone() } else { answers.pop_front().unwrap() };
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
        }
        let body = Chunks(answer.chunks.into(), Arc::clone(&self.taken));
        let inbound = Inbound::new(StatusCode::from_u16(answer.status).unwrap(), headers, Box::pin(body));
        Box::pin(std::future::ready(Ok(inbound)))
    }
}
