//! What can be wrong with a rule.

use core::fmt;

/// A [`Rule`](crate::Rule) that cannot work, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// `failures` is not in 1 ..= 65,536.
    Failures(u32),
    /// `window` is zero: no two failures would ever be in it.
    ZeroWindow,
    /// `open_for` is zero: the breaker would never reject anything.
    ZeroOpenFor,
    /// `probes` is not in 1 ..= 65,536.
    Probes(u32),
    /// `successes` is zero: half-open would have nothing to wait for.
    ZeroSuccesses,
    /// `probe_timeout` is zero: no probe would hold its place.
    ZeroProbeTimeout,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures(n) => write!(f, "breaker rule: failures must be in 1 ..= 65536, not {n}"),
            Self::ZeroWindow => f.write_str("breaker rule: window must be above zero"),
            Self::ZeroOpenFor => f.write_str("breaker rule: open_for must be above zero"),
            Self::Probes(n) => write!(f, "breaker rule: probes must be in 1 ..= 65536, not {n}"),
            Self::ZeroSuccesses => f.write_str("breaker rule: successes must be at least 1"),
            Self::ZeroProbeTimeout => f.write_str("breaker rule: probe_timeout must be above zero"),
        }
    }
}

impl core::error::Error for ConfigError {}
