//! Schedules and policies as they are written in configuration files.
//!
//! Each type here is the text form of the public one with its name: durations as text, unknown fields refused, and read
//! through the same checks as the constructors.

#[cfg(target_has_atomic = "64")]
mod budget;
mod duration;
mod jitter;
mod policy;
mod schedule;

#[cfg(target_has_atomic = "64")]
pub(crate) use budget::Budget;
pub(crate) use jitter::Jitter;

pub(crate) use schedule::{AnySchedule, Constant, Decorrelated, Exponential, Fibonacci, Linear, List};

/// A refusal that begins with the name of the setting.
pub(crate) struct Refused(crate::ConfigError);

impl From<crate::ConfigError> for Refused {
    fn from(error: crate::ConfigError) -> Self {
        Self(error)
    }
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.0.field(), self.0)
    }
}
