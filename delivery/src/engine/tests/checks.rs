//! What must be so, whatever happens.

use super::drive::Run;
use super::naive;
use crate::engine::{Opening, Openings};
use crate::record::{DeviceState, EventKind};
use crate::store::Place;

impl Run<'_> {
    /// A device was claimed: now, it may be.
    pub(super) fn may_be_claimed(&self, place: u32) {
        let facts = &self.live.facts[place as usize];
        let plan = &self.script.plan;
        assert!(!facts.state.is_final(), "{place} is done");
        let recovered = matches!(facts.state, DeviceState::Pushing | DeviceState::Verifying);
        assert_eq!(self.engine.was_in_flight(Place(place)), recovered);
        if facts.state == DeviceState::Deferred {
            assert!(facts.due_ms <= self.latest * 1000, "{place} is to be left alone");
        }
        assert!(plan.not_before_ms.is_none_or(|start| start <= self.latest * 1000), "too early");
        if !plan.phases.is_empty() {
            assert!(self.phase_of(place) < self.live.begun, "the phase of {place} has not begun");
        }
        if let Some(hours) = &self.script.hours {
            let Opening::Open { until: Some(until) } = hours.at(facts.zone, self.now()) else {
                panic!("the window of {place} is closed");
            };
            let needed = self.estimate.max(hours.reserve);
            assert!(self.wall + needed <= until.as_secs(), "{place} cannot be done before the window closes");
        }
    }

    /// Something is told about the rollout.
    pub(super) fn event(&mut self, kind: EventKind) {
        let plan = &self.script.plan;
        match kind {
            EventKind::PhaseStarted { phase, devices } => {
                assert_eq!(phase, self.live.passed + 1, "phase {phase} begins before the one before is passed");
                self.live.begun = phase;
                let held = (0..self.live.facts.len() as u32).filter(|place| self.phase_of(*place) + 1 == phase).count();
                assert_eq!(devices, held as u64);
            }
            EventKind::Soaking { phase, .. } => self.soaking = Some((phase, self.passed_s, self.wall)),
            EventKind::PhasePassed { phase, skipped } => {
                assert_eq!(phase, self.live.begun);
                self.live.passed = phase;
                if let Some((soaked, since, _)) = self.soaking.take().filter(|_| !skipped && !self.leapt) {
                    let soak = plan.phases[phase as usize - 1].soak.as_secs();
                    assert!(
                        soaked != phase || self.passed_s - since >= soak,
                        "phase {phase} was not watched for {soak} s"
                    );
                }
                self.live.decisions.push(format!("{phase} passed {skipped}"));
            }
            EventKind::GateFailed { phase, reason } => {
                assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}");
                self.live.decisions.push(format!("{phase} failed"));
            }
            _ => {}
        }
    }

    /// Counters are what they count.
    pub(super) fn is_sound(&self) {
        let counts = self.engine.counts();
        let mut naive = vec![[0; 8]; self.ends.len()];
        for (place, facts) in (0..).zip(&self.live.facts) {
            naive[self.phase_of(place) as usize][facts.state as usize] += 1;
        }
        for state in naive::STATES {
            let of_state = |phase: &[u64; 8]| phase[state as usize];
            assert_eq!(counts.of(state), naive.iter().map(of_state).sum::<u64>(), "{state}");
            for (phase, own) in (1..).zip(&naive) {
                assert_eq!(
                    self.engine.phase_counts(phase).unwrap().of(state),
                    of_state(own),
                    "{state} in phase {phase}"
                );
            }
        }
        assert_eq!(counts.total(), self.live.facts.len() as u64);
        assert_eq!(counts.unfinished() + counts.finished(), counts.total());
        assert_eq!(self.engine.is_done(), self.engine.rollout_state().is_final());
    }
}
