//! Why a device was not updated: the record that is reported and persisted.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;

/// The part of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// The artifact is on its way.
    Pushing,
    /// The device is asked for its version.
    Verifying,
}

impl Stage {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pushing => "pushing",
            Self::Verifying => "verifying",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureClass {
    /// No connection: the name does not resolve, refused, or dialling failed. Nothing reached the device.
    Unreachable,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// The device said no: a 4xx, or a 3xx, which is never followed.
    Rejected,
    /// The device failed to the end: a 5xx, a 429 without `Retry-After`, or an answer that is not HTTP.
    ServerError,
    /// No progress or no answer in time, or "later" said too often.
    TimedOut,
    /// The exchange ended in the middle.
    Cut,
    /// The device does not report the expected version.
    VerifyFailed,
    /// There was no budget left for another retry.
    BudgetSpent,
    /// The device's breaker is open: nothing was sent.
    BreakerOpen,
    /// The artifact is no longer what it was when it was opened, or cannot be read any more.
    ArtifactChanged,
    /// Cancelled by the operator.
    Cancelled,
}

impl FailureClass {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Rejected => "rejected",
            Self::ServerError => "server_error",
            Self::TimedOut => "timed_out",
            Self::Cut => "cut",
            Self::VerifyFailed => "verify_failed",
            Self::BudgetSpent => "budget_spent",
            Self::BreakerOpen => "breaker_open",
            Self::ArtifactChanged => "artifact_changed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a device was not updated. A plain record: it can be stored, sent and read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// Where it failed.
    pub stage: Stage,
    /// What kind of failure it is.
    pub class: FailureClass,
    /// One line for people, without credentials and without what the device sent, but for a version that it reported.
    pub message: String,
    /// The status of the last answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The attempts, of all stages.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

impl Failure {
    /// A failure without attempts. Of `message` only its first line is kept.
    #[must_use]
    pub fn new(stage: Stage, class: FailureClass, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some(end) = message.find(['\n', '\r']) {
            message.truncate(end);
        }
        Self { stage, class, message, status: None, attempts: Vec::new() }
    }

    /// Sets the status of the last answer.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the attempts.
    #[must_use]
    pub fn attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.attempts = attempts;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.stage, self.class, self.message)
    }
}
