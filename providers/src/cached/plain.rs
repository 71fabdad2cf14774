//! Plain calls: from the cache, or one call for all who ask the same at the same time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use steadfast_cache::{Fetched, FlightError, How, Served, Tape};
use steadfast_clock::Nanos;
use tokio::runtime::Handle;
use tracing::{Instrument, Span};

use super::stats::bump;
use super::{Inner, Question, record};
use crate::assemble::events_of;
use crate::{BoxFuture, CacheHit, Call, Error, ErrorKind, HitKind, Reply};

/// What the call that this caller made came to, with all that the others need not know.
type Own = Arc<Mutex<Option<Result<Reply, Error>>>>;

pub(super) async fn complete(this: Arc<Inner>, call: Call) -> Result<Reply, Error> {
    let Some(question) = this.question(&call) else {
        bump(&this.counts.bypassed);
        return this.provider.complete(call).await;
    };
    let deadline = call.context.deadline;
    if Handle::try_current().is_err() || (deadline.is_some() && this.timer.is_none()) {
        return alone(&this, &question, call).await;
    }
    if question.likeness.is_some() {
        if let Some((events, hit)) = this.find(&question).await {
            return Ok(this.hit(&question, record::reply_of(events), hit));
        }
    }
    let own = Own::default();
    let made = this.reader.get_or_fetch(question.key, fetch(&this, &own, question.clone(), call.clone()));
    let Some(made) = this.until(deadline, made).await else {
        return Err(Error::new(ErrorKind::Deadline, this.provider.name(), "the deadline passed"));
    };
    match made {
        Ok(served) => match this.given(&question, &served, &own).await {
            Some(reply) => Ok(reply),
            None => asked(&this, &question, call).await,
        },
        Err(error) => Err(this.failed(&question, error, &own)),
    }
}

/// Asks without the company of others.
async fn alone(this: &Inner, question: &Question, call: Call) -> Result<Reply, Error> {
    if let Some((events, hit)) = this.find(question).await {
        return Ok(this.hit(question, record::reply_of(events), hit));
    }
    asked(this, question, call).await
}

async fn asked(this: &Inner, question: &Question, call: Call) -> Result<Reply, Error> {
    this.counts.missed(&question.model);
    let reply = this.provider.complete(call).await?;
    if let Fetched::Keep(entry) = this.fetched(&reply) {
        if this.told(this.cache().put(question.key, entry).await) == Some(true) {
            this.file(question);
        }
    }
    Ok(reply)
}

/// The call itself. It belongs to nobody, so that nobody's deadline ends it: they leave.
fn fetch(
    this: &Arc<Inner>,
    own: &Own,
    question: Question,
    mut call: Call,
) -> impl FnOnce() -> BoxFuture<'static, Result<Fetched, Error>> + Send + 'static {
    let (this, own, span) = (Arc::clone(this), Arc::clone(own), Span::current());
    call.context.deadline = None;
    move || {
        let call = async move {
            let result = this.provider.complete(call).await;
            let told = match &result {
                Ok(reply) => {
                    let fetched = this.fetched(reply);
                    if matches!(fetched, Fetched::Keep(_)) {
                        this.file(&question);
                    }
                    Ok(fetched)
                }
                Err(error) => Err(error.clone()),
            };
            *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            told
        };
        Box::pin(call.instrument(span))
    }
}

impl Inner {
    /// What an answer is to the cache, and to those who share it.
    fn fetched(&self, reply: &Reply) -> Fetched {
        // Those who share it are given it however long it is.
        let mut tape = Tape::new(u64::MAX);
        for event in events_of(reply.clone()) {
            record::take_down(&mut tape, &event);
        }
        let body = tape.finish().map(|recording| recording.into_body()).unwrap_or_default();
        let is_whole = record::is_kept(&reply.finish) && reply.seams.is_empty();
        let is_kept = is_whole && body.len() as u64 <= self.max_bytes;
        let entry = self.entry(body, reply.usage.total());
        if is_kept { Fetched::Keep(entry) } else { Fetched::DoNotKeep(entry) }
    }

    /// The reply that a caller is given; `None` when what is kept is no answer.
    async fn given(&self, question: &Question, served: &Served, own: &Own) -> Option<Reply> {
        let kind = match served.how {
            How::Hit => HitKind::Exact,
            How::Stale => HitKind::Stale,
            How::Joined => HitKind::Shared,
            _ => {
                if let Some(Ok(reply)) = own.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    self.counts.missed(&question.model);
                    return Some(reply);
                }
                HitKind::Shared
            }
        };
        if served.is_refusal() {
            return None;
        }
        let (events, hit) = self.read(&question.key, &served.entry, kind).await?;
        Some(self.hit(question, record::reply_of(events), hit))
    }

    fn hit(&self, question: &Question, mut reply: Reply, hit: CacheHit) -> Reply {
        self.counts.hit(&hit, &question.model);
        reply.cached = Some(hit);
        reply
    }

    /// The failure of a call that was made for several.
    fn failed(&self, question: &Question, error: FlightError<Error>, own: &Own) -> Error {
        if let Some(Err(error)) = own.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.counts.missed(&question.model);
            return error;
        }
        match error {
            // The attempts are in the ledger of the one who made them.
            FlightError::Failed(error) => Error::clone(&error).with_attempts(Vec::new()).with_fallbacks(0),
            lost => Error::new(ErrorKind::Server, self.provider.name(), lost.to_string()),
        }
    }

    /// Waits for `call` until the deadline; `None` when that has passed.
    async fn until<T>(&self, deadline: Option<Nanos>, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        let mut sleep = match (&self.timer, deadline) {
            (Some(timer), Some(at)) => Some(timer.sleep_until(at)),
            _ => None,
        };
        poll_fn(|cx| {
            if let Poll::Ready(done) = call.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            match &mut sleep {
                Some(sleep) => sleep.as_mut().poll(cx).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }
}
