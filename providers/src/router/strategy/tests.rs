//! The laws of who is asked first.

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use super::{Standing, Strategy};

const EVERY: [Strategy; 5] =
    [Strategy::Ordered, Strategy::Weighted, Strategy::LeastBusy, Strategy::Cheapest, Strategy::Fastest];

fn standing() -> impl proptest::strategy::Strategy<Value = Standing> {
    let speed = prop::option::of(0u64..5000).prop_map(|speed| speed.map(Duration::from_millis));
    (any::<bool>(), 0u32..4, 0u32..5, prop::option::of(0.0f64..9.0), speed)
        .prop_map(|(ready, weight, busy, price, speed)| Standing { ready, weight, busy, price, speed })
}

fn plain() -> Standing {
    Standing { ready: true, weight: 1, busy: 0, price: None, speed: None }
}

/// Numbers that cover the range evenly, as no generator does.
fn evenly(steps: u64) -> impl Iterator<Item = u64> {
    (0..steps).map(move |step| (u64::MAX / steps) * step + u64::MAX / steps / 2)
}

proptest! {
    /// Whoever is chosen is ready, and somebody is chosen whenever anybody is.
    #[test]
    fn whoever_is_ready_is_chosen(targets in prop::collection::vec(standing(), 0..6), lots: [u64; 2]) {
        for strategy in EVERY {
            let mut lots = lots.into_iter().cycle();
            let chosen = strategy.first(&targets, || lots.next().unwrap());
            prop_assert_eq!(chosen.is_some(), targets.iter().any(|target| target.ready), "{:?}", strategy);
            if let Some(chosen) = chosen {
                prop_assert!(targets[chosen].ready, "{:?}", strategy);
            }
        }
    }

    /// Over all lots, each target is drawn in proportion to its weight.
    #[test]
    fn weights_are_proportions(weights in prop::collection::vec(0u32..9, 1..5)) {
        let total: u32 = weights.iter().sum();
        prop_assume!(total > 0);
        let targets: Vec<_> = weights.iter().map(|weight| Standing { weight: *weight, ..plain() }).collect();
        let mut drawn = vec![0u32; targets.len()];
        for lot in evenly(u64::from(total) * 10) {
            drawn[Strategy::Weighted.first(&targets, || lot).unwrap()] += 1;
        }
        prop_assert_eq!(drawn, weights.iter().map(|weight| weight * 10).collect::<Vec<_>>());
    }

    /// Nobody who is ready has fewer calls under way than the one that is chosen.
    #[test]
    fn the_least_busy_is_the_least_busy(targets in prop::collection::vec(standing(), 1..6)) {
        if let Some(chosen) = Strategy::LeastBusy.first(&targets, || 0) {
            let least = targets.iter().filter(|target| target.ready).map(|target| target.busy).min();
            prop_assert_eq!(Some(targets[chosen].busy), least);
        }
    }

    /// Nobody who is ready is cheaper than the one that is chosen.
    #[test]
    fn the_cheapest_is_the_cheapest(targets in prop::collection::vec(standing(), 1..6)) {
        if let Some(chosen) = Strategy::Cheapest.first(&targets, || 0) {
            let price = |target: &Standing| target.price.unwrap_or(f64::INFINITY);
            let cheaper = |target: &&Standing| target.ready && price(target) < price(&targets[chosen]);
            prop_assert!(targets.iter().find(cheaper).is_none());
        }
    }

    /// Of targets that are known, the fastest gets all calls but one in twenty, and every other one gets some.
    #[test]
    fn the_fastest_is_asked_and_the_others_are_tried(speeds in prop::collection::vec(0u64..1000, 2..5)) {
        let known = |speed: &u64| Standing { speed: Some(Duration::from_millis(*speed)), ..plain() };
        let targets: Vec<_> = speeds.iter().map(known).collect();
        let best = speeds.iter().enumerate().min_by_key(|(_, speed)| **speed).unwrap().0;
        let mut drawn = vec![0u32; targets.len()];
        for lot in evenly(400) {
            for second in evenly(12) {
                let mut lots = [lot, second].into_iter();
                drawn[Strategy::Fastest.first(&targets, || lots.next().unwrap()).unwrap()] += 1;
            }
        }
        prop_assert_eq!(drawn[best], 380 * 12);
        prop_assert!(drawn.iter().all(|drawn| *drawn > 0), "{:?}", drawn);
    }
}

#[test]
fn who_is_not_known_is_tried_by_one_call_at_a_time() {
    let known = Standing { speed: Some(Duration::from_millis(1)), ..plain() };
    let first = |busy| Strategy::Fastest.first(&[known, Standing { busy, ..plain() }], || u64::MAX);
    assert_eq!((first(0), first(1)), (Some(1), Some(0)));
}

#[test]
fn weights_of_nothing_leave_the_order() {
    let targets = [Standing { weight: 0, ..plain() }; 2];
    assert_eq!(Strategy::Weighted.first(&targets, || u64::MAX), Some(0));
}
