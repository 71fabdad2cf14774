//! What is to be simulated: a vendor's limits, what is known of them, and what goes wrong.

use std::time::Duration;

use steadfast_providers::admission::{LimitTable, Limits};

/// What is to be simulated.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) calls: u64,
    /// Between two calls, on average.
    pub(crate) gap: Duration,
    /// Between the first and the second.
    pub(crate) first: Option<Duration>,
    pub(crate) table: LimitTable,
    /// The vendor's limits, by the numbers of the table; all of a minute.
    pub(crate) limits: Vec<(usize, u64)>,
    /// What is known of them ahead.
    pub(crate) known: Limits,
    /// The longest answer, in tokens.
    pub(crate) output: u64,
    /// How late a request may reach the vendor.
    pub(crate) jitter: Duration,
    /// How long an answer takes at most.
    pub(crate) latency: Duration,
    /// The headers tell what was left when the request came; otherwise when the answer went.
    pub(crate) early: bool,
    /// Storms of 429, overload, stalls, and callers who go away.
    pub(crate) faults: bool,
    /// Somebody else takes this share of the vendor's requests, in percent, with the same key.
    pub(crate) others: u64,
}

impl Plan {
    pub(crate) fn new(calls: u64, table: LimitTable, limits: &[(usize, u64)]) -> Self {
        Self {
            seed: 1,
            calls,
            gap: Duration::from_millis(10),
            first: None,
            table,
            limits: limits.to_vec(),
            known: Limits::new(),
            output: 1_000,
            jitter: Duration::from_millis(500),
            latency: Duration::from_secs(10),
            early: false,
            faults: false,
            others: 0,
        }
    }

    /// The vendor's limits are known ahead.
    pub(crate) fn known(mut self) -> Self {
        for &(row, limit) in &self.limits {
            self.known = self.known.clone().with(self.table.headers[row].measure, limit, Duration::from_secs(60));
        }
        self
    }
}
