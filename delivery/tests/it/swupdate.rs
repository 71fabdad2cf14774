//! SWUpdate's web server, against a simulated device that refuses what it does not understand.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, DeviceState, FailureClass, Outcome, SwupdatePush, SwupdatePushBuilder, deliver};
use steadfast_testkit::{DeviceBuilder, DeviceSim, Matcher, Reply, Script};

use crate::support::{device, http, run};

fn image() -> Artifact {
    Artifact::from_bytes(format!("2.0.0\n{}", "x".repeat(300_000)))
}

async fn delivered(
    sim: DeviceBuilder,
    push: impl FnOnce(SwupdatePushBuilder) -> SwupdatePushBuilder,
) -> (Outcome, DeviceSim) {
    let clock = ManualClock::new();
    let sim = sim.timer(shared(clock.clone())).start().await.unwrap();
    let push = push(SwupdatePush::builder().http(http(&clock, Policy::delivery()))).build().unwrap();
    let (target, timer) = (device("d", sim.url()), shared(clock.clone()));
    let outcome = run(&clock, deliver(Arc::new(push), timer, target, image(), Some("2.0.0"))).await.unwrap();
    (outcome, sim)
}

fn requests(sim: &DeviceSim) -> Vec<String> {
    sim.seen().into_iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_form_and_the_version_is_asked_for() {
    let (outcome, sim) = delivered(DeviceSim::swupdate(), |push| push).await;
    assert_eq!(outcome.state, DeviceState::Succeeded, "{:?}", outcome.failure);
    assert_eq!((sim.image(), sim.violations().len()), (Some(*image().digest()), 0));
    assert_eq!(requests(&sim), ["POST /upload", "GET /version"]);
    assert_eq!(outcome.bytes_sent, image().len());
    let upload = &sim.seen()[0];
    assert!(upload.headers.contains("content-length"), "SWUpdate wants to know how long it is");
    assert!(upload.text().contains("name=\"file\"; filename=\"update.swu\""));
}

#[tokio::test]
async fn a_device_is_told_to_restart_where_asked_for() {
    let (outcome, sim) = delivered(DeviceSim::swupdate(), |push| push.restart(true).file_name("till.swu")).await;
    assert_eq!(outcome.state, DeviceState::Succeeded);
    assert_eq!(requests(&sim), ["POST /upload", "POST /restart", "GET /version"]);
    // Gone before it has answered.
    let gone = Script::new().whenever(Matcher::new().path("/restart"), Reply::close());
    let (outcome, sim) = delivered(DeviceSim::swupdate().faults(gone), |push| push.restart(true)).await;
    assert_eq!(outcome.state, DeviceState::Succeeded, "{:?}", outcome.failure);
    assert_eq!(requests(&sim), ["POST /upload", "POST /restart", "GET /version"], "told once");
    let refused = Script::new().whenever(Matcher::new().path("/restart"), Reply::status(405));
    let (outcome, _) = delivered(DeviceSim::swupdate().faults(refused), |push| push.restart(true)).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.class, failure.attempts.len()), (FailureClass::Rejected, 2), "{failure}");
}

#[tokio::test]
async fn an_update_that_is_not_taken_is_tried_again_and_then_failed() {
    let (outcome, sim) = delivered(DeviceSim::swupdate().fails(), |push| push).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.class, failure.status, sim.images()), (FailureClass::ServerError, Some(500), 3), "{failure}");
    let cut = Script::new().times(1, Reply::pass().take_only(100_000));
    let (outcome, sim) = delivered(DeviceSim::swupdate().faults(cut), |push| push).await;
    assert_eq!((outcome.state, sim.images()), (DeviceState::Succeeded, 1));
    let later = Script::new().times(1, Reply::status(503).header("retry-after", "60"));
    let (outcome, _) = delivered(DeviceSim::swupdate().faults(later), |push| push).await;
    assert_eq!((outcome.state, outcome.deferrals), (DeviceState::Succeeded, 1));
}

#[tokio::test]
async fn an_installation_that_failed_shows_in_the_version() {
    // It took the file, and runs what it ran.
    let version = Script::new().whenever(Matcher::new().path("/version"), Reply::status(200).body("1.0.0"));
    let short = |push: SwupdatePushBuilder| push;
    let (outcome, _) = delivered(DeviceSim::swupdate().faults(version), short).await;
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.class, FailureClass::VerifyFailed);
    assert!(outcome.duration < Duration::from_secs(3600) && failure.message.contains("1.0.0"), "{failure}");
}
