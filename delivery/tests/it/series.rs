//! What is counted of rollouts, in a registry and in what they tell of themselves.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use steadfast_clock::{Clock, ManualClock, Timer, shared};
use steadfast_delivery::pool::telemetry::{Key, Recorder, Registry};
use steadfast_delivery::{
    Artifact, Deferral, Device, Failure, FailureClass, MemoryStore, Plan, Push, PushContext, PushError, Pushed,
    Rollout, RolloutBuilder, RolloutStatus, Stage, Verified,
};

use crate::support::{devices, run, until};

const ARTIFACT: &str = "firmware";

/// Devices that take ten seconds each. `d1` runs it already, `d2` says no, `d3` says "later" first.
struct Site {
    clock: ManualClock,
    deferred: Mutex<HashSet<String>>,
}

#[async_trait]
impl Push for Site {
    async fn installed(&self, _: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        Ok(Some(String::from(if device.id() == "d1" { "2" } else { "1" })))
    }

    async fn push(&self, context: &PushContext, device: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        self.clock.sleep_until(self.clock.now().saturating_add(Duration::from_secs(10))).await;
        context.sent(ARTIFACT.len() as u64);
        match device.id() {
            "d2" => Err(Failure::new(Stage::Pushing, FailureClass::Rejected, "no").into()),
            "d3" if self.deferred.lock().unwrap().insert(device.id().to_owned()) => {
                Err(Deferral::new(Duration::from_secs(60), Vec::new()).into())
            }
            _ => Ok(Pushed::default()),
        }
    }

    async fn verify(&self, _: &PushContext, _: &Device, expected: &str) -> Result<Verified, PushError> {
        Ok(Verified::new(Some(expected.to_owned()), Vec::new()))
    }
}

fn rollout(clock: &ManualClock, n: usize) -> RolloutBuilder {
    let plan = Plan::builder(Artifact::from_bytes(ARTIFACT)).id("r1").version("2").devices(devices(n));
    let plan = plan.concurrency(NonZeroUsize::new(3).unwrap()).build().unwrap();
    let site = Site { clock: clock.clone(), deferred: Mutex::default() };
    Rollout::builder(plan, Arc::new(site)).timer(shared(clock.clone())).wall(Arc::new(clock.clone()))
}

fn outcomes(registry: &Registry) -> [u64; 5] {
    let snapshot = registry.snapshot();
    let count = |outcome| snapshot.counter(&Key::new("delivery_devices").label("outcome", outcome));
    let rejected = Key::new("delivery_devices").label("outcome", "failed").label("class", "rejected");
    let rejected = snapshot.counter(&rejected);
    [count("succeeded"), count("already_installed"), rejected, count("skipped"), count("cancelled")]
}

fn levels(registry: &Registry) -> [Option<i64>; 2] {
    let snapshot = registry.snapshot();
    ["delivery_in_flight", "delivery_at_once"].map(|name| snapshot.gauge(&Key::new(name)))
}

#[tokio::test]
async fn devices_deferrals_times_and_bytes_are_counted() {
    let (clock, registry) = (ManualClock::new(), Registry::new());
    let rollout = rollout(&clock, 5).registry(registry.clone()).build();
    let report = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!((report.status.succeeded, report.status.failed), (4, 1));
    assert_eq!(outcomes(&registry), [3, 1, 1, 0, 0]);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter(&Key::new("delivery_deferrals").label("reason", "asked")), 1);
    assert_eq!(snapshot.counter(&Key::new("delivery_bytes_sent")), report.status.bytes_sent);
    assert_eq!(report.status.bytes_sent, 5 * 8, "four devices, one of them twice");
    assert_eq!(report.status.bytes_confirmed, 3 * 8, "not of one that refused, nor of one that had it");
    let took = |outcome| {
        let key = Key::new("delivery_duration_ns").label("outcome", outcome);
        snapshot.histogram(&key).map_or((0, 0), |times| (times.count(), times.sum() / 1_000_000_000))
    };
    assert_eq!((took("succeeded"), took("failed")), ((3, 40), (1, 10)));
    assert_eq!(levels(&registry), [Some(0), Some(0)]);
}

#[tokio::test]
async fn the_levels_of_all_rollouts_are_told_and_go_with_them() {
    let (clock, registry) = (ManualClock::new(), Registry::new());
    let start = |n| tokio::spawn(rollout(&clock, n).registry(registry.clone()).build().execute());
    let (first, second) = (start(1), start(9));
    until(|| levels(&registry) == [Some(4), Some(4)]).await;
    // As if the process had died.
    second.abort();
    until(|| levels(&registry) == [Some(1), Some(1)]).await;
    run(&clock, first).await.unwrap().unwrap();
    assert_eq!(levels(&registry), [Some(0), Some(0)]);
    assert_eq!(outcomes(&registry)[0], 1);
}

#[tokio::test]
async fn who_is_cancelled_is_counted() {
    let (clock, registry) = (ManualClock::new(), Registry::new());
    let rollout = rollout(&clock, 9).registry(registry.clone()).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| clock.waiting() == 3).await;
    handle.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(outcomes(&registry).iter().sum::<u64>(), 9);
    assert!(outcomes(&registry)[4] >= 8, "{:?}", outcomes(&registry));
}

#[tokio::test]
async fn what_was_confirmed_to_an_earlier_driver_is_told_by_the_next() {
    let (clock, store) = (ManualClock::new(), MemoryStore::new());
    let first = rollout(&clock, 5).store(Arc::new(store.clone())).build();
    let handle = first.handle();
    let running = tokio::spawn(first.execute());
    until(|| clock.waiting() >= 3).await;
    handle.leave();
    let left = run(&clock, running).await.unwrap().unwrap().status;
    assert!(!left.state.is_final() && left.bytes_confirmed >= 8, "{left:?}");
    let last = run(&clock, rollout(&clock, 5).store(Arc::new(store)).build().execute()).await.unwrap().status;
    assert_eq!(last.bytes_confirmed, 3 * 8);
}

#[test]
fn a_status_of_before_has_no_confirmed_bytes() {
    let before = r#"{"id": "r1", "state": "running", "total": 1, "succeeded": 0, "failed": 0, "skipped": 0, "cancelled": 0,
        "pending": 1, "deferred": 0, "in_flight": 0, "bytes_sent": 7, "rate_per_s": null, "eta_s": {"p50": null, "p90": null}}"#;
    let status: RolloutStatus = serde_json::from_str(before).unwrap();
    assert_eq!((status.bytes_sent, status.bytes_confirmed), (7, 0));
}
