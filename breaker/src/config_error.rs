//! What can be wrong with a rule.

use core::fmt;
use core::time::Duration;

/// A [`Rule`](crate::Rule) that cannot work, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// `failures` is not in 1 ..= 65,536.
    Failures(u32),
    /// `window` is zero: no two failures would ever be in it.
    ZeroWindow,
    /// A rate that judges neither failures nor slowness: it would never open.
    NoRate,
    /// The rate's `failure` is not above 0.0 and at most 1.0.
    FailureRate,
    /// The rate's `slow.rate` is not above 0.0 and at most 1.0.
    SlowRate,
    /// The rate's `slow.after` is zero: every call would be slow.
    ZeroSlowAfter,
    /// The rate's `over.calls` is not in 1 ..= 65,536.
    OverCalls(u32),
    /// The rate's `over.time` is below 1 ms.
    OverTime(Duration),
    /// The rate's `min_calls` is zero, or above the calls of its window.
    MinCalls(u32),
    /// `open_for` is zero: the breaker would never reject anything.
    ZeroOpenFor,
    /// `growth.factor` is below 1.0 or not finite.
    GrowthFactor,
    /// `growth.cap` is below `open_for`.
    GrowthCap(Duration),
    /// `probes` is not in 1 ..= 65,536.
    Probes(u32),
    /// `successes` is zero: half-open would have nothing to wait for.
    ZeroSuccesses,
    /// `probe_timeout` is zero: no probe would hold its place.
    ZeroProbeTimeout,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("breaker rule: ")?;
        match self {
            Self::Failures(n) => write!(f, "failures must be in 1 ..= 65536, not {n}"),
            Self::ZeroWindow => f.write_str("window must be above zero"),
            Self::NoRate => f.write_str("rate must judge failure or slow"),
            Self::FailureRate => f.write_str("rate.failure must be above 0.0 and at most 1.0"),
            Self::SlowRate => f.write_str("rate.slow.rate must be above 0.0 and at most 1.0"),
            Self::ZeroSlowAfter => f.write_str("rate.slow.after must be above zero"),
            Self::OverCalls(n) => write!(f, "rate.over.calls must be in 1 ..= 65536, not {n}"),
            Self::OverTime(time) => write!(f, "rate.over.time must be at least 1ms, not {time:?}"),
            Self::MinCalls(n) => write!(f, "rate.min_calls must be at least 1 and at most rate.over.calls, not {n}"),
            Self::ZeroOpenFor => f.write_str("open_for must be above zero"),
            Self::GrowthFactor => f.write_str("growth.factor must be finite and at least 1.0"),
            Self::GrowthCap(cap) => write!(f, "growth.cap must be at least open_for, not {cap:?}"),
            Self::Probes(n) => write!(f, "probes must be in 1 ..= 65536, not {n}"),
            Self::ZeroSuccesses => f.write_str("successes must be at least 1"),
            Self::ZeroProbeTimeout => f.write_str("probe_timeout must be above zero"),
        }
    }
}

impl core::error::Error for ConfigError {}
