//! The answer of a concurrency limit that is reached.

use core::fmt;

/// No permit: as many are in flight as may be, or others wait for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Busy {
    /// How many may be in flight.
    pub limit: u32,
    /// How many are.
    pub in_flight: u32,
    /// How many stand in line.
    pub waiting: u32,
}

impl Busy {
    /// The state of a limit.
    #[must_use]
    pub const fn new(limit: u32, in_flight: u32, waiting: u32) -> Self {
        Self { limit, in_flight, waiting }
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in flight, limit {}", self.in_flight, self.limit)?;
        match self.waiting {
            0 => Ok(()),
            waiting => write!(f, ", {waiting} waiting"),
        }
    }
}

impl core::error::Error for Busy {}
