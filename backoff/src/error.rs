//! What can be wrong with a configuration.

use core::fmt;
use core::time::Duration;

use crate::Jitter;

/// Why a schedule or policy was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base wait is zero: every wait would be.
    ZeroBase,
    /// The factor is below 1.0, infinite or not a number.
    Factor {
        /// The refused factor.
        factor: f64,
    },
    /// The cap is shorter than the base wait.
    CapBelowBase {
        /// The refused cap.
        cap: Duration,
        /// The base wait.
        base: Duration,
    },
    /// The fraction of a jitter is outside 0.0 ..= 1.0 or not a number.
    JitterFraction {
        /// The refused fraction.
        fraction: f64,
    },
    /// The increment is zero: every wait would be the same.
    ZeroIncrement,
    /// A list has no wait in it.
    NoWaits,
    /// No attempt is allowed; "no retries" is one attempt.
    ZeroAttempts,
    /// The retries that a success earns are outside 0.0 ..= 1,000.0, not a number, or above zero but below 1/10,000.
    BudgetRatio {
        /// The refused ratio.
        ratio: f64,
    },
    /// The retries that a second earns are outside 0.0 ..= 1,000,000.0, not a number, or above zero but below 1/10,000.
    BudgetFloor {
        /// The refused floor, in retries a second.
        floor: f64,
    },
    /// The reserve of a budget is zero: no retry could ever be paid.
    ZeroReserve,
    /// A budget starts empty and earns nothing.
    NothingEarned,
    /// The window of a latency estimate is below 2 samples or above 2³⁰.
    LatencyWindow {
        /// The refused window, in samples.
        window: u32,
    },
    /// A latency estimate asks for no samples, or for more than half its window.
    LatencySamples {
        /// The refused number of samples.
        samples: u32,
        /// The window, in samples.
        window: u32,
    },
    /// The quantile of a latency is not above 0.0 and below 1.0.
    LatencyQuantile {
        /// The refused quantile.
        quantile: f64,
    },
}

impl ConfigError {
    /// What the schedules between a base and a cap have in common.
    pub(crate) const fn check(base: Duration, cap: Duration, jitter: Jitter) -> Result<(), Self> {
        if base.is_zero() {
            return Err(Self::ZeroBase);
        }
        if cap.as_nanos() < base.as_nanos() {
            return Err(Self::CapBelowBase { cap, base });
        }
        jitter.check()
    }

    /// The name of the setting that was refused.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::ZeroBase => "base",
            Self::Factor { .. } => "factor",
            Self::CapBelowBase { .. } => "cap",
            Self::JitterFraction { .. } => "jitter",
            Self::ZeroIncrement => "increment",
            Self::NoWaits => "waits",
            Self::ZeroAttempts => "max_attempts",
            Self::BudgetRatio { .. } | Self::NothingEarned => "ratio",
            Self::BudgetFloor { .. } => "floor",
            Self::ZeroReserve => "reserve",
            Self::LatencyWindow { .. } => "window",
            Self::LatencySamples { .. } => "needed",
            Self::LatencyQuantile { .. } => "quantile",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroBase => f.write_str("the base wait is zero; give at least one nanosecond"),
            Self::Factor { factor } => write!(f, "the factor is {factor}; give a finite number of at least 1"),
            Self::CapBelowBase { cap, base } => {
                write!(f, "the cap {cap:?} is below the base wait {base:?}; raise the cap")
            }
            Self::JitterFraction { fraction } => {
                write!(f, "the jitter fraction is {fraction}; give a number from 0 to 1")
            }
            Self::ZeroIncrement => {
                f.write_str("the increment is zero; give at least one nanosecond, or a constant wait")
            }
            Self::NoWaits => f.write_str("the list of waits is empty; for no retries allow one attempt"),
            Self::ZeroAttempts => f.write_str("no attempt is allowed; give at least 1, the first try counts"),
            Self::BudgetRatio { ratio } => {
                write!(f, "the ratio is {ratio} retries a success; give 0, or a number from 0.0001 to 1000")
            }
            Self::BudgetFloor { floor } => {
                write!(f, "the floor is {floor} retries a second; give 0, or a number from 0.0001 to 1000000")
            }
            Self::ZeroReserve => f.write_str("the reserve is zero; give at least one retry"),
            Self::NothingEarned => f.write_str("the budget starts empty and earns nothing; give a ratio or a floor"),
            Self::LatencyWindow { window } => {
                write!(f, "the window is {window} samples long; give a number from 2 to 1073741824")
            }
            Self::LatencySamples { samples, window } => {
                write!(f, "{samples} samples are needed of a window of {window}; give a number from 1 to half of it")
            }
            Self::LatencyQuantile { quantile } => {
                write!(f, "the quantile is {quantile}; give a number above 0 and below 1")
            }
        }
    }
}

impl core::error::Error for ConfigError {}
