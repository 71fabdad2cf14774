//! Named sets of HTTP status codes that are worth a retry.

use core::fmt;
use core::time::Duration;

use crate::Verdict;

/// A set of HTTP status codes, known when the program is built.
///
/// ```
/// use steadfast_backoff::StatusSet;
///
/// assert!(StatusSet::GATEWAY.contains(503));
/// assert!(!StatusSet::GATEWAY.contains(500));
///
/// const MINE: StatusSet = StatusSet::of(&[423, 503]);
/// assert!(MINE.contains(423));
/// ```
#[derive(Clone, Copy)]
pub struct StatusSet {
    codes: &'static [u16],
    server_errors: bool,
}

impl StatusSet {
    /// What LLM providers and their gateways answer for a moment: 408, 409, 425, 429, 500, 502, 503, 504 and 529.
    ///
    /// A 409 is worth a retry only where the vendor says so.
    pub const TRANSIENT: Self = Self::of(&[408, 409, 425, 429, 500, 502, 503, 504, 529]);
    /// What a gateway answers when the service behind it is away: 429, 502, 503 and 504.
    pub const GATEWAY: Self = Self::of(&[429, 502, 503, 504]);
    /// The usual set of API clients: 429, 500, 502, 503 and 504.
    pub const STANDARD: Self = Self::of(&[429, 500, 502, 503, 504]);
    /// Every 5xx.
    pub const SERVER_ERRORS: Self = Self { codes: &[], server_errors: true };
    /// 429 and every 5xx; timeouts, which have no status, are retried with it.
    pub const SERVER_AND_LIMIT: Self = Self { codes: &[429], server_errors: true };

    /// The set of these codes.
    #[must_use]
    pub const fn of(codes: &'static [u16]) -> Self {
        Self { codes, server_errors: false }
    }

    /// Whether `status` is in the set.
    #[must_use]
    pub const fn contains(&self, status: u16) -> bool {
        if self.server_errors && status >= 500 && status <= 599 {
            return true;
        }
        let mut rest = self.codes;
        while let [code, tail @ ..] = rest {
            if *code == status {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// What to make of an answer with `status`: below 400 it is done; in the set it is worth another attempt, after the
    /// wait `hint` that its headers ask for ([`retry_after::hint`](crate::retry_after::hint)); any other is fatal.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_backoff::{StatusSet, Verdict};
    ///
    /// let hint = Some(Duration::from_secs(7));
    /// assert_eq!(StatusSet::STANDARD.verdict(429, hint), Verdict::retry_after(Duration::from_secs(7)));
    /// assert_eq!(StatusSet::STANDARD.verdict(503, None), Verdict::retry());
    /// assert_eq!(StatusSet::STANDARD.verdict(404, None), Verdict::Fatal);
    /// assert_eq!(StatusSet::STANDARD.verdict(204, None), Verdict::Done);
    /// ```
    #[must_use]
    pub const fn verdict(&self, status: u16, hint: Option<Duration>) -> Verdict {
        if self.contains(status) {
            Verdict::Retry { hint, cost: 1 }
        } else if status < 400 {
            Verdict::Done
        } else {
            Verdict::Fatal
        }
    }
}

impl fmt::Debug for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        set.entries(self.codes);
        if self.server_errors {
            set.entry(&format_args!("5xx"));
        }
        set.finish()
    }
}
