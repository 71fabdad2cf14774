//! Limits that are known ahead.

#[cfg(feature = "config")]
mod text;

use std::time::Duration;

use super::table::Measure;

/// The limits of an account, as far as they are known before the provider tells them, and how long calls wait for them.
///
/// What the headers of an answer tell replaces what is said here. Without either there is no limit, until a 429 says that
/// there is one.
///
/// ```
/// use std::time::Duration;
/// use steadfast_providers::admission::Limits;
///
/// let limits = Limits::new().requests_per_minute(50).input_tokens_per_minute(30_000).output_tokens_per_minute(8_000);
/// let limits = limits.longest_wait(Duration::from_secs(20));
/// # let _ = limits;
/// ```
///
/// In configuration files (feature `config`) it has the fields `requests_per_minute`, `requests_per_day`, `tokens_per_minute`,
/// `input_tokens_per_minute`, `output_tokens_per_minute` and `longest_wait`, such as `20s`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(from = "text::Text"))]
pub struct Limits {
    pub(super) known: Vec<(Measure, u64, Duration)>,
    pub(super) longest_wait: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// How long a call without a deadline waits.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// No limit is known, and nobody waits for longer than a minute.
    #[must_use]
    pub const fn new() -> Self {
        Self { known: Vec::new(), longest_wait: LONGEST_WAIT }
    }

    /// Sets how many requests a minute there may be. A limit of 0 is none.
    #[must_use]
    pub fn requests_per_minute(self, limit: u64) -> Self {
        self.with(Measure::Requests, limit, MINUTE)
    }

    /// Sets how many requests a day there may be.
    #[must_use]
    pub fn requests_per_day(self, limit: u64) -> Self {
        self.with(Measure::Requests, limit, DAY)
    }

    /// Sets how many tokens a minute may be read and written.
    #[must_use]
    pub fn tokens_per_minute(self, limit: u64) -> Self {
        self.with(Measure::Tokens, limit, MINUTE)
    }

    /// Sets how many tokens a minute may be read.
    #[must_use]
    pub fn input_tokens_per_minute(self, limit: u64) -> Self {
        self.with(Measure::Input, limit, MINUTE)
    }

    /// Sets how many tokens a minute may be written.
    #[must_use]
    pub fn output_tokens_per_minute(self, limit: u64) -> Self {
        self.with(Measure::Output, limit, MINUTE)
    }

    /// Sets a limit on anything for any time.
    #[must_use]
    pub fn with(mut self, measure: Measure, limit: u64, window: Duration) -> Self {
        self.known.retain(|known| (known.0, known.2) != (measure, window));
        self.known.push((measure, limit, window));
        self
    }

    /// Sets how long a call waits at most, also one without a deadline. One that would have to wait longer is refused at
    /// once.
    #[must_use]
    pub const fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }
}
