//! A worker: takes one device after the other from its first request to a final state, or puts it off.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use steadfast_clock::Nanos;
use steadfast_pool::CallContext;
use tokio::sync::watch;

use super::Shared;
use super::board::Detail;
use super::conduct::wait_until_cancelled;
use super::queue::Task;
use crate::attempt::Attempt;
use crate::device::Device;
use crate::failure::{Failure, FailureClass, Stage};
use crate::push::{Deferral, DeferralReason, Polling, PushContext, PushError, key_of};
use crate::record::{DeviceState, Outcome};

/// A device that says "later" more often than this has failed.
const MOST_DEFERRALS: u32 = 20;
/// A device that says "later" for longer than this has failed.
const LONGEST_DEFERRAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Works on `first`, then on whatever can be claimed, until nothing can.
pub(super) async fn run(shared: Arc<Shared>, first: Task) {
    let mut cancelled = shared.cancel.subscribe();
    let mut next = Some(first);
    while let Some(task) = next {
        deliver(&shared, task, &mut cancelled).await;
        next = shared.claim();
    }
}

/// How one stage ended.
enum End {
    /// Well, with the version that the device reported if it was asked.
    Done(Vec<Attempt>, Option<String>),
    Deferred(Deferral),
    Failed(Failure),
    Cancelled,
}

/// Takes one device as far as it goes.
async fn deliver(shared: &Shared, mut task: Task, cancelled: &mut watch::Receiver<bool>) {
    let Some(device) = shared.plan.devices.get(task.index) else { return };
    let index = task.index;
    loop {
        shared.board.move_to(index, device.id(), task.stage.into(), Detail::default());
        let started = shared.timer.now();
        let context = shared.context(&mut task, device, started);
        let end = stage(shared, &task, device, &context, cancelled).await;
        let now = shared.timer.now();
        task.busy += now.since(started);
        task.bytes += context.bytes_sent();
        task.token = context.resume_token();
        match end {
            End::Done(attempts, version) => {
                task.ledger.extend(attempts);
                if task.stage == Stage::Pushing && shared.plan.version.is_some() {
                    task.stage = Stage::Verifying;
                    continue;
                }
                let mut outcome = task.outcome(device, DeviceState::Succeeded);
                outcome.version = version;
                return shared.board.settle(index, outcome);
            }
            End::Deferred(deferral) => {
                let due = now.saturating_add(deferral.after);
                if let Some(failure) = task.put_off(&deferral, now, due) {
                    return shared.board.settle(index, task.failed(device, failure));
                }
                let detail = Detail { after: Some(deferral.after), due: Some(due) };
                shared.board.move_to(index, device.id(), DeviceState::Deferred, detail);
                shared.queue.defer(task, due);
                return shared.deferred.notify_one();
            }
            End::Failed(mut failure) => {
                task.ledger.append(&mut failure.attempts);
                return shared.board.settle(index, task.failed(device, failure));
            }
            End::Cancelled => {
                let begun = context.attempts_begun();
                let failure =
                    Failure::new(task.stage, FailureClass::Cancelled, format!("cancelled while {}", task.stage));
                let mut outcome = task.failed(device, failure);
                outcome.state = DeviceState::Cancelled;
                outcome.attempts = outcome.attempts.saturating_add(begun);
                return shared.board.settle(index, outcome);
            }
        }
    }
}

/// One stage, until it ends or the rollout is cancelled.
async fn stage(
    shared: &Shared,
    task: &Task,
    device: &Device,
    context: &PushContext,
    cancelled: &mut watch::Receiver<bool>,
) -> End {
    if shared.is_cancelled() {
        return End::Cancelled;
    }
    let plan = &shared.plan;
    let working = async {
        match (task.stage, &plan.version) {
            (Stage::Verifying, Some(version)) => {
                shared.push.verify(context, device, version).await.map(|done| (done.attempts, done.version))
            }
            _ => shared.push.push(context, device, &plan.artifact).await.map(|done| (done.attempts, None)),
        }
    };
    match until(working, wait_until_cancelled(cancelled)).await {
        None => End::Cancelled,
        Some(Ok(Ok((attempts, version)))) => End::Done(attempts, version),
        Some(Ok(Err(PushError::Deferred(deferral)))) => End::Deferred(*deferral),
        Some(Ok(Err(PushError::Failed(failure)))) => End::Failed(*failure),
        // A bug of the push costs this device, not the rollout.
        Some(Err(_)) => End::Failed(Failure::new(task.stage, FailureClass::Cut, "the push panicked")),
    }
}

/// The future's output, or its panic; `None` when `stop` comes first.
async fn until<F: Future>(future: F, stop: impl Future<Output = ()>) -> Option<std::thread::Result<F::Output>> {
    let future = pin!(AssertUnwindSafe(future).catch_unwind());
    let stop = pin!(stop);
    match select(future, stop).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(((), _)) => None,
    }
}

impl Shared {
    fn context(&self, task: &mut Task, device: &Device, now: Nanos) -> PushContext {
        let plan = &self.plan;
        let mut call = CallContext::new().attempts_before(task.attempts_spent());
        if let Some(budget) = &self.budget {
            call = call.budget(Arc::clone(budget));
        }
        let mut context =
            PushContext::for_device(key_of(&plan.id, device.id(), plan.artifact.digest()), &self.board.bytes);
        context.version = plan.version.clone();
        context.chunk_size = plan.chunk_size();
        context.call = call;
        context.digest = Some(*plan.artifact.digest());
        context = context.resume(task.token.clone());
        if task.stage == Stage::Verifying {
            let (since, polling) = task.verifying.get_or_insert_with(|| (now, Polling::new()));
            context.polling = Some(polling.clone().waited(now.since(*since)));
        }
        context
    }
}

impl Task {
    /// Takes note of a deferral; the failure when there were too many.
    fn put_off(&mut self, deferral: &Deferral, now: Nanos, due: Nanos) -> Option<Failure> {
        if deferral.reason == DeferralReason::NotYet {
            // Of a device that is asked again and again, the newest answer is kept.
            if self.ledger.last().is_some_and(|last| last.stage == Stage::Verifying && last.deferred) {
                self.ledger.pop();
            }
        }
        self.ledger.extend_from_slice(&deferral.attempts);
        let too_much = |times: u32, since: Nanos| times > MOST_DEFERRALS || due.since(since) > LONGEST_DEFERRAL;
        match deferral.reason {
            DeferralReason::NotYet => {
                // A push that waits has a limit of its own, too.
                if self.stage == Stage::Verifying {
                    let (_, polling) = self.verifying.get_or_insert_with(|| (now, Polling::new()));
                    polling.asked = polling.asked.saturating_add(1);
                    polling.seen.clone_from(&deferral.seen);
                }
                None
            }
            DeferralReason::HostDown => {
                let (times, since) = self.host_down.get_or_insert((0, now));
                *times += 1;
                let message = format!("its host could not be connected to {times} times, and was left alone");
                let class = FailureClass::BreakerOpen;
                too_much(*times, *since).then(|| Failure::new(self.stage, class, message))
            }
            DeferralReason::Asked => {
                self.deferrals += 1;
                let since = *self.first_deferred.get_or_insert(now);
                too_much(self.deferrals, since).then(|| self.too_late(deferral.after))
            }
        }
    }

    fn too_late(&self, after: Duration) -> Failure {
        let message = if self.deferrals > MOST_DEFERRALS {
            format!("the device said \"later\" {} times", self.deferrals)
        } else {
            format!(
                "the device asks to come back in {:.0} s, more than a day after it first said \"later\"",
                after.as_secs_f64()
            )
        };
        let failure = Failure::new(self.stage, FailureClass::TimedOut, message);
        match self.ledger.last().and_then(|attempt| attempt.status) {
            Some(status) => failure.status(status),
            None => failure,
        }
    }

    fn outcome(self, device: &Device, state: DeviceState) -> Outcome {
        let mut outcome = Outcome::new(device.id(), state);
        outcome.attempts = Attempt::count(&self.ledger);
        outcome.deferrals = self.deferrals;
        outcome.bytes_sent = self.bytes;
        outcome.duration = self.busy;
        outcome.ledger = self.ledger;
        outcome
    }

    fn failed(self, device: &Device, failure: Failure) -> Outcome {
        let mut outcome = self.outcome(device, DeviceState::Failed);
        outcome.failure = Some(failure.attempts(std::mem::take(&mut outcome.ledger)));
        outcome
    }
}
