//! The laws of what a call carries.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use std::time::Duration;
use steadfast_backoff::{Carried, Driver, Hedge, Jitter, Policy, Verdict};
use steadfast_clock::{Clock, ManualClock, Nanos, Timer};

use crate::drive;

/// The attempts of each layer, the outermost first, and how far its deadline is off, in seconds.
type Layers = Vec<(u32, u64)>;

/// One layer and all below it. Answers after `failures` sends; counts them, and tells the deadline of the lowest.
async fn layer(
    clock: &ManualClock,
    carried: Carried,
    layers: &[(u32, u64)],
    failures: u32,
    sends: &AtomicU32,
) -> Result<Option<Nanos>, &'static str> {
    let Some(((attempts, within), below)) = layers.split_first() else {
        let sent = sends.fetch_add(1, Ordering::Relaxed);
        return if sent < failures { Err("refused") } else { Ok(carried.deadline()) };
    };
    let policy = Policy::delivery().with_jitter(Jitter::None).unwrap().with_attempts(*attempts).unwrap();
    let carried = carried.by(Nanos::from_nanos(within * 1_000_000_000));
    let driver = Driver::with_entropy(&policy, clock, || 0).carry(&carried);
    let run = driver.run(
        |_| {
            let lower = carried.below();
            async move { Box::pin(layer(clock, lower.ok_or("none left")?, below, failures, sends)).await }
        },
        Verdict::unless_ok,
    );
    run.await.map(|done| done.value).map_err(|failed| failed.error)
}

fn layers() -> impl Strategy<Value = Layers> {
    prop::collection::vec((1..5u32, 1_000_000..2_000_000u64), 1..4)
}

/// Runs the layers on a clock of their own; tells the result, how often was sent, and how many attempts were counted.
fn run(layers: &[(u32, u64)], limit: u32, failures: u32) -> (Result<Option<Nanos>, &'static str>, u32, u32) {
    let clock = ManualClock::new();
    let sends = AtomicU32::new(0);
    let carried = Carried::new(NonZeroU32::new(limit).unwrap());
    let outermost = carried.below().unwrap();
    let result = drive(&clock, layer(&clock, outermost, layers, failures, &sends));
    assert!(clock.now() < Nanos::from_nanos(1_000_000_000_000_000));
    (result, sends.into_inner(), carried.attempts())
}

proptest! {
    /// However many layers there are, a call makes no more sends than it carries attempts, none of which is counted twice;
    /// and it makes all of them, and all that its layers allow, before it gives up.
    #[test]
    fn layers_do_not_multiply(layers in layers(), limit in 1..20u32) {
        let allowed = layers.iter().map(|(attempts, _)| attempts).product::<u32>();
        let (result, sends, counted) = run(&layers, limit, u32::MAX);
        prop_assert!(result.is_err());
        prop_assert_eq!(sends, allowed.min(limit));
        prop_assert_eq!(counted, sends);
    }

    /// A call that succeeds makes as many sends as it needs, and the lowest layer knows the earliest deadline of all.
    #[test]
    fn the_earliest_deadline_comes_through(layers in layers(), failures in 0..4u32) {
        let (result, sends, counted) = run(&layers, 100, failures);
        prop_assert_eq!(counted, sends);
        let earliest = layers.iter().map(|(_, within)| Duration::from_secs(*within)).min();
        if let Ok(deadline) = result {
            prop_assert_eq!(deadline.map(|at| at.since(Nanos::ZERO)), earliest);
            prop_assert_eq!(sends, failures + 1);
        }
    }
}

/// A layer that retries, or one that hedges, with its attempts.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Retries(u32),
    Hedges(u32),
}

/// Layers of both kinds above a send that takes ten times the delay of a hedge, and fails.
async fn mixed(clock: &ManualClock, carried: Carried, layers: &[Kind], sends: &AtomicU32) -> Result<(), &'static str> {
    let Some((kind, below)) = layers.split_first() else {
        sends.fetch_add(1, Ordering::Relaxed);
        clock.sleep_until(clock.now().saturating_add(Duration::from_millis(10))).await;
        return Err("refused");
    };
    let operation = |_| {
        let lower = carried.below();
        async move { Box::pin(mixed(clock, lower.ok_or("none left")?, below, sends)).await }
    };
    match *kind {
        Kind::Retries(attempts) => {
            let policy = Policy::delivery().with_jitter(Jitter::None).unwrap().with_attempts(attempts).unwrap();
            let driver = Driver::with_entropy(&policy, clock, || 0).carry(&carried);
            driver.run(operation, Verdict::unless_ok).await.map(|_| ()).map_err(|failed| failed.error)
        }
        Kind::Hedges(attempts) => {
            let hedge = Hedge::new(Duration::from_millis(1), clock).attempts(NonZeroU32::new(attempts).unwrap());
            hedge.carry(&carried).run(operation, Verdict::unless_ok).await.map(|_| ()).map_err(|failed| failed.error)
        }
    }
}

proptest! {
    /// In any nesting of retries and hedges, a call that carries a limit makes no more sends than that, and all that it
    /// counts are made.
    #[test]
    fn hedges_do_not_multiply_either(
        layers in prop::collection::vec(
            prop_oneof![(1..4u32).prop_map(Kind::Retries), (1..4u32).prop_map(Kind::Hedges)],
            1..4,
        ),
        limit in 1..12u32,
    ) {
        let clock = ManualClock::new();
        let sends = AtomicU32::new(0);
        let carried = Carried::new(NonZeroU32::new(limit).unwrap());
        let outermost = carried.below().unwrap();
        prop_assert!(drive(&clock, mixed(&clock, outermost, &layers, &sends)).is_err());
        prop_assert!((1..=limit).contains(&carried.attempts()));
        prop_assert_eq!(sends.into_inner(), carried.attempts());
    }
}

/// Three layers of three attempts that carry four make four sends, not 27.
#[test]
fn three_layers_of_three_make_four_sends() {
    let layers = [(3, 1_000_000); 3];
    assert_eq!(run(&layers, 4, u32::MAX).1, 4);
    assert_eq!(run(&layers, 1000, u32::MAX).1, 27);
}
