//! The laws of the pool for tests.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::Clock;
use steadfast_pool::backoff::Policy;
use steadfast_pool::mock::{MockPool, MockResponse, When};
use steadfast_pool::{Request, Timeouts};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    /// Each request has the first reply left of the first route that it meets, and `verify` is content exactly when every
    /// reply that was expected came and every request had one.
    #[test]
    fn replies_are_given_in_order_and_nothing_is_overlooked(
        routes in proptest::collection::vec((0_u8..3, 0_u64..3, any::<bool>()), 0..5),
        requests in proptest::collection::vec(0_u8..3, 0..12),
    ) {
        let pool = MockPool::build(|pool| pool.retry(Policy::disabled()).without_breaker()).unwrap();
        for (number, (host, times, always)) in (0_u16..).zip(&routes) {
            let route = pool.when(When::host(&format!("h{host}")));
            route.times(*times, MockResponse::status(200 + number));
            if *always {
                route.always(MockResponse::status(300 + number));
            }
        }
        let mut left: Vec<u64> = routes.iter().map(|(_, times, _)| *times).collect();
        let mut unexpected = 0;
        for host in requests {
            let expected = (0_u16..).zip(&routes).zip(&mut left).find_map(|((number, (of, _, always)), left)| {
                if *of != host || (*left == 0 && !always) {
                    return None;
                }
                let status = if *left > 0 { 200 } else { 300 };
                *left = left.saturating_sub(1);
                Some(status + number)
            });
            let got = block_on(pool.execute(Request::get(&format!("http://h{host}/")).unwrap()));
            prop_assert_eq!(got.ok().map(|answer| answer.status().as_u16()), expected);
            unexpected += usize::from(expected.is_none());
        }
        let missing = left.iter().filter(|left| **left > 0).count();
        match pool.verify() {
            Ok(()) => prop_assert_eq!((missing, unexpected), (0, 0)),
            Err(unmet) => prop_assert_eq!((unmet.missing.len(), unmet.unexpected.len()), (missing, unexpected)),
        }
    }

    /// However many calls wait at once, each ends when its own latency is over and not at any other time.
    #[test]
    fn time_moves_to_what_is_due_and_not_beyond(latencies in proptest::collection::vec(0_u64..100_000, 1..6)) {
        let timeouts = Timeouts::streaming().header(Duration::from_secs(1000));
        let pool = Arc::new(MockPool::new());
        let start = pool.clock().now();
        let ended = block_on(async {
            let mut calls = tokio::task::JoinSet::new();
            for (number, millis) in latencies.iter().enumerate() {
                let (pool, latency) = (Arc::clone(&pool), Duration::from_millis(*millis));
                pool.add_response(&format!("h{number}"), MockResponse::status(200).latency(latency));
                let request = Request::get(&format!("http://h{number}/")).unwrap().timeouts(timeouts);
                calls.spawn(async move {
                    pool.execute(request).await.unwrap();
                    (latency, pool.clock().now())
                });
            }
            calls.join_all().await
        });
        for (latency, at) in ended {
            prop_assert_eq!(at.since(start), latency);
        }
    }
}
