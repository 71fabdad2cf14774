//! The record of one attempt, as it is reported and persisted.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::Stage;

/// One request to a device: what came of it, and how long was waited before the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// What it was for.
    pub stage: Stage,
    /// 1 for the first of its stage. A deferral burns no number: the attempt after it has the same one.
    pub number: u32,
    /// The status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What failed, in one line; `None` when the answer came whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From sending until the answer or the failure.
    #[serde(rename = "elapsed_s", with = "crate::attempt::seconds")]
    pub elapsed: Duration,
    /// The wait that followed; `None` after the last attempt.
    #[serde(
        default,
        rename = "wait_s",
        with = "crate::attempt::maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub wait: Option<Duration>,
    /// The byte of the artifact from which it went on; `None` where it began at the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<u64>,
    /// Whether the device said "later": then it does not count as an attempt.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deferred: bool,
    /// Whether the device may have done the work although no whole answer came.
    #[serde(default, skip_serializing_if = "is_false")]
    pub maybe_executed: bool,
}

impl Attempt {
    /// An attempt of which nothing but its stage and number is known.
    #[must_use]
    pub fn new(stage: Stage, number: u32) -> Self {
        Self {
            stage,
            number,
            status: None,
            error: None,
            elapsed: Duration::ZERO,
            wait: None,
            resumed_at: None,
            deferred: false,
            maybe_executed: false,
        }
    }

    pub(crate) fn of(stage: Stage, attempt: &steadfast_pool::Attempt) -> Self {
        Self {
            status: attempt.status,
            error: attempt.error.clone(),
            elapsed: attempt.elapsed,
            wait: attempt.wait,
            maybe_executed: attempt.maybe_executed,
            ..Self::new(stage, attempt.number)
        }
    }

    /// How many of `attempts` count: deferrals do not.
    pub(crate) fn count(attempts: &[Self]) -> u32 {
        u32::try_from(attempts.iter().filter(|attempt| !attempt.deferred).count()).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}: ", self.stage, self.number)?;
        match (&self.error, self.status) {
            (Some(error), _) => f.write_str(error)?,
            (None, Some(status)) => write!(f, "HTTP {status}")?,
            (None, None) => f.write_str("no answer")?,
        }
        write!(f, " after {:.3} s", self.elapsed.as_secs_f64())
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Durations as seconds with a fraction.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Durations that may be missing.
pub(crate) mod maybe_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.serialize_some(&duration.as_secs_f64()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(deserializer)?;
        seconds.map(Duration::try_from_secs_f64).transpose().map_err(serde::de::Error::custom)
    }
}
