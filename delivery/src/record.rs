//! What is told and kept of a rollout: states, outcomes, events, commands, and where it stands.

mod command;
mod event;
mod hold;
mod outcome;
mod state;
mod status;

pub use command::{Command, Sent};
pub use event::{Event, EventKind, Observer};
pub use hold::Hold;
pub use outcome::{Outcome, Report};
pub use state::{DeviceState, RolloutState};
pub use status::RolloutStatus;
