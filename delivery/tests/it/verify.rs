//! Verification: the version is really asked for, read in both forms, and compared.

use steadfast_clock::ManualClock;
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{FailureClass, Push, PushContext, PushError, Stage, Verified};
use steadfast_testkit::{Reply, Script, Seen};

use crate::support::{device, http, run, server};

async fn verify(script: Script) -> (Result<Verified, PushError>, Vec<Seen>) {
    let clock = ManualClock::new();
    let server = server(&clock, script).await;
    let push = http(&clock, Policy::delivery()).verify_path("/api/version").build().unwrap();
    let target = device("till-7", &format!("{}/d/7", server.url()));
    let verified = run(&clock, push.verify(&PushContext::new(), &target, "2.0.0")).await;
    (verified, server.seen())
}

#[tokio::test]
async fn the_version_is_asked_for_and_compared() {
    for body in ["2.0.0", " 2.0.0\n", r#"{"version":"2.0.0"}"#] {
        let (verified, seen) = verify(Script::new().always(Reply::status(200).body(body))).await;
        assert_eq!(verified.unwrap().version.as_deref(), Some("2.0.0"));
        assert_eq!((seen.len(), seen[0].method.as_str(), seen[0].path.as_str()), (1, "GET", "/d/7/api/version"));
        assert_eq!(seen[0].headers.get("x-device-id"), Some("till-7"));
    }
}

#[tokio::test]
async fn another_version_and_garbage_are_failures_of_the_verification() {
    fn says(body: impl Into<bytes::Bytes>) -> Reply {
        Reply::status(200).body(body)
    }
    let replies = [
        (says("2.0.0-rc1"), "the device reports version \"2.0.0-rc1\", expected \"2.0.0\""),
        (says("v\"1\\x"), "the device reports version \"v\\\"1\\\\x\""),
        (says("x".repeat(500)), "expected \"2.0.0\""),
        (says(""), "the answer is empty"),
        (says(vec![0xff, 0xfe]), "not text"),
        (says("<html>\n</html>"), "more than one line"),
        (says("{\"version\":2}"), "not JSON with a text `version`"),
    ];
    for (reply, expected) in replies {
        let (verified, seen) = verify(Script::new().always(reply)).await;
        let Err(PushError::Failed(failure)) = verified else { panic!("{verified:?}") };
        assert_eq!((failure.stage, failure.class), (Stage::Verifying, FailureClass::VerifyFailed), "{failure}");
        assert!(failure.message.contains(expected), "{failure}");
        assert!(failure.message.len() < 200 && failure.message.lines().count() == 1, "{failure}");
        assert_eq!((failure.attempts.len(), seen.len()), (1, 1), "an answer is an answer: not asked again");
    }
}

#[tokio::test]
async fn failures_of_the_request_keep_their_class_and_are_tried_again() {
    let (verified, _) =
        verify(Script::new().times(2, Reply::status(500)).always(Reply::status(200).body("2.0.0"))).await;
    assert_eq!(verified.unwrap().attempts.len(), 3);
    let (verified, seen) = verify(Script::new().always(Reply::status(404))).await;
    let failure = verified.unwrap_err().failure().unwrap().clone();
    assert_eq!((failure.class, failure.stage, seen.len()), (FailureClass::Rejected, Stage::Verifying, 1));
    let (verified, _) = verify(Script::new().always(Reply::status(200).body("2.0.0").truncate_after(2))).await;
    assert_eq!(verified.unwrap_err().failure().unwrap().class, FailureClass::Cut);
}

#[tokio::test]
async fn without_verification_nothing_is_asked() {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new()).await;
    let push = http(&clock, Policy::delivery()).without_verify().build().unwrap();
    let verified = push.verify(&PushContext::new(), &device("d", server.url()), "2").await.unwrap();
    assert_eq!((verified.version, server.connections()), (None, 0));
}
