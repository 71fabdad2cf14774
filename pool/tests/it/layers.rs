//! What a call shares with the layers above and tells them: attempts, deadline, budget, and each retry.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use steadfast_clock::{Clock, Nanos};
use steadfast_pool::backoff::{Carried, RetryBudget, Stop};
use steadfast_pool::{Body, CallContext, ErrorKind, HostConfig, Reached, Request, TransportErrorKind};

use crate::rig::{Told, failed, rig, status};

fn get() -> Request {
    Request::get("http://host/").unwrap()
}

#[tokio::test]
async fn retries_of_layers_do_not_multiply() {
    let transport = Told::new((0..20).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()).without_breaker());
    let whole = Carried::new(NonZeroU32::new(5).unwrap());
    let mut stops = Vec::new();
    // A layer above that tries three times, where the pool would try four times each.
    for _ in 0..3 {
        if !whole.begin() {
            break;
        }
        let Some(below) = whole.below() else { break };
        let response = rig.pool.execute(get().context(CallContext::new().carry(below))).await.unwrap();
        stops.push(response.stop().copied());
    }
    assert_eq!((transport.sent(), whole.attempts()), (5, 5));
    assert_eq!(stops, [Some(Stop::AttemptsSpent); 2]);
}

#[tokio::test]
async fn the_earlier_deadline_stands_and_what_is_not_made_is_given_back() {
    let transport = Told::new((0..20).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let soon = rig.clock.now().saturating_add(Duration::from_millis(500));
    let whole = Carried::new(NonZeroU32::new(9).unwrap()).by(soon);
    assert!(whole.begin());
    let context = CallContext::new().deadline(soon.saturating_add(Duration::from_secs(60)));
    let context = context.carry(whole.below().unwrap());
    let response = rig.pool.execute(get().context(context)).await.unwrap();
    assert!(matches!(response.stop(), Some(Stop::DeadlineTooSoon { .. })));
    assert_eq!((transport.sent(), whole.attempts()), (1, 1));
    rig.clock.advance(Duration::from_secs(1));
    let context = CallContext::new().carry(whole.below().unwrap());
    assert_eq!(rig.pool.execute(get().context(context)).await.unwrap_err().kind(), ErrorKind::Deadline);
}

#[tokio::test]
async fn each_retry_is_told_with_its_attempt_its_error_and_its_delay() {
    for stream in [false, true] {
        let transport = Told::new([
            status(503),
            Ok((429, vec![("retry-after", String::from("7"))], "")),
            failed(TransportErrorKind::Refused, Reached::NotConnected),
            status(200),
        ]);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let request = get().on_retry(move |attempt, error, delay| {
            told.lock().unwrap().push((attempt, error.kind(), error.retry_after(), error.to_string(), delay));
        });
        if stream {
            rig.pool.stream(request).await.unwrap();
        } else {
            rig.pool.execute(request).await.unwrap();
        }
        let seen = seen.lock().unwrap();
        let kinds: Vec<_> = seen.iter().map(|(attempt, kind, after, ..)| (*attempt, *kind, *after)).collect();
        let after = Some(Duration::from_secs(7));
        let expected =
            [(1, ErrorKind::Status(503), None), (2, ErrorKind::Status(429), after), (3, ErrorKind::Refused, None)];
        assert_eq!(kinds, expected);
        assert_eq!(seen[2].3, "GET http://host/: connection refused");
        assert_eq!(seen.iter().map(|told| told.4).collect::<Vec<_>>(), rig.waits.all());
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_sent_again_is_named_as_the_reason() {
    let once = || Body::once(Box::pin(Full::new(Bytes::from_static(b"x")).map_err(|never| match never {})));
    let transport = Told::new([failed(TransportErrorKind::Refused, Reached::NotConnected)]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let error =
        rig.pool.execute(Request::new(http::Method::PUT, "http://host/").unwrap().body(once())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.stop(), Some(&Stop::NotRetryable));
    assert_eq!(
        error.to_string(),
        "PUT http://host/: connection refused; not tried again: the body cannot be sent a second time"
    );
}

#[tokio::test]
async fn budgets_are_the_calls_else_the_hosts_else_the_pools() {
    let budget = |reserve| {
        let budget = RetryBudget::builder().ratio(0.0).floor(0.0).reserve(reserve).build().unwrap();
        Arc::new(budget)
    };
    let (pools, hosts, calls) = (budget(9), budget(9), budget(9));
    let transport = Told::new((0..20).map(|_| status(503)));
    let rig = rig(|pool| {
        let host = HostConfig::new().budget(hosts.clone());
        pool.transport(transport.clone()).without_breaker().budget(pools.clone()).host("host", host)
    });
    rig.pool.execute(get().context(CallContext::new().budget(calls.clone()))).await.unwrap();
    rig.pool.execute(get()).await.unwrap();
    rig.pool.execute(Request::get("http://other/").unwrap()).await.unwrap();
    assert_eq!([pools.granted(), hosts.granted(), calls.granted()], [3, 3, 3]);
    assert_eq!(pools.available(Nanos::ZERO), 6);
}
