//! The phases of a rollout: which places they hold, and what is counted of each.

use std::time::Duration;

use super::counts::Tally;
use super::reading::{Reader, Sample};
use super::share::Percent;
use crate::error::{Error, ErrorKind};
use crate::record::DeviceState;
use crate::strategy::{Gate, OnFailure, Phase, Scope};

/// The phases, at least one.
#[derive(Debug)]
pub(super) struct Steps {
    steps: Vec<Step>,
    /// Whether somebody asked for phases; there are no words about the one of a rollout without.
    pub(super) told: bool,
}

/// A phase.
#[derive(Debug)]
pub(super) struct Step {
    /// The first place that it does not hold.
    pub(super) end: u32,
    pub(super) soak: Duration,
    pub(super) gates: Vec<Reader>,
    pub(super) on_failure: OnFailure,
    pub(super) approval: bool,
    pub(super) tally: Tally,
}

impl Steps {
    /// The phases of a rollout that started with `planned` devices and has `total` now: those that joined are of the
    /// last one.
    pub(super) fn new(phases: &[Phase], planned: u32, total: u32) -> Result<Self, Error> {
        let whole = [Phase::percent(100.0)];
        let told = !phases.is_empty();
        let phases = if told { phases } else { &whole };
        let mut steps: Vec<Step> = Vec::with_capacity(phases.len());
        let mut before = 0.0;
        for (number, phase) in (1..).zip(phases) {
            let refused = |what: String| Error::new(ErrorKind::Plan, format!("phase {number} {what}"));
            let percent = phase.percent;
            let share = Percent::new(percent).filter(|_| percent > before);
            let share = share.ok_or_else(|| {
                refused(format!("reaches {percent} %: give more than the {before} % of before, at most 100"))
            })?;
            before = percent;
            let gates: Result<_, Error> = phase.gates.iter().map(|gate| Reader::new(gate.clone(), number)).collect();
            steps.push(Step {
                end: share.of(planned).min(total),
                soak: phase.soak,
                gates: gates?,
                on_failure: phase.on_failure,
                approval: phase.approval,
                tally: Tally::default(),
            });
        }
        if before < 100.0 {
            let message = format!("the last phase reaches {before} %: it must reach 100 %");
            return Err(Error::new(ErrorKind::Plan, message));
        }
        if let Some(last) = steps.last_mut() {
            last.end = total;
        }
        Ok(Self { steps, told })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Step> {
        self.steps.get(index)
    }

    /// The one of this index; the last one for any beyond.
    pub(super) fn at(&self, index: usize) -> &Step {
        &self.steps[index.min(self.steps.len() - 1)]
    }

    /// The one that holds a place.
    pub(super) fn of(&mut self, place: u32) -> &mut Step {
        let last = self.steps.len() - 1;
        let index = if last == 0 { 0 } else { self.steps.partition_point(|step| step.end <= place).min(last) };
        &mut self.steps[index]
    }

    /// How many places a phase holds.
    pub(super) fn size(&self, index: usize) -> u32 {
        let start = index.checked_sub(1).map_or(0, |before| self.steps[before].end);
        self.steps[index].end - start
    }

    /// The devices of a phase and of all before it that are in no final state.
    pub(super) fn unfinished(&self, index: usize) -> u64 {
        self.steps.iter().take(index + 1).map(|step| step.tally.counts.unfinished()).sum()
    }

    /// Adds a place to the last one.
    pub(super) fn grow(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.end += 1;
        }
    }

    /// What a gate of a phase looks at.
    pub(super) fn sample(&self, index: usize, gate: &Gate) -> Sample {
        let from = match gate.scope {
            Scope::Phase => index,
            Scope::Cumulative => 0,
        };
        let mut sample = Sample::default();
        for Step { tally, .. } in &self.steps[from..=index] {
            let failed = tally.counts.of(DeviceState::Failed);
            sample.all += tally.counts.total();
            sample.succeeded += tally.counts.of(DeviceState::Succeeded);
            sample.failed += failed;
            sample.counted += match gate.classes[..] {
                [] => failed,
                ref classes => classes.iter().map(|class| tally.failed_by(*class)).sum(),
            };
            sample.open += tally.counts.unfinished();
        }
        sample
    }
}
