//! Uploads keep to what every push keeps to: attempts, budget, deadline, deferrals, credentials.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, Nanos, shared};
use steadfast_delivery::backoff::{Budget, Policy};
use steadfast_delivery::pool::CallContext;
use steadfast_delivery::{FailureClass, Push, PushContext, PushError, Resumable, Stage};
use steadfast_testkit::{DeviceSim, Matcher, Reply, Script};

use super::{artifact, cut, delivered, devices, numbers, patches};
use crate::support::{NEVER, device, http, run, until};

#[tokio::test]
async fn attempts_are_spent_and_told_as_those_of_a_plain_push() {
    for (how, sim) in devices() {
        let done = delivered(how, sim(), Script::new().whenever(patches(), cut(10))).await;
        let failure = done.failure();
        assert_eq!((failure.class, failure.stage), (FailureClass::Cut, Stage::Pushing), "{failure}");
        let numbers: Vec<u32> = failure.attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert!(
            failure.message.contains("PATCH http://") && failure.message.ends_with(", after 3 attempts"),
            "{failure}"
        );
        assert_eq!(failure.attempts[2].resumed_at, Some(20));
        let token = done.context.resume_token().unwrap();
        assert!(token.contains(&artifact().digest_hex()), "what is there can be taken up later");
        let done = delivered(how, sim(), Script::new().whenever(patches(), Reply::status(500))).await;
        assert_eq!((done.failure().class, done.failure().status), (FailureClass::ServerError, Some(500)));
    }
}

#[tokio::test]
async fn later_is_a_deferral_in_the_middle_of_an_upload_too() {
    for (how, sim) in devices() {
        let clock = ManualClock::new();
        let later = Reply::status(503).header("retry-after", "600");
        let faults = Script::new().when(patches(), 1, cut(3_000_000)).when(Matcher::new().method("HEAD"), 1, later);
        let sim = sim().faults(faults).timer(shared(clock.clone())).start().await.unwrap();
        let push = http(&clock, Policy::delivery()).resumable(how).build().unwrap();
        let (target, artifact) = (device("d", sim.url()), artifact());
        let context = PushContext::new().version("2.0.0");
        let pushed = run(&clock, push.push(&context, &target, &artifact)).await;
        let Err(PushError::Deferred(deferral)) = pushed else { panic!("{pushed:?}") };
        assert_eq!(deferral.after, Duration::from_secs(600));
        let counted: Vec<_> = deferral.attempts.iter().map(|attempt| (attempt.number, attempt.deferred)).collect();
        assert_eq!(counted, [(1, false), (2, true)]);
        // Another process, with nothing but the token.
        let push = http(&clock, Policy::delivery()).resumable(how).build().unwrap();
        let again = PushContext::new().version("2.0.0").resume(context.resume_token());
        let pushed = run(&clock, push.push(&again, &target, &artifact)).await.unwrap();
        assert_eq!(pushed.attempts[0].resumed_at, Some(3_000_000));
        assert_eq!(again.bytes_sent(), 200_012);
        assert_eq!((sim.image(), again.resume_token()), (Some(*artifact.digest()), None));
    }
}

/// No retry is paid for.
struct Nothing;

impl Budget for Nothing {
    fn deposit(&self, _: Nanos) {}

    fn withdraw(&self, _: u32, _: Nanos) -> bool {
        false
    }
}

#[tokio::test]
async fn retries_are_paid_for_and_counted_with_those_before() {
    for (how, sim) in devices() {
        let clock = ManualClock::new();
        let sim = sim().faults(Script::new().whenever(patches(), cut(5))).start().await.unwrap();
        let push = http(&clock, Policy::delivery()).resumable(how).build().unwrap();
        for (call, class) in [
            (CallContext::new().budget(Arc::new(Nothing)), FailureClass::BudgetSpent),
            (CallContext::new().attempts_before(2), FailureClass::Cut),
        ] {
            let context = PushContext::new().call(call);
            let failed = run(&clock, push.push(&context, &device("d", sim.url()), &numbers(100))).await.unwrap_err();
            let failure = failed.failure().unwrap();
            assert_eq!((failure.class, failure.attempts.len()), (class, 1), "{failure}");
        }
    }
}

#[tokio::test]
async fn an_upload_keeps_to_its_deadline() {
    for (how, sim) in devices() {
        let clock = ManualClock::new();
        let sim = sim().faults(Script::new().whenever(patches(), cut(5))).start().await.unwrap();
        let push = http(&clock, Policy::delivery()).resumable(how).build().unwrap();
        let start = clock.now();
        let call = CallContext::new().deadline(start.saturating_add(Duration::from_secs(2)));
        let (context, target) = (PushContext::new().call(call), device("d", sim.url()));
        let pushing = tokio::spawn(async move { push.push(&context, &target, &numbers(100)).await });
        // The wait for the second attempt; the third would begin after the deadline.
        until(|| clock.next_due() == Some(start.saturating_add(Duration::from_secs(1)))).await;
        clock.advance(Duration::from_secs(1));
        let failed = pushing.await.unwrap().unwrap_err();
        let failure = failed.failure().unwrap();
        assert_eq!((failure.class, failure.attempts.len()), (FailureClass::TimedOut, 2), "{failure}");
    }
}

#[tokio::test]
async fn a_device_is_asked_before_its_upload_where_asked_for() {
    for (how, sim) in devices() {
        let clock = ManualClock::new();
        let sim = sim().start().await.unwrap();
        let push = http(&clock, Policy::delivery()).resumable(how).expect_continue(NEVER).build().unwrap();
        let target = device("d", sim.url());
        run(&clock, push.push(&PushContext::new(), &target, &numbers(100))).await.unwrap();
        let asked: Vec<_> = sim.seen().iter().map(|seen| seen.headers.contains("expect")).collect();
        assert_eq!(asked, [false, true]);
    }
}

#[tokio::test]
async fn an_upload_that_is_locked_by_a_request_that_was_cut_off_is_waited_for() {
    let faults = Script::new().when(patches(), 1, cut(9)).when(Matcher::new().method("HEAD"), 1, Reply::status(423));
    let done = delivered(Resumable::Tus, DeviceSim::tus(), faults).await;
    done.assert_whole(&artifact());
    let statuses: Vec<_> = done.attempts().iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [None, Some(423), Some(204)]);
}
#[tokio::test]
async fn credentials_go_with_every_request_and_nothing_of_an_upload_is_shown() {
    for (how, sim) in devices() {
        let clock = ManualClock::new();
        let sim = sim().faults(Script::new().when(patches(), 1, cut(10))).start().await.unwrap();
        let value = http::HeaderValue::from_static("Bearer t0ken");
        let push = http(&clock, Policy::delivery())
            .header(http::header::AUTHORIZATION, value)
            .header(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/zip"))
            .resumable(how)
            .build()
            .unwrap();
        let context = PushContext::new().version("2.0.0");
        run(&clock, push.push(&context, &device("d", sim.url()), &artifact())).await.unwrap();
        assert!(sim.seen().iter().all(|seen| seen.headers.get("authorization") == Some("Bearer t0ken")));
        assert_eq!(sim.violations(), [""; 0], "the type of the artifact is not the type of a part");
        assert!(!format!("{push:?}{context:?}").contains("t0ken"));
    }
}
