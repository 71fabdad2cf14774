//! The one driver of streamed answers: what the connection brings goes to the reader, what fails becomes an error.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use steadfast_pool::Streaming;
use steadfast_pool::breaker::Outcome;

use super::reader::Reader;
use super::rejoin::{News, Rejoin};
use super::watch::{InVain, Watch};
use crate::attempt::Bill;
use crate::client::{Asked, Trace};
use crate::family::{Bookmark, Progress};
use crate::problem::Fault;
use crate::recent::Recording;
use crate::{Error, ErrorKind, Event, Usage};

/// A stream that is on its way from a provider.
pub(crate) struct Live {
    asked: Asked,
    trace: Trace,
    streaming: Option<Streaming>,
    reader: Reader,
    watch: Watch,
    rejoin: Rejoin,
    failure: Option<Error>,
    /// What the answer took, as it was last told.
    usage: Option<Usage>,
    /// The tier in which it says that it answers.
    tier: Option<String>,
    first_token: Option<Duration>,
    over: bool,
}

/// How often the end of the body is looked for once the answer is complete.
const LOOKS: usize = 16;

impl Live {
    pub(crate) fn new(asked: Asked, streaming: Streaming, trace: Trace) -> Self {
        let reader = Reader::new(asked.client.family, Arc::clone(&asked.client.vendor), asked.origin());
        let watch = Watch::new(Arc::clone(asked.client.pool.timer()), asked.client.stream_timeouts(&asked.model));
        let rejoin = Rejoin::new(&asked);
        Self {
            asked,
            trace,
            streaming: Some(streaming),
            reader,
            watch,
            rejoin,
            failure: None,
            usage: None,
            tier: None,
            first_token: None,
            over: false,
        }
    }

    /// The rest of an answer whose beginning came elsewhere.
    pub(crate) fn joined(asked: Asked, streaming: Streaming, trace: Trace, at: Bookmark) -> Self {
        let mut live = Self::new(asked, streaming, trace);
        live.reader.join(at);
        live
    }

    /// What became of the connection that the ledger does not know yet.
    pub(crate) fn news(&mut self) -> impl Iterator<Item = News> {
        self.rejoin.news()
    }

    /// The number of the event that the last one given out came from, where events are numbered.
    pub(crate) fn position(&self) -> Option<u64> {
        self.reader.position()
    }

    /// The next event, if it is here.
    pub(crate) fn at_hand(&mut self) -> Option<Event> {
        let event = self.reader.next()?;
        self.watch.saw(&event);
        self.trace.saw(&event);
        if self.first_token.is_none() && event.is_content() {
            let after = self.asked.elapsed();
            self.trace.began(after);
            self.first_token = Some(after);
        }
        match &event {
            Event::Extra { name, value } if name == "service_tier" => self.tier = value.as_str().map(str::to_owned),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Finish(_) => self.asked.settle(self.usage.as_ref()),
            _ => {}
        }
        Some(event)
    }

    /// The next event. Cancel-safe: what was read is kept.
    pub(crate) async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.at_hand() {
                return Some(Ok(event));
            }
            if let Some(opened) = self.rejoin.opened(&self.asked).await {
                match opened {
                    Ok(streaming) => {
                        self.reader.rejoin();
                        self.watch.anew();
                        self.streaming = Some(streaming);
                    }
                    Err(error) => self.failure = Some(error),
                }
                continue;
            }
            if let Some(error) = self.failure.take() {
                self.streaming = None;
                self.trace.failed(&error);
                return Some(Err(error));
            }
            if self.over {
                self.drain().await;
                return None;
            }
            let streaming = self.streaming.as_mut()?;
            let came = {
                let (mut chunk, watch) = (pin!(streaming.chunk()), &mut self.watch);
                poll_fn(|cx| match chunk.as_mut().poll(cx) {
                    Poll::Ready(came) => Poll::Ready(Ok(came)),
                    Poll::Pending => watch.poll(cx).map(Err),
                })
                .await
            };
            let came = match came {
                Ok(came) => came,
                Err(in_vain) => {
                    self.give_up(&in_vain);
                    continue;
                }
            };
            let fault = match came {
                Ok(Some(bytes)) => match self.reader.feed(&bytes) {
                    Ok(Progress::More) => continue,
                    Ok(Progress::Done) => None,
                    Err(fault) => Some(fault),
                },
                Ok(None) => self.reader.close().err(),
                Err(_) if self.reader.break_off() => None,
                Err(error) => {
                    self.fail(self.asked.unreached(error));
                    continue;
                }
            };
            match fault {
                None => self.over = true,
                Some(fault) => self.fail_with(fault),
            }
        }
    }

    /// What the answer comes to so far.
    pub(super) fn bill(&self) -> Bill {
        self.asked.bill(self.usage, self.tier.as_deref(), self.first_token)
    }

    /// Who writes down how the call ended.
    pub(super) fn recording(&mut self) -> &mut Recording {
        &mut self.asked.recording
    }

    fn fail_with(&mut self, fault: Fault) {
        if let Fault::Told(problem) = &fault {
            self.asked.cut_off(problem);
        }
        let headers = self.streaming.as_ref().map(Streaming::headers);
        let (is_lost, is_at_it) = (fault == Fault::Truncated, matches!(fault, Fault::Pending(_)));
        if let Fault::Pending(id) = &fault {
            self.reader.join(Bookmark { id: id.clone(), after: None });
        }
        let was_called_off = fault == Fault::Cancelled;
        let error = self.asked.faulty(fault, headers);
        if let (Some(streaming), Some(health), false) =
            (&self.streaming, health(error.kind()), is_at_it || was_called_off)
        {
            streaming.report(health);
        }
        self.stop(error, is_lost || is_at_it);
    }

    /// There is nothing more to come, unless the provider goes on with what was lost.
    fn stop(&mut self, error: Error, is_lost: bool) {
        self.failure = match is_lost {
            true => self.rejoin.begin(&self.asked, self.reader.bookmark(), error),
            false => Some(error),
        };
        if self.failure.is_none() {
            self.streaming = None;
        }
    }

    /// The answer does not go on, though the connection is there.
    fn give_up(&mut self, in_vain: &InVain) {
        if let Some(streaming) = &self.streaming {
            streaming.report(Outcome::Failure);
        }
        let error = self.asked.fail(ErrorKind::Timeout, in_vain.to_string()).waiting_for(in_vain.wait);
        self.fail(error);
    }

    fn fail(&mut self, mut error: Error) {
        // They are in the stream's own ledger.
        error.take_attempts();
        let headers = self.streaming.as_ref().map(Streaming::headers);
        let error = error.named(self.asked.request_id(headers, None));
        let is_lost = matches!(error.kind(), ErrorKind::Truncated | ErrorKind::Timeout | ErrorKind::Network);
        self.stop(error, is_lost);
    }

    /// Reads the end of the body if it is there, so that the connection can be used again, and does not wait for it if
    /// it is not.
    async fn drain(&mut self) {
        let Some(mut streaming) = self.streaming.take() else { return };
        for _ in 0..LOOKS {
            let looked = {
                let mut chunk = pin!(streaming.chunk());
                poll_fn(|cx| Poll::Ready(chunk.as_mut().poll(cx))).await
            };
            match looked {
                Poll::Ready(Ok(Some(_))) => {}
                Poll::Ready(_) => return,
                Poll::Pending => yield_now().await,
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let is_on = !self.over && (self.streaming.is_some() || self.rejoin.is_open());
        if let Some(at) = self.reader.bookmark().filter(|_| is_on) {
            drop(self.asked.revoke(&at.id));
        }
    }
}

/// What an error within a stream says about the health of the provider. A limit of ours says nothing.
fn health(kind: ErrorKind) -> Option<Outcome> {
    match kind {
        ErrorKind::Overloaded | ErrorKind::Server | ErrorKind::Timeout | ErrorKind::Truncated => Some(Outcome::Failure),
        _ => None,
    }
}

/// Lets the connection's own task run.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
