//! Limited bandwidth and asking before a body is sent, over real sockets.

use std::num::NonZeroU64;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, Bandwidth, FailureClass, HttpPush, Push, PushContext};
use steadfast_testkit::{Matcher, Reply, Script};

use crate::support::{device, http, run, server};

#[tokio::test]
async fn a_limited_push_takes_as_long_as_its_bytes_do() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200))).await;
    let limits = Bandwidth::new().per_device(NonZeroU64::new(10_000).unwrap());
    // Standing still for a tenth of a second would be too long, were it not us who wait.
    let push = http(&clock, Policy::delivery())
        .bandwidth(limits)
        .no_progress(Duration::from_secs(24 * 3600 * 1000))
        .build()
        .unwrap();
    let artifact = Artifact::from_bytes(vec![9; 45_096]);
    let start = clock.now();
    run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &artifact)).await.unwrap();
    let took = clock.now().since(start).as_secs_f64();
    // 4,096 at once, the rest at 10,000 a second; whole pieces.
    assert!((4.0..4.2).contains(&took), "{took}");
    let seen = server.seen();
    assert_eq!((seen[0].body_len, seen[0].body_sha256), (45_096, *artifact.digest()));
    assert_eq!(seen[0].headers.get("content-length"), Some("45096"));
}

#[tokio::test]
async fn a_push_that_asks_first_sends_nothing_to_who_refuses() {
    let clock = ManualClock::new();
    let script =
        Script::new().whenever(Matcher::new().path("/no"), Reply::status(413).early()).always(Reply::status(200));
    let server = server(&clock, script).await;
    let push = http(&clock, Policy::delivery()).expect_continue(Duration::from_secs(1)).build().unwrap();
    let artifact = Artifact::from_bytes(vec![9; 1 << 20]);
    let context = PushContext::new();
    let refused = push.push(&context, &device("no", &format!("{}/no", server.url())), &artifact).await.unwrap_err();
    let failure = refused.failure().unwrap();
    assert_eq!((failure.class, failure.status, context.bytes_sent()), (FailureClass::Rejected, Some(413), 0));
    push.push(&context, &device("yes", server.url()), &artifact).await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert_eq!((seen.headers.get("expect"), seen.body_len), (Some("100-continue"), 1 << 20));
}

#[tokio::test]
async fn a_device_that_does_not_know_the_question_is_not_asked_again() {
    let clock = ManualClock::new();
    let asked = Matcher::new().header("expect", "100-continue");
    let script = Script::new().whenever(asked, Reply::status(417).early()).always(Reply::status(200));
    let server = server(&clock, script).await;
    let push = http(&clock, Policy::delivery()).expect_continue(Duration::from_secs(1)).build().unwrap();
    let artifact = Artifact::from_bytes("firmware");
    let pushed = run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &artifact)).await.unwrap();
    let statuses: Vec<_> = pushed.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(417), Some(200)]);
    assert_eq!(server.seen().pop().unwrap().body_len, 8);
}

#[test]
fn limits_that_cannot_be_kept_are_refused() {
    let limits = Bandwidth::new().total(NonZeroU64::MAX);
    assert!(HttpPush::builder().bandwidth(limits).build().is_err());
    assert!(HttpPush::builder().expect_continue(Duration::ZERO).build().is_err());
}
