//! What follows: the effects of the machine are carried out, what came of devices is written and told to it.

use std::sync::Arc;

use steadfast_clock::UnixNanos;

use super::back;
use super::chore::Chore;
use super::drive::{Driver, ms};
use super::job::{Ask, Ended, Job, To};
use super::past::Past;
use super::stops::Then;
use crate::engine::{Effect, Moved};
use crate::error::Error;
use crate::failure::{Failure, FailureClass};
use crate::record::{DeviceState, EventKind, Outcome};
use crate::store::{DeviceChange, Place, Target};

impl Driver {
    /// Carries out what the machine wants.
    pub(super) fn follow(&mut self, wall: UnixNanos) {
        for effect in self.engine.effects() {
            match effect {
                Effect::Event(kind) => self.write_rollout(Some(kind), wall),
                Effect::Settle { places, to } => self.settling.push_back((places.into(), to)),
                Effect::Reopened(places) => self.settling.push_back((places.into(), DeviceState::Pending)),
                Effect::StopInFlight { places, then } => {
                    let then = match then {
                        DeviceState::Pending => Then::Pending,
                        _ => Then::Cancelled,
                    };
                    self.stop(&places, then, wall);
                }
                Effect::RollBack { places } => self.roll_back(places, wall),
            }
        }
    }

    fn roll_back(&mut self, places: Vec<Place>, wall: UnixNanos) {
        // Of one that had ended before it is told already.
        if self.back.is_empty() && self.is_under_way() {
            self.write_rollout(Some(EventKind::RollingBack { rollout: back::id_of(&self.shared.id) }), wall);
        }
        self.back = places;
    }

    /// Stops devices: those that were not begun at once, the others as soon as their worker notices.
    fn stop(&mut self, places: &[Place], then: Then, wall: UnixNanos) {
        self.floor.stops.send_modify(|stops| stops.stop(places, then));
        let stops = self.floor.stops.borrow().clone();
        let (unreleased, released): (Vec<_>, Vec<_>) =
            self.journal.unreleased().into_iter().partition(|job| stops.of(job.place).is_some());
        released.into_iter().for_each(|job| self.journal.release(job));
        let unbegun = self.floor.take_back(|job| stops.of(job.place).is_some());
        for mut job in unreleased.into_iter().chain(unbegun) {
            self.stopped(&mut job, then, None, wall);
        }
    }

    /// A device took the artifact.
    pub(super) fn verifying(&mut self, place: Place, id: Arc<str>, tried: (u32, u32), wall: UnixNanos) {
        self.engine.moved(place, Moved::Verifying, wall);
        let mut change = DeviceChange::new(0, ms(wall), place, id, DeviceState::Pushing, DeviceState::Verifying);
        change.tried = tried;
        self.journal.device(change);
    }

    /// A device is out of a worker's hands.
    pub(super) fn ended(&mut self, ended: Ended, wall: UnixNanos) {
        let Ended { mut job, to, strain } = ended;
        let place = job.place;
        if matches!(to, To::Succeeded(_) | To::Failed(..)) && self.limit.end(strain) {
            tracing::debug!(rollout = &*self.shared.id, at_once = self.limit.now(), "the load was looked at");
            self.shared.board.work_on(self.limit.now());
        }
        match to {
            To::Succeeded(outcome) => {
                self.change(&mut job, DeviceState::Succeeded, wall, |change| change.outcome = outcome);
                self.done(place, Moved::Succeeded, wall);
            }
            To::Failed(class, outcome) => {
                if class == FailureClass::ArtifactChanged {
                    self.changed(wall);
                }
                self.change(&mut job, DeviceState::Failed, wall, |change| change.outcome = Some(outcome));
                self.done(place, Moved::Failed(class), wall);
            }
            To::Skipped(outcome) => {
                self.change(&mut job, DeviceState::Skipped, wall, |change| change.outcome = Some(outcome));
                self.done(place, Moved::Skipped, wall);
            }
            To::Deferred { due_ms, after, reason } => {
                if let Some(series) = &self.shared.series {
                    series.deferred(reason);
                }
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                self.change(&mut job, DeviceState::Deferred, wall, |change| {
                    change.due_ms = Some(due_ms);
                    change.after_ms = Some(after_ms);
                });
                self.pasts.insert(place, job.past);
                let due = UnixNanos::from_nanos(due_ms.saturating_mul(1_000_000));
                self.done(place, Moved::Deferred { due }, wall);
            }
            To::Stopped(outcome) => {
                let then = self.floor.stops.borrow().of(place).unwrap_or(Then::Pending);
                self.stopped(&mut job, then, Some(outcome), wall);
            }
        }
    }

    /// A device was stopped on its way, or before it was begun.
    fn stopped(&mut self, job: &mut Job, then: Then, outcome: Option<Box<Outcome>>, wall: UnixNanos) {
        let place = job.place;
        match then {
            Then::Cancelled => {
                self.change(job, DeviceState::Cancelled, wall, |change| change.outcome = outcome);
                self.done(place, Moved::Cancelled, wall);
            }
            Then::Pending => {
                self.change(job, DeviceState::Pending, wall, |_| {});
                let mut past = Past::none(DeviceState::Pending);
                (past.earlier, past.deferrals) = job.past.tried();
                past.first_deferred_ms = job.past.first_deferred_ms;
                past.token = job.past.token.take();
                self.pasts.insert(place, past);
                self.done(place, Moved::Pending, wall);
            }
        }
    }

    /// A claimed device is stopped of which nothing was written yet.
    pub(super) fn put_back(&mut self, target: Target, then: Then, wall: UnixNanos) {
        let past = self.pasts.remove(&target.place).unwrap_or_else(|| Past::read(&target));
        let id: Arc<str> = target.device.id().into();
        let mut job = Job { place: target.place, id, device: target.device, ask: Ask::No, past };
        if then == Then::Pending && job.past.state == DeviceState::Pending {
            self.done(job.place, Moved::Pending, wall);
        } else {
            self.stopped(&mut job, then, None, wall);
        }
    }

    fn done(&mut self, place: Place, to: Moved, wall: UnixNanos) {
        self.hands = self.hands.saturating_sub(1);
        self.engine.moved(place, to, wall);
        if self.floor.stops.borrow().of(place).is_some() {
            self.floor.stops.send_modify(|stops| stops.forget(place));
        }
    }

    /// Writes the state of a device that the machine has settled, or opened again.
    pub(super) fn settle(&mut self, target: Target, to: DeviceState, wall: UnixNanos) {
        let place = target.place;
        let mut past = self.pasts.remove(&place).unwrap_or_else(|| Past::read(&target));
        let id: Arc<str> = target.device.id().into();
        if to == DeviceState::Pending {
            past = Past::none(DeviceState::Failed);
        }
        let mut job = Job { place, id, device: target.device, ask: Ask::No, past };
        let outcome = match to {
            DeviceState::Failed => Some(self.never(&mut job)),
            DeviceState::Cancelled if !job.past.ledger.is_empty() => Some(job.outcome(to)),
            _ => None,
        };
        self.change(&mut job, to, wall, |change| change.outcome = outcome);
        if to == DeviceState::Pending {
            self.pasts.insert(place, job.past);
        }
    }

    /// What is told of a device whose window does not open any more.
    fn never(&self, job: &mut Job) -> Box<Outcome> {
        let zone = self.terms.strategy.window.as_ref().map(|window| window.zone_for(job.device.timezone.as_deref()));
        let message = match zone {
            Some(Err(error)) => error.to_string(),
            _ => String::from("no maintenance window is left for it"),
        };
        job.ended(DeviceState::Failed, Failure::new(job.past.stage, FailureClass::TimedOut, message))
    }

    /// Takes note of what came of a chore.
    pub(super) fn chore(&mut self, chore: Chore, wall: UnixNanos) -> Result<(), Error> {
        match chore {
            Chore::Renewed(result) => self.chores.renewed(result),
            Chore::Read(read) => {
                let busy = self.hands > 0;
                for sent in self.chores.took(read, busy)? {
                    self.terms.commands_done = sent.number;
                    if let Err(error) = self.engine.command(&sent.command, wall) {
                        let command = sent.command.as_str();
                        tracing::warn!(rollout = &*self.shared.id, command, "a command was refused: {error}");
                        self.write_rollout(None, wall);
                    }
                    self.follow(wall);
                }
                Ok(())
            }
            Chore::Looked(late, found) => {
                let found = self.chores.looked(late, found)?;
                self.admit(found, wall);
                Ok(())
            }
            Chore::Joined(devices) => {
                self.joined(devices?, wall);
                Ok(())
            }
            Chore::Found(found) => {
                for (place, beat) in found {
                    if let Some(address) = beat.address {
                        self.moved_to.insert(place, address);
                    }
                    self.engine.beat(place, wall);
                }
                Ok(())
            }
        }
    }
}
