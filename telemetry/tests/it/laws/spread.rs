//! Distributions as data: merging in any order, and counting by bounds of one's own.

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_telemetry::{HistogramSnapshot, Key, Recorder, Registry, Snapshot};

use super::{record, value};

fn snapshot(values: &[(u8, u64)]) -> Snapshot {
    let registry = Registry::new();
    for (host, n) in values {
        let key = Key::new("x").label("host", host.to_string());
        registry.counter(&key).add(*n);
        registry.gauge(&key).add((*n % 1000).try_into().unwrap());
        registry.histogram(&key).record(*n);
    }
    registry.snapshot()
}

fn merged(a: &Snapshot, b: &Snapshot) -> Snapshot {
    let mut both = a.clone();
    both.merge(b);
    both
}

proptest! {
    /// Merging is associative and commutative, and nothing is its neutral element.
    #[test]
    fn merging_takes_any_order(
        a in vec((0u8..4, value()), 0..30),
        b in vec((0u8..4, value()), 0..30),
        c in vec((0u8..4, value()), 0..30),
    ) {
        let [a, b, c] = [a, b, c].map(|values| snapshot(&values));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&a, &Snapshot::new()), a.clone());
        prop_assert_eq!(merged(&Snapshot::new(), &a), a);
    }

    /// How many values are below a bound is told by their buckets: never too many, and never fewer than are below a bound
    /// that is 1/128 less.
    #[test]
    fn counts_below_a_bound_are_within_their_bound(values in vec(value(), 0..200), bound in value()) {
        let told = record(&values).count_below(bound);
        let exact = |bound: u64| values.iter().filter(|value| **value <= bound).count() as u64;
        prop_assert!(told <= exact(bound));
        prop_assert!(told >= exact(bound - bound.div_ceil(128).min(bound)));
        prop_assert!(bound >= 256 || told == exact(bound));
        prop_assert_eq!(record(&values).count_below(u64::MAX), values.len() as u64);
    }

    /// The counts below several bounds are those below each, in whatever order the bounds are given; they never fall when
    /// values come on top.
    #[test]
    fn cumulative_counts_are_counts_below(values in vec(value(), 0..100), more in vec(value(), 0..10), bounds in vec(value(), 0..10)) {
        let histogram = record(&values);
        let each: Vec<u64> = bounds.iter().map(|bound| histogram.count_below(*bound)).collect();
        prop_assert_eq!(histogram.cumulative(&bounds), each);
        let mut sorted = bounds;
        sorted.sort_unstable();
        let before = histogram.cumulative(&sorted);
        prop_assert!(before.is_sorted());
        let mut later = histogram;
        later.merge(&record(&more));
        prop_assert!(before.iter().zip(later.cumulative(&sorted)).all(|(before, after)| *before <= after));
        prop_assert_eq!(HistogramSnapshot::new().cumulative(&sorted), vec![0; sorted.len()]);
    }
}
