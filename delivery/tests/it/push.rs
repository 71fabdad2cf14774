//! Pushing over real sockets: what is sent, what is tried again, what is not, and how failures are told.

use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};
use steadfast_clock::{Clock, ManualClock};
use steadfast_delivery::backoff::{Exponential, Jitter, Policy};
use steadfast_delivery::pool::CallContext;
use steadfast_delivery::{
    Artifact, ErrorKind, Failure, FailureClass, HttpPush, Push, PushContext, PushError, Pushed, Stage,
};
use steadfast_testkit::{Reply, Script, Seen, Server};

use crate::support::{Deaf, device, http, run, server, until};

/// Pushes 100,000 bytes to a server with this script.
async fn push(policy: Policy, script: Script) -> (Result<Pushed, PushError>, Vec<Seen>) {
    let clock = ManualClock::new();
    let server = server(&clock, script).await;
    let push = http(&clock, policy).build().unwrap();
    let artifact = Artifact::from_bytes(vec![9; 100_000]);
    let pushed = run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &artifact)).await;
    (pushed, server.seen())
}

fn failure(pushed: Result<Pushed, PushError>) -> Failure {
    match pushed {
        Err(PushError::Failed(failure)) => *failure,
        other => panic!("no failure: {other:?}"),
    }
}

/// The times between requests, in seconds.
fn gaps(seen: &[Seen]) -> Vec<f64> {
    seen.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs_f64()).collect()
}

#[tokio::test]
async fn a_push_is_one_post_with_everything_that_the_device_needs() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200))).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let mut till = device("till-7", &format!("{}/d/7", server.url()));
    till.name = Some(String::from("Kasse Süd"));
    let artifact = Artifact::from_bytes("firmware");
    let context = PushContext::new().version("2.0.0").idempotency_key("k1");
    let pushed = push.push(&context, &till, &artifact).await.unwrap();
    assert_eq!((pushed.attempts.len(), pushed.attempts[0].status), (1, Some(200)));
    assert_eq!((context.bytes_sent(), context.attempts_begun()), (8, 1));
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str(), &seen.body[..]), ("POST", "/d/7/update", &b"firmware"[..]));
    let digest = artifact.digest_header();
    let expected = [
        ("x-device-id", "till-7"),
        ("x-device-name", "Kasse Süd"),
        ("x-update-version", "2.0.0"),
        ("idempotency-key", "\"k1\""),
        ("repr-digest", digest.to_str().unwrap()),
        ("content-digest", digest.to_str().unwrap()),
        ("content-type", "application/octet-stream"),
        ("content-length", "8"),
    ];
    for (name, value) in expected {
        assert_eq!(seen.headers.get(name), Some(value), "{name}");
    }
    assert!(!seen.headers.contains("transfer-encoding"));
    // The question for the version goes over the same connection.
    assert!(!seen.headers.contains("connection"));
}

#[tokio::test]
async fn custom_configuration_really_sends_requests_with_it() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().times(2, Reply::status(503)).always(Reply::status(201))).await;
    let schedule = Exponential::builder()
        .base(Duration::from_millis(500))
        .factor(1.5)
        .cap(Duration::from_secs(10))
        .jitter(Jitter::None)
        .build()
        .unwrap();
    let push = http(&clock, Policy::new(schedule, 5).unwrap())
        .update_path("/firmware/install?force=1")
        .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer t0ken"))
        .header(HeaderName::from_static("x-site"), HeaderValue::from_static("berlin"))
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"))
        .build()
        .unwrap();
    let artifact = Artifact::from_bytes("zip");
    run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &artifact)).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(gaps(&seen), [0.5, 0.75]);
    for request in &seen {
        assert_eq!(request.path, "/firmware/install?force=1");
        assert_eq!(request.headers.get("authorization"), Some("Bearer t0ken"));
        assert_eq!(request.headers.get("x-site"), Some("berlin"));
        assert_eq!(request.headers.get("content-type"), Some("application/zip"));
        assert_eq!(&request.body[..], b"zip");
    }
    assert!(!format!("{push:?}").contains("t0ken"));
}

#[tokio::test]
async fn a_custom_schedule_is_kept_to_its_cap() {
    let schedule = Exponential::builder()
        .base(Duration::from_millis(500))
        .factor(1.5)
        .cap(Duration::from_secs(10))
        .jitter(Jitter::None)
        .build()
        .unwrap();
    let script = Script::new().always(Reply::status(500));
    let (pushed, seen) = push(Policy::new(schedule, 10).unwrap(), script).await;
    assert_eq!(failure(pushed).attempts.len(), 10);
    let expected = [0.5, 0.75, 1.125, 1.6875, 2.53125, 3.796875, 5.695_312_5, 8.542_968_75, 10.0];
    let gaps = gaps(&seen);
    assert_eq!(gaps.len(), expected.len());
    for (gap, expected) in gaps.iter().zip(expected) {
        assert!((gap - expected).abs() < 1e-6, "{gap} for {expected}");
    }
}

#[tokio::test]
async fn a_server_error_is_tried_again_with_the_whole_payload() {
    let script = Script::new().times(2, Reply::status(503)).always(Reply::status(200));
    let (pushed, seen) = push(Policy::delivery(), script).await;
    assert_eq!(pushed.unwrap().attempts.len(), 3);
    assert_eq!(gaps(&seen), [1.0, 2.0]);
    let keys: Vec<_> = seen.iter().map(|seen| seen.headers.get("idempotency-key").unwrap()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "one key over all attempts: {keys:?}");
    let digest: [u8; 32] = Sha256::digest(vec![9; 100_000]).into();
    for request in &seen {
        assert!(request.complete);
        assert_eq!((request.body_len, request.body_sha256), (100_000, digest));
    }
}

#[tokio::test]
async fn a_client_error_and_a_redirect_are_final() {
    for status in [301, 302, 307, 400, 401, 403, 404, 408, 409, 413] {
        let reply = Reply::status(status).header("location", "http://127.0.0.1:9/elsewhere").header("retry-after", "1");
        let (pushed, seen) = push(Policy::delivery(), Script::new().always(reply)).await;
        let failure = failure(pushed);
        assert_eq!((failure.class, failure.status), (FailureClass::Rejected, Some(status)), "{failure}");
        assert_eq!((failure.stage, seen.len()), (Stage::Pushing, 1));
        assert!(failure.message.contains(&format!("/update: HTTP {status}")), "{failure}");
    }
}

#[tokio::test]
async fn a_hint_of_another_status_above_the_cap_ends_the_retries() {
    let script = Script::new().always(Reply::status(500).header("retry-after", "61"));
    let (pushed, seen) = push(Policy::delivery(), script).await;
    let failure = failure(pushed);
    assert_eq!((failure.class, seen.len()), (FailureClass::ServerError, 1));
    assert!(failure.message.contains("HTTP 500 ("), "it says why: {failure}");
}

#[tokio::test]
async fn retries_are_exhausted_after_three_attempts() {
    for status in [500, 501, 502, 503, 504, 599, 429] {
        let (pushed, seen) = push(Policy::delivery(), Script::new().always(Reply::status(status))).await;
        let failure = failure(pushed);
        assert_eq!((failure.class, failure.attempts.len()), (FailureClass::ServerError, 3), "{failure}");
        assert_eq!(gaps(&seen), [1.0, 2.0], "{status}");
        assert!(failure.message.ends_with(&format!("HTTP {status}, after 3 attempts")), "{failure}");
    }
}

#[tokio::test]
async fn a_retry_storm_of_five_takes_six_requests_and_thirty_one_seconds() {
    let clock = ManualClock::new();
    let start = clock.now();
    let server = server(&clock, Script::new().times(5, Reply::status(503)).always(Reply::status(200))).await;
    let push = http(&clock, Policy::delivery().with_attempts(6).unwrap()).build().unwrap();
    let artifact = Artifact::from_bytes("firmware.bin");
    let context = PushContext::new();
    run(&clock, push.push(&context, &device("d", server.url()), &artifact)).await.unwrap();
    assert_eq!(gaps(&server.seen()), [1.0, 2.0, 4.0, 8.0, 16.0]);
    assert_eq!(clock.now().since(start), Duration::from_secs(31));
    assert_eq!((context.attempts_begun(), context.bytes_sent()), (6, 72));
}

#[tokio::test]
async fn a_cut_is_tried_again_from_the_first_byte() {
    for fault in [Reply::close(), Reply::reset(), Reply::status(200).body("0123456789").truncate_after(3)] {
        let (pushed, seen) =
            push(Policy::delivery(), Script::new().then(fault.clone()).always(Reply::status(200))).await;
        assert_eq!(pushed.unwrap().attempts.len(), 2, "{fault:?}");
        assert_eq!((seen.len(), seen[1].body_len), (2, 100_000));
        let (pushed, _) = push(Policy::delivery(), Script::new().always(fault)).await;
        let failure = failure(pushed);
        assert_eq!((failure.class, failure.attempts.len()), (FailureClass::Cut, 3), "{failure}");
        assert!(failure.attempts[0].maybe_executed);
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_tried_again() {
    let clock = ManualClock::new();
    let gone = Server::start(Script::new()).await.unwrap();
    let url = gone.url().to_owned();
    gone.stop().await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let context = PushContext::new();
    let pushed = run(&clock, push.push(&context, &device("d", &url), &Artifact::from_bytes("x"))).await;
    let failure = failure(pushed);
    assert_eq!((failure.class, failure.attempts.len()), (FailureClass::Unreachable, 3), "{failure}");
    assert_eq!((failure.message.lines().count(), context.bytes_sent()), (1, 0));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_unreachable() {
    let clock = ManualClock::new();
    let push = http(&clock, Policy::disabled()).build().unwrap();
    let lost = device("d", "http://no-such-host.invalid");
    let pushed = run(&clock, push.push(&PushContext::new(), &lost, &Artifact::from_bytes("x"))).await;
    assert_eq!(failure(pushed).class, FailureClass::Unreachable);
}

#[tokio::test]
async fn a_device_without_tls_fails_as_tls() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200))).await;
    let push = http(&clock, Policy::disabled()).build().unwrap();
    let secure = device("d", &server.url().replace("http:", "https:"));
    let pushed = run(&clock, push.push(&PushContext::new(), &secure, &Artifact::from_bytes("x"))).await;
    let failure = failure(pushed);
    assert_eq!(failure.class, FailureClass::Tls, "{failure}");
}

#[tokio::test]
async fn a_device_that_never_answers_has_timed_out() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::never())).await;
    let limits = (Duration::from_secs(30), Duration::from_secs(60));
    let push = http(&clock, Policy::disabled()).no_progress(limits.0).answer_within(limits.1).build().unwrap();
    let target = device("d", server.url());
    let artifact = Artifact::from_bytes("x");
    let start = clock.now();
    let pushing = tokio::spawn(async move { push.push(&PushContext::new(), &target, &artifact).await });
    until(|| server.seen().iter().any(|seen| seen.complete)).await;
    // Only the limits can end it now.
    run(&clock, until(|| pushing.is_finished())).await;
    assert_eq!(clock.now().since(start), limits.1);
    let failure = failure(pushing.await.unwrap());
    assert_eq!(failure.class, FailureClass::TimedOut, "{failure}");
}

#[tokio::test]
async fn an_upload_that_stands_still_has_timed_out() {
    let clock = ManualClock::new();
    let deaf = Deaf::listen().await;
    let limit = Duration::from_secs(30);
    let push = http(&clock, Policy::disabled()).no_progress(limit).build().unwrap();
    let target = device("d", deaf.url());
    let context = PushContext::new();
    let meter = context.clone();
    let artifact = Artifact::from_bytes(vec![0; 64 << 20]);
    let pushing = tokio::spawn(async move { push.push(&context, &target, &artifact).await });
    let connection = deaf.accept().await;
    until(|| meter.bytes_sent() > 0).await;
    let (mut sent, mut quiet) = (0, 0);
    while quiet < 1000 {
        tokio::task::yield_now().await;
        quiet = if meter.bytes_sent() == sent { quiet + 1 } else { 0 };
        sent = meter.bytes_sent();
    }
    run(&clock, until(|| pushing.is_finished())).await;
    let failure = failure(pushing.await.unwrap());
    assert_eq!(failure.class, FailureClass::TimedOut, "{failure}");
    assert!(failure.message.ends_with("the upload made no progress for 30.0 s"), "{failure}");
    assert!(connection.drain().await < 64 << 20);
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_an_upload_is_told_as_its_status() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(413).early())).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let artifact = Artifact::from_bytes(vec![0; 16 << 20]);
    let pushed = push.push(&PushContext::new(), &device("d", server.url()), &artifact).await;
    let failure = failure(pushed);
    assert_eq!((failure.class, failure.status), (FailureClass::Rejected, Some(413)), "{failure}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_server_error() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200).header("bad header", "x"))).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let pushed =
        run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &Artifact::from_bytes("x"))).await;
    let failure = failure(pushed);
    assert_eq!((failure.class, failure.attempts.len()), (FailureClass::ServerError, 3), "{failure}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_short() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200).body(vec![b'x'; 1 << 20]))).await;
    let push = http(&clock, Policy::disabled()).build().unwrap();
    let pushed =
        run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &Artifact::from_bytes("x"))).await;
    assert_eq!(failure(pushed).class, FailureClass::ServerError);
}

#[tokio::test]
async fn an_empty_artifact_is_delivered() {
    for from_file in [false, true] {
        let clock = ManualClock::new();
        let server = server(&clock, Script::new().then(Reply::status(500)).always(Reply::status(200))).await;
        let push = http(&clock, Policy::delivery()).build().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let artifact = match from_file {
            true => Artifact::open(file.path()).await.unwrap(),
            false => Artifact::from_bytes(""),
        };
        run(&clock, push.push(&PushContext::new(), &device("d", server.url()), &artifact)).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|seen| seen.complete && seen.body_len == 0));
        assert_eq!(seen[1].headers.get("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn a_large_file_is_streamed_whole_on_every_attempt() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().then(Reply::status(500)).always(Reply::status(200))).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let contents: Vec<u8> = (0..8_000_001u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &contents).unwrap();
    let artifact = Artifact::open(file.path()).await.unwrap();
    let context = PushContext::new().chunk_size(64 * 1024);
    run(&clock, push.push(&context, &device("d", server.url()), &artifact)).await.unwrap();
    let digest: [u8; 32] = Sha256::digest(&contents).into();
    let seen = server.seen();
    assert_eq!((artifact.digest(), seen.len()), (&digest, 2));
    for request in seen {
        assert_eq!((request.body_len, request.body_sha256), (8_000_001, digest));
        assert_eq!(request.headers.get("content-length"), Some("8000001"));
    }
}

#[tokio::test]
async fn dropping_a_push_stops_the_bytes() {
    let clock = ManualClock::new();
    let deaf = Deaf::listen().await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let artifact = Artifact::from_bytes(vec![0; 64 << 20]);
    let context = PushContext::new();
    let meter = context.clone();
    let target = device("d", deaf.url());
    let pushing = tokio::spawn(async move { push.push(&context, &target, &artifact).await });
    let connection = deaf.accept().await;
    until(|| meter.bytes_sent() > 0).await;
    pushing.abort();
    assert!(pushing.await.unwrap_err().is_cancelled());
    let received = connection.drain().await;
    assert!(received < 64 << 20, "it was cut in the middle: {received}");
    assert_eq!(meter.attempts_begun(), 1, "and not tried again");
}

#[tokio::test]
async fn a_push_keeps_to_its_deadline() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(500))).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let start = clock.now();
    let context = PushContext::new().call(CallContext::new().deadline(start.saturating_add(Duration::from_secs(2))));
    let target = device("d", server.url());
    let pushing = tokio::spawn(async move { push.push(&context, &target, &Artifact::from_bytes("x")).await });
    // The wait for the second attempt; the third would begin after the deadline.
    until(|| clock.next_due() == Some(start.saturating_add(Duration::from_secs(1)))).await;
    clock.advance(Duration::from_secs(1));
    let failure = failure(pushing.await.unwrap());
    assert_eq!((failure.class, failure.attempts.len()), (FailureClass::TimedOut, 2), "{failure}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn one_bad_device_does_not_block_its_siblings_behind_the_same_gateway() {
    let clock = ManualClock::new();
    let bad = steadfast_testkit::Matcher::new().path("/d/bad");
    let server = server(&clock, Script::new().whenever(bad, Reply::status(500)).always(Reply::status(200))).await;
    let push = http(&clock, Policy::delivery().with_attempts(5).unwrap()).build().unwrap();
    let artifact = Artifact::from_bytes("x");
    let bad = device("bad", &format!("{}/d/bad", server.url()));
    let mut last = None;
    for _ in 0..3 {
        last = Some(failure(run(&clock, push.push(&PushContext::new(), &bad, &artifact)).await));
    }
    let last = last.unwrap();
    assert_eq!(last.class, FailureClass::BreakerOpen, "{last}");
    let sibling = device("good", &format!("{}/d/good", server.url()));
    run(&clock, push.push(&PushContext::new(), &sibling, &artifact)).await.unwrap();
}

#[tokio::test]
async fn connections_are_closed_unless_they_are_to_be_kept() {
    for keep in [false, true] {
        let clock = ManualClock::new();
        let server = server(&clock, Script::new().always(Reply::status(200))).await;
        let push = http(&clock, Policy::delivery()).keep_alive(keep).build().unwrap();
        let target = device("d", server.url());
        for _ in 0..3 {
            push.push(&PushContext::new(), &target, &Artifact::from_bytes("x")).await.unwrap();
        }
        assert_eq!(server.connections(), if keep { 1 } else { 3 });
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    fn check(built: Result<HttpPush, steadfast_delivery::Error>, expected: &str) {
        let error = built.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
    }
    check(HttpPush::builder().update_path("/../admin").build(), "update path \"/../admin\"");
    check(HttpPush::builder().verify_path("http://other/version").build(), "verify path");
    check(HttpPush::builder().no_progress(Duration::ZERO).build(), "zero");
    let own = HeaderName::from_static("x-device-id");
    check(HttpPush::builder().header(own, HeaderValue::from_static("x")).build(), "`x-device-id`");
}
