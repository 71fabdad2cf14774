//! One call: what is asked for, with which leave, and what must be true of its end.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use steadfast_clock::Clock;
use steadfast_pool::{Attempt, CallContext, ErrorKind, Pool, Request, Resend};
use steadfast_testkit::Chaos;

use super::town::{ATTEMPTS, patient};
use crate::proof::pause;

/// How a call goes.
pub(super) struct Course {
    how: How,
    pub(super) leave: Leave,
    /// The deadline of all attempts.
    deadline: Option<Duration>,
    /// The caller goes away after so long.
    patience: Option<Duration>,
    /// Servers may take their time.
    calm: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Get,
    /// Read as it comes.
    Stream,
    Put,
    Post(Resend),
    /// With a key that makes it idempotent.
    Keyed,
}

/// Whether a request may be executed again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    Granted,
    /// Where a connection was closed that had served before.
    Once,
    Denied,
}

impl Course {
    /// Against servers that fail.
    pub(super) fn rough(n: u64) -> Self {
        let how = match n / 4 % 8 {
            0 | 1 => How::Get,
            2 => How::Stream,
            3 => How::Put,
            4 => How::Keyed,
            5 => How::Post(Resend::Always),
            6 => How::Post(Resend::Stale),
            _ => How::Post(Resend::ByMethod),
        };
        let leave = match how {
            How::Post(Resend::ByMethod) => Leave::Denied,
            How::Post(Resend::Stale) => Leave::Once,
            _ => Leave::Granted,
        };
        let deadline = Some(Duration::from_millis(if n % 11 == 0 { 15 } else { 3_000 }));
        let patience = (n % 97 == 0 && how != How::Stream).then(|| Duration::from_millis(n % 5));
        Self { how, leave, deadline, patience, calm: false }
    }

    /// Against servers that are well.
    pub(super) fn calm(n: u64) -> Self {
        Self { deadline: None, patience: None, calm: true, ..Self::rough(n) }
    }

    /// Harmless, against servers that are well.
    pub(super) fn probe(n: u64) -> Self {
        Self { how: How::Get, leave: Leave::Granted, ..Self::calm(n) }
    }
}

/// How a call ended.
#[derive(Default)]
pub(super) struct Ended {
    /// With the whole answer, or for streams with its head.
    pub(super) succeeded: bool,
    /// Otherwise.
    pub(super) kind: Option<ErrorKind>,
    /// The caller went away.
    pub(super) cancelled: bool,
    pub(super) attempts: u64,
}

/// Makes the call of this number to the server that it is for.
pub(super) async fn make(pool: &Pool, urls: &[String], n: u64, course: &Course) -> Ended {
    let (method, body) = match course.how {
        How::Get | How::Stream => (Method::GET, Vec::new()),
        How::Put => (Method::PUT, content(n)),
        How::Post(_) | How::Keyed => (Method::POST, content(n)),
    };
    let target = format!("/{n}?of={n}");
    let expected = Chaos::answer_to(method.as_str(), &target, Some(n), &body);
    let base = &urls[usize::try_from(n).unwrap() % urls.len()];
    let request = Request::new(method, &format!("{base}{target}")).unwrap();
    let mut request = request.header(HeaderName::from_static("x-request-number"), HeaderValue::from(n));
    if !body.is_empty() {
        request = request.body(body);
    }
    let mut context = CallContext::new();
    match course.how {
        How::Post(resend) => context = context.resend(resend),
        How::Keyed => {
            request = request.header(HeaderName::from_static("idempotency-key"), HeaderValue::from(n));
        }
        _ => {}
    }
    if course.calm {
        request = request.timeouts(patient());
    }
    let started = pool.timer().now();
    if let Some(deadline) = course.deadline {
        context = context.deadline(started.saturating_add(deadline));
    }
    let request = request.context(context);
    let ended = match (course.how, course.patience) {
        (How::Stream, _) => stream(pool, request, n, course, &expected).await,
        (_, None) => whole(pool, request, n, course, &expected).await,
        (_, Some(patience)) => tokio::select! {
            // A call that nobody ever polled is none.
            biased;
            ended = whole(pool, request, n, course, &expected) => ended,
            () = pause(pool.timer(), patience) => Ended { cancelled: true, ..Ended::default() },
        },
    };
    if ended.kind == Some(ErrorKind::BreakerOpen) && !course.calm {
        pause(pool.timer(), Duration::from_millis(2)).await;
    }
    ended
}

async fn whole(pool: &Pool, request: Request, n: u64, course: &Course, expected: &[u8]) -> Ended {
    match pool.execute(request).await {
        Ok(answer) => {
            check_ledger(n, course, answer.attempts(), None);
            let status = answer.status().as_u16();
            check_answer(n, status, (status == 200).then_some(answer.body()), expected);
            came(status, answer.attempts())
        }
        Err(error) => failed(n, course, &error),
    }
}

async fn stream(pool: &Pool, request: Request, n: u64, course: &Course, expected: &[u8]) -> Ended {
    let mut answer = match pool.stream(request).await {
        Ok(answer) => answer,
        Err(error) => return failed(n, course, &error),
    };
    check_ledger(n, course, answer.attempts(), None);
    let ended = came(answer.status().as_u16(), answer.attempts());
    let status = answer.status().as_u16();
    match answer.rest(1 << 20).await {
        Ok(body) => check_answer(n, status, (status == 200).then_some(&body), expected),
        Err(error) => assert!(!course.calm && is_of_the_way(error.kind()), "{n}: {error:?}"),
    }
    ended
}

fn came(status: u16, attempts: &[Attempt]) -> Ended {
    Ended { succeeded: status == 200, attempts: attempts.len() as u64, ..Ended::default() }
}

/// An answer is whole and its own, or says that the server could not.
fn check_answer(n: u64, status: u16, body: Option<&bytes::Bytes>, expected: &[u8]) {
    match body {
        Some(body) => assert!(**body == *expected, "{n} has the answer {body:?}"),
        None => assert!([429, 500, 502, 503, 504].contains(&status), "{n}: {status}"),
    }
}

fn failed(n: u64, course: &Course, error: &steadfast_pool::Error) -> Ended {
    let kind = error.kind();
    assert!(is_of_the_way(kind) || is_of_the_gate(kind), "{n}: {error:?}");
    check_ledger(n, course, error.attempts(), Some(kind));
    Ended { kind: Some(kind), attempts: error.attempts().len() as u64, ..Ended::default() }
}

/// What may befall an attempt.
fn is_of_the_way(kind: ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(
        kind,
        K::Refused
            | K::Connect
            | K::Tls
            | K::Timeout(_)
            | K::Closed
            | K::Reset
            | K::GoAway
            | K::StreamRefused
            | K::Protocol
            | K::Deadline
    )
}

/// What keeps an attempt from beginning.
fn is_of_the_gate(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BreakerOpen | ErrorKind::RateLimited | ErrorKind::Busy | ErrorKind::Deadline)
}

/// The ledger agrees with the end, with the policy, with the deadline and with the leave.
fn check_ledger(n: u64, course: &Course, attempts: &[Attempt], kind: Option<ErrorKind>) {
    let told = || format!("{n}: {kind:?} {attempts:#?}");
    assert!(attempts.len() <= ATTEMPTS as usize, "{}", told());
    assert!(attempts.iter().zip(1..).all(|(attempt, number)| attempt.number == number), "{}", told());
    let gated = kind.is_some_and(is_of_the_gate);
    let waited = attempts.iter().filter(|attempt| attempt.wait.is_some()).count();
    assert!(waited + 1 == attempts.len() || (gated && waited == attempts.len()), "{}", told());
    if kind.is_none() {
        assert!(attempts.last().is_some_and(|last| last.error.is_none() && last.status.is_some()), "{}", told());
    } else if waited < attempts.len() {
        assert!(attempts.last().is_some_and(|last| last.error.is_some()), "{}", told());
    }
    // What began, began before the deadline: up to there the times are those of the attempts and waits before.
    let spent: Duration = attempts.iter().filter_map(|attempt| Some(attempt.elapsed + attempt.wait?)).sum();
    assert!(course.deadline.is_none_or(|deadline| spent <= deadline), "{}", told());
    let repeated = attempts.iter().filter(|attempt| attempt.maybe_executed && attempt.wait.is_some()).count();
    match course.leave {
        Leave::Granted => {}
        Leave::Once => assert!(repeated <= 1, "{}", told()),
        Leave::Denied => assert_eq!(repeated, 0, "{}", told()),
    }
}

/// What goes out: of every number another length.
fn content(n: u64) -> Vec<u8> {
    let text = format!("this is what is sent as number {n}; ");
    text.repeat(1 + usize::try_from(n % 40).unwrap()).into_bytes()
}
