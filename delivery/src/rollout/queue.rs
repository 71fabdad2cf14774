//! Who is next: those whose deferral is over, then those whose turn has not come.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::Nanos;

use crate::attempt::Attempt;
use crate::device::{Device, DeviceStatus};
use crate::failure::Stage;
use crate::push::Polling;

/// One device in hands, and what is known of it from before its deferrals.
#[derive(Debug)]
pub(super) struct Task {
    /// Its place in the plan.
    pub(super) index: usize,
    /// What is to be done next.
    pub(super) stage: Stage,
    pub(super) ledger: Vec<Attempt>,
    pub(super) deferrals: u32,
    pub(super) first_deferred: Option<Nanos>,
    /// How often it was put off because its host was down, and since when.
    pub(super) host_down: Option<(u32, Nanos)>,
    /// When it was asked for its version first, and what came of it since.
    pub(super) verifying: Option<(Nanos, Polling)>,
    /// What the present stage can be taken up by.
    pub(super) token: Option<Arc<str>>,
    pub(super) busy: Duration,
    pub(super) bytes: u64,
}

impl Task {
    fn new(index: usize) -> Self {
        Self {
            index,
            stage: Stage::Pushing,
            ledger: Vec::new(),
            deferrals: 0,
            first_deferred: None,
            host_down: None,
            verifying: None,
            token: None,
            busy: Duration::ZERO,
            bytes: 0,
        }
    }

    /// The attempts of the present stage that count.
    pub(super) fn attempts_spent(&self) -> u32 {
        let spent = self.ledger.iter().filter(|attempt| attempt.stage == self.stage && !attempt.deferred).count();
        u32::try_from(spent).unwrap_or(u32::MAX)
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// The place in the plan of the first device whose turn has not come.
    next: usize,
    deferred: BinaryHeap<Reverse<Deferred>>,
    /// Counts deferrals, so that those due at the same time keep their order.
    deferrals: u64,
}

#[derive(Debug)]
struct Deferred {
    due: Nanos,
    number: u64,
    task: Task,
}

impl Queue {
    /// The next device to work on, if there is one now.
    pub(super) fn claim(&self, devices: &[Device], now: Nanos) -> Option<Task> {
        let mut waiting = self.lock();
        if waiting.deferred.peek().is_some_and(|Reverse(first)| first.due <= now) {
            return waiting.deferred.pop().map(|Reverse(first)| first.task);
        }
        let left = devices.get(waiting.next..)?;
        let Some(skip) = left.iter().position(|device| device.status != DeviceStatus::Offline) else {
            waiting.next = devices.len();
            return None;
        };
        let index = waiting.next + skip;
        waiting.next = index + 1;
        Some(Task::new(index))
    }

    /// Puts a device off.
    pub(super) fn defer(&self, task: Task, due: Nanos) {
        let mut waiting = self.lock();
        let number = waiting.deferrals;
        waiting.deferrals += 1;
        waiting.deferred.push(Reverse(Deferred { due, number, task }));
    }

    /// When the first of the deferred may be called again.
    pub(super) fn next_due(&self) -> Option<Nanos> {
        self.lock().deferred.peek().map(|Reverse(first)| first.due)
    }

    /// Takes out all that are deferred.
    pub(super) fn drain(&self) -> Vec<Task> {
        let deferred = std::mem::take(&mut self.lock().deferred);
        deferred.into_iter().map(|Reverse(deferred)| deferred.task).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ord for Deferred {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Deferred {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Deferred {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Deferred {}
