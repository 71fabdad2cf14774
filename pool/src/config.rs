//! Settings of the pool and of single hosts.

mod host;
#[cfg(feature = "serde")]
mod text;

use std::num::NonZeroU32;
use std::time::Duration;

use http::HeaderName;

pub use self::host::HostConfig;

use crate::redirects::Redirects;
use crate::timeouts::Timeouts;

#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod connect;

#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub(crate) use self::connect::Connecting;

/// Settings of the connections and the defaults of every request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Idle connections kept for all hosts together; beyond it the one that was idle longest is closed. Default 100.
    pub max_idle: usize,
    /// Idle connections kept for each host. Default 10.
    pub max_idle_per_host: usize,
    /// Connections to each host, busy and idle; who needs one more waits in order. Default 100.
    pub max_per_host: NonZeroU32,
    /// How long an idle connection is kept. Default 90 s.
    pub idle_timeout: Duration,
    /// How old a connection may become before it is no longer used again. Default: no limit.
    pub max_age: Option<Duration>,
    /// Waiting for a connection when the host has as many as it may. Default 60 s.
    pub acquire_timeout: Duration,
    /// Dialling: resolving the name, TCP, and a proxy on the way. Default 30 s.
    pub dial_timeout: Duration,
    /// The TLS handshake. Default 10 s.
    pub tls_timeout: Duration,
    /// Whether HTTP/2 is spoken to `http` URLs without asking (RFC 9113, section 3.3); `https` agrees on it by ALPN. Default
    /// no.
    pub http2_prior_knowledge: bool,
    /// Whether nothing but HTTP/1.1 is spoken. Default no.
    pub http1_only: bool,
    /// How long an HTTP/2 connection with streams may be silent before it is asked whether it lives; `None` asks never.
    /// Default 30 s.
    pub keep_alive_interval: Option<Duration>,
    /// How long such an answer may take before the connection counts as dead. Default 20 s.
    pub keep_alive_timeout: Duration,
    /// Whether idle HTTP/2 connections are asked, too. Default no.
    pub keep_alive_while_idle: bool,
    /// The limits of plain requests; streams take the same without the limit of the whole attempt.
    pub timeouts: Timeouts,
    /// The most bytes that a plain answer may have. Default 32 MiB.
    pub max_body: usize,
    /// Which redirects are followed. Default: up to 10, credentials never beyond their origin.
    pub redirects: Redirects,
    /// The header that each call's id is sent in. Default `x-request-id`.
    pub request_id: Option<HeaderName>,
    /// Whether each attempt is sent with a `traceparent`. Default: yes.
    pub traceparent: bool,
    /// Whether compressed answers are asked for, and decompressed. Default: no.
    #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
    pub decompress: bool,
    /// To how many times its size a compressed stream may inflate; the first MiB is free. Default 200.
    #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
    pub max_inflation: NonZeroU32,
    /// The most hosts whose state (limits, breaker) is kept, besides those that are configured by name. Default 10,000;
    /// beyond it, those are forgotten that were not used for longest and lose nothing by it: no call under way, breaker
    /// closed without failures, limits untouched.
    pub max_hosts: NonZeroU32,
    /// The most hosts that have figures of their own: the first that are called. Default 1,024; the others are counted
    /// together as `other`.
    pub max_host_figures: usize,
    /// Whether anything is counted. Default `true`.
    pub enable_metrics: bool,
    #[cfg(any(feature = "hyper", feature = "reqwest"))]
    pub(crate) connecting: Connecting,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_idle: 100,
            max_idle_per_host: 10,
            max_per_host: const { NonZeroU32::new(100).unwrap() },
            idle_timeout: Duration::from_secs(90),
            max_age: None,
            acquire_timeout: Duration::from_secs(60),
            dial_timeout: Duration::from_secs(30),
            tls_timeout: Duration::from_secs(10),
            http2_prior_knowledge: false,
            http1_only: false,
            keep_alive_interval: Some(Duration::from_secs(30)),
            keep_alive_timeout: Duration::from_secs(20),
            keep_alive_while_idle: false,
            timeouts: Timeouts::default(),
            max_body: 32 * 1024 * 1024,
            #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
            decompress: false,
            #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
            max_inflation: const { NonZeroU32::new(200).unwrap() },
            redirects: Redirects::default(),
            request_id: Some(HeaderName::from_static("x-request-id")),
            traceparent: true,
            max_hosts: const { NonZeroU32::new(10_000).unwrap() },
            max_host_figures: 1024,
            enable_metrics: true,
            #[cfg(any(feature = "hyper", feature = "reqwest"))]
            connecting: Connecting::default(),
        }
    }
}

impl PoolConfig {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits of requests.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how long dialling may take.
    #[must_use]
    pub fn dial_timeout(mut self, limit: Duration) -> Self {
        self.dial_timeout = limit;
        self
    }

    /// Sets how long a TLS handshake may take.
    #[must_use]
    pub fn tls_timeout(mut self, limit: Duration) -> Self {
        self.tls_timeout = limit;
        self
    }

    /// Sets how long a request may wait for one of its host's connections.
    #[must_use]
    pub fn acquire_timeout(mut self, limit: Duration) -> Self {
        self.acquire_timeout = limit;
        self
    }

    /// Sets how many idle connections are kept for all hosts together.
    #[must_use]
    pub fn max_idle(mut self, connections: usize) -> Self {
        self.max_idle = connections;
        self
    }

    /// Sets how many connections a host may have.
    #[must_use]
    pub fn max_per_host(mut self, connections: NonZeroU32) -> Self {
        self.max_per_host = connections;
        self
    }

    /// Sets how old a connection may become.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets how many idle connections are kept for each host.
    #[must_use]
    pub fn max_idle_per_host(mut self, connections: usize) -> Self {
        self.max_idle_per_host = connections;
        self
    }

    /// Sets how long an idle connection is kept.
    #[must_use]
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// Speaks HTTP/2 to `http` URLs without asking.
    #[must_use]
    pub fn http2_prior_knowledge(mut self, known: bool) -> Self {
        self.http2_prior_knowledge = known;
        self
    }

    /// Speaks nothing but HTTP/1.1.
    #[must_use]
    pub fn http1_only(mut self, only: bool) -> Self {
        self.http1_only = only;
        self
    }

    /// Sets how long an HTTP/2 connection may be silent before it is asked whether it lives.
    #[must_use]
    pub fn keep_alive_interval(mut self, interval: Option<Duration>) -> Self {
        self.keep_alive_interval = interval;
        self
    }

    /// Sets how long an HTTP/2 connection may take to say that it lives.
    #[must_use]
    pub fn keep_alive_timeout(mut self, limit: Duration) -> Self {
        self.keep_alive_timeout = limit;
        self
    }

    /// Asks idle HTTP/2 connections, too, whether they live.
    #[must_use]
    pub fn keep_alive_while_idle(mut self, asked: bool) -> Self {
        self.keep_alive_while_idle = asked;
        self
    }

    /// Sets the most bytes that a plain answer may have.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sets which redirects are followed.
    #[must_use]
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Sets the header that a call's id is sent in: 32 hexadecimal digits, the same on all attempts, or what the request has
    /// there itself. Without a header there is no id.
    #[must_use]
    pub fn request_id(mut self, header: Option<HeaderName>) -> Self {
        self.request_id = header;
        self
    }

    /// Sets whether each attempt is sent with a `traceparent` of its own (W3C Trace Context Level 1, version 00): a span of
    /// the trace that the request's own `traceparent` tells of, or of a new one. Otherwise the request's own goes as it is.
    #[must_use]
    pub fn traceparent(mut self, traceparent: bool) -> Self {
        self.traceparent = traceparent;
        self
    }

    /// Asks for compressed answers where the request does not say itself what it accepts, and decompresses them: the
    /// answer then has neither `Content-Encoding` nor `Content-Length`. What is decoded counts towards `max_body`.
    #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
    #[must_use]
    pub fn decompress(mut self, decompress: bool) -> Self {
        self.decompress = decompress;
        self
    }

    /// Sets to how many times its size a compressed stream may inflate.
    #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
    #[must_use]
    pub fn max_inflation(mut self, times: NonZeroU32) -> Self {
        self.max_inflation = times;
        self
    }

    /// Whether answers are decompressed.
    pub(crate) fn decompresses(&self) -> bool {
        #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
        return self.decompress;
        #[cfg(not(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd")))]
        false
    }

    /// To how many times its size a compressed stream may inflate, if any is decompressed.
    pub(crate) fn inflation(&self) -> Option<NonZeroU32> {
        #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
        return Some(self.max_inflation);
        #[cfg(not(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd")))]
        None
    }

    /// Sets how many hosts are remembered.
    #[must_use]
    pub fn max_hosts(mut self, hosts: NonZeroU32) -> Self {
        self.max_hosts = hosts;
        self
    }

    /// Sets how many hosts have figures of their own.
    #[must_use]
    pub fn max_host_figures(mut self, hosts: usize) -> Self {
        self.max_host_figures = hosts;
        self
    }

    /// Sets whether anything is counted: without, every figure stays zero.
    #[must_use]
    pub fn enable_metrics(mut self, enable: bool) -> Self {
        self.enable_metrics = enable;
        self
    }
}
