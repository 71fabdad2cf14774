//! The laws of counting, recording and merging, against sorted lists of the exact values.

mod calls;
#[cfg(any(feature = "otlp", feature = "prometheus"))]
mod export;
#[cfg(feature = "metrics")]
mod publish;
mod reaping;
mod spread;
mod threads;

use std::sync::Barrier;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_telemetry::{Counter, Histogram, HistogramSnapshot, Key, Recorder, Registry, rate};

/// Values of every magnitude, so that small and huge ones are equally likely.
fn value() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(bits, shift)| bits >> shift)
}

fn record(values: &[u64]) -> HistogramSnapshot {
    let histogram = Histogram::new();
    values.iter().for_each(|value| histogram.record(*value));
    histogram.snapshot()
}

fn saturating_sum(values: &[u64]) -> u64 {
    values.iter().fold(0, |sum, value| sum.saturating_add(*value))
}

/// The nearest-rank quantile, read off the sorted values.
fn exact_quantile(sorted: &[u64], q: f64) -> u64 {
    let rank = (1..=sorted.len()).find(|rank| *rank as f64 / sorted.len() as f64 >= q).unwrap();
    sorted[rank - 1]
}

proptest! {
    /// Count, sum, maximum and mean of a histogram are those of the recorded values.
    #[test]
    fn count_sum_and_maximum_are_exact(values in vec(value(), 0..200)) {
        let snapshot = record(&values);
        prop_assert_eq!(snapshot.count(), values.len() as u64);
        prop_assert_eq!(snapshot.sum(), saturating_sum(&values));
        prop_assert_eq!(snapshot.max(), values.iter().max().copied());
        prop_assert_eq!(snapshot.mean().is_none(), values.is_empty());
        prop_assert_eq!(snapshot.buckets().map(|(.., n)| n).sum::<u64>(), values.len() as u64);
    }

    /// A quantile is never below the exact one and less than 1/128 of it above.
    #[test]
    fn quantiles_are_within_their_bound(values in vec(value(), 1..200), q in 0.0..=1.0) {
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let snapshot = record(&values);
        for q in [q, 0.0, 0.5, 0.95, 0.99, 1.0] {
            let (told, exact) = (snapshot.quantile(q).unwrap(), exact_quantile(&sorted, q));
            prop_assert!(told >= exact, "{} < {}", told, exact);
            prop_assert!(told - exact < exact.div_ceil(128).max(1), "{} for {}", told, exact);
        }
        prop_assert_eq!(snapshot.quantile(1.0), snapshot.max());
    }

    /// A larger share never has a smaller quantile.
    #[test]
    fn quantiles_are_monotone(values in vec(value(), 1..200), a in 0.0..=1.0, b in 0.0..=1.0) {
        let snapshot = record(&values);
        prop_assert!(snapshot.quantile(f64::min(a, b)) <= snapshot.quantile(f64::max(a, b)));
    }

    /// Merging gives what recording everything in one place would have given, in either order.
    #[test]
    fn merging_is_recording_together(a in vec(value(), 0..100), b in vec(value(), 0..100)) {
        let together = record(&[a.clone(), b.clone()].concat());
        let (a, b) = (record(&a), record(&b));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        prop_assert_eq!(&ab, &together);
        prop_assert_eq!(&ba, &together);
    }

    /// What came since an earlier snapshot, merged into that, gives the later one.
    #[test]
    fn since_undoes_merge(
        before in vec((0u8..4, 0..=u64::MAX >> 16), 0..50),
        after in vec((0u8..4, 0..=u64::MAX >> 16), 0..50),
    ) {
        let registry = Registry::new();
        let record = |values: &[(u8, u64)]| {
            for (host, value) in values {
                let host = host.to_string();
                registry.counter(&Key::new("bytes").label("host", host.clone())).add(*value);
                registry.histogram(&Key::new("size").label("host", host)).record(*value);
            }
            registry.snapshot()
        };
        let earlier = record(&before);
        let later = record(&after);
        let added = later.since(&earlier);
        prop_assert_eq!(added.counter_sum("bytes"), after.iter().map(|(_, value)| *value).sum::<u64>());
        prop_assert_eq!(added.histogram_sum("size").count(), after.len() as u64);
        prop_assert_eq!(added.histogram_sum("size").sum(), after.iter().map(|(_, value)| *value).sum::<u64>());
        let mut again = earlier;
        again.merge(&added);
        prop_assert_eq!(again, later);
    }

    /// Counts and sums are conserved when several threads record at once.
    #[test]
    fn concurrent_recording_loses_nothing(values in vec(value(), 4..200)) {
        let (counter, histogram) = (Counter::new(), Histogram::new());
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for share in values.chunks(values.len().div_ceil(4)) {
                let (counter, histogram, start) = (counter.clone(), histogram.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    for value in share {
                        counter.add(*value);
                        histogram.record(*value);
                    }
                });
            }
            for _ in values.chunks(values.len().div_ceil(4)).len()..4 {
                start.wait();
            }
        });
        prop_assert_eq!(counter.get(), saturating_sum(&values));
        prop_assert_eq!(histogram.snapshot(), record(&values));
    }

    /// Whoever looks while others record never sees a count, a sum or a maximum go backwards, nor a value counted whose
    /// sum and maximum are missing.
    #[test]
    fn nothing_goes_backwards(values in vec(value(), 1..200)) {
        let (counter, histogram) = (Counter::new(), Histogram::new());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for value in &values {
                        counter.add(*value);
                        histogram.record(*value);
                    }
                });
            }
            let (mut last_count, mut last) = (0, HistogramSnapshot::new());
            while last.count() < 2 * values.len() as u64 {
                let (count, now) = (counter.get(), histogram.snapshot());
                assert!(count >= last_count);
                assert!(now.count() >= last.count() && now.sum() >= last.sum() && now.max() >= last.max());
                let counted = now.buckets().fold(0u64, |sum, (low, _, n)| sum.saturating_add(low.saturating_mul(n)));
                assert!(now.sum() >= counted);
                assert!(now.max() >= now.buckets().last().map(|(low, ..)| low));
                (last_count, last) = (count, now);
            }
        });
    }

    /// A registry loses nothing, whatever its bound, and holds no more series than that and those that collect the rest.
    #[test]
    fn a_bounded_registry_loses_nothing(
        max_series in 0usize..20,
        adds in vec((0u8..3, 0u8..20, 0u64..1000), 0..200),
    ) {
        let registry = Registry::with_max_series(max_series);
        for (name, host, n) in &adds {
            let key = Key::new(format!("name {name}")).label("host", host.to_string());
            registry.counter(&key).add(*n);
            registry.histogram(&key).record(*n);
        }
        let snapshot = registry.snapshot();
        prop_assert!(snapshot.counters.len() <= max_series + 3);
        prop_assert!(snapshot.histograms.len() <= max_series + 3);
        for name in 0..3u8 {
            let of_name: Vec<u64> = adds.iter().filter(|add| add.0 == name).map(|add| add.2).collect();
            prop_assert_eq!(snapshot.counter_sum(&format!("name {name}")), of_name.iter().sum::<u64>());
            prop_assert_eq!(snapshot.histogram_sum(&format!("name {name}")), record(&of_name));
        }
    }

    /// A key is the same whatever the order of its labels.
    #[test]
    fn the_order_of_labels_does_not_matter(labels in vec(("[a-c]", "[a-z]{0,3}"), 0..6), seed: u64) {
        let unique: std::collections::BTreeMap<String, String> = labels.into_iter().collect();
        let mut shuffled: Vec<(String, String)> = unique.clone().into_iter().collect();
        let turn = usize::try_from(seed % 6).unwrap();
        if !shuffled.is_empty() {
            let at = turn % shuffled.len();
            shuffled.rotate_left(at);
        }
        let sorted = unique.iter().fold(Key::new("x"), |key, (name, value)| key.label(name.clone(), value.clone()));
        let turned = shuffled.into_iter().fold(Key::new("x"), |key, (name, value)| key.label(name, value));
        prop_assert_eq!(&sorted, &turned);
        let told: Vec<(&str, &str)> = turned.labels().collect();
        let expected: Vec<(&str, &str)> = unique.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        prop_assert_eq!(told, expected);
    }

    /// The rate of a part lies between none and all of it.
    #[test]
    fn rates_are_shares(a: u64, b: u64) {
        let (part, total) = (a.min(b), a.max(b));
        let share = rate(part, total);
        prop_assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
        prop_assert_eq!(share.is_none(), total == 0);
    }
}
