//! Laws of hedging.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_pool::backoff::RetryBudget;
use steadfast_pool::mock::{MockPool, MockResponse, When};
use steadfast_pool::{Hedging, Request};

proptest! {
    /// Whatever the latencies, hedges never exceed what their budget has in reserve and its share of the calls answered; each
    /// call has one answer, of the attempt that was the first to end; and what was sent is what the ledgers tell.
    #[test]
    fn hedges_are_a_bounded_share_and_never_slow_a_call(
        latencies in proptest::collection::vec(0_u64..400, 24),
        reserve in 1_u32..4,
        tenths in 0_u32..6,
    ) {
        let ratio = f64::from(tenths) / 10.0;
        let budget = Arc::new(RetryBudget::builder().ratio(ratio).floor(0.0).reserve(reserve).build().unwrap());
        let pool = MockPool::new();
        let route = pool.when(When::any());
        for latency in &latencies {
            route.then(MockResponse::status(200).latency(Duration::from_millis(*latency)));
        }
        let hedging = Hedging::after(Duration::from_millis(100)).budget(budget);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut ledger = 0;
        for _ in 0..12 {
            let first = latencies[ledger];
            let request = Request::get("http://host/").unwrap().hedge(hedging.clone());
            let answer = runtime.block_on(pool.execute(request)).unwrap();
            let alone = Duration::from_millis(first);
            let expected = match answer.attempts().len() {
                1 => alone,
                _ => alone.min(Duration::from_millis(100 + latencies[ledger + 1])),
            };
            prop_assert_eq!(answer.elapsed(), expected);
            ledger += answer.attempts().len();
        }
        let metrics = pool.metrics();
        prop_assert_eq!(pool.requests().len(), ledger);
        prop_assert_eq!(metrics.attempts, metrics.requests + metrics.hedges);
        prop_assert!(metrics.hedges as f64 <= f64::from(reserve) + ratio * 12.0 + 1e-6);
        prop_assert!(metrics.hedges_won <= metrics.hedges);
    }
}
