//! What an operator asks for.

use steadfast_clock::UnixNanos;

use super::state::{Ending, Paused};
use super::{Effect, Engine};
use crate::error::{Error, ErrorKind};
use crate::record::{Command, DeviceState, EventKind};
use crate::store::Place;

impl Engine {
    /// Carries out a command.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::State`] when it does not fit; nothing was done then.
    pub(crate) fn command(&mut self, command: &Command, now: UnixNanos) -> Result<(), Error> {
        self.tick(now);
        if self.is_done() || self.kept.ending.is_some() {
            return Err(refused("the rollout has ended"));
        }
        match command {
            Command::Pause => {
                if self.kept.paused.is_none() {
                    self.kept.paused = Some(Paused::Operator);
                    self.event(EventKind::Paused { reason: String::from("an operator paused it") });
                }
            }
            Command::Resume => {
                if self.kept.paused.take().is_none() {
                    return Err(refused("the rollout is not paused"));
                }
                self.event(EventKind::Resumed);
            }
            Command::Cancel => {
                self.kept.ending = Some(Ending::Cancel);
                self.event(EventKind::Cancelling { reason: String::from("an operator cancelled it") });
                if !self.hand.is_empty() {
                    let places = self.hand.iter().copied().map(Place).collect();
                    self.effects.push(Effect::StopInFlight { places, then: DeviceState::Cancelled });
                }
            }
            Command::SkipPhase | Command::Approve { .. } => return Err(refused("the rollout has no phases")),
            Command::Retry { .. } => return Err(refused("no device has failed")),
        }
        self.advance();
        Ok(())
    }

    fn event(&mut self, kind: EventKind) {
        self.effects.push(Effect::Event(kind));
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::State, message)
}
