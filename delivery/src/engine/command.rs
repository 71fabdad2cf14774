//! What an operator asks for.

use steadfast_clock::UnixNanos;

use super::slot::{Flag, Spot};
use super::state::{Paused, Stage};
use super::{Effect, Engine};
use crate::error::{Error, ErrorKind};
use crate::failure::FailureClass;
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
        match command {
            _ if self.kept.cancelling => return Err(refused("the rollout was cancelled")),
            Command::Retry { classes } => self.retry(classes)?,
            _ if self.is_done() => return Err(refused("the rollout has ended")),
            Command::Pause => self.pause("an operator paused it"),
            Command::Resume => self.resume()?,
            Command::Cancel => self.cancel(String::from("an operator cancelled it")),
            Command::SkipPhase => self.skip()?,
            Command::Approve { phase, by } => self.approve(*phase, by.clone())?,
        }
        self.advance();
        Ok(())
    }

    /// Starts no further device, for a reason that the driver has. Without effect when that is so already.
    pub(crate) fn pause_for(&mut self, reason: &str, now: UnixNanos) {
        self.tick(now);
        if !self.is_done() && !self.kept.cancelling {
            self.pause(reason);
        }
    }

    fn pause(&mut self, reason: &str) {
        if self.kept.paused.is_none() {
            self.kept.paused = Some(Paused::Operator);
            self.event(EventKind::Paused { reason: reason.to_owned() });
        }
    }

    /// Whoever resumes after a gate was not passed overrules it.
    fn resume(&mut self) -> Result<(), Error> {
        let Some(by) = self.kept.paused.take() else { return Err(refused("the rollout is not paused")) };
        self.event(EventKind::Resumed);
        if let (Paused::Gate, Stage::Stopped { watched }) = (by, self.kept.stage) {
            self.kept.stage = Stage::Running { gated: false, watched: !watched };
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<(), Error> {
        let phase = self.kept.phase + 1;
        if !self.steps.told {
            return Err(refused("the rollout has no phases"));
        }
        if let Stage::Ahead { .. } | Stage::Over = self.kept.stage {
            return Err(refused(format!("phase {phase} has not begun")));
        }
        if self.kept.paused == Some(Paused::Gate) {
            self.kept.paused = None;
            self.event(EventKind::Resumed);
        }
        if self.is_last(self.kept.index()) {
            self.kept.stage = Stage::Running { gated: false, watched: false };
        } else {
            self.pass(true);
        }
        Ok(())
    }

    fn approve(&mut self, which: Option<u32>, by: Option<String>) -> Result<(), Error> {
        let phase = self.kept.phase + 1;
        let Stage::Ahead { asked: true, approved: false } = self.kept.stage else {
            return Err(refused("no phase waits for approval"));
        };
        if let Some(which) = which.filter(|which| *which != phase) {
            return Err(refused(format!("phase {phase} waits for approval, not phase {which}")));
        }
        self.kept.stage = Stage::Ahead { asked: true, approved: true };
        self.event(EventKind::Approved { phase, by });
        Ok(())
    }

    /// Failed devices are pending again. Those of earlier phases are worked on along with the present one, which is read
    /// anew when all of its own are done.
    fn retry(&mut self, classes: &[FailureClass]) -> Result<(), Error> {
        if self.kept.rolls_back {
            return Err(refused("the rollout was rolled back"));
        }
        let wanted = |class: Option<FailureClass>| classes.is_empty() || class.is_some_and(|it| classes.contains(&it));
        let mut places = Vec::new();
        for place in (0..).take(self.slots.len()) {
            let slot = &mut self.slots[place as usize];
            let over = self.zones.as_ref().is_some_and(|zones| zones.is_over(slot.zone));
            if slot.state != DeviceState::Failed || !wanted(slot.class) || over {
                continue;
            }
            places.push(Place(place));
            slot.set(Flag::Offline, false);
            self.set(place, DeviceState::Pending, None);
            let slot = &mut self.slots[place as usize];
            if place < self.cursor {
                self.queues.push(place, slot);
            } else {
                slot.spot = Spot::Ahead;
            }
        }
        if places.is_empty() {
            return Err(refused("no device that failed can be tried again"));
        }
        let devices = places.len() as u64;
        self.event(EventKind::Retried { devices });
        self.effects.push(Effect::Reopened(places));
        self.kept.ended = None;
        if self.kept.paused == Some(Paused::Gate) {
            self.kept.paused = None;
            self.event(EventKind::Resumed);
        }
        if !matches!(self.kept.stage, Stage::Ahead { .. } | Stage::Running { .. }) {
            self.kept.stage = Stage::RUNNING;
        }
        Ok(())
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::State, message)
}
