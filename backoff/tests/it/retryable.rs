//! Closures that are retried.

use std::future::ready;
use std::time::Duration;

use steadfast_backoff::{Judged, NonRetryable, Policy, Retryable, Stop, Transient, Verdict};
use steadfast_clock::ManualClock;

use crate::drive;

#[derive(Debug, PartialEq)]
struct Lost;

impl Transient for Lost {}

#[test]
fn errors_judge_themselves() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let mut answers = vec![Ok(7), Err(Lost), Err(Lost)];
    let done = drive(&clock, (|| ready(answers.pop().unwrap())).retry(&policy).on(&clock)).unwrap();
    assert_eq!((done.value, done.attempts), (7, 3));

    let fatal = drive(&clock, (|| ready(Err::<(), _>(NonRetryable(Lost)))).retry(&policy).on(&clock)).unwrap_err();
    assert_eq!((fatal.error, fatal.attempts, fatal.stop), (NonRetryable(Lost), 1, Stop::NotRetryable));

    let asked = Duration::from_secs(9);
    let mut answers = vec![Ok(()), Err(Judged::retry_after("busy", asked))];
    let done = drive(&clock, (|| ready(answers.pop().unwrap())).retry(&policy).on(&clock)).unwrap();
    assert_eq!(done.total_wait, asked);
}

#[test]
fn a_classifier_judges_in_their_stead() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let mut calls = 0;
    let refuse = || {
        calls += 1;
        ready(Err::<(), _>(404))
    };
    let failed = drive(&clock, refuse.retry(&policy).when(|_| Verdict::Fatal).on(&clock)).unwrap_err();
    assert_eq!((failed.error, calls), (404, 1));
    let failed = drive(&clock, (|| ready(Err::<(), _>(404))).retry(&policy).when(Verdict::unless_ok).on(&clock));
    assert_eq!(failed.unwrap_err().attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn functions_are_retried_too() {
    async fn ping() -> Result<&'static str, Lost> {
        Ok("pong")
    }
    let done = ping.retry(&Policy::http()).on(steadfast_clock::TokioTimer::new()).await;
    assert_eq!(done.unwrap().value, "pong");
    let shown = format!("{:?}", ping.retry(&Policy::http()).when(Verdict::of));
    assert!(shown.starts_with("Retried { policy: Policy"), "{shown}");
}
