//! The law of the line.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::{Clock, ManualClock, Nanos};
use steadfast_ratelimit::{Denied, Grant, Limiter, Quota, RateLimiter};

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Grant, Denied>> + Send + 'a>>;

const INTERVAL: Duration = Duration::from_millis(100);

/// One who waits for a cost, and gives up once so many others have been served.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    cost: u64,
    patience: Option<usize>,
}

fn waiters() -> impl Strategy<Value = (u64, Vec<Waiter>)> {
    (1u64..5).prop_flat_map(|burst| {
        let waiter = (1..=burst, prop::option::of(0usize..8)).prop_map(|(cost, patience)| Waiter { cost, patience });
        (Just(burst), prop::collection::vec(waiter, 1..12))
    })
}

/// Who is served and when: everyone in turn who has not given up by then, after the intervals that its cost takes.
fn expected(waiters: &[Waiter], start: Nanos) -> Vec<(usize, Nanos)> {
    let mut served = Vec::new();
    let mut due = start;
    for (number, waiter) in waiters.iter().enumerate() {
        if waiter.patience.is_none_or(|patience| patience > served.len()) {
            due = due.saturating_add(INTERVAL * u32::try_from(waiter.cost).unwrap());
            served.push((number, due));
        }
    }
    served
}

proptest! {
    /// Waiters are served in the order in which they came, whoever is polled first, each when its cost and those before
    /// it are earned; one who gives up costs the others nothing.
    #[test]
    fn waiters_are_served_in_order_and_giving_up_costs_nothing((burst, waiters) in waiters(), backwards: bool) {
        let clock = ManualClock::new();
        let quota = Quota::new(1, INTERVAL).unwrap().burst(burst).unwrap();
        let limiter = RateLimiter::with_clock(quota, clock.clone());
        let start = clock.now();
        prop_assert!(limiter.take(burst, start).is_allowed());
        let mut cx = Context::from_waker(Waker::noop());
        let mut line: Vec<Option<Waiting<'_>>> = Vec::new();
        for waiter in &waiters {
            let mut waiting: Waiting<'_> = Box::pin(limiter.acquire(waiter.cost, None, &clock));
            prop_assert!(waiting.as_mut().poll(&mut cx).is_pending());
            line.push(Some(waiting));
        }
        let mut served = Vec::new();
        loop {
            for (place, waiter) in line.iter_mut().zip(&waiters) {
                if waiter.patience.is_some_and(|patience| patience <= served.len()) {
                    *place = None;
                }
            }
            let mut order: Vec<usize> = (0..line.len()).collect();
            if backwards {
                order.reverse();
            }
            let mut anyone = false;
            for number in order {
                let Some(waiting) = &mut line[number] else { continue };
                if let Poll::Ready(grant) = waiting.as_mut().poll(&mut cx) {
                    line[number] = None;
                    served.push((number, grant.unwrap().at()));
                    anyone = true;
                    break;
                }
            }
            if !anyone && clock.advance_to_next().is_none() {
                break;
            }
        }
        prop_assert!(line.iter().all(Option::is_none), "nobody is left behind");
        prop_assert_eq!(served, expected(&waiters, start));
    }
}
