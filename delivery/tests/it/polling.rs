//! A device that restarts is asked again until it reports the expected version, and nobody holds a worker meanwhile.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    Artifact, DeferralReason, DeviceState, ErrorKind, FailureClass, HttpPush, HttpPushBuilder, Outcome, Plan, Polling,
    Push, PushContext, PushError, Rollout, Stage, deliver,
};
use steadfast_testkit::{Matcher, Reply, Script, Seen};

use crate::support::{Memory, device, http, run, server, whole};

fn version() -> Matcher {
    Matcher::new().path("/version")
}

fn says(version: &'static str) -> Reply {
    Reply::status(200).body(version)
}

/// Delivers version 2 to a device with this script; the times at which it was asked for its version, in seconds after the
/// first.
async fn delivered(
    settings: impl FnOnce(HttpPushBuilder) -> HttpPushBuilder,
    script: Script,
) -> (Outcome, Vec<f64>, Vec<Seen>) {
    let clock = ManualClock::new();
    let server = server(&clock, script.always(Reply::status(200))).await;
    let push = Arc::new(settings(http(&clock, Policy::delivery())).build().unwrap());
    let target = device("d", server.url());
    let timer = shared(clock.clone());
    let outcome = run(&clock, deliver(push, timer, target, Artifact::from_bytes("firmware"), Some("2"))).await.unwrap();
    let seen = server.seen();
    let asked: Vec<_> = seen.iter().filter(|seen| seen.path == "/version").map(|seen| seen.at).collect();
    let times = asked.iter().map(|at| at.since(asked[0]).as_secs_f64()).collect();
    (outcome, times, seen)
}

#[tokio::test]
async fn a_device_that_restarts_is_waited_for() {
    let script = Script::new()
        .when(version(), 2, Reply::close())
        .when(version(), 2, Reply::status(503))
        .when(version(), 1, Reply::status(200).body("<html>\n</html>"))
        .when(version(), 2, says("1"))
        .whenever(version(), says("2"));
    let (outcome, asked, seen) = delivered(|push| push, script).await;
    assert_eq!((outcome.state, outcome.version.as_deref()), (DeviceState::Succeeded, Some("2")));
    assert_eq!(asked, [0.0, 1.0, 3.0, 7.0, 15.0, 25.0, 35.0, 45.0], "twice as long each time, up to 10 s");
    assert_eq!((outcome.attempts, outcome.deferrals), (2, 0), "a push, and the verification that counts");
    assert_eq!(seen.iter().filter(|seen| seen.method == "POST").count(), 1);
    let kept: Vec<_> = outcome.ledger.iter().map(|attempt| (attempt.stage, attempt.deferred)).collect();
    use Stage::{Pushing, Verifying};
    assert_eq!(kept, [(Pushing, false), (Verifying, true), (Verifying, false)], "of the answers before, the newest");
}

#[tokio::test]
async fn a_device_that_keeps_its_version_has_failed_at_the_limit() {
    let (outcome, asked, _) = delivered(|push| push, Script::new().whenever(version(), says("1.9"))).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.stage, failure.class), (Stage::Verifying, FailureClass::VerifyFailed));
    assert_eq!(
        failure.message,
        "the device does not report version \"2\" within 300 s: it reports version \"1.9\", expected \"2\""
    );
    assert_eq!(
        (asked.last(), outcome.deferrals),
        (Some(&300.0), 0),
        "more than twenty times, and none of them \"later\""
    );
    assert!(asked.len() > 20);
}

#[tokio::test]
async fn the_version_that_was_seen_last_is_told_though_the_device_went_away() {
    let script = Script::new().when(version(), 3, says("1.9")).whenever(version(), Reply::status(500));
    let (outcome, ..) = delivered(|push| push.verify_within(Duration::from_secs(20)), script).await;
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.class, FailureClass::VerifyFailed);
    assert!(failure.message.contains("within 20 s: GET http://"), "{failure}");
    assert!(failure.message.ends_with("HTTP 500; last it reported version \"1.9\""), "{failure}");
}

#[tokio::test]
async fn the_pace_can_be_set_and_zero_asks_once() {
    let pace = |push: HttpPushBuilder| {
        push.verify_every(Duration::from_millis(500), Duration::from_secs(2)).verify_within(Duration::from_secs(5))
    };
    let (_, asked, _) = delivered(pace, Script::new().whenever(version(), says("1"))).await;
    assert_eq!(asked, [0.0, 0.5, 1.5, 3.5, 5.0]);
    let (outcome, asked, _) =
        delivered(|push| push.verify_within(Duration::ZERO), Script::new().whenever(version(), says("1"))).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((asked.len(), failure.class), (1, FailureClass::VerifyFailed));
    assert_eq!(failure.message, "the device reports version \"1\", expected \"2\"");
}

#[tokio::test]
async fn a_refusal_to_tell_is_final() {
    let (outcome, asked, _) = delivered(|push| push, Script::new().whenever(version(), Reply::status(404))).await;
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.class, failure.stage, asked.len()), (FailureClass::Rejected, Stage::Verifying, 1));
}

#[tokio::test]
async fn restarts_hold_no_worker_and_open_no_breaker() {
    let clock = ManualClock::new();
    // The first device is away for longer than a breaker bears; with one worker, the second is not held up by that.
    let script = Script::new()
        .when(Matcher::new().path("/d/0/version"), 12, Reply::close())
        .whenever(Matcher::new().path("/d/0/version"), says("2"))
        .whenever(Matcher::new().path("/d/1/version"), says("2"))
        .always(Reply::status(200));
    let server = server(&clock, script).await;
    let push = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let fleet = (0..2).map(|i| device(&format!("d{i}"), &format!("{}/d/{i}", server.url())));
    let plan = Plan::builder(Artifact::from_bytes("x")).version("2").devices(fleet).concurrency(NonZeroUsize::MIN);
    let plan = plan.ask_first(false);
    let memory = Memory::default();
    let rollout =
        Rollout::builder(plan.build().unwrap(), push).timer(shared(clock.clone())).observer(Arc::new(memory.clone()));
    let start = clock.now();
    let report = run(&clock, whole(rollout.build())).await;
    assert_eq!(report.status.succeeded, 2);
    let seen = server.seen();
    let of = |id: &str| -> Vec<_> {
        let mine = seen.iter().filter(|seen| seen.headers.get("x-device-id") == Some(id));
        mine.map(|seen| seen.at.since(start).as_secs()).collect()
    };
    assert_eq!(of("d1"), [0, 0], "pushed and verified while the other restarts");
    assert_eq!(of("d0").last(), Some(&(15 + 80)));
    use DeviceState::{Deferred, Pending, Pushing, Succeeded, Verifying};
    assert_eq!(memory.path("d0")[..4], [Pending, Pushing, Verifying, Deferred]);
    assert_eq!(memory.path("d1"), [Pending, Pushing, Verifying, Succeeded]);
}

#[tokio::test]
async fn the_digest_of_what_runs_is_compared_where_it_is_told() {
    let pointers = |push: HttpPushBuilder| push.version_pointer("/fw/version").digest_pointer("/fw/sha256");
    let sha256 = Artifact::from_bytes("firmware").digest_hex();
    let answer = |sha256: &str| Reply::json(200, json!({ "fw": { "version": "2", "sha256": sha256 } }));
    let other = Artifact::from_bytes("another").digest_hex();
    let script = Script::new().when(version(), 2, answer(&other)).whenever(version(), answer(&sha256));
    let (outcome, asked, _) = delivered(pointers, script).await;
    assert_eq!((outcome.state, asked.len()), (DeviceState::Succeeded, 3), "the old image may have the same version");
    let (outcome, ..) = delivered(pointers, Script::new().whenever(version(), answer(&other))).await;
    let failure = outcome.failure.unwrap();
    assert!(failure.message.ends_with("it reports version \"2\", but the digest of another artifact"), "{failure}");
}

#[tokio::test]
async fn a_driver_is_told_to_come_back() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(says("1"))).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let target = device("d", server.url());
    let polling = Polling::new().waited(Duration::from_secs(297)).asked(30);
    let asked = push.verify(&PushContext::new().polling(polling), &target, "2").await;
    let Err(PushError::Deferred(deferral)) = asked else { panic!("{asked:?}") };
    assert_eq!((deferral.reason, deferral.seen.as_deref()), (DeferralReason::NotYet, Some("1")));
    assert_eq!(deferral.after, Duration::from_secs(3), "the last question comes at the limit");
    assert!(deferral.to_string().contains("not report the expected version yet"), "{deferral}");
}

#[tokio::test]
async fn what_a_device_runs_is_asked_once_before_a_push() {
    let clock = ManualClock::new();
    let script = Script::new().then(says("1.9")).always(Reply::status(500));
    let server = server(&clock, script).await;
    let push: Arc<dyn Push> = Arc::new(http(&clock, Policy::delivery()).build().unwrap());
    let target = device("d", server.url());
    assert_eq!(push.installed(&PushContext::new(), &target).await.unwrap().as_deref(), Some("1.9"));
    let failed = push.installed(&PushContext::new(), &target).await.unwrap_err();
    assert_eq!((failed.failure().unwrap().class, server.seen().len()), (FailureClass::ServerError, 2));
    let quiet = http(&clock, Policy::delivery()).without_verify().build().unwrap();
    assert_eq!(quiet.installed(&PushContext::new(), &target).await.unwrap(), None);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn the_same_version_of_another_artifact_is_not_installed() {
    let clock = ManualClock::new();
    let told = json!({ "version": "2", "sha256": Artifact::from_bytes("firmware").digest_hex() });
    let server = server(&clock, Script::new().always(Reply::json(200, told))).await;
    let push = http(&clock, Policy::delivery()).digest_pointer("/sha256").build().unwrap();
    let target = device("d", server.url());
    for (artifact, expected) in [("firmware", Some("2")), ("another", None)] {
        let context = PushContext::new().digest(*Artifact::from_bytes(artifact).digest());
        assert_eq!(push.installed(&context, &target).await.unwrap().as_deref(), expected, "{artifact}");
    }
}

#[test]
fn paces_and_pointers_that_cannot_work_are_refused() {
    let second = Duration::from_secs(1);
    for (builder, expected) in [
        (HttpPush::builder().version_pointer("version"), "pointer \"version\": a JSON pointer begins with `/`"),
        (HttpPush::builder().digest_pointer("/a~"), "pointer \"/a~\""),
        (HttpPush::builder().verify_every(Duration::ZERO, second), "above zero"),
        (HttpPush::builder().verify_every(second, second / 2), "not below the first"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
    }
}
