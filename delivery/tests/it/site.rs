//! A site that is down costs nothing: it is not dialled for each of its devices, and found again.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    Artifact, DeferralReason, Device, FailureClass, HttpPush, Plan, Push, PushContext, PushError, Rollout, Stage,
};
use steadfast_testkit::{Matcher, Reply, Script, Server};

use crate::support::{Whole, device, http, run, server, whole};

/// `n` devices behind one gateway.
fn behind(url: &str, n: usize) -> Vec<Device> {
    (0..n).map(|i| device(&format!("d{i}"), &format!("{url}/d/{i}"))).collect()
}

/// The URL of a gateway that is away.
async fn gone() -> String {
    let server = Server::start(Script::new()).await.unwrap();
    let url = server.url().to_owned();
    server.stop().await;
    url
}

async fn roll_out(clock: &ManualClock, push: HttpPush, fleet: Vec<Device>) -> Whole {
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet).concurrency(NonZeroUsize::MIN).build().unwrap();
    run(clock, whole(Rollout::builder(plan, Arc::new(push)).timer(shared(clock.clone())).build())).await
}

#[tokio::test]
async fn a_dead_site_is_not_dialled_for_each_of_its_devices() {
    let clock = ManualClock::new();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let start = clock.now();
    let report = roll_out(&clock, push, behind(&gone().await, 100)).await;
    assert_eq!(report.status.failed, 100);
    let dialled: u32 = report.outcomes.iter().map(|outcome| outcome.attempts).sum();
    assert!(dialled < 60, "100 devices with three attempts each would dial 300 times, these {dialled}");
    let classes: Vec<_> = report.failures().map(|outcome| outcome.failure.as_ref().unwrap().class).collect();
    let open = classes.iter().filter(|class| **class == FailureClass::BreakerOpen).count();
    assert!(open > 60, "{open} were never dialled to their end");
    assert!(classes.iter().all(|class| matches!(class, FailureClass::BreakerOpen | FailureClass::Unreachable)));
    let last = report.outcomes.last().unwrap();
    assert_eq!((last.attempts, last.deferrals, last.bytes_sent), (0, 0, 0), "the device never said \"later\" itself");
    let failure = last.failure.as_ref().unwrap();
    assert_eq!(failure.message, "its host could not be connected to 21 times, and was left alone");
    let took = clock.now().since(start).as_secs();
    assert!((600..700).contains(&took), "twenty times half a minute, not longer: {took}");
}

#[tokio::test]
async fn a_site_that_comes_back_gets_everything() {
    let clock = ManualClock::new();
    let url = gone().await;
    let push = http(&clock, Policy::disabled()).build().unwrap();
    let artifact = Artifact::from_bytes("x");
    let fleet = behind(&url, 9);
    for device in &fleet[..5] {
        let failed = run(&clock, push.push(&PushContext::new(), device, &artifact)).await.unwrap_err();
        assert_eq!(failed.failure().unwrap().class, FailureClass::Unreachable);
    }
    let Err(PushError::Deferred(deferral)) = push.push(&PushContext::new(), &fleet[5], &artifact).await else {
        panic!("it was dialled")
    };
    assert_eq!((deferral.reason, deferral.after), (DeferralReason::HostDown, Duration::from_secs(30)));
    assert!(deferral.attempts.is_empty());
    // Whoever only asks does not dial it either.
    let asked = push.installed(&PushContext::new(), &fleet[5]).await.unwrap_err();
    assert_eq!(asked.failure().unwrap().class, FailureClass::BreakerOpen);

    let addr = url.trim_start_matches("http://").parse().unwrap();
    let server = Server::builder().bind(addr).script(Script::new().always(Reply::status(200))).start().await.unwrap();
    clock.advance(Duration::from_secs(30));
    for device in &fleet {
        run(&clock, push.push(&PushContext::new(), device, &artifact)).await.unwrap();
    }
    assert_eq!(server.seen().len(), 9, "the first one opens the gate for all");
}

#[tokio::test]
async fn attempts_are_carried_over_while_the_site_is_down() {
    let clock = ManualClock::new();
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let report = roll_out(&clock, push, behind(&gone().await, 2)).await;
    // Three failures of the first, two of the second: then the gate is shut, and its third attempt opens it by trying.
    let ends: Vec<_> = report
        .failures()
        .map(|outcome| (outcome.attempts, outcome.failure.as_ref().unwrap().class, outcome.deferrals))
        .collect();
    assert_eq!(ends, [(3, FailureClass::Unreachable, 0), (3, FailureClass::Unreachable, 0)]);
    let numbers: Vec<_> = report.outcomes[1].attempts().iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test]
async fn what_devices_answer_shuts_no_gate() {
    let clock = ManualClock::new();
    let script = Script::new()
        .whenever(Matcher::new().path("/d/8"), Reply::status(200))
        .whenever(Matcher::new().path("/d/1"), Reply::reset())
        .always(Reply::status(500));
    let server = server(&clock, script).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let report = roll_out(&clock, push.clone(), behind(server.url(), 9)).await;
    assert_eq!((report.status.failed, report.status.succeeded), (8, 1));
    assert_eq!(server.seen().len(), 8 * 3 + 1, "each of them was pushed to, to its end");
    assert!(format!("{push:?}").contains("hosts: 0"), "nothing is kept of a host that answers: {push:?}");
}

#[tokio::test]
async fn a_host_that_was_down_for_a_moment_leaves_nothing_behind() {
    let clock = ManualClock::new();
    let url = gone().await;
    let push = http(&clock, Policy::disabled()).build().unwrap();
    let (artifact, target) = (Artifact::from_bytes("x"), device("d", &url));
    run(&clock, push.push(&PushContext::new(), &target, &artifact)).await.unwrap_err();
    assert!(format!("{push:?}").contains("hosts: 1"), "{push:?}");
    let addr = url.trim_start_matches("http://").parse().unwrap();
    let server = Server::builder().bind(addr).script(Script::new().always(Reply::status(200))).start().await.unwrap();
    run(&clock, push.push(&PushContext::new(), &target, &artifact)).await.unwrap();
    assert!(format!("{push:?}").contains("hosts: 0"), "{push:?}");
    server.stop().await;
}

#[tokio::test]
async fn an_upload_opens_the_gate_as_soon_as_it_moves() {
    let clock = ManualClock::new();
    let url = gone().await;
    let push = http(&clock, Policy::disabled()).build().unwrap();
    let artifact = Artifact::from_bytes("x");
    for device in behind(&url, 5) {
        run(&clock, push.push(&PushContext::new(), &device, &artifact)).await.unwrap_err();
    }
    let addr = url.trim_start_matches("http://").parse().unwrap();
    let slow = Matcher::new().path("/d/0");
    let script = Script::new().whenever(slow, Reply::never()).always(Reply::status(200));
    let server = Server::builder().bind(addr).script(script).start().await.unwrap();
    clock.advance(Duration::from_secs(30));
    let fleet = behind(&url, 4);
    let (slow, first, bytes) = (push.clone(), fleet[0].clone(), artifact.clone());
    let context = PushContext::new();
    let meter = context.clone();
    let pushing = tokio::spawn(async move { slow.push(&context, &first, &bytes).await });
    crate::support::until(|| meter.bytes_sent() > 0).await;
    for device in &fleet[1..] {
        run(&clock, push.push(&PushContext::new(), device, &artifact)).await.unwrap();
    }
    pushing.abort();
    drop(server);
}

#[tokio::test]
async fn without_the_breaker_every_device_is_dialled() {
    let clock = ManualClock::new();
    let push = http(&clock, Policy::delivery()).without_host_breaker().build().unwrap();
    let report = roll_out(&clock, push, behind(&gone().await, 10)).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.attempts == 3));
    let failure = report.outcomes[9].failure.as_ref().unwrap();
    assert_eq!((failure.class, failure.stage), (FailureClass::Unreachable, Stage::Pushing));
}
