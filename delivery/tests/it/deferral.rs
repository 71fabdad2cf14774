//! "Later" is neither an attempt nor a failure, holds no worker, and has an end.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    Artifact, Deferral, DeviceState, FailureClass, Outcome, Plan, Push, PushContext, PushError, Rollout, Stage, deliver,
};
use steadfast_testkit::{Matcher, Reply, Script, Server};

use crate::support::{Fake, Memory, NEVER, device, devices, http, run, server, until};

async fn delivered(script: Script) -> (Outcome, Duration, Server) {
    let clock = ManualClock::new();
    let start = clock.now();
    let server = server(&clock, script).await;
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let target = device("d", server.url());
    let timer = shared(clock.clone());
    let outcome = run(&clock, deliver(push, timer, target, Artifact::from_bytes("firmware"), Some("2"))).await.unwrap();
    (outcome, clock.now().since(start), server)
}

fn later(status: u16, seconds: &str) -> Reply {
    Reply::status(status).header("retry-after", seconds)
}

fn version(text: &'static str) -> (Matcher, Reply) {
    (Matcher::new().path("/version"), Reply::status(200).body(text))
}

#[tokio::test]
async fn a_push_hands_a_deferral_up_at_once() {
    for status in [429, 503] {
        let clock = ManualClock::new();
        let start = clock.now();
        let server = server(&clock, Script::new().then(Reply::status(500)).always(later(status, "7200"))).await;
        let push = http(&clock, Policy::delivery()).build().unwrap();
        let pushed =
            run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &Artifact::from_bytes("x"))).await;
        let Err(PushError::Deferred(deferral)) = pushed else { panic!("{pushed:?}") };
        assert_eq!(deferral.after, Duration::from_secs(7200));
        let deferred: Vec<bool> = deferral.attempts.iter().map(|attempt| attempt.deferred).collect();
        assert_eq!(deferred, [false, true]);
        assert_eq!(clock.now().since(start), Duration::from_secs(1), "only the retry of the 500 was waited for");
    }
}

#[tokio::test]
async fn a_hint_that_says_nothing_is_no_deferral() {
    for hint in ["soon", "", "-1"] {
        let (outcome, _, server) = delivered(Script::new().always(later(503, hint))).await;
        let failure = outcome.failure.unwrap();
        assert_eq!((failure.class, outcome.deferrals), (FailureClass::ServerError, 0), "{hint:?}: {failure}");
        assert_eq!(server.seen().len(), 3);
    }
}

#[tokio::test]
async fn a_deferral_burns_no_attempt() {
    // Two failures, then "later" five times, then the third and last attempt.
    let (path, reply) = version("2");
    let script = Script::new()
        .whenever(path, reply)
        .times(2, Reply::status(500))
        .times(5, later(503, "100"))
        .always(Reply::status(200));
    let (outcome, took, server) = delivered(script).await;
    assert_eq!(outcome.state, DeviceState::Succeeded);
    assert_eq!((outcome.attempts, outcome.deferrals), (4, 5), "three of the push, one of the verification");
    assert_eq!(took, Duration::from_secs(1 + 2 + 5 * 100));
    let numbers: Vec<u32> = outcome.ledger.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3, 3, 3, 3, 3, 3, 1]);
    let keys: Vec<_> =
        server.seen().iter().filter_map(|seen| seen.headers.get("idempotency-key").map(str::to_owned)).collect();
    assert!(keys.len() == 8 && keys.iter().all(|key| *key == keys[0]), "one key over deferrals, too");
}

#[tokio::test]
async fn attempts_are_carried_over_a_deferral() {
    let script = Script::new().then(Reply::status(500)).then(later(429, "5")).always(Reply::status(500));
    let (outcome, took, server) = delivered(script).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.class, outcome.attempts, outcome.deferrals), (FailureClass::ServerError, 3, 1));
    assert_eq!((server.seen().len(), failure.attempts.len()), (4, 4));
    assert_eq!(took, Duration::from_secs(1 + 5 + 2), "the schedule goes on where it was");
}

#[tokio::test]
async fn a_deferred_verification_does_not_push_again() {
    let script = Script::new()
        .when(Matcher::new().path("/version"), 2, later(503, "30"))
        .whenever(Matcher::new().path("/version"), Reply::status(200).body("2"))
        .always(Reply::status(200));
    let (outcome, _, server) = delivered(script).await;
    assert_eq!((outcome.state, outcome.deferrals), (DeviceState::Succeeded, 2));
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "POST").count(), 1);
}

#[tokio::test]
async fn twenty_deferrals_are_waited_out_and_one_more_is_a_failure() {
    let (path, reply) = version("2");
    let script = Script::new().whenever(path, reply).times(20, later(503, "1")).always(Reply::status(200));
    let (outcome, ..) = delivered(script).await;
    assert_eq!((outcome.state, outcome.deferrals), (DeviceState::Succeeded, 20));
    let (outcome, _, server) = delivered(Script::new().always(later(503, "1"))).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.class, outcome.attempts), (FailureClass::TimedOut, 0), "{failure}");
    assert_eq!((server.seen().len(), failure.status), (21, Some(503)));
}

#[tokio::test]
async fn a_day_of_deferrals_is_the_limit() {
    let (outcome, took, server) = delivered(Script::new().always(later(429, "36000"))).await;
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.class, FailureClass::TimedOut);
    assert!(failure.message.contains("more than a day"), "{failure}");
    assert_eq!((server.seen().len(), took), (3, Duration::from_secs(72_000)), "what cannot fit is not waited for");
}

#[tokio::test]
async fn a_deferred_device_holds_no_worker() {
    let clock = ManualClock::new();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let calls = Arc::new(AtomicU32::new(0));
    let log = Arc::clone(&order);
    let push = Fake::new(move |stage, _, device| {
        if stage == Stage::Pushing {
            log.lock().unwrap().push(device.id().to_owned());
            if device.id() == "d0" && calls.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(Deferral::new(Duration::from_secs(3600), Vec::new()).into());
            }
        }
        Ok(())
    });
    let memory = Memory::default();
    let plan = Plan::builder(Artifact::from_bytes("x"))
        .version("2")
        .devices(devices(4))
        .concurrency(NonZeroUsize::MIN)
        .build()
        .unwrap();
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).observer(Arc::new(memory.clone())).build();
    let report = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!(report.status.succeeded, 4);
    assert_eq!(*order.lock().unwrap(), ["d0", "d1", "d2", "d3", "d0"], "one worker, and nobody waits for the first");
    use DeviceState::{Deferred, Pending, Pushing, Succeeded, Verifying};
    assert_eq!(memory.path("d0"), [Pending, Pushing, Deferred, Pushing, Verifying, Succeeded]);
}

#[tokio::test]
async fn a_device_is_called_again_when_it_is_due_though_others_are_busy() {
    let clock = ManualClock::new();
    let script = Script::new()
        .whenever(Matcher::new().path("/hang"), Reply::status(200).delay(NEVER))
        .then(later(503, "10"))
        .always(Reply::status(200));
    let server = server(&clock, script).await;
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let fleet = [device("busy", &format!("{}/hang", server.url())), device("later", server.url())];
    let plan = Plan::builder(Artifact::from_bytes("x")).devices(fleet).build().unwrap();
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    run(&clock, until(|| handle.progress().succeeded == 1)).await;
    let times: Vec<_> = server.seen().into_iter().filter(|seen| seen.path == "/update").map(|seen| seen.at).collect();
    assert_eq!(times[1].since(times[0]), Duration::from_secs(10));
    assert_eq!(handle.progress().pushing, 1, "the other one is still at it");
    handle.cancel();
    running.await.unwrap().unwrap();
}
