//! Series that are let go, and windows: nothing is lost, and nothing is told twice.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_clock::ManualClock;
use steadfast_telemetry::{Counter, Histogram, HistogramSnapshot, Key, Recorder, Registry, Snapshot};

use super::record;

/// What happens to a registry.
#[derive(Clone, Debug)]
enum Step {
    /// A value goes to a series, whose handle is kept or not.
    Add {
        name: u8,
        host: u8,
        n: u64,
        keep: bool,
    },
    /// All handles are given up.
    Drop,
    Wait(u64),
    Reap,
    Look,
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..2, 0u8..6, 0u64..1000, prop::bool::weighted(0.3))
            .prop_map(|(name, host, n, keep)| Step::Add { name, host, n, keep }),
        1 => Just(Step::Drop),
        2 => (0u64..100).prop_map(Step::Wait),
        2 => Just(Step::Reap),
        1 => Just(Step::Look),
        1 => Just(Step::Reset),
    ]
}

/// What one name holds, over all of its series.
fn held(snapshot: &Snapshot, name: u8) -> (u64, HistogramSnapshot) {
    let name = format!("name {name}");
    (snapshot.counter_sum(&name), snapshot.histogram_sum(&name))
}

/// What shall be held.
fn expected(values: &[(u8, u64)], name: u8) -> (u64, HistogramSnapshot) {
    let values: Vec<u64> = values.iter().filter(|(of, _)| *of == name).map(|(_, value)| *value).collect();
    (values.iter().sum(), record(&values))
}

/// The same without the maximum, which a difference tells by the bucket.
fn spread((sum, histogram): (u64, HistogramSnapshot)) -> (u64, u64, Vec<(u64, u64, u64)>) {
    (sum, histogram.sum(), histogram.buckets().collect())
}

proptest! {
    /// Whatever series are let go, the sum over a name and its merged distribution are those of all that was recorded, and
    /// a window tells exactly what came since its last reset.
    #[test]
    fn letting_go_moves_and_loses_nothing(max_series in 1usize..8, steps in vec(step(), 0..16)) {
        let clock = ManualClock::new();
        let registry =
            Registry::builder().max_series(max_series).stale_after(Duration::from_secs(60)).clock(clock.clone()).build();
        let window = registry.window();
        let (mut all, mut since) = (Vec::new(), Vec::new());
        let mut kept: Vec<(Counter, Histogram)> = Vec::new();
        for step in steps {
            match step {
                Step::Add { name, host, n, keep } => {
                    let key = Key::new(format!("name {name}")).label("host", host.to_string());
                    let (counter, histogram) = (registry.counter(&key), registry.histogram(&key));
                    counter.add(n);
                    histogram.record(n);
                    all.push((name, n));
                    since.push((name, n));
                    if keep {
                        kept.push((counter, histogram));
                    }
                }
                Step::Drop => kept.clear(),
                Step::Wait(secs) => clock.advance(Duration::from_secs(secs)),
                Step::Reap => drop(registry.reap()),
                Step::Look => drop(registry.snapshot()),
                Step::Reset => {
                    let came = window.reset();
                    for name in 0..2 {
                        prop_assert_eq!(spread(held(&came, name)), spread(expected(&since, name)));
                    }
                    since.clear();
                }
            }
            let (now, came) = (registry.snapshot(), window.snapshot());
            prop_assert!(now.counters.len() <= max_series + 2 && now.histograms.len() <= max_series + 2);
            for name in 0..2 {
                prop_assert_eq!(held(&now, name), expected(&all, name));
                prop_assert_eq!(spread(held(&came, name)), spread(expected(&since, name)));
            }
        }
    }

    /// A handle that someone holds goes on counting into the series that it was looked up for.
    #[test]
    fn a_series_in_use_stays(hosts in vec(0u8..10, 1..40)) {
        let clock = ManualClock::new();
        let registry = Registry::builder().max_series(1).stale_after(Duration::from_secs(60)).clock(clock.clone()).build();
        let key = Key::new("requests").label("host", "held");
        let held = registry.counter(&key);
        for host in &hosts {
            held.inc();
            clock.advance(Duration::from_secs(3600));
            registry.counter(&Key::new("requests").label("host", host.to_string())).inc();
            registry.reap();
        }
        prop_assert_eq!(registry.snapshot().counter(&key), hosts.len() as u64);
        prop_assert_eq!(registry.snapshot().counter_sum("requests"), 2 * hosts.len() as u64);
    }

    /// Windows do not disturb each other: what the resets of each tell, and what came after the last, adds up to all.
    #[test]
    fn every_count_is_in_one_reset_of_each_window(steps in vec((0usize..4, 0u64..1000), 0..50)) {
        let registry = Registry::new();
        let counter = registry.counter(&Key::new("requests"));
        let windows = [registry.window(), registry.window(), registry.window()];
        let (mut told, mut all) = ([0; 3], 0);
        for (at, n) in steps {
            counter.add(n);
            all += n;
            if let Some(window) = windows.get(at) {
                told[at] += window.reset().counter_sum("requests");
            }
            for (window, told) in windows.iter().zip(told) {
                prop_assert_eq!(told + window.snapshot().counter_sum("requests"), all);
            }
        }
        prop_assert_eq!(counter.get(), all);
    }
}
