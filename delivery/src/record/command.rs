//! What an operator tells a rollout, also from another process.

use serde::{Deserialize, Serialize};

use crate::failure::FailureClass;

/// An order to a rollout.
///
/// It can be given to a rollout that runs in this process, or left in its store for whoever drives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Start no further device; what is in flight ends, and no gate is read until somebody resumes. Without effect on one
    /// that is paused.
    Pause,
    /// Go on after a pause, by whomever. A gate that paused the rollout is overruled: the rest of its phase is worked on,
    /// and the next one follows.
    Resume,
    /// Stop the bytes in flight and cancel every device that is in no final state. The end of the rollout.
    Cancel,
    /// Go to the next phase without the rest of this one's soak, and whatever its gate says. The devices of this phase
    /// that are not done stay in it and are worked on.
    SkipPhase,
    /// Let a phase begin that waits for approval.
    Approve {
        /// Which phase, from 1; `None` for the one that waits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<u32>,
        /// Who approves, for the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Make failed devices pending again, as if never tried. A rollout that has ended starts again, unless it was
    /// cancelled. Devices of earlier phases are worked on along with those of the present one, which is watched and read
    /// anew when all of its own are done; a pause by a gate is over.
    Retry {
        /// Only failures of these classes; empty for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        classes: Vec<FailureClass>,
    },
}

impl Command {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::SkipPhase => "skip_phase",
            Self::Approve { .. } => "approve",
            Self::Retry { .. } => "retry",
        }
    }
}

/// A command in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sent {
    /// Its number within its rollout, from 1.
    pub number: u64,
    /// When it was sent, in milliseconds since 1970.
    pub at_ms: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub command: Command,
}

impl Sent {
    /// A command that was sent.
    #[must_use]
    pub fn new(number: u64, at_ms: u64, command: Command) -> Self {
        Self { number, at_ms, command }
    }
}
