//! The events of a rollout, in 16 bytes each where there is nothing to tell but a device and its states.

use std::sync::Arc;
use std::time::Duration;

use crate::record::{EventKind, Outcome};
use crate::store::code;

/// The place of an event that tells of no device.
const NOBODY: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Log {
    /// Event `n` is at `n − 1`: there are no gaps.
    steps: Vec<Step>,
    /// What else there is to tell, by the number of the event, rising.
    details: Vec<(u64, Detail)>,
}

#[derive(Clone, Copy)]
struct Step {
    at_ms: u64,
    place: u32,
    from: u8,
    to: u8,
}

enum Detail {
    AfterMs(u64),
    Outcome(Arc<Outcome>),
    Rollout(Box<EventKind>),
}

impl Log {
    /// The number of the last event; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.steps.len() as u64
    }

    pub(super) fn reserve(&mut self, events: usize) {
        self.steps.reserve(events);
    }

    /// A device goes from one state to another; both are numbers of states.
    pub(super) fn device(&mut self, at_ms: u64, place: u32, from: u8, to: u8) {
        self.steps.push(Step { at_ms, place, from, to });
    }

    /// The last event was a deferral for so long.
    pub(super) fn after(&mut self, after_ms: u64) {
        self.details.push((self.last(), Detail::AfterMs(after_ms)));
    }

    /// The last event came with this outcome.
    pub(super) fn outcome(&mut self, outcome: Arc<Outcome>) {
        self.details.push((self.last(), Detail::Outcome(outcome)));
    }

    /// The rollout goes on.
    pub(super) fn rollout(&mut self, at_ms: u64, kind: EventKind) {
        self.steps.push(Step { at_ms, place: NOBODY, from: 0, to: 0 });
        self.details.push((self.last(), Detail::Rollout(Box::new(kind))));
    }

    /// The events after the one numbered `after`: number, time and what. `device` tells the id at a place.
    pub(super) fn read(
        &self,
        after: u64,
        most: usize,
        device: impl Fn(u32) -> String,
    ) -> impl Iterator<Item = (u64, u64, EventKind)> {
        let start = usize::try_from(after).unwrap_or(usize::MAX).min(self.steps.len());
        let first = self.details.partition_point(|(seq, _)| *seq <= after);
        let mut details = self.details.get(first..).unwrap_or_default().iter().peekable();
        let steps = self.steps.get(start..).unwrap_or_default().iter().take(most);
        steps.zip(after.saturating_add(1)..).filter_map(move |(step, seq)| {
            let detail = details.next_if(|(number, _)| *number == seq).map(|(_, detail)| detail);
            Some((seq, step.at_ms, step.kind(detail, &device)?))
        })
    }
}

impl Step {
    fn kind(self, detail: Option<&Detail>, device: impl Fn(u32) -> String) -> Option<EventKind> {
        let (mut after, mut failure) = (None, None);
        match detail {
            Some(Detail::Rollout(kind)) => return Some((**kind).clone()),
            Some(Detail::AfterMs(ms)) => after = Some(Duration::from_millis(*ms)),
            Some(Detail::Outcome(outcome)) => failure = outcome.failure.clone().map(Box::new),
            None => {}
        }
        let (from, to) = (code::to_state(self.from)?, code::to_state(self.to)?);
        Some(EventKind::Device { device: device(self.place), from, to, after, failure })
    }
}
