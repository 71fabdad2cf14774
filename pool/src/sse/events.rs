//! The events of an answer, as they come.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use steadfast_clock::BoxSleep;

use super::resume::{Connecting, Resume};
use super::{SseDecoder, SseEvent};
use crate::error::{Error, ErrorKind};
use crate::streaming::Streaming;

/// The events of a `text/event-stream`: from [`Streaming::events`].
///
/// A stream that is cut off ends with an error, unless it is [resumed](Self::resume). Comments are no events, but bytes:
/// a server that sends them in time does not stall. At most one unfinished event and what one chunk brought are held in
/// memory; nothing is read ahead of the consumer.
pub struct SseEvents {
    state: State,
    decoder: SseDecoder,
    resume: Option<Box<Resume>>,
    /// Attempts to go on since the last event.
    failures: u32,
}

enum State {
    Reading(Box<Streaming>),
    Waiting(BoxSleep),
    Connecting(Connecting),
    Failed(Error),
    Ended,
}

impl SseEvents {
    pub(crate) fn new(streaming: Streaming) -> Self {
        let state = State::Reading(Box::new(streaming));
        Self { state, decoder: SseDecoder::new(), resume: None, failures: 0 }
    }

    /// Sets how many bytes an event may have; the default is 64 MiB.
    #[must_use]
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.decoder = SseDecoder::with_limit(bytes);
        self
    }

    /// Goes on by `resume` after a cut.
    #[must_use]
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = Some(Box::new(resume));
        self
    }

    /// The id that the events so far have left: what `Last-Event-ID` would say.
    #[must_use]
    pub fn last_event_id(&self) -> Option<&str> {
        self.decoder.last_event_id()
    }

    /// How long the server wants a client that was cut off to wait: its last `retry` field.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.decoder.retry()
    }

    /// The next event; `None` at the end of the stream. Nothing follows an error.
    ///
    /// # Errors
    ///
    /// As [`Streaming::chunk`], and [`ErrorKind::TooLarge`] when an event outgrows its bound. With
    /// [`resume`](Self::resume), what ended the last try to go on.
    ///
    /// # Cancel safety
    ///
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<SseEvent, Error>> {
        if let State::Reading(streaming) = &mut self.state {
            streaming.begin_wait();
        }
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SseEvent, Error>>> {
        loop {
            if let Some(event) = self.decoder.next() {
                self.failures = 0;
                return Poll::Ready(Some(Ok(event)));
            }
            match &mut self.state {
                State::Reading(streaming) => match ready!(streaming.poll_chunk(cx)) {
                    Ok(Some(bytes)) => {
                        if let Err(error) = self.decoder.push(&bytes) {
                            let error = Error::new(ErrorKind::TooLarge, error.to_string());
                            self.state = State::Failed(streaming.placed(error));
                        }
                    }
                    Ok(None) if self.resume.as_ref().is_some_and(|resume| resume.goes_on_after_end()) => {
                        let error = Error::new(ErrorKind::Closed, "the event stream ended again and again");
                        let error = streaming.placed(error);
                        self.state = self.go_on_after(error);
                    }
                    Ok(None) => self.state = State::Ended,
                    Err(error) => self.state = self.go_on_after(error),
                },
                State::Waiting(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    self.state = match &self.resume {
                        Some(resume) => State::Connecting(resume.connect(self.decoder.last_event_id())),
                        None => State::Ended,
                    };
                }
                State::Connecting(connecting) => match ready!(connecting.as_mut().poll(cx)) {
                    Ok(Some(streaming)) => {
                        self.decoder.restart();
                        self.state = State::Reading(Box::new(streaming));
                    }
                    Ok(None) => self.state = State::Ended,
                    // Only what comes from the network may be better next time: a refusal is final.
                    Err(error) if matches!(error.kind(), ErrorKind::Status(_) | ErrorKind::Decode) => {
                        self.state = State::Failed(error);
                    }
                    Err(error) => self.state = self.go_on_after(error),
                },
                State::Failed(_) | State::Ended => {
                    return Poll::Ready(match std::mem::replace(&mut self.state, State::Ended) {
                        State::Failed(error) => Some(Err(error)),
                        _ => None,
                    });
                }
            }
        }
    }

    /// What follows a cut: a wait, or the end.
    fn go_on_after(&mut self, error: Error) -> State {
        let Some(resume) = &self.resume else { return State::Failed(error) };
        match resume.wait_after(self.failures, self.decoder.retry(), &error) {
            Ok(sleep) => {
                self.failures += 1;
                State::Waiting(sleep)
            }
            Err(asked) => State::Failed(error.retry_in(asked)),
        }
    }
}

impl Stream for SseEvents {
    type Item = Result<SseEvent, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl fmt::Debug for SseEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseEvents")
            .field("decoder", &self.decoder)
            .field("resume", &self.resume)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}
