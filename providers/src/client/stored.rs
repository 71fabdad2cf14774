//! Answers that the provider keeps: looked up until they are complete, taken up in the middle, called off. All of it goes
//! through the same pipeline as a question.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, header};
use steadfast_backoff::Verdict;
use steadfast_pool::breaker::Outcome;
use steadfast_pool::{Answer, CallContext, Classify, Judgement, Request, Streaming};
use tracing::Instrument;
use url::Url;

use super::{Asked, Core, Trace};
use crate::classify::Rules;
use crate::family::Bookmark;
use crate::problem::Fault;
use crate::stream::Live;
use crate::{Api, Attempt, Call, Error, ErrorKind, Reply, ReplyStream};

/// The first wait between two looks at an answer that is not complete, and the longest one; each is half as long again as
/// the one before.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The longest wait that a provider can ask for.
const LONGEST_HINT: Duration = Duration::from_secs(60);
/// The most records that looking at an answer adds to the ledger.
const MOST_RECORDS: usize = 64;
/// The longest id.
const LONGEST_ID: usize = 512;

/// The rules for an answer that is looked up: what it says about its own making is no reason to look again at once.
struct Looking(Arc<Rules>);

impl Classify for Looking {
    fn classify(&self, answer: &Answer<'_>) -> Judgement {
        match answer.status {
            200..300 => Judgement::new(Verdict::Done, Outcome::Success),
            _ => self.0.classify(answer),
        }
    }
}

impl Core {
    /// An answer that the provider keeps, once it is complete.
    pub(crate) async fn look_up(self: Arc<Self>, id: String, call: Call) -> Result<Reply, Error> {
        let mut asked = Asked::new(self, call).await?;
        let mut trace = Trace::begin(&asked.client, &asked.call, &asked.model, false);
        let span = trace.span().clone();
        let answered = asked.awaited(&id, true, Vec::new(), &mut trace).instrument(span).await;
        match &answered {
            Ok(reply) => asked.recording.answered(&reply.attempts),
            Err(error) => {
                asked.recording.failed(error, error.attempts());
                trace.failed(error);
            }
        }
        answered
    }

    /// The rest of the events of an answer that the provider keeps.
    pub(crate) async fn take_up(
        self: Arc<Self>,
        id: String,
        after: Option<u64>,
        call: Call,
    ) -> Result<ReplyStream, Error> {
        let mut asked = Asked::new(self, call).await?;
        let mut trace = Trace::begin(&asked.client, &asked.call, &asked.model, true);
        let (span, at) = (trace.span().clone(), Bookmark { id, after });
        match asked.rejoin(&at).instrument(span).await {
            Ok((streaming, attempts)) => Ok(ReplyStream::live(Live::joined(asked, streaming, trace, at), attempts)),
            Err(error) => {
                asked.recording.failed(&error, error.attempts());
                trace.failed(&error);
                Err(error)
            }
        }
    }

    /// Has the provider stop to work on an answer.
    pub(crate) async fn call_off(self: Arc<Self>, id: String, call: Call) -> Result<(), Error> {
        let mut asked = Asked::new(self, call).await?;
        asked.recording.silence();
        asked.call_off(&id).await
    }
}

impl Asked {
    /// Looks at an answer, at once or after a first wait, until it is complete. What the looks add to the ledger is
    /// bounded: one that found the answer incomplete is not in it.
    pub(super) async fn awaited(
        &mut self,
        id: &str,
        at_once: bool,
        mut attempts: Vec<Attempt>,
        trace: &mut Trace,
    ) -> Result<Reply, Error> {
        let mut revoke = self.revoke(id);
        let mut wait = if at_once { Duration::ZERO } else { FIRST_WAIT };
        let most = attempts.len() + MOST_RECORDS;
        loop {
            if let Err(error) = self.pause(wait).await {
                return Err(error.preceded_by(attempts));
            }
            let looked = self.fetched(self.stored(Method::GET, id, "", None, false)?).await;
            let (response, mut looked) = match looked {
                Ok(looked) => looked,
                Err(error) => match self.with_another_key(error).await {
                    Ok(mut before) => {
                        attempts.append(&mut before);
                        wait = Duration::ZERO;
                        continue;
                    }
                    Err(error) => return Err(error.preceded_by(attempts)),
                },
            };
            match (self.client.family.decode)(response.body(), &self.client.vendor) {
                Err(Fault::Pending(_)) => {
                    let hint = response.retry_after().unwrap_or_default().min(LONGEST_HINT);
                    wait = (wait * 3 / 2).clamp(FIRST_WAIT, LONGEST_WAIT).max(hint);
                    looked.retain(|attempt| attempt.http.error.is_some());
                    looked.truncate(most.saturating_sub(attempts.len()));
                    attempts.append(&mut looked);
                }
                decoded => {
                    revoke.disarm();
                    attempts.append(&mut looked);
                    return self.decoded(decoded, &response, attempts, trace);
                }
            }
        }
    }

    /// Opens the stream of an answer after the event of this number.
    pub(crate) async fn rejoin(&mut self, at: &Bookmark) -> Result<(Streaming, Vec<Attempt>), Error> {
        match self.streamed(self.stored(Method::GET, &at.id, "", Some(at.after), true)?).await {
            Err(error) => {
                let before = self.with_another_key(error).await?;
                match self.streamed(self.stored(Method::GET, &at.id, "", Some(at.after), true)?).await {
                    Ok((streaming, attempts)) => Ok((streaming, [before, attempts].concat())),
                    Err(error) => Err(error.preceded_by(before)),
                }
            }
            begun => begun,
        }
    }

    /// Has the provider stop to work on an answer.
    pub(super) async fn call_off(&self, id: &str) -> Result<(), Error> {
        self.fetched(self.stored(Method::POST, id, "cancel", None, false)?).await.map(drop)
    }

    /// Lets time pass, as far as the deadline allows.
    pub(crate) async fn pause(&self, wait: Duration) -> Result<(), Error> {
        if wait.is_zero() {
            return Ok(());
        }
        let (timer, context) = (self.client.pool.timer(), &self.call.context);
        let until = timer.now().saturating_add(wait);
        let carried = context.carried.as_ref().and_then(|carried| carried.deadline());
        if [context.deadline, carried].into_iter().flatten().any(|deadline| deadline <= until) {
            return Err(self.fail(ErrorKind::Deadline, "the deadline comes before the answer is complete"));
        }
        timer.sleep_until(until).await;
        Ok(())
    }

    /// What calls an answer off when it is dropped, if the call wants that.
    pub(crate) fn revoke(&self, id: &str) -> Revoke {
        Revoke(self.call.options.cancel_on_drop.then(|| Box::new((self.aside(), id.to_owned()))))
    }

    /// A request about an answer. `after` makes it one for its events.
    #[expect(clippy::option_option, reason = "from the beginning is not the same as not at all")]
    fn stored(
        &self,
        method: Method,
        id: &str,
        verb: &str,
        after: Option<Option<u64>>,
        stream: bool,
    ) -> Result<Request, Error> {
        let client = &*self.client;
        if client.vendor.api != Api::Responses {
            return Err(self.fail(ErrorKind::Unsupported, "keeps no answers for later"));
        }
        let url = address(&client.url, id, verb, after)
            .ok_or_else(|| self.fail(ErrorKind::InvalidRequest, "this is no id of an answer, nothing was sent"))?;
        let accept = if stream { "text/event-stream" } else { "application/json" };
        let mut request = Request::to(method, url)
            .map_err(|error| self.fail(ErrorKind::Config, error.to_string()))?
            .header(header::ACCEPT, HeaderValue::from_static(accept));
        for (name, value) in &client.headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(key) = &self.held.header {
            request = request.header(client.keyring.header().clone(), key.clone());
        }
        request = request
            .context(self.call.context.clone())
            .scope(self.scope())
            .retry(client.retry)
            .classify(Arc::new(Looking(Arc::clone(&client.rules))));
        let timeouts = match stream {
            true => Some(client.stream_timeouts(&self.model).of_attempt()),
            false => client.settings(&self.model).timeouts.or(client.timeouts),
        };
        if let Some(timeouts) = timeouts {
            request = request.timeouts(timeouts);
        }
        if let Some(observer) = &self.call.observer {
            request = request.observer(Arc::clone(observer));
        }
        Ok(request)
    }
}

/// Where an answer is; `None` when the id cannot be part of a path.
#[expect(clippy::option_option, reason = "from the beginning is not the same as not at all")]
fn address(base: &Url, id: &str, verb: &str, after: Option<Option<u64>>) -> Option<Url> {
    let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits || id.bytes().all(|byte| byte == b'.') {
        return None;
    }
    let mut url = base.clone();
    url.path_segments_mut().ok()?.push(id).extend(Some(verb).filter(|verb| !verb.is_empty()));
    if let Some(after) = after {
        let mut query = url.query_pairs_mut();
        query.append_pair("stream", "true");
        if let Some(after) = after {
            query.append_pair("starting_after", &after.to_string());
        }
    }
    Some(url)
}

/// Calls an answer off when it is dropped, unless it is disarmed.
#[derive(Default)]
pub(crate) struct Revoke(Option<Box<(Asked, String)>>);

impl Revoke {
    /// There is nothing to call off any more.
    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Revoke {
    fn drop(&mut self) {
        let Some((mut asked, id)) = self.0.take().map(|revoked| *revoked) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        // The call is over: its deadline and its budget are not for this.
        asked.call = Call::of([]).context(CallContext::new());
        runtime.spawn(async move {
            if let Err(error) = asked.call_off(&id).await {
                tracing::warn!(provider = &*asked.client.name, %error, "an answer could not be called off");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_of_the_path() {
        let check = |base: &str, id: &str, expected: Option<&str>| {
            let url = address(&Url::parse(base).unwrap(), id, "", None);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{id}");
        };
        let base = "https://a/v1/responses";
        check(base, "resp_1", Some("https://a/v1/responses/resp_1"));
        check("https://a/v1/responses?api-version=2", "r", Some("https://a/v1/responses/r?api-version=2"));
        check(base, "a/b?c#d", Some("https://a/v1/responses/a%2Fb%3Fc%23d"));
        for wrong in ["", ".", "..", "...", "a b", "ä", &"a".repeat(513)] {
            check(base, wrong, None);
        }
        let after = address(&Url::parse(base).unwrap(), "r", "", Some(Some(7))).unwrap();
        assert_eq!(after.query(), Some("stream=true&starting_after=7"));
    }
}
