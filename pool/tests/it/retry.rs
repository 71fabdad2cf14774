//! When the pool tries again, how long it waits, and what it says in the end.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use steadfast_clock::Clock;
use steadfast_pool::backoff::{Policy, StatusSet, Stop};
use steadfast_pool::{CallContext, ErrorKind, Reached, Request};
use steadfast_testkit::{Reply, Script, Server};

use crate::rig::{Told, rig, status};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn post(url: &str) -> Request {
    Request::new(Method::POST, url).unwrap().body("hello")
}

#[tokio::test]
async fn retries_over_real_sockets_until_it_succeeds() {
    let script = Script::new()
        .then(Reply::status(503))
        .then(Reply::status(429).header("retry-after", "7"))
        .always(Reply::status(200).body("done"));
    let server = Server::start(script).await.unwrap();
    let rig = rig(|pool| pool);
    let response = rig.pool.execute(post(server.url())).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text(), "done");
    let statuses: Vec<_> = response.attempts().iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(503), Some(429), Some(200)]);
    assert_eq!(rig.waits.hinted(), [false, true]);
    let waits = rig.waits.all();
    assert!(waits[0] >= secs(1) && waits[0] <= Duration::from_millis(1100), "{waits:?}");
    assert!(waits[1] >= secs(7) && waits[1] <= Duration::from_millis(7700), "{waits:?}");
    assert_eq!(response.attempts()[1].wait, Some(waits[1]));
    assert!(response.attempts()[1].hinted);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|request| request.body == "hello" && request.complete));
}

/// The seed's storm: five times 503, then success: six requests, waits of exactly 1, 2, 4, 8 and 16 s.
#[tokio::test]
async fn retry_storm() {
    let transport = Told::new((0..5).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()).without_breaker());
    let policy = Policy::delivery().with_attempts(6).unwrap();
    let start = rig.clock.now();
    let response = rig.pool.execute(post("http://host/").retry(policy)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(transport.sent(), 6);
    assert_eq!(rig.waits.all(), [1, 2, 4, 8, 16].map(secs));
    assert_eq!(rig.clock.now().since(start), secs(31));
}

#[tokio::test]
async fn an_answer_is_ok_whatever_its_status_once_retries_are_over() {
    let transport = Told::new((0..9).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let response = rig.pool.execute(post("http://host/x?key=secret")).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.stop(), Some(&Stop::AttemptsSpent));
    assert_eq!(transport.sent(), 4);
    let error = response.error_for_status().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(503));
    assert_eq!(error.attempts().len(), 4);
    assert_eq!(error.to_string(), "POST http://host/x: HTTP 503, after 4 attempts");
}

#[tokio::test]
async fn statuses_that_are_not_of_the_set_are_final() {
    for code in [200, 204, 301, 400, 401, 404, 500] {
        let transport = Told::new([status(code)]);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let response = rig.pool.execute(post("http://host/")).await.unwrap();
        assert_eq!((response.status().as_u16(), transport.sent()), (code, 1));
        assert_eq!(response.stop(), None);
    }
}

#[tokio::test]
async fn the_set_of_statuses_can_be_chosen_for_a_request() {
    let transport = Told::new([status(500), status(200)]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let request = post("http://host/").classify(Arc::new(StatusSet::STANDARD));
    assert_eq!(rig.pool.execute(request).await.unwrap().status(), 200);
    assert_eq!(transport.sent(), 2);
}

#[tokio::test]
async fn a_wait_beyond_the_cap_is_not_slept_but_told() {
    let transport = Told::new([Ok((429, vec![("retry-after", String::from("3600"))], ""))]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let response = rig.pool.execute(post("http://host/")).await.unwrap();
    assert_eq!(transport.sent(), 1);
    assert!(rig.waits.all().is_empty());
    assert_eq!(response.retry_after(), Some(secs(3600)));
    assert_eq!(response.stop(), Some(&Stop::HintAboveCap { hint: secs(3600), cap: secs(60) }));
    assert_eq!(response.error_for_status().unwrap_err().retry_after(), Some(secs(3600)));
}

#[tokio::test]
async fn milliseconds_beat_seconds_and_dates_are_read_by_the_servers_own_clock() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let transport = Told::new([
        Ok((429, vec![("retry-after-ms", String::from("2500")), ("retry-after", String::from("9"))], "")),
        Ok((503, vec![("retry-after", String::from("Sun, 06 Nov 1994 08:49:49 GMT")), ("date", date.to_owned())], "")),
    ]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    rig.pool.execute(post("http://host/")).await.unwrap();
    let waits = rig.waits.all();
    assert!(waits[0] >= Duration::from_millis(2500) && waits[0] <= Duration::from_millis(2750), "{waits:?}");
    assert!(waits[1] >= secs(12) && waits[1] <= Duration::from_millis(13_200), "{waits:?}");
}

#[tokio::test]
async fn a_field_that_cannot_be_read_is_passed_over() {
    let field = |name, value: &str| (name, value.to_owned());
    let transport = Told::new([
        Ok((429, vec![field("retry-after-ms", "soon"), field("retry-after-ms", "20"), field("retry-after", "9")], "")),
        // A number is no date, so this moment is told by our own calendar, where it is long past.
        Ok((503, vec![field("retry-after", "Thu, 01 Jan 1970 00:00:30 GMT"), field("date", "20")], "")),
    ]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    rig.pool.execute(post("http://host/")).await.unwrap();
    let waits = rig.waits.all();
    assert!((20..=22).contains(&waits[0].as_millis()), "{waits:?}");
    assert_eq!(rig.waits.hinted(), [true, false], "{waits:?}");
}

#[tokio::test]
async fn a_wait_that_cannot_end_before_the_deadline_is_not_begun() {
    let transport = Told::new((0..9).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let deadline = rig.clock.now().saturating_add(secs(3));
    let request = post("http://host/").context(CallContext::new().deadline(deadline));
    let response = rig.pool.execute(request).await.unwrap();
    assert!(matches!(response.stop(), Some(Stop::DeadlineTooSoon { .. })));
    assert_eq!(transport.sent(), 2);
}

#[tokio::test]
async fn a_deadline_that_has_passed_sends_nothing() {
    let transport = Told::new([]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let request = post("http://host/").context(CallContext::new().deadline(rig.clock.now()));
    let error = rig.pool.execute(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(transport.sent(), 0);
}

#[tokio::test]
async fn attempts_of_layers_above_count() {
    let transport = Told::new((0..9).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let request = post("http://host/").context(CallContext::new().attempts_before(2));
    let response = rig.pool.execute(request).await.unwrap();
    assert_eq!(transport.sent(), 2);
    assert_eq!(response.attempts().last().unwrap().number, 4);
}

#[tokio::test]
async fn a_spent_budget_ends_the_retries() {
    #[derive(Debug)]
    struct Spent;
    impl steadfast_pool::backoff::Budget for Spent {
        fn deposit(&self, _: steadfast_clock::Nanos) {}
        fn withdraw(&self, _: u32, _: steadfast_clock::Nanos) -> bool {
            false
        }
    }
    let transport = Told::new((0..9).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let request = post("http://host/").context(CallContext::new().budget(Arc::new(Spent)));
    let response = rig.pool.execute(request).await.unwrap();
    assert_eq!(response.stop(), Some(&Stop::BudgetSpent));
    assert_eq!(transport.sent(), 1);
}

#[tokio::test]
async fn the_observer_of_a_request_is_told_of_each_wait() {
    let transport = Told::new([status(503), status(502)]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let told = Arc::new(crate::rig::Waits::default());
    rig.pool.execute(post("http://host/").observer(told.clone())).await.unwrap();
    assert_eq!(told.all(), rig.waits.all());
    let told = told.told.lock().unwrap().join("\n");
    assert!(told.contains("attempt: 2, max: 4, what: \"HTTP 503\""), "{told}");
}

#[tokio::test]
async fn a_hundred_calls_at_once_share_one_pool() {
    let script = (0..100).fold(Script::new(), |script, _| script.then(Reply::status(503)));
    let server = Server::start(script.always(Reply::status(200))).await.unwrap();
    // One clock moves for all of them at every wait of any, so that no limit may strike.
    let hours = Duration::from_secs(1_000_000);
    let timeouts = steadfast_pool::Timeouts::streaming().header(hours).stall(hours);
    let rig = rig(|pool| pool.without_breaker().config(steadfast_pool::PoolConfig::new().timeouts(timeouts)));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (pool, request) = (rig.pool.clone(), post(server.url()));
            tokio::spawn(async move { pool.execute(request).await.unwrap() })
        })
        .collect();
    for call in calls {
        let response = call.await.unwrap();
        assert!(response.attempts().iter().all(|attempt| attempt.reached == Reached::Body));
    }
    let metrics = rig.pool.metrics();
    assert_eq!(metrics.requests, 100);
    assert_eq!(metrics.attempts - metrics.retries, 100);
    assert_eq!(metrics.attempts, u64::try_from(server.seen().len()).unwrap());
}

/// The request's own policy comes first, then the host's, then the pool's.
#[tokio::test]
async fn a_host_can_have_its_own_policy() {
    let transport = Told::new((0..99).map(|_| status(503)));
    let rig = rig(|pool| pool.transport(transport.clone()).without_breaker().retry(Policy::delivery()));
    let config = steadfast_pool::HostConfig::new().retry(Policy::aggressive());
    rig.pool.configure_host("own", config).unwrap();
    for (request, attempts) in
        [(post("http://other/"), 3), (post("http://own/"), 6), (post("http://own/").retry(Policy::disabled()), 1)]
    {
        assert_eq!(rig.pool.execute(request).await.unwrap().attempts().len(), attempts);
    }
}

#[tokio::test]
async fn success_pays_into_the_budget() {
    #[derive(Debug, Default)]
    struct Counted(std::sync::atomic::AtomicU32);
    impl steadfast_pool::backoff::Budget for Counted {
        fn deposit(&self, _: steadfast_clock::Nanos) {
            self.0.fetch_add(100, std::sync::atomic::Ordering::Relaxed);
        }
        fn withdraw(&self, cost: u32, _: steadfast_clock::Nanos) -> bool {
            self.0.fetch_add(cost, std::sync::atomic::Ordering::Relaxed);
            true
        }
    }
    let rig = rig(|pool| pool.transport(Told::new([status(503), status(200)])));
    let budget = Arc::new(Counted::default());
    let context = CallContext::new().budget(budget.clone());
    rig.pool.execute(post("http://host/").context(context)).await.unwrap();
    assert_eq!(budget.0.load(std::sync::atomic::Ordering::Relaxed), 101);
}
