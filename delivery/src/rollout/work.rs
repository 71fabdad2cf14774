//! A worker: takes one device after the other as far as it goes.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use steadfast_clock::Clock as _;
use tokio::sync::watch;

use super::floor::Floor;
use super::inbox::Note;
use super::job::{Ask, End, Ended, Job, Strain, To};
use super::order::Order;
use super::stops::Stops;
use crate::failure::{Failure, FailureClass, Stage};
use crate::push::{Polling, PushContext, PushError};
use crate::record::DeviceState;
use crate::store::Place;
use crate::version::Version;

/// Works until nothing is left to begin.
pub(super) async fn run(floor: Arc<Floor>) {
    let mut stops = floor.stops.subscribe();
    while let Some(mut job) = floor.next() {
        let mut strain = Strain::default();
        let to = deliver(&floor, &mut job, &mut strain, &mut stops).await;
        floor.shared.inbox.tell(Note::Ended(Ended { job, to, strain }));
    }
}

/// Takes one device as far as it goes.
async fn deliver(floor: &Arc<Floor>, job: &mut Job, strain: &mut Strain, stops: &mut watch::Receiver<Stops>) -> To {
    let shared = &floor.shared;
    loop {
        let started = shared.timer.now();
        if job.past.stage == Stage::Verifying && job.past.verifying.is_none() {
            job.past.verifying = Some((shared.now_ms(), Polling::new()));
        }
        let context = floor.order.context(job, shared);
        let (end, installed) = stage(floor, job, &context, stops).await;
        job.past.busy += shared.timer.now().since(started);
        job.past.bytes += context.bytes_sent();
        job.past.token = context.resume_token();
        match end {
            End::Done(attempts, version) => {
                strain.note(&attempts, None);
                job.past.ledger.extend(attempts);
                if job.past.stage == Stage::Pushing && !installed && floor.order.version.is_some() {
                    (job.past.stage, job.past.state) = (Stage::Verifying, DeviceState::Verifying);
                    shared.inbox.tell(Note::Verifying(job.place, Arc::clone(&job.id), job.past.tried()));
                    continue;
                }
                return job.succeeded(version, installed);
            }
            End::Newer(version) => return job.skipped(version),
            End::Deferred(deferral) => return job.put_off(deferral, shared.wall()),
            End::Failed(failure) => {
                strain.note(&failure.attempts, Some(failure.class));
                return job.failed(failure);
            }
            End::Stopped => return job.stopped(context.attempts_begun()),
        }
    }
}

/// One stage, until it ends or is stopped; and whether it ended since the device runs what is delivered already.
async fn stage(
    floor: &Arc<Floor>,
    job: &Job,
    context: &PushContext,
    stops: &mut watch::Receiver<Stops>,
) -> (End, bool) {
    let (order, stage) = (&floor.order, job.past.stage);
    if stops.borrow().of(job.place).is_some() {
        return (End::Stopped, false);
    }
    let working = async {
        match (stage, &order.version) {
            (Stage::Verifying, Some(version)) => {
                let done = order.push.verify(context, &job.device, version).await?;
                Ok((End::Done(done.attempts, done.version), false))
            }
            (_, version) => {
                if let Some(version) = version.as_deref().filter(|_| job.ask != Ask::No || order.upgrade) {
                    match runs(order, job, context, version).await {
                        Runs::This if job.ask != Ask::No => {
                            return Ok((End::Done(Vec::new(), Some(version.to_owned())), true));
                        }
                        Runs::Newer(newer) => return Ok((End::Newer(newer), false)),
                        Runs::This | Runs::Other => {}
                    }
                }
                let done = order.push.push(context, &job.device, &order.artifact).await?;
                Ok((End::Done(done.attempts, None), false))
            }
        }
    };
    let working = AssertUnwindSafe(working).catch_unwind();
    let end = match until(floor, working, stopped(stops, job.place)).await {
        None => End::Stopped,
        Some(Ok(Ok(ended))) => return ended,
        Some(Ok(Err(PushError::Deferred(deferral)))) => End::Deferred(*deferral),
        Some(Ok(Err(PushError::Failed(failure)))) => End::Failed(*failure),
        // A bug of the push costs this device, not the rollout.
        Some(Err(_)) => End::Failed(Failure::new(stage, FailureClass::Cut, "the push panicked")),
    };
    (end, false)
}

/// What a device says that it runs.
enum Runs {
    This,
    /// One that comes after it, where devices are only upgraded.
    Newer(String),
    /// Another one, or it gave no answer.
    Other,
}

/// Asks a device whether it runs this version, or one that it is not to be taken back from.
async fn runs(order: &Order, job: &Job, context: &PushContext, version: &str) -> Runs {
    match order.push.installed(context, &job.device).await {
        Ok(Some(runs)) if runs == version => Runs::This,
        Ok(Some(runs)) if order.upgrade && Version::new(&*runs) > Version::new(version) => Runs::Newer(runs),
        // A push that cannot tell what runs may still be able to verify.
        Ok(None) if job.ask == Ask::Well => {
            let verified = order.push.verify(context, &job.device, version).await;
            if verified.is_ok_and(|verified| verified.version.is_some()) { Runs::This } else { Runs::Other }
        }
        Ok(_) | Err(_) => Runs::Other,
    }
}

/// The future's output; `None` when `stop` comes first. The floor is told when it has to be waited for.
async fn until<F: Future>(floor: &Arc<Floor>, future: F, stop: impl Future<Output = ()>) -> Option<F::Output> {
    let mut future = pin!(future);
    let at_once = poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    });
    if let Some(output) = at_once.await {
        return Some(output);
    }
    floor.wait();
    let ended = match select(future, pin!(stop)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    };
    floor.go_on();
    ended
}

async fn stopped(stops: &mut watch::Receiver<Stops>, place: Place) {
    // The sender lives as long as the floor.
    let _ = stops.wait_for(|stops| stops.of(place).is_some()).await;
}
