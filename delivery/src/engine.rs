//! The machine of a rollout: which device may be worked on now, and what follows from what happened.
//!
//! It is pure: no I/O, no clock, no lock, no task. Time is an argument, calendar time, since start times, windows and
//! soaks outlive a process; it may leap and go backwards. What has happened goes in ([`Engine::moved`],
//! [`Engine::command`], [`Engine::beat`], [`Engine::tick`]), devices to be started come out ([`Engine::claim`]), and so
//! does what is to be written, told and stopped ([`Engine::effects`]).

mod claim;
mod command;
mod counts;
mod effect;
mod facts;
mod hold;
mod opening;
mod queue;
mod slot;
mod state;
#[cfg(test)]
mod tests;

use steadfast_clock::UnixNanos;

use crate::error::{Error, ErrorKind};
use crate::record::{DeviceState, RolloutState};
use crate::store::Place;
use crate::strategy::{Strategy, WhenOffline};

pub(crate) use counts::Counts;
pub(crate) use effect::Effect;
pub(crate) use facts::{Facts, Moved, Zone};
pub(crate) use opening::{Opening, Openings};
pub(crate) use state::EngineState;

use queue::Queues;
use slot::{Flag, Slot, Spot};

/// Decides for one rollout. Costs 16 bytes for each device, and 16 more for each that is deferred.
///
/// Devices are started in this order: those that were in flight when the last driver stopped, those whose deferral is
/// over by when it was, those that had to wait and need not any more by place, and then the others by place.
pub(crate) struct Engine {
    slots: Vec<Slot>,
    counts: Counts,
    queues: Queues,
    /// Those that are claimed.
    hand: Vec<u32>,
    /// The first place that was not looked at.
    cursor: u32,
    /// Places below this one may be started.
    begun: u32,
    offline: WhenOffline,
    /// How many are offline and waited for.
    away: u32,
    not_before: Option<UnixNanos>,
    windows: Option<Box<dyn Openings + Send>>,
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
    /// [`ErrorKind::Plan`] when there are more than 2³² − 2 devices.
    pub(crate) fn new(
        strategy: &Strategy,
        facts: impl IntoIterator<Item = Facts>,
        windows: Option<Box<dyn Openings + Send>>,
        saved: Option<EngineState>,
        now: UnixNanos,
    ) -> Result<Self, Error> {
        let mut counts = Counts::default();
        let mut queues = Queues::default();
        let facts = facts.into_iter();
        let mut slots = Vec::with_capacity(facts.size_hint().0);
        for facts in facts {
            let place = u32::try_from(slots.len()).ok().filter(|place| *place < u32::MAX - 1);
            let place = place.ok_or_else(|| Error::new(ErrorKind::Plan, "a rollout has at most 4294967294 devices"))?;
            let mut slot = Slot::new(&facts);
            counts.enter(slot.state);
            if slot.is(Flag::Recovered) {
                queues.push(place, &mut slot);
            } else if slot.state == DeviceState::Deferred {
                queues.defer(place, &mut slot, UnixNanos::from_nanos(facts.due_ms.saturating_mul(1_000_000)));
            }
            slots.push(slot);
        }
        slots.shrink_to_fit();
        let begun = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let kept = saved.unwrap_or(EngineState { planned: begun, ..EngineState::default() });
        let mut engine = Self {
            slots,
            counts,
            queues,
            hand: Vec::new(),
            cursor: 0,
            begun,
            offline: strategy.offline,
            away: 0,
            not_before: strategy.not_before_ms.map(|ms| UnixNanos::from_nanos(ms.saturating_mul(1_000_000))),
            windows,
            now,
            kept,
            effects: Vec::new(),
        };
        engine.tick(now);
        Ok(engine)
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: UnixNanos) {
        self.now = now;
        self.queues.wake(now, &mut self.slots);
        self.advance();
    }

    /// What is to be done now, in this order; each thing is told once.
    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The devices by state: O(1).
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The phase that it is in, from 1; `None` before the first, and where there are none.
    pub(crate) fn phase(&self) -> Option<u32> {
        None
    }

    /// The devices of a phase by state, the phases counted from 1.
    pub(crate) fn phase_counts(&self, phase: u32) -> Option<&Counts> {
        let _ = phase;
        None
    }

    /// Where it stands.
    pub(crate) fn rollout_state(&self) -> RolloutState {
        match (self.kept.ended, self.kept.paused) {
            (Some(state), _) => state,
            (None, Some(_)) => RolloutState::Paused,
            (None, None) if self.kept.started => RolloutState::Running,
            (None, None) => RolloutState::Scheduled,
        }
    }

    /// Whether nothing follows, but for a retry.
    pub(crate) fn is_done(&self) -> bool {
        self.kept.ended.is_some()
    }

    /// What a later machine needs to go on. To be saved with every effect.
    pub(crate) fn state(&self) -> EngineState {
        self.kept.clone()
    }

    /// Whether a device was in flight when the last driver stopped, and nothing was told of it since: it is verified
    /// before it is pushed to.
    pub(crate) fn was_in_flight(&self, place: Place) -> bool {
        self.slots.get(place.0 as usize).is_some_and(|slot| slot.is(Flag::Recovered))
    }

    /// Goes on from what is known.
    fn advance(&mut self) {
        if self.kept.ended.is_some() && self.counts.unfinished() > 0 {
            self.kept.ended = None;
        }
        if self.kept.ending.is_some() {
            self.settle_rest(DeviceState::Cancelled);
        }
        self.kept.started = self.kept.started || self.not_before.is_none_or(|at| at <= self.now);
        if self.kept.ended.is_none() && self.counts.unfinished() == 0 && self.kept.started {
            self.kept.ended = Some(if self.kept.ending.is_some() {
                RolloutState::Cancelled
            } else if self.counts.of(DeviceState::Failed) > 0 {
                RolloutState::Failed
            } else {
                RolloutState::Completed
            });
        }
    }

    /// Makes this the final state of every device that is in none and in nobody's hands.
    fn settle_rest(&mut self, to: DeviceState) {
        if self.counts.unfinished() == self.hand.len() as u64 {
            return;
        }
        let mut places = Vec::new();
        for (place, slot) in (0..).zip(&mut self.slots) {
            if slot.spot != Spot::Done && slot.spot != Spot::Hand {
                self.counts.shift(slot.state, to);
                slot.state = to;
                slot.spot = Spot::Done;
                places.push(Place(place));
            }
        }
        self.queues.clear();
        self.away = 0;
        self.effects.push(Effect::Settle { places, to });
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("counts", &self.counts).field("kept", &self.kept).finish_non_exhaustive()
    }
}
