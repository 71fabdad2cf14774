//! Pushing over HTTP: one streaming POST, one GET to verify, through the pool's pipeline.

mod answer;
mod auth;
mod bandwidth;
mod builder;
mod exchange;
mod gate;
mod pointer;
mod reply;
mod resumable;
mod verify;
mod version;
mod whole;
#[cfg(feature = "zstd")]
mod zstd;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName};
use steadfast_backoff::Policy;
use steadfast_breaker::Rule;
use steadfast_clock::SharedTimer;
use steadfast_pool::{Pool, PoolBuilder, PoolConfig, Timeouts};

use crate::artifact::Artifact;
use crate::device::{Device, Path};
use crate::error::Error;
use crate::push::{Push, PushContext, PushError, Pushed, Verified};
use answer::Later;
use bandwidth::Shaper;
use gate::Gates;
use verify::Verify;

pub use bandwidth::Bandwidth;
pub use builder::HttpPushBuilder;
pub(crate) use exchange::Order;
pub(crate) use reply::Call;
pub use resumable::Resumable;
#[cfg(feature = "zstd")]
pub use zstd::Zstd;

const DEVICE_ID: HeaderName = HeaderName::from_static("x-device-id");
const DEVICE_NAME: HeaderName = HeaderName::from_static("x-device-name");
const UPDATE_VERSION: HeaderName = HeaderName::from_static("x-update-version");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The largest number of failures that a breaker's rule can have.
const MOST_FAILURES: u32 = 65_536;

/// Connections that wait for the next request of a delivery, and for how long.
const MOST_IDLE: usize = 256;
const IDLE: Duration = Duration::from_secs(5);

/// The most that a device may answer.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Delivers over HTTP: `POST <address>/update` with the artifact as its body, then `GET <address>/version`.
///
/// A device that restarts after the push is asked again until it reports the expected version, as far as its caller goes
/// along: see [`Polling`](crate::Polling).
///
/// 5xx, a 429 without `Retry-After` and network failures are retried; 3xx and 4xx are not, and a redirect is never
/// followed. 429 and 503 with `Retry-After` are deferrals. Each device has a breaker of its own, named by its address,
/// so that one bad device does not stop its siblings behind the same gateway; and each host has one that only learns
/// whether it can be connected to, so that a site that is down is not dialled for each of its devices: they are
/// [deferred](crate::DeferralReason::HostDown). The requests of one delivery share a connection, which is
/// closed after the last of them unless [`keep_alive`](HttpPushBuilder::keep_alive) is asked for.
#[derive(Clone)]
pub struct HttpPush {
    pool: Pool,
    update_path: Path,
    verify: Option<Verify>,
    headers: HeaderMap,
    /// Whether credentials go to hosts that they reach in the clear.
    plain_http: bool,
    retry: Policy,
    timeouts: Timeouts,
    keep_alive: bool,
    resumable: Resumable,
    later: Arc<Later>,
    /// Those of hosts that cannot be connected to.
    gates: Option<Arc<Gates>>,
    shaper: Option<Arc<Shaper>>,
    expect_continue: Option<Duration>,
    #[cfg(feature = "zstd")]
    zstd: Zstd,
}

impl HttpPush {
    /// A push with the defaults and a pool of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when a proxy variable of the environment is malformed.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Starts to put a push together.
    pub fn builder() -> HttpPushBuilder {
        HttpPushBuilder::default()
    }

    /// A pool as a push wants it, to be built on: short answers, and a breaker of 5 failures, or of more where the
    /// failures of one delivery that succeeds in the end, push and verification together, would open it.
    pub fn pool_builder(retry: &Policy) -> PoolBuilder {
        Pool::builder().config(Self::pool_config()).breaker(rule(retry))
    }

    /// The configuration of such a pool, for further settings.
    #[must_use]
    pub fn pool_config() -> PoolConfig {
        PoolConfig::new().max_body(LARGEST_ANSWER).max_idle(MOST_IDLE).idle_timeout(IDLE)
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The timer of its pool.
    #[must_use]
    pub fn timer(&self) -> &SharedTimer {
        self.pool.timer()
    }
}

#[async_trait]
impl Push for HttpPush {
    async fn push(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> Result<Pushed, PushError> {
        match self.resumable {
            Resumable::Never => self.push_whole(context, device, artifact).await,
            how => resumable::push(self, how, context, device, artifact).await,
        }
    }

    async fn verify(&self, context: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError> {
        self.compare(context, device, expected).await
    }

    async fn installed(&self, context: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        self.runs(context, device).await
    }
}

impl fmt::Debug for HttpPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("HttpPush")
            .field("update_path", &self.update_path)
            .field("verify", &self.verify)
            .field("headers", &names)
            .field("retry", &self.retry)
            .field("timeouts", &self.timeouts)
            .field("keep_alive", &self.keep_alive)
            .field("gates", &self.gates)
            .field("resumable", &self.resumable)
            .field("shaper", &self.shaper)
            .field("expect_continue", &self.expect_continue)
            .finish_non_exhaustive()
    }
}

/// The rule of breakers: the failures of one delivery that succeeds in the end do not open one.
fn rule(retry: &Policy) -> Rule {
    let rule = Rule::default();
    rule.failures(rule.failures.max(retry.max_attempts().saturating_mul(2) - 1).min(MOST_FAILURES))
}
