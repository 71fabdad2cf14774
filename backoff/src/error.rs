//! What can be wrong with a configuration.

use core::fmt;
use core::time::Duration;

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
    /// No attempt is allowed; "no retries" is one attempt.
    ZeroAttempts,
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
            Self::ZeroAttempts => f.write_str("no attempt is allowed; give at least 1, the first try counts"),
        }
    }
}

impl core::error::Error for ConfigError {}
