//! Puts an [`HttpPush`] together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use steadfast_backoff::Policy;
use steadfast_pool::{Pool, Timeouts, Tls};

use super::answer::Later;
use super::auth::Credential;
use super::bandwidth::Bandwidth;
use super::gate::Gates;
use super::pointer::Pointer;
use super::verify::{Pace, Verify};
use super::version::Layout;
#[cfg(feature = "zstd")]
use super::zstd::Zstd;
use super::{
    CONTENT_DIGEST, DEVICE_ID, DEVICE_NAME, HttpPush, IDEMPOTENCY_KEY, REPR_DIGEST, Resumable, UPDATE_VERSION, rule,
};
use crate::device::Path;
use crate::error::{Error, ErrorKind};

/// Settings of an [`HttpPush`]. Everything has a default.
#[derive(Clone)]
#[must_use]
pub struct HttpPushBuilder {
    pool: Option<Pool>,
    tls: Option<Tls>,
    credential: Option<Credential>,
    plain_http: bool,
    update_path: String,
    verify_path: Option<String>,
    version_pointer: Option<String>,
    digest_pointer: Option<String>,
    pace: Pace,
    headers: HeaderMap,
    retry: Policy,
    timeouts: Timeouts,
    keep_alive: bool,
    host_breaker: bool,
    bandwidth: Bandwidth,
    expect_continue: Option<Duration>,
    #[cfg(feature = "zstd")]
    zstd: Zstd,
    resumable: Resumable,
}

impl Default for HttpPushBuilder {
    fn default() -> Self {
        Self {
            pool: None,
            tls: None,
            credential: None,
            plain_http: false,
            update_path: String::from("/update"),
            verify_path: Some(String::from("/version")),
            version_pointer: None,
            digest_pointer: None,
            pace: Pace::default(),
            headers: HeaderMap::new(),
            retry: Policy::delivery(),
            timeouts: Timeouts::streaming().stall(Duration::from_secs(30)),
            keep_alive: false,
            host_breaker: true,
            bandwidth: Bandwidth::new(),
            expect_continue: None,
            #[cfg(feature = "zstd")]
            zstd: Zstd::Never,
            resumable: Resumable::Never,
        }
    }
}

impl HttpPushBuilder {
    /// Sets the pool that sends; without it, one of [`HttpPush::pool_builder`].
    ///
    /// Mind its breaker: a rule of fewer failures than the policy has attempts stops a push in the middle of its
    /// retries.
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets the path below a device's address that takes the artifact; default `/update`.
    pub fn update_path(mut self, path: impl Into<String>) -> Self {
        self.update_path = path.into();
        self
    }

    /// Sets the path below a device's address that tells its version; default `/version`.
    pub fn verify_path(mut self, path: impl Into<String>) -> Self {
        self.verify_path = Some(path.into());
        self
    }

    /// Does not ask devices for their version: a device that took the artifact has succeeded.
    pub fn without_verify(mut self) -> Self {
        self.verify_path = None;
        self
    }

    /// Sets where in a JSON answer the version stands, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901))
    /// such as `/firmware/version`. Without it the answer is the version as plain text, or an object with a `version`.
    pub fn version_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.version_pointer = Some(pointer.into());
        self
    }

    /// Sets where in a JSON answer the SHA-256 of what the device runs stands, likewise: hexadecimal digits, with or
    /// without `sha256:` before them, or as in `Repr-Digest`. It is compared with the artifact's where a rollout
    /// verifies ([`PushContext::digest`](crate::PushContext::digest)).
    pub fn digest_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.digest_pointer = Some(pointer.into());
        self
    }

    /// Sets for how long a device may go on not reporting the expected version, from the first time that it is asked;
    /// default 5 min. Until then it is asked again and again, without a worker: being unreachable, 5xx and any other
    /// version mean "not yet". Zero asks once, retries of failures aside.
    pub fn verify_within(mut self, limit: Duration) -> Self {
        self.pace.within = limit;
        self
    }

    /// Sets the wait before a device is asked a second time, which doubles with each further one, and the longest;
    /// default 1 s and 10 s.
    pub fn verify_every(mut self, first: Duration, most: Duration) -> Self {
        (self.pace.first, self.pace.most) = (first, most);
        self
    }

    /// Sets whom to trust and who we are, in place of the roots of the machine: a private CA, a client certificate, pins,
    /// TLS 1.3 only; and, for a bench, [`danger_accept_invalid_certs`](Tls::danger_accept_invalid_certs). TLS is 1.2 or
    /// above.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Shows this bearer token to every device ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
    ///
    /// A credential goes to the devices' own addresses and nowhere else, since no redirect is followed; and over plain
    /// http to loopback only, unless [`allow_plain_http`](Self::allow_plain_http) says otherwise.
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.credential = Some(Credential::Bearer(token.into().into()));
        self
    }

    /// Shows this user and password to every device ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)), as
    /// [`bearer`](Self::bearer) does a token.
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credential = Some(Credential::Basic(user.into(), password.into().into()));
        self
    }

    /// Lets credentials, sensitive headers among them, travel over plain http to hosts other than loopback, for devices
    /// inside of a private network. Whoever listens there can read them.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Adds a header to every request, replacing one of that name. Mark the value of a credential as sensitive: then it
    /// is treated as one.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets when to try again; the default is the `delivery()` preset.
    pub fn retry(mut self, policy: Policy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how long an upload may stand still before it counts as cut off; default 30 s. There is no limit on the
    /// whole upload as long as it moves.
    pub fn no_progress(mut self, limit: Duration) -> Self {
        self.timeouts = self.timeouts.stall(limit);
        self
    }

    /// Sets how long the device may take to answer once it has everything; default 60 s.
    pub fn answer_within(mut self, limit: Duration) -> Self {
        self.timeouts = self.timeouts.header(limit);
        self
    }

    /// Keeps connections and what is known of each host, for few devices that are visited often.
    pub fn keep_alive(mut self, keep: bool) -> Self {
        self.keep_alive = keep;
        self
    }

    /// Dials every device, whatever became of others at the same host and port. By default a host that could not be
    /// connected to 5 times within 60 s, or more often where one delivery alone would do that, is left alone for 30 s.
    pub fn without_host_breaker(mut self) -> Self {
        self.host_breaker = false;
        self
    }

    /// Sets whether an upload that breaks off goes on where it stood; default [`Resumable::Never`]. The upload is opened
    /// at the update path.
    pub fn resumable(mut self, how: Resumable) -> Self {
        self.resumable = how;
        self
    }

    /// Limits how many bytes a second go out.
    pub fn bandwidth(mut self, limits: Bandwidth) -> Self {
        self.bandwidth = limits;
        self
    }

    /// Asks a device before the artifact is sent (`Expect: 100-continue`), and sends it when the device says so, or has said
    /// nothing for `patience`. One that answers with 401 or 413 instead is not sent it. Not over a pool with another
    /// transport than its own.
    pub fn expect_continue(mut self, patience: Duration) -> Self {
        self.expect_continue = Some(patience);
        self
    }

    /// Sets whether artifacts are sent compressed; default never.
    #[cfg(feature = "zstd")]
    pub fn zstd(mut self, zstd: Zstd) -> Self {
        self.zstd = zstd;
        self
    }

    /// The push.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a path leaves its device's address, a JSON pointer is none, a header is one that the
    /// push sets itself, a credential is none or there are two, a time limit is zero, bandwidth cannot be limited so, TLS was set beside a pool, or there
    /// is no pool and none can be made.
    pub fn build(self) -> Result<HttpPush, Error> {
        let config = |message: String| Error::new(ErrorKind::Config, message);
        let path = |what: &str, path: &str| {
            Path::parse(path).map_err(|problem| config(format!("{what} path {path:?}: {problem}")))
        };
        for own in OWN {
            if self.headers.contains_key(&own) {
                return Err(config(format!("header `{own}` is set by the push itself")));
            }
        }
        let pointer = |text: Option<&String>| {
            let parsed =
                text.map(|text| Pointer::parse(text).map_err(|problem| config(format!("pointer {text:?}: {problem}"))));
            parsed.transpose()
        };
        let layout =
            Layout { version: pointer(self.version_pointer.as_ref())?, digest: pointer(self.digest_pointer.as_ref())? };
        if self.pace.first.is_zero() || self.pace.most < self.pace.first {
            let message = "the waits of a verification are above zero, and the longest is not below the first";
            return Err(config(String::from(message)));
        }
        if self.timeouts.stall.is_zero()
            || self.timeouts.header.is_zero()
            || self.expect_continue == Some(Duration::ZERO)
        {
            return Err(config(String::from("a time limit of zero lets nothing through")));
        }
        let mut headers = self.headers;
        if let Some(credential) = &self.credential {
            let value = credential.header().map_err(|problem| config(String::from(problem)))?;
            if headers.insert(header::AUTHORIZATION, value).is_some() {
                return Err(config(String::from("there are two credentials: a header `authorization`, and another")));
            }
        }
        let pool = match (self.pool, self.tls) {
            (Some(_), Some(_)) => {
                return Err(config(String::from("there is a pool: give the TLS settings to its configuration")));
            }
            (Some(pool), None) => pool,
            (None, tls) => {
                let builder = HttpPush::pool_builder(&self.retry);
                let builder = match tls {
                    Some(tls) => builder.config(HttpPush::pool_config().tls(tls)),
                    None => builder,
                };
                builder
                    .build()
                    .map_err(|error| config(format!("cannot set up the HTTP client: {error}")).caused_by(error))?
            }
        };
        Ok(HttpPush {
            shaper: self.bandwidth.shaper()?.map(Arc::new),
            expect_continue: self.expect_continue,
            #[cfg(feature = "zstd")]
            zstd: self.zstd,
            gates: self.host_breaker.then(|| Arc::new(Gates::new(rule(&self.retry), pool.timer()))),
            pool,
            update_path: path("update", &self.update_path)?,
            verify: match self.verify_path.as_deref() {
                Some(text) => Some(Verify { path: path("verify", text)?, layout, pace: self.pace }),
                None => None,
            },
            headers,
            plain_http: self.plain_http,
            retry: self.retry,
            timeouts: self.timeouts,
            keep_alive: self.keep_alive,
            resumable: self.resumable,
            later: Arc::new(Later),
        })
    }
}

/// The headers that belong to the push, and those of the connection.
const OWN: [HeaderName; 10] = [
    DEVICE_ID,
    DEVICE_NAME,
    UPDATE_VERSION,
    IDEMPOTENCY_KEY,
    REPR_DIGEST,
    CONTENT_DIGEST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::HOST,
];

impl fmt::Debug for HttpPushBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("HttpPushBuilder")
            .field("tls", &self.tls)
            .field("credential", &self.credential)
            .field("plain_http", &self.plain_http)
            .field("update_path", &self.update_path)
            .field("verify_path", &self.verify_path)
            .field("version_pointer", &self.version_pointer)
            .field("digest_pointer", &self.digest_pointer)
            .field("pace", &self.pace)
            .field("headers", &names)
            .field("retry", &self.retry)
            .field("timeouts", &self.timeouts)
            .field("keep_alive", &self.keep_alive)
            .field("resumable", &self.resumable)
            .finish_non_exhaustive()
    }
}
