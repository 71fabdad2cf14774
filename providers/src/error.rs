//! The one error of the crate.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, iter};

use serde::{Deserialize, Serialize};

use crate::scrub::scrub;
use crate::{Attempt, Cost, Wait};

/// A call that has no answer to give, or a client that cannot be made.
///
/// Its text is one line: the provider, what failed, what to do. Neither it nor its `Debug` holds keys or contents; what a
/// provider says is told as far as it repeats neither.
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    provider: Arc<str>,
    what: String,
    advice: Option<String>,
    said: Option<String>,
    waited_for: Option<Wait>,
    retryable: Option<bool>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    attempts: Vec<Attempt>,
    fallbacks: u32,
    partial: Option<String>,
    earlier: Vec<Error>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client's settings are wrong.
    Config,
    /// There is no key.
    MissingKey,
    /// The provider does not accept the key.
    Authentication,
    /// The key may not do this.
    Permission,
    /// There is no such model, or no such API at the base URL.
    NotFound,
    /// The provider does not accept the request.
    InvalidRequest,
    /// The request is larger than the provider or the model takes.
    TooLarge,
    /// The provider refuses to handle these contents.
    ContentRefused,
    /// Money or quota is spent: the next request would fail, too.
    QuotaSpent,
    /// Too many requests or tokens at once.
    RateLimited,
    /// The provider has more work than it can do.
    Overloaded,
    /// The provider failed.
    Server,
    /// The provider had a conflict with another request.
    Conflict,
    /// No answer in time, ours or the provider's; or a stream that stalled.
    Timeout,
    /// The provider cannot be reached, or the connection broke before an answer.
    Network,
    /// The answer broke off; [`Error::partial_text`] has what came.
    Truncated,
    /// What came is no answer.
    Malformed,
    /// The breaker of this provider, model and key is open: nothing was sent.
    BreakerOpen,
    /// The caller's deadline passed.
    Deadline,
    /// The provider has no such thing.
    Unsupported,
}

impl ErrorKind {
    /// The kind as one word for traces and metrics, such as `rate_limited`; it does not change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::MissingKey => "missing_key",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::TooLarge => "too_large",
            Self::ContentRefused => "content_refused",
            Self::QuotaSpent => "quota_spent",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Conflict => "conflict",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::BreakerOpen => "breaker_open",
            Self::Deadline => "deadline",
            Self::Unsupported => "unsupported",
        }
    }

    /// Whether another provider may answer where this one failed: everything but mistakes of the caller, contents that
    /// were refused, and a deadline that is over for all.
    #[must_use]
    pub fn falls_back(self) -> bool {
        !matches!(self, Self::Config | Self::InvalidRequest | Self::TooLarge | Self::ContentRefused | Self::Deadline)
    }

    fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Overloaded
                | Self::Server
                | Self::Conflict
                | Self::Timeout
                | Self::Network
                | Self::Truncated
                | Self::BreakerOpen
                | Self::Deadline
        )
    }
}

impl Error {
    /// An error, also for providers of your own. `what` says in one line what failed, without contents or credentials.
    #[must_use]
    pub fn new(kind: ErrorKind, provider: impl Into<Arc<str>>, what: impl Into<String>) -> Self {
        let inner = Inner {
            kind,
            provider: provider.into(),
            what: what.into(),
            advice: None,
            said: None,
            waited_for: None,
            retryable: None,
            retry_after: None,
            request_id: None,
            attempts: Vec::new(),
            fallbacks: 0,
            partial: None,
            earlier: Vec::new(),
            source: None,
        };
        Self { inner: Box::new(inner) }
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.inner.advice = Some(advice.into());
        self
    }

    pub(crate) fn said(mut self, said: Option<String>) -> Self {
        self.inner.said = said.filter(|said| !said.is_empty());
        self
    }

    pub(crate) fn retryable(mut self, retryable: Option<bool>) -> Self {
        self.inner.retryable = retryable;
        self
    }

    pub(crate) fn retry_in(mut self, after: Option<Duration>) -> Self {
        self.inner.retry_after = after;
        self
    }

    /// Says where in a configuration it is, in place of who failed.
    #[cfg(feature = "config")]
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.inner.what = format!("{place}: {}", self.inner.what);
        self.inner.provider = Arc::from("");
        self
    }

    /// Sets when it makes sense to come back, for providers of your own.
    #[must_use]
    pub fn with_retry_after(self, after: Duration) -> Self {
        self.retry_in(Some(after))
    }

    /// Says what was waited for in vain.
    pub(crate) fn waiting_for(mut self, wait: Wait) -> Self {
        self.inner.waited_for = Some(wait);
        self
    }

    pub(crate) fn named(mut self, request_id: Option<String>) -> Self {
        self.inner.request_id = request_id;
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(Arc::from(source.into()));
        self
    }

    /// Keeps what came of the answer. What the provider says of the failure may quote it: the text is contents, and is
    /// told nowhere else.
    pub(crate) fn with_partial(mut self, text: String) -> Self {
        if !text.is_empty() {
            self.inner.said = self.inner.said.take().map(|said| scrub(&said, iter::empty(), iter::once(&*text)));
            self.inner.partial = Some(text);
        }
        self
    }

    /// Sets the attempts that were made.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.inner.attempts = attempts;
        self
    }

    /// Puts attempts before those that were made.
    pub(crate) fn preceded_by(mut self, mut before: Vec<Attempt>) -> Self {
        before.append(&mut self.inner.attempts);
        self.with_attempts(before)
    }

    pub(crate) fn take_attempts(&mut self) -> Vec<Attempt> {
        std::mem::take(&mut self.inner.attempts)
    }

    pub(crate) fn with_fallbacks(mut self, fallbacks: u32) -> Self {
        self.inner.fallbacks = fallbacks;
        self
    }

    /// Sets the failures of the providers that were asked before.
    pub(crate) fn after(mut self, earlier: Vec<Self>) -> Self {
        self.inner.earlier = earlier;
        self
    }

    pub(crate) fn take_earlier(&mut self) -> Vec<Self> {
        std::mem::take(&mut self.inner.earlier)
    }

    pub(crate) fn what(&self) -> &str {
        &self.inner.what
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What was waited for in vain, of an [`ErrorKind::Timeout`].
    #[must_use]
    pub fn waited_for(&self) -> Option<Wait> {
        self.inner.waited_for
    }

    /// Whether the same call may succeed later. A provider's own word on it (`x-should-retry`) stands.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable.unwrap_or_else(|| self.inner.kind.is_retryable())
    }

    /// When it makes sense to come back, if the provider or the breaker said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// The provider's name for the request, to quote to its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// Who failed: of several providers the last one. Empty when no provider is concerned.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.inner.provider
    }

    /// Every attempt that was made, at every provider, in order.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.inner.attempts
    }

    /// What the call cost all the same.
    #[must_use]
    pub fn cost(&self) -> Cost {
        Cost::of(&self.inner.attempts)
    }

    /// How often the call was moved to another provider.
    #[must_use]
    pub fn fallbacks(&self) -> u32 {
        self.inner.fallbacks
    }

    /// The failures of the providers that were asked before this one, in order; their attempts are in
    /// [`attempts`](Self::attempts).
    #[must_use]
    pub fn earlier(&self) -> &[Self] {
        &self.inner.earlier
    }

    /// What came of a streamed answer before it failed. It is contents: `Display` and `Debug` do not show it.
    #[must_use]
    pub fn partial_text(&self) -> Option<&str> {
        self.inner.partial.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        if !inner.provider.is_empty() {
            write!(f, "{}: ", inner.provider)?;
        }
        f.write_str(&inner.what)?;
        if let Some(said) = &inner.said {
            write!(f, " (it says: {said})")?;
        }
        if let Some(advice) = &inner.advice {
            write!(f, ": {advice}")?;
        }
        for (i, error) in inner.earlier.iter().enumerate() {
            f.write_str(if i == 0 { "; before that, " } else { ", " })?;
            write!(f, "{}: {}", error.provider(), error.what())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &self.to_string())
            .field("waited_for", &inner.waited_for)
            .field("retry_after", &inner.retry_after)
            .field("request_id", &inner.request_id)
            .field("attempts", &inner.attempts)
            .field("fallbacks", &inner.fallbacks)
            .field("partial_len", &inner.partial.as_ref().map(String::len))
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
