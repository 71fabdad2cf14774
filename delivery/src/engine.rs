//! The machine of a rollout: which device may be worked on now, and what follows from what happened.
//!
//! It is pure: no I/O, no clock, no lock, no task. Time is an argument, calendar time, since start times, windows and
//! soaks outlive a process; it may leap and go backwards. What has happened goes in ([`Engine::moved`],
//! [`Engine::command`], [`Engine::beat`], [`Engine::tick`]), devices to be started come out ([`Engine::claim`]), and so
//! does what is to be written, told and stopped ([`Engine::effects`]).

mod admit;
mod claim;
mod command;
mod counts;
mod effect;
mod facts;
mod hold;
mod line;
mod opening;
mod phases;
mod queue;
mod reading;
mod settle;
mod share;
mod sites;
mod slot;
mod state;
mod step;
mod zones;

#[cfg(test)]
mod tests;

use steadfast_clock::UnixNanos;

use crate::error::{Error, ErrorKind};
use crate::record::RolloutState;
use crate::store::Place;
use crate::strategy::{Strategy, WhenOffline};

pub(crate) use counts::Counts;
pub(crate) use effect::Effect;
pub(crate) use facts::{Facts, Moved, Zone};
pub(crate) use opening::{Opening, Openings};
pub(crate) use share::Percent;
pub(crate) use state::EngineState;

use queue::Queues;
use sites::Sites;
use slot::{Flag, Slot};
use state::Stage;
use step::Steps;
use zones::Zones;

/// More devices do not fit.
const MOST: usize = (u32::MAX - 1) as usize;

/// Decides for one rollout. Costs 16 bytes for each device, and 16 more for each that is deferred.
///
/// Devices are started in this order: those that were in flight when the last driver stopped, those whose deferral is
/// over by when it was, those that had to wait and need not any more by place, and then the others by place.
pub(crate) struct Engine {
    slots: Vec<Slot>,
    counts: Counts,
    steps: Steps,
    queues: Queues,
    zones: Option<Zones>,
    sites: Option<Sites>,
    /// Those that are claimed.
    hand: Vec<u32>,
    /// The first place that was not looked at.
    cursor: u32,
    /// Places below this one are of phases that have begun.
    begun: u32,
    offline: WhenOffline,
    /// How many are offline and waited for.
    away: u32,
    not_before: Option<UnixNanos>,
    /// The time that it was told last.
    now: UnixNanos,
    kept: EngineState,
    effects: Vec<Effect>,
}

impl Engine {
    /// The machine of a rollout over these devices, in the order of their places: a new one, or one that goes on from
    /// what another one saved and from the states that are kept of its devices.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Plan`] when the phases do not reach more and more, up to 100 %, a gate asks for a share that is none,
    /// or there are too many devices.
    pub(crate) fn new(
        strategy: &Strategy,
        facts: impl IntoIterator<Item = Facts>,
        windows: Option<Box<dyn Openings + Send>>,
        saved: Option<EngineState>,
        now: UnixNanos,
    ) -> Result<Self, Error> {
        let facts = facts.into_iter();
        let mut slots = Vec::with_capacity(facts.size_hint().0);
        let mut queues = Queues::default();
        let mut total = 0_u32;
        for facts in facts {
            if slots.len() >= MOST {
                return Err(Error::new(ErrorKind::Plan, format!("a rollout has at most {MOST} devices")));
            }
            slots.push(Slot::new(total, &facts, &mut queues));
            total += 1;
        }
        slots.shrink_to_fit();
        let kept = saved.unwrap_or_else(|| EngineState::new(total));
        let steps = Steps::new(&strategy.phases, kept.planned, total)?;
        let mut engine = Self {
            slots,
            counts: Counts::default(),
            steps,
            queues,
            zones: windows.map(Zones::new),
            sites: strategy.site_cap.as_ref().map(|cap| Sites::new(cap.most.get())),
            hand: Vec::new(),
            cursor: 0,
            begun: 0,
            offline: strategy.offline,
            away: 0,
            not_before: strategy.not_before_ms.map(|ms| UnixNanos::from_nanos(ms.saturating_mul(1_000_000))),
            now,
            kept,
            effects: Vec::new(),
        };
        engine.take_up(total);
        Ok(engine)
    }

    /// Goes on from what is kept.
    fn take_up(&mut self, total: u32) {
        let last = self.steps.len() - 1;
        let index = self.kept.index().min(last);
        self.kept.phase = u32::try_from(index).unwrap_or(0);
        self.begun = match self.kept.stage {
            Stage::Ahead { .. } => index.checked_sub(1).map_or(0, |before| self.steps.at(before).end),
            _ => self.steps.at(index).end,
        };
        for place in 0..total {
            self.admit(place);
        }
        if self.counts.unfinished() > 0 {
            // Devices joined or came back, and what followed was not kept.
            self.kept.ended = None;
            let stopped = matches!(self.kept.stage, Stage::Stopped { .. }) && self.kept.paused.is_none();
            if self.kept.stage == Stage::Over || (stopped && !self.kept.cancelling) {
                self.kept.stage = Stage::RUNNING;
            }
        }
        if self.kept.ended.is_some() {
            self.roll_back();
        }
        self.tick(self.now);
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: UnixNanos) {
        self.now = now;
        if self.kept.ended.is_none() {
            self.turn();
            self.advance();
        }
    }

    /// What is to be done now, in this order; each thing is told once.
    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The devices by state: O(1).
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The phase that it is in, from 1, until the next one begins; `None` before the first, and where there are none.
    pub(crate) fn phase(&self) -> Option<u32> {
        let begun = match self.kept.stage {
            Stage::Ahead { .. } => self.kept.phase,
            _ => self.kept.phase + 1,
        };
        Some(begun).filter(|phase| *phase > 0 && self.steps.told)
    }

    /// The devices of a phase by state, the phases counted from 1; those of a rollout without phases are of one.
    pub(crate) fn phase_counts(&self, phase: u32) -> Option<&Counts> {
        let index = (phase as usize).checked_sub(1)?;
        self.steps.get(index).map(|step| &step.tally.counts)
    }

    /// Where it stands.
    pub(crate) fn rollout_state(&self) -> RolloutState {
        match (self.kept.ended, self.kept.paused) {
            (Some(state), _) => state,
            (None, Some(_)) if !self.kept.cancelling => RolloutState::Paused,
            (None, _) if self.kept.started.is_some() => RolloutState::Running,
            (None, _) => RolloutState::Scheduled,
        }
    }

    /// Whether nothing follows, but for a retry.
    pub(crate) fn is_done(&self) -> bool {
        self.kept.ended.is_some()
    }

    /// What a later machine needs to go on. To be saved together with what its effects say.
    pub(crate) fn state(&self) -> EngineState {
        self.kept.clone()
    }

    /// Whether a device was in flight when the last driver stopped, and nothing was told of it since: it is verified
    /// before it is pushed to.
    pub(crate) fn was_in_flight(&self, place: Place) -> bool {
        self.slots.get(place.0 as usize).is_some_and(|slot| slot.is(Flag::Recovered))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("counts", &self.counts).field("kept", &self.kept).finish_non_exhaustive()
    }
}
