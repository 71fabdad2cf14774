//! Waiting by a clock that ticks coarsely.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, Nanos, Timer, TokioTimer};
use steadfast_ratelimit::{Quota, RateLimiter};

use crate::bound::excess;

/// A clock and timer that only tick every 4 ms, as the coarse ones of some systems do.
#[derive(Clone, Copy)]
struct FourMillis;

const TICK: u64 = 4_000_000;

impl Clock for FourMillis {
    fn now(&self) -> Nanos {
        Nanos::from_nanos(TokioTimer::new().now().as_nanos() / TICK * TICK)
    }
}

impl Timer for FourMillis {
    type Sleep = <TokioTimer as Timer>::Sleep;

    fn sleep_until(&self, at: Nanos) -> Self::Sleep {
        TokioTimer::new().sleep_until(Nanos::from_nanos(at.as_nanos().div_ceil(TICK) * TICK))
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_on_a_four_millisecond_tick_gets_its_ten_thousand_a_second() {
    let limiter = Arc::new(RateLimiter::new(Quota::per_second(10_000).unwrap()));
    let start = FourMillis.now();
    let end = start.saturating_add(Duration::from_secs(1));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move {
                let mut stamps = Vec::new();
                while FourMillis.now() < end {
                    stamps.push(limiter.acquire(1, None, &FourMillis).await.unwrap().at().as_nanos());
                }
                stamps
            })
        })
        .collect();
    let mut stamps = Vec::new();
    for task in tasks {
        stamps.extend(task.await.unwrap());
    }
    let in_time = stamps.iter().filter(|stamp| **stamp < end.as_nanos()).count();
    assert!((9_900..=10_001).contains(&in_time), "{in_time}");
    assert_eq!(excess(limiter.quota(), stamps.into_iter().map(|at| (at, 1)).collect()), None);
}
