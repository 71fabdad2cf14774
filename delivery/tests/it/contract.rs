//! What users may rely on at compile time, and the shapes of what is written as JSON.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::{
    Artifact, Attempt, Bandwidth, DetachedSignature, Device, DeviceState, Event, EventKind, Explanation, Failure,
    FailureClass, Filter, Handle, HttpPush, MemoryStore, Observer, Outcome, Plan, Push, PushContext, PushError,
    RedfishPush, Rollout, SignatureKey, SignaturePolicy, Stage, Store, Survey, SwupdatePush, Version, Window, deliver,
};

use crate::support::{Fake, devices};

fn send_sync<T: Send + Sync>() {}
fn send_static<T: Send + 'static>(_: &T) {}

#[test]
fn handles_are_send_sync_and_traits_are_dyn_compatible() {
    send_sync::<Artifact>();
    send_sync::<Device>();
    send_sync::<HttpPush>();
    send_sync::<RedfishPush>();
    send_sync::<SwupdatePush>();
    send_sync::<SignaturePolicy>();
    send_sync::<SignatureKey>();
    send_sync::<Bandwidth>();
    send_sync::<DetachedSignature>();
    send_sync::<Plan>();
    send_sync::<PushContext>();
    send_sync::<PushError>();
    send_sync::<Rollout>();
    send_sync::<Handle>();
    send_sync::<Outcome>();
    send_sync::<Version>();
    send_sync::<Filter>();
    send_sync::<Window>();
    send_sync::<Survey>();
    send_sync::<Explanation>();
    send_sync::<MemoryStore>();
    #[cfg(feature = "sqlite")]
    send_sync::<steadfast_delivery::SqliteStore>();
    #[cfg(feature = "sqlite")]
    send_static(&steadfast_delivery::SqliteStore::open("x.db"));
    let push: Arc<dyn Push> = Arc::new(HttpPush::new().unwrap());
    let observer: Arc<dyn Observer> = Arc::new(|_: &Event| {});
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let version = async move { store.version().await };
    send_static(&version);
    let artifact = Artifact::from_bytes("x");
    let plan = Plan::builder(artifact.clone()).devices(devices(1)).build().unwrap();
    send_static(&Rollout::builder(plan, Arc::clone(&push)).observer(observer).build().execute());
    let timer = shared(ManualClock::new());
    send_static(&deliver(push, timer, devices(1).remove(0), artifact, None));
}

#[tokio::test]
async fn the_status_has_the_shape_of_the_contract() {
    let clock = ManualClock::new();
    let plan =
        Plan::builder(Artifact::from_bytes("firmware")).id("r1").version("2").devices(devices(3)).build().unwrap();
    let rollout = Rollout::builder(plan, Fake::new(|_, _, _| Ok(()))).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let status = serde_json::to_value(handle.status()).unwrap();
    assert_eq!(
        status,
        json!({
            "id": "r1", "state": "scheduled", "total": 3, "succeeded": 0, "failed": 0, "skipped": 0, "cancelled": 0,
            "pending": 3, "deferred": 0, "in_flight": 0, "bytes_sent": 0, "bytes_confirmed": 0, "rate_per_s": null,
            "eta_s": { "p50": null, "p90": null }
        })
    );
    let report = rollout.execute().await.unwrap();
    let status = serde_json::to_value(&report.status).unwrap();
    assert_eq!(
        (&status["state"], &status["succeeded"], &status["bytes_sent"]),
        (&json!("completed"), &json!(3), &json!(24))
    );
    assert_eq!(status["eta_s"], json!({ "p50": 0.0, "p90": 0.0 }));
    assert_eq!(status["rate_per_s"], json!(null), "no time has passed: no division by zero");
    assert_eq!(handle.status(), report.status);
}

#[test]
fn failure_classes_have_the_names_of_the_contract() {
    let classes = [
        (FailureClass::Unreachable, "unreachable"),
        (FailureClass::Tls, "tls"),
        (FailureClass::Rejected, "rejected"),
        (FailureClass::ServerError, "server_error"),
        (FailureClass::TimedOut, "timed_out"),
        (FailureClass::Cut, "cut"),
        (FailureClass::VerifyFailed, "verify_failed"),
        (FailureClass::BudgetSpent, "budget_spent"),
        (FailureClass::BreakerOpen, "breaker_open"),
        (FailureClass::ArtifactChanged, "artifact_changed"),
        (FailureClass::Cancelled, "cancelled"),
    ];
    for (class, name) in classes {
        assert_eq!((class.as_str(), serde_json::to_value(class).unwrap()), (name, json!(name)));
    }
}

#[test]
fn records_are_read_back_as_they_were_written() {
    let mut attempt = Attempt::new(Stage::Verifying, 2);
    attempt.status = Some(503);
    attempt.elapsed = Duration::from_millis(250);
    attempt.wait = Some(Duration::from_secs(4));
    let failure =
        Failure::new(Stage::Verifying, FailureClass::ServerError, "HTTP 503\nsecond line").attempts(vec![attempt]);
    assert_eq!(failure.message, "HTTP 503");
    let mut outcome = Outcome::new("d1", DeviceState::Failed);
    outcome.failure = Some(failure.clone());
    let written = serde_json::to_value(&outcome).unwrap();
    assert_eq!(
        written["failure"]["attempts"][0],
        json!({ "stage": "verifying", "number": 2, "status": 503, "elapsed_s": 0.25, "wait_s": 4.0 })
    );
    assert_eq!(serde_json::from_value::<Outcome>(written).unwrap(), outcome);
}

#[tokio::test]
async fn events_are_one_flat_object_each_and_read_back() {
    let memory = crate::support::Memory::default();
    let plan = Plan::builder(Artifact::from_bytes("firmware")).id("r1").devices(devices(1)).build().unwrap();
    let rollout = Rollout::builder(plan, Fake::new(|_, _, _| Ok(()))).observer(Arc::new(memory.clone()));
    rollout.wall(Arc::new(ManualClock::new())).build().execute().await.unwrap();
    let events = memory.events();
    assert!(matches!(events[0].kind, EventKind::Started { total: 1, bytes: 8, .. }));
    assert!(matches!(events[1].kind, EventKind::Driven { recovered: 0, .. }));
    assert_eq!(
        serde_json::to_value(&events[2]).unwrap(),
        json!({ "rollout": "r1", "seq": 3, "at_ms": 1_767_225_600_000u64, "event": "device", "device": "d0", "from": "pending", "to": "pushing" })
    );
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
