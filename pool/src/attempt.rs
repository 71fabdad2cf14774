//! The ledger of a call: one record for each attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

/// How far an attempt got before it ended. The order is the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reached {
    /// No connection was made: name resolution, dial or TLS failed.
    NotConnected,
    /// There was a connection, but no byte of the request was written to it.
    NotWritten,
    /// The server said that it did not process the request (HTTP/2 `REFUSED_STREAM`).
    Refused,
    /// Some or all of the request was written; no byte of an answer came. It may have been executed.
    Written,
    /// The head of an answer came, its body did not come whole.
    Headers,
    /// The whole answer came.
    Body,
}

impl Reached {
    /// Whether the server provably never processed the request, so that sending it again repeats nothing.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        self <= Self::Refused
    }
}

/// One attempt of a call: what was tried, how it ended and how long was waited before the next.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// 1 for the first attempt of the call.
    pub number: u32,
    /// Whom it was sent to: a host and port, or the scope that the request named.
    pub target: Arc<str>,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What failed, in one line without URLs or contents; `None` when the answer came whole.
    pub error: Option<String>,
    /// How far it got.
    pub reached: Reached,
    /// From sending until the answer (for streams: until its head) or the failure.
    #[serde(rename = "elapsed_s", serialize_with = "seconds")]
    pub elapsed: Duration,
    /// The wait that followed, `None` after the last attempt.
    #[serde(rename = "wait_s", serialize_with = "maybe_seconds")]
    pub wait: Option<Duration>,
    /// Whether that wait was asked for by the server (`Retry-After`).
    pub hinted: bool,
    /// Whether it was started beside another one that took too long. Then its number is not that of a retry.
    #[serde(skip_serializing_if = "is_false")]
    pub hedge: bool,
    /// Whether the server may have done the work although no whole answer came.
    pub maybe_executed: bool,
    /// The id that the server gave to the request: `x-request-id` or `request-id` of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_request_id: Option<String>,
}

impl Attempt {
    /// A record of an attempt that got so far and took so long, and of which nothing else is known.
    #[must_use]
    pub fn new(number: u32, target: impl Into<Arc<str>>, reached: Reached, elapsed: Duration) -> Self {
        Self {
            number,
            target: target.into(),
            status: None,
            error: None,
            reached,
            elapsed,
            wait: None,
            hinted: false,
            hedge: false,
            maybe_executed: !reached.is_harmless(),
            server_request_id: None,
        }
    }

    /// What came of it, in a few words: `503`, or what failed.
    #[must_use]
    pub fn outcome(&self) -> String {
        match (&self.error, self.status) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => String::from("no answer"),
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} after {:.3} s", self.number, self.outcome(), self.elapsed.as_secs_f64())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn maybe_seconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_some(&duration.as_secs_f64()),
        None => serializer.serialize_none(),
    }
}
