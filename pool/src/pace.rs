//! How fast a request's body goes out: limits in bytes, held by whoever sends.

use steadfast_clock::Nanos;

/// Says when the bytes of a request's body may go out: see [`Request::pace`](crate::Request::pace).
///
/// ```
/// use std::sync::Arc;
/// use steadfast_clock::{Clock, ManualClock, Nanos};
/// use steadfast_pool::Pace;
/// use steadfast_ratelimit::{Decision, Limiter, Quota, RateLimiter};
///
/// /// 1 MiB a second.
/// struct Slow(RateLimiter<ManualClock>);
///
/// impl Pace for Slow {
///     fn most(&self) -> usize {
///         64 * 1024
///     }
///     fn pass(&self, bytes: usize, now: Nanos) -> Result<(), Nanos> {
///         match self.0.take(bytes as u64, now) {
///             Decision::Deny(denied) => Err(denied.after.map_or(Nanos::MAX, |after| now.saturating_add(after))),
///             _ => Ok(()),
///         }
///     }
/// }
///
/// # fn main() -> Result<(), steadfast_ratelimit::ConfigError> {
/// let clock = ManualClock::new();
/// let slow = Slow(RateLimiter::with_clock(Quota::per_second(1 << 20)?.burst(64 * 1024)?, clock.clone()));
/// assert!(slow.pass(64 * 1024, clock.now()).is_ok());
/// assert!(slow.pass(1, clock.now()).is_err());
/// # Ok(())
/// # }
/// ```
pub trait Pace: Send + Sync {
    /// The most bytes that are asked for at once, at least 1: larger chunks of a body are divided.
    fn most(&self) -> usize;

    /// Lets `bytes` go out now, at most [`most`](Self::most) of them.
    ///
    /// # Errors
    ///
    /// When to ask again, on the pool's clock.
    fn pass(&self, bytes: usize, now: Nanos) -> Result<(), Nanos>;
}
