//! The client of one provider: a call becomes a request, an answer or a failure becomes ours.

mod asked;
mod count;
mod embed;
mod failure;
mod health;
mod models;
mod stored;
mod trace;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use steadfast_backoff::Policy;
use steadfast_pool::{Pool, Request, Response, Streaming, Timeouts};
use tracing::Instrument;
use url::Url;

use crate::admission::Limits;
use crate::classify::Rules;
use crate::family::Family;
use crate::key::Keyring;
use crate::problem::{Fault, Whole};
use crate::stream::Live;
use crate::{
    Attempt, BoxFuture, Call, Capabilities, ClientBuilder, EmbedCall, Embeddings, Error, Identity, Message, ModelInfo,
    ModelSettings, Prices, Provider, Reply, ReplyStream, Role, StreamTimeouts, Vendor,
};

pub(crate) use asked::Asked;
use failure::{Refusal, failed};
pub use health::Health;
pub(crate) use trace::Trace;

/// A client of one provider. Clones share everything.
///
/// ```
/// use steadfast_providers::{Client, pool::Pool};
///
/// let local = Client::openai(Pool::new()?).base_url("http://localhost:11434/v1").model("llama").build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Core>);

/// One provider, one key, one pool.
pub(crate) struct Core {
    pub(crate) pool: Pool,
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) family: &'static Family,
    pub(crate) name: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) keyring: Keyring,
    pub(crate) retry: Policy,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) stream_timeouts: StreamTimeouts,
    pub(crate) rules: Arc<Rules>,
    pub(crate) max_tokens: u32,
    /// What is otherwise for some models.
    pub(crate) models: HashMap<Arc<str>, ModelSettings>,
    pub(crate) limits: Option<Limits>,
    pub(crate) prices: Prices,
    /// Traces tell what is asked and answered.
    pub(crate) traces_contents: bool,
}

impl Client {
    /// Starts to put a client of this vendor together. Its breakers, one for each model, key and base URL, live in the
    /// pool.
    pub fn builder(pool: Pool, vendor: Vendor) -> ClientBuilder {
        ClientBuilder::new(pool, vendor)
    }

    /// Starts to put together a client of OpenAI's Chat Completions (`POST {base}/chat/completions`), or of an API that is
    /// shaped like it.
    pub fn openai(pool: Pool) -> ClientBuilder {
        Self::builder(pool, Vendor::openai())
    }

    /// Starts to put together a client of OpenAI's Responses (`POST {base}/responses`).
    pub fn responses(pool: Pool) -> ClientBuilder {
        Self::builder(pool, Vendor::openai_responses())
    }

    /// Starts to put together a client of Anthropic's Messages (`POST {base}/v1/messages`).
    pub fn anthropic(pool: Pool) -> ClientBuilder {
        Self::builder(pool, Vendor::anthropic())
    }
}

impl Provider for Client {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn model(&self) -> &str {
        &self.0.model
    }

    fn identity(&self, call: &Call) -> Option<Identity> {
        self.0.identity(call)
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(Arc::clone(&self.0).complete(call))
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        Box::pin(Arc::clone(&self.0).stream(call))
    }

    fn embed(&self, call: EmbedCall) -> BoxFuture<'static, Result<Embeddings, Error>> {
        Box::pin(Arc::clone(&self.0).embed(call))
    }

    fn count_tokens(&self, call: Call) -> BoxFuture<'static, Result<u64, Error>> {
        Box::pin(Arc::clone(&self.0).count_tokens(call))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, Error>> {
        Box::pin(Arc::clone(&self.0).models())
    }
}

impl Core {
    /// What is otherwise for a model.
    pub(crate) fn settings(&self, model: &str) -> ModelSettings {
        if self.models.is_empty() {
            return ModelSettings::default();
        }
        self.models.get(model).copied().unwrap_or_default()
    }

    pub(crate) fn stream_timeouts(&self, model: &str) -> StreamTimeouts {
        self.settings(model).stream_timeouts.unwrap_or(self.stream_timeouts)
    }

    pub(crate) async fn complete(self: Arc<Self>, call: Call) -> Result<Reply, Error> {
        let mut asked = Asked::new(self, call).await?;
        let mut trace = Trace::begin(&asked.client, &asked.call, &asked.model, false);
        let span = trace.span().clone();
        let answered = match span.is_disabled() {
            true => asked.answered(&mut trace).await,
            // Those who trace pay for it.
            false => Box::pin(asked.answered(&mut trace).instrument(span)).await,
        };
        match &answered {
            Ok(reply) => asked.recording.answered(&reply.attempts),
            Err(error) => {
                asked.recording.failed(error, error.attempts());
                trace.failed(error);
            }
        }
        answered
    }

    pub(crate) async fn stream(self: Arc<Self>, call: Call) -> Result<ReplyStream, Error> {
        let mut asked = Asked::new(self, call).await?;
        let mut trace = Trace::begin(&asked.client, &asked.call, &asked.model, true);
        let span = trace.span().clone();
        let begun = match span.is_disabled() {
            true => asked.begun().await,
            false => Box::pin(asked.begun().instrument(span)).await,
        };
        match begun {
            Ok((streaming, attempts)) => Ok(ReplyStream::live(Live::new(asked, streaming, trace), attempts)),
            Err(error) => {
                asked.recording.failed(&error, error.attempts());
                trace.failed(&error);
                Err(error)
            }
        }
    }
}

impl Asked {
    /// Asks for the whole answer, with another key if it takes one: that is rare, and the future need not be large enough
    /// for it.
    async fn answered(&mut self, trace: &mut Trace) -> Result<Reply, Error> {
        let answered = match self.whole(trace).await {
            Err(error) => {
                Box::pin(async {
                    let before = self.with_another_key(error).await?;
                    match self.whole(trace).await {
                        Ok(answered) => Ok(answered.preceded_by(before)),
                        Err(error) => Err(error.preceded_by(before)),
                    }
                })
                .await
            }
            answered => answered,
        };
        match answered? {
            Answered::Reply(reply) => Ok(reply),
            Answered::Pending(id, attempts) => Box::pin(self.awaited(&id, false, attempts, trace)).await,
        }
    }

    /// Asks for the answer as it is written, with another key if it takes one.
    async fn begun(&mut self) -> Result<(Streaming, Vec<Attempt>), Error> {
        match self.opened().await {
            Err(error) => {
                Box::pin(async {
                    let before = self.with_another_key(error).await?;
                    match self.opened().await {
                        Ok((streaming, attempts)) => Ok((streaming, [before, attempts].concat())),
                        Err(error) => Err(error.preceded_by(before)),
                    }
                })
                .await
            }
            begun => begun,
        }
    }

    /// Asks for the whole answer.
    async fn whole(&self, trace: &mut Trace) -> Result<Answered, Error> {
        let (response, attempts) = self.fetched(self.request(false)?).await?;
        match (self.client.family.decode)(response.body(), &self.client.vendor) {
            Err(Fault::Pending(id)) => Ok(Answered::Pending(id, attempts)),
            decoded => self.decoded(decoded, &response, attempts, trace).map(Answered::Reply),
        }
    }

    /// Sends a request, and waits for all of what comes.
    async fn fetched(&self, request: Request) -> Result<(Response, Vec<Attempt>), Error> {
        let response = match self.client.pool.execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(self.unreached(error)),
        };
        let attempts = self.attempts(response.attempts());
        if !response.status().is_success() {
            let answer =
                Refusal { status: response.status().as_u16(), headers: response.headers(), body: response.body() };
            return Err(self.refused(&answer, response.retry_after(), attempts));
        }
        Ok((response, attempts))
    }

    /// What came, as a reply.
    fn decoded(
        &self,
        decoded: Result<Whole, Fault>,
        response: &Response,
        mut attempts: Vec<Attempt>,
        trace: &mut Trace,
    ) -> Result<Reply, Error> {
        match decoded {
            Ok(whole) => {
                self.settle(whole.usage.as_ref());
                if let Some(last) = attempts.last_mut() {
                    let tier = whole.extra.get("service_tier").and_then(Value::as_str);
                    last.bill(self.bill(whole.usage, tier, None));
                }
                let message = Message::of(Role::Assistant, whole.parts);
                trace.wrote(&message.text());
                trace.answered(whole.model.as_deref(), whole.id.as_deref(), whole.usage.as_ref(), &whole.finish);
                Ok(Reply {
                    message,
                    finish: whole.finish,
                    usage: whole.usage.unwrap_or_default(),
                    provider: self.client.name.as_ref().to_owned(),
                    model: whole.model.unwrap_or_else(|| self.model.as_ref().to_owned()),
                    id: whole.id,
                    extra: whole.extra,
                    attempts,
                    fallbacks: 0,
                    seams: Vec::new(),
                    cached: None,
                })
            }
            Err(fault) => {
                let error = self.faulty(fault, Some(response.headers())).retry_in(response.retry_after());
                let attempts = failed(attempts, &error);
                Err(error.with_attempts(attempts))
            }
        }
    }

    /// Asks for the answer as it is written; it begins when its head is there.
    async fn opened(&self) -> Result<(Streaming, Vec<Attempt>), Error> {
        self.streamed(self.request(true)?).await
    }

    /// Sends a request, and waits for the head of what comes.
    async fn streamed(&self, request: Request) -> Result<(Streaming, Vec<Attempt>), Error> {
        let mut streaming = match self.client.pool.stream(request).await {
            Ok(streaming) => streaming,
            Err(error) => return Err(self.unreached(error)),
        };
        let attempts = self.attempts(streaming.attempts());
        if streaming.status().is_success() {
            return Ok((streaming, attempts));
        }
        let body = refusal(&mut streaming).await;
        let answer = Refusal { status: streaming.status().as_u16(), headers: streaming.headers(), body: &body };
        Err(self.refused(&answer, streaming.retry_after(), attempts))
    }
}

/// What a request for the whole answer comes to.
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
enum Answered {
    Reply(Reply),
    /// The provider is at it, and will have it under this id.
    Pending(String, Vec<Attempt>),
}

impl Answered {
    fn preceded_by(mut self, before: Vec<Attempt>) -> Self {
        let attempts = match &mut self {
            Self::Reply(reply) => &mut reply.attempts,
            Self::Pending(_, attempts) => attempts,
        };
        attempts.splice(..0, before);
        self
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", &self.name)
            .field("model", &self.model)
            .field("url", &steadfast_pool::redacted(&self.url))
            .field("key", &self.keyring)
            .finish_non_exhaustive()
    }
}

/// The most bytes of a refusal that are read.
const LONGEST_REFUSAL: usize = 256 * 1024;

/// The body of a refusal, as far as it can be had: the status is known, and tells enough.
async fn refusal(streaming: &mut Streaming) -> Bytes {
    streaming.rest(LONGEST_REFUSAL).await.unwrap_or_default()
}
