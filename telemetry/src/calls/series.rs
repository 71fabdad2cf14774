//! What the series of calls are called, after their prefix.

pub(crate) const REQUESTS: &str = "requests";
pub(crate) const SUCCEEDED: &str = "requests_succeeded";
pub(crate) const FAILED: &str = "requests_failed";
pub(crate) const CANCELLED: &str = "requests_cancelled";
pub(crate) const ACTIVE: &str = "active";
pub(crate) const ATTEMPTS: &str = "attempts";
pub(crate) const RETRIES: &str = "retries";
pub(crate) const RETRIES_BY_STATUS: &str = "retries_by_status";
pub(crate) const RETRY_DELAY: &str = "retry_delay_ns";
pub(crate) const FINAL_STATUS: &str = "final_status";
pub(crate) const BREAKER_OPENINGS: &str = "breaker_openings";
pub(crate) const FALLBACKS: &str = "fallbacks";
pub(crate) const CACHE_HITS: &str = "cache_hits";
pub(crate) const CACHE_MISSES: &str = "cache_misses";
pub(crate) const TOKENS_SAVED: &str = "tokens_saved";
pub(crate) const MONEY_SAVED: &str = "money_saved_micros";
pub(crate) const LIMIT_WAIT: &str = "limit_wait_ns";
pub(crate) const HINTED_WAIT: &str = "retry_after_wait_ns";
pub(crate) const BYTES_IN: &str = "bytes_in";
pub(crate) const BYTES_OUT: &str = "bytes_out";
pub(crate) const TOKENS_IN: &str = "tokens_in";
pub(crate) const TOKENS_OUT: &str = "tokens_out";
pub(crate) const ATTEMPT_LATENCY: &str = "attempt_latency_ns";
pub(crate) const CALL_LATENCY: &str = "call_latency_ns";

/// The labels of the usual scopes, and that of the counters by status.
pub(crate) const HOST: &str = "host";
pub(crate) const MODEL: &str = "model";
pub(crate) const STATUS: &str = "status";
