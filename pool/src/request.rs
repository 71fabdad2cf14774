//! One request, and how it wants to be treated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use steadfast_backoff::{Policy, StatusSet};
use url::Url;

use crate::admit::Admit;
use crate::body::Body;
use crate::classify::Classify;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::hedging::Hedging;
use crate::identity::Identity;
use crate::multipart::Multipart;
use crate::pace::Pace;
use crate::place::Place;
use crate::redact::authority;
use crate::redirects::Redirects;
#[cfg(feature = "cache")]
use crate::response_cache::CacheMode;
use crate::timeouts::Timeouts;

/// Who is told of retries.
pub(crate) type OnRetry = Arc<dyn Fn(u32, &Error, Duration) + Send + Sync>;

/// A request. What it does not say is taken from its host's configuration, then from the pool's.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Arc<Url>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) context: CallContext,
    pub(crate) scope: Option<Arc<str>>,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) max_body: Option<usize>,
    pub(crate) redirects: Option<Redirects>,
    pub(crate) identity: Option<Identity>,
    pub(crate) retry: Option<Policy>,
    pub(crate) classify: Option<Arc<dyn Classify>>,
    pub(crate) hedging: Option<Hedging>,
    pub(crate) admit: Option<Arc<dyn Admit>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) on_retry: Option<OnRetry>,
    pub(crate) transient: bool,
    pub(crate) unwatched: bool,
    pub(crate) expect_continue: Option<Duration>,
    pub(crate) pace: Option<Arc<dyn Pace>>,
    #[cfg(feature = "cache")]
    pub(crate) coalesce: Option<bool>,
    #[cfg(feature = "cache")]
    pub(crate) cache: CacheMode,
    /// Part of a call that is counted elsewhere.
    pub(crate) within: bool,
}

impl Request {
    /// A request without headers and body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when `url` is malformed, or as for [`to`](Self::to).
    pub fn new(method: Method, url: &str) -> Result<Self, Error> {
        let url = Url::parse(url).map_err(|error| {
            Error::new(ErrorKind::Request, "not a URL: give one like https://host/path").caused_by(error)
        })?;
        Self::to(method, url)
    }

    /// A request to a parsed URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when `url` is not http or https, has no host, or holds a user or password: credentials
    /// belong in a header, where they are not told.
    pub fn to(method: Method, url: Url) -> Result<Self, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            // Without a host, what reads as a scheme may be the user of `user:password@host`.
            let scheme = if url.has_host() { format!(" `{}`", url.scheme()) } else { String::new() };
            let message = format!("unsupported scheme{scheme}: give an http or https URL");
            return Err(Error::new(ErrorKind::Request, message));
        }
        if authority(&url).is_empty() {
            return Err(Error::new(ErrorKind::Request, "the URL has no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::new(ErrorKind::Request, "the URL holds credentials: give them in a header"));
        }
        Ok(Self {
            method,
            url: Arc::new(url),
            headers: HeaderMap::new(),
            body: Body::empty(),
            context: CallContext::new(),
            scope: None,
            timeouts: None,
            max_body: None,
            redirects: None,
            identity: None,
            retry: None,
            classify: None,
            hedging: None,
            admit: None,
            observer: None,
            on_retry: None,
            transient: false,
            unwatched: false,
            expect_continue: None,
            pace: None,
            #[cfg(feature = "cache")]
            coalesce: None,
            #[cfg(feature = "cache")]
            cache: CacheMode::Use,
            within: false,
        })
    }

    /// A GET request.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn get(url: &str) -> Result<Self, Error> {
        Self::new(Method::GET, url)
    }

    /// A POST request.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn post(url: &str) -> Result<Self, Error> {
        Self::new(Method::POST, url)
    }

    /// Sets a header, replacing one of that name. Mark the value of a credential as sensitive.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body and its content type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when `value` cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Error::new(ErrorKind::Request, "the body cannot be written as JSON").caused_by(error))?;
        self.body = Body::from(Bytes::from(bytes));
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(self)
    }

    /// Sets the body to a form, and its content type: `application/x-www-form-urlencoded`, as the URL standard writes it.
    #[must_use]
    pub fn form<K: AsRef<str>, V: AsRef<str>>(mut self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body = Body::from(text);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(header::CONTENT_TYPE, kind);
        self
    }

    /// Sets the body to a form of several parts, and its content type.
    #[must_use]
    pub fn multipart(mut self, form: Multipart) -> Self {
        self.headers.insert(header::CONTENT_TYPE, form.content_type());
        self.body = form.into_body();
        self
    }

    /// Sets what the call inherits from its caller.
    #[must_use]
    pub fn context(mut self, context: CallContext) -> Self {
        self.context = context;
        self
    }

    /// Names the breaker that watches over this request, instead of the one of its host and port; it is also the
    /// target in the ledger. The requests of one scope go to hosts with one breaker rule: with another rule, the breaker
    /// starts anew.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Arc<str>>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Asks the server before the body is sent (`Expect: 100-continue`,
    /// [RFC 9110, section 10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)): it goes out when the server says
    /// so, or has said nothing for `patience`. A server that answers instead, with 401 or 413 say, is not sent it at all. One
    /// that says 417 does not know the question: ask again without it.
    ///
    /// The pool's own transport does so; others send the body at once, and do not ask.
    #[must_use]
    pub fn expect_continue(mut self, patience: Duration) -> Self {
        self.expect_continue = Some(patience);
        self
    }

    /// Sends the body no faster than `pace` lets it. The time in which it is held back is no lack of progress to
    /// [`Timeouts::stall`].
    #[must_use]
    pub fn pace(mut self, pace: Arc<dyn Pace>) -> Self {
        self.pace = Some(pace);
        self
    }

    /// No breaker watches over this request: it goes out whatever is known of the host, and what comes of it tells
    /// nothing about the host's health. For asking whether a host is back.
    #[must_use]
    pub fn without_breaker(mut self) -> Self {
        self.unwatched = true;
        self
    }

    /// Sets the limits of each attempt.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Some(timeouts);
        self
    }

    /// Sets the most bytes that the answer may have, decoded; of streams, too. The default of whole answers is the
    /// pool's, streams have none.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sets which redirects are followed; the default is the pool's.
    #[must_use]
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = Some(redirects);
        self
    }

    /// Sets when to try again.
    #[must_use]
    pub fn retry(mut self, policy: Policy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets what answers mean; the default retries 429, 502, 503 and 504.
    #[must_use]
    pub fn classify(mut self, classify: Arc<dyn Classify>) -> Self {
        self.classify = Some(classify);
        self
    }

    /// Sets when another attempt is started beside one that takes too long; the default is the host's, and without one
    /// there is none.
    #[must_use]
    pub fn hedge(mut self, hedging: Hedging) -> Self {
        self.hedging = Some(hedging);
        self
    }

    /// Has `admit` admit each attempt, retries too, besides the limits of the host.
    #[must_use]
    pub fn admit(mut self, admit: Arc<dyn Admit>) -> Self {
        self.admit = Some(admit);
        self
    }

    /// Sets how the call treats the pool's [cache](crate::PoolBuilder::cache); the default is to use it.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache(mut self, mode: CacheMode) -> Self {
        self.cache = mode;
        self
    }

    /// Sets whether the call is shared with others that ask for the same at the same time; the default is the host's, then the
    /// pool's. See [`PoolBuilder::coalesce`](crate::PoolBuilder::coalesce).
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.coalesce = Some(coalesce);
        self
    }

    /// Tells `observer` about this call, besides the pool's own observer.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Calls `told` before each wait that a retry follows: with the number of the attempt that failed, its error, which
    /// for a status is an [`ErrorKind::Status`], and how long the wait is. It is on the path of the call: return soon.
    #[must_use]
    pub fn on_retry(mut self, told: impl Fn(u32, &Error, Duration) + Send + Sync + 'static) -> Self {
        self.on_retry = Some(Arc::new(told));
        self
    }

    /// Sets which statuses are worth another attempt, instead of 429, 502, 503 and 504.
    #[must_use]
    pub fn retry_statuses(self, statuses: StatusSet) -> Self {
        self.classify(Arc::new(statuses))
    }

    /// The connection is closed afterwards and no state of the host is kept: for one visit to each of many hosts.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        self
    }

    /// Leaves the connection of a [transient](Self::transient) request open for the one that follows: the last of them
    /// closes it, and if none comes, the limit of idle connections does.
    #[must_use]
    pub fn leave_open(mut self) -> Self {
        self.headers.remove(header::CONNECTION);
        self
    }

    /// Where it goes.
    pub(crate) fn place(&self) -> Place {
        Place::new(self.method.clone(), Arc::clone(&self.url))
    }

    /// Whether the method, or a key, says that doing it twice is the same as doing it once.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent() || self.headers.contains_key("idempotency-key")
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Request")
            .field("place", &self.place().to_string())
            .field("headers", &names)
            .field("body", &self.body)
            .field("context", &self.context)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
