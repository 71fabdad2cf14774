//! A phase after the other: approved, begun, done, watched, read.
//!
//! A phase is over when all its devices are in final states. Devices that are offline and waited for do not keep it from
//! being over, once every gate has its sample: they are worked on when they are heard from, whatever phase it is by then.
//! The last phase is over when all devices of the rollout are done. A phase that holds no device passes at once.

use steadfast_clock::UnixNanos;

use super::state::{Paused, Stage};
use super::{Effect, Engine};
use crate::record::{DeviceState, EventKind, RolloutState};
use crate::store::Place;
use crate::strategy::OnFailure;

impl Engine {
    /// Goes on as far as it goes.
    pub(super) fn advance(&mut self) {
        while self.kept.ended.is_none() && self.goes_on() {}
    }

    /// One step; whether there may be another.
    fn goes_on(&mut self) -> bool {
        if self.kept.cancelling {
            if let Some(zones) = &mut self.zones {
                zones.disband();
            }
            self.settle(DeviceState::Cancelled, |_| true);
            if self.counts.unfinished() == 0 {
                self.end(RolloutState::Cancelled);
            }
            return false;
        }
        if self.kept.started.is_none() {
            if self.not_before.is_some_and(|at| at > self.now) {
                return false;
            }
            self.kept.started = Some(self.now.as_nanos());
            // Windows count from the start.
            if let Some(zones) = &mut self.zones {
                zones.look_again();
            }
            self.turn();
        }
        let finished = self.counts.unfinished() == 0;
        let held = self.kept.paused.is_some() && !finished;
        match self.kept.stage {
            Stage::Ahead { asked, approved } => self.approved(asked, approved, finished) && !held && self.begin(),
            _ if held => false,
            Stage::Running { gated, watched } => self.running(gated, watched),
            Stage::Soaking { since, until, gated } => self.soaking(since, until, gated),
            Stage::Stopped { .. } => {
                if finished {
                    self.end(RolloutState::Failed);
                }
                false
            }
            Stage::Over => {
                let failed = self.counts.of(DeviceState::Failed) > 0;
                self.end(if failed { RolloutState::Failed } else { RolloutState::Completed });
                false
            }
        }
    }

    /// Whether the phase that is next may begin as far as approval goes. Nobody is asked where nothing would be started.
    fn approved(&mut self, asked: bool, approved: bool, finished: bool) -> bool {
        let index = self.kept.index();
        if approved || finished || !self.steps.at(index).approval || self.steps.size(index) == 0 {
            return true;
        }
        if !asked {
            self.kept.stage = Stage::Ahead { asked: true, approved: false };
            self.event(EventKind::AwaitingApproval { phase: self.kept.phase + 1 });
        }
        false
    }

    fn begin(&mut self) -> bool {
        let index = self.kept.index();
        self.kept.stage = Stage::RUNNING;
        self.begun = self.steps.at(index).end;
        let devices = self.steps.size(index).into();
        self.phase_event(|phase| EventKind::PhaseStarted { phase, devices });
        true
    }

    fn running(&mut self, gated: bool, watched: bool) -> bool {
        let index = self.kept.index();
        if self.steps.size(index) > 0 {
            if gated && self.stops(false) {
                return true;
            }
            if !self.is_over() {
                return false;
            }
            let soak = self.steps.at(index).soak;
            if watched && !soak.is_zero() {
                let (since, until) = (self.now, self.now.saturating_add(soak));
                self.kept.stage = Stage::Soaking { since: since.as_nanos(), until: until.as_nanos(), gated };
                let until_ms = until.as_nanos() / 1_000_000;
                self.phase_event(|phase| EventKind::Soaking { phase, until_ms });
                return true;
            }
            if gated && self.stops(true) {
                return true;
            }
        } else if self.is_last(index) && self.counts.unfinished() > 0 {
            return false;
        }
        self.pass(!gated || !watched)
    }

    fn soaking(&mut self, since: u64, until: u64, gated: bool) -> bool {
        let index = self.kept.index();
        if self.is_last(index) && self.counts.unfinished() > 0 {
            // Somebody joined.
            self.kept.stage = Stage::Running { gated, watched: true };
            return true;
        }
        if gated && self.stops(false) {
            return true;
        }
        let now = self.now.as_nanos();
        if now < since {
            // The clock went back behind the beginning: no less than all of it from now on.
            let until = self.now.saturating_add(self.steps.at(index).soak).as_nanos();
            self.kept.stage = Stage::Soaking { since: now, until, gated };
            return false;
        }
        if now < until {
            return false;
        }
        (gated && self.stops(true)) || self.pass(!gated)
    }

    /// The phase is passed: on to the next one.
    pub(super) fn pass(&mut self, skipped: bool) -> bool {
        self.phase_event(|phase| EventKind::PhasePassed { phase, skipped });
        if self.is_last(self.kept.index()) {
            self.kept.stage = Stage::Over;
        } else {
            self.kept.phase += 1;
            self.kept.stage = Stage::default();
        }
        true
    }

    /// Whether nothing of the phase is left to be waited for.
    fn is_over(&self) -> bool {
        let index = self.kept.index();
        if self.is_last(index) {
            return self.counts.unfinished() == 0;
        }
        let step = self.steps.at(index);
        let left = step.tally.counts.unfinished();
        left == 0
            || (left == u64::from(step.tally.away)
                && step.gates.iter().all(|gate| gate.is_enough(&self.steps.sample(index, &gate.gate))))
    }

    pub(super) fn is_last(&self, index: usize) -> bool {
        index + 1 >= self.steps.len()
    }

    /// Reads the gates of the phase: as they are when it is `over`, otherwise whether they can still be passed. Stops
    /// the rollout if one is not; whether it did.
    fn stops(&mut self, over: bool) -> bool {
        let (index, phase) = (self.kept.index(), self.kept.phase + 1);
        let step = self.steps.at(index);
        let reason = step.gates.iter().find_map(|gate| {
            let sample = self.steps.sample(index, &gate.gate);
            if over { gate.refusal(&sample, phase) } else { gate.hopeless(&sample, phase) }
        });
        let Some(reason) = reason else { return false };
        let what = step.on_failure;
        self.event(EventKind::GateFailed { phase, reason: reason.clone() });
        self.kept.stage = Stage::Stopped { watched: over };
        self.kept.rolls_back = what == OnFailure::RollBack;
        if self.counts.unfinished() == 0 {
            // Nothing is left to be paused or cancelled.
            return true;
        }
        let reason = format!("phase {phase}: {reason}");
        match what {
            OnFailure::Pause => {
                self.kept.paused = Some(Paused::Gate);
                self.event(EventKind::Paused { reason });
            }
            OnFailure::Cancel | OnFailure::RollBack => self.cancel(reason),
        }
        true
    }

    /// Cancels all that is not done.
    pub(super) fn cancel(&mut self, reason: String) {
        self.kept.cancelling = true;
        self.event(EventKind::Cancelling { reason });
        self.stop(DeviceState::Cancelled, |_| true);
    }

    /// The end.
    fn end(&mut self, state: RolloutState) {
        self.kept.ended = Some(state);
        self.kept.paused = None;
        self.roll_back();
    }

    /// Names the devices that get the earlier artifact, if they are to.
    pub(super) fn roll_back(&mut self) {
        if self.kept.rolls_back {
            let pushed = (0..).zip(&self.slots).filter(|(_, slot)| slot.is(super::Flag::Pushed));
            let places: Vec<Place> = pushed.map(|(place, _)| Place(place)).collect();
            if !places.is_empty() {
                self.effects.push(Effect::RollBack { places });
            }
        }
    }

    pub(super) fn event(&mut self, kind: EventKind) {
        self.effects.push(Effect::Event(kind));
    }

    /// An event about the phase, where there are phases.
    fn phase_event(&mut self, kind: impl FnOnce(u32) -> EventKind) {
        if self.steps.told {
            self.event(kind(self.kept.phase + 1));
        }
    }

    /// When the watching of the phase is over, if it is watched.
    pub(super) fn soaks_until(&self) -> Option<UnixNanos> {
        match self.kept.stage {
            Stage::Soaking { until, .. } => Some(UnixNanos::from_nanos(until)),
            _ => None,
        }
    }
}
