//! Laws of shared calls.

use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use steadfast_clock::Clock;
use steadfast_pool::mock::{MockPool, MockResponse, When};
use steadfast_pool::{CallContext, Request};

proptest! {
    /// However many ask for the same while the call is under way, and whenever any of them gives up, there is exactly one
    /// call while somebody waits for it; whoever waits long enough has the answer; and every caller is accounted for.
    #[test]
    fn one_call_for_all_whoever_leaves(patience in proptest::collection::vec(1_u64..200, 1..12)) {
        let pool = MockPool::build(|pool| pool.coalesce(true)).unwrap();
        pool.when(When::any()).always(MockResponse::status(200).body("x").latency(Duration::from_millis(100)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let now = pool.clock().now();
        let calls = join_all(patience.iter().map(|patience| {
            let deadline = now.saturating_add(Duration::from_millis(*patience));
            let request = Request::get("http://host/").unwrap().context(CallContext::new().deadline(deadline));
            let pool = pool.pool().clone();
            async move { pool.execute(request).await }
        }));
        // As a task, it takes turns with the call's own.
        let answers = runtime.block_on(async { tokio::spawn(calls).await }).unwrap();
        prop_assert_eq!(pool.requests().len(), 1);
        for (answer, patience) in answers.iter().zip(&patience) {
            // At the very moment either may be first.
            if *patience != 100 {
                prop_assert_eq!(answer.is_ok(), *patience > 100);
            }
        }
        let metrics = pool.metrics();
        prop_assert_eq!(metrics.requests, patience.len() as u64);
        prop_assert_eq!(metrics.requests, metrics.succeeded + metrics.failed);
        prop_assert_eq!(metrics.active, 0);
    }
}
