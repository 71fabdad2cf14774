//! The laws of counting calls, against a plain tally.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_clock::ManualClock;
use steadfast_telemetry::{CallReport, Calls, Recorder, Registry};

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Success,
    Failure(Option<u16>),
    Dropped,
    Panic,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Attempt,
    Retry(u64, Option<u16>),
    FallBack,
    Wait(u64),
}

fn status() -> impl Strategy<Value = Option<u16>> {
    proptest::option::of(100u16..1000)
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Success), status().prop_map(End::Failure), Just(End::Dropped), Just(End::Panic)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Attempt),
        (0u64..1000, status()).prop_map(|(delay, cause)| Step::Retry(delay, cause)),
        Just(Step::FallBack),
        (0u64..1000).prop_map(Step::Wait),
    ]
}

fn run(calls: &Calls, host: &Calls, clock: &ManualClock, steps: &[Step], end: End) {
    let operation = calls.begin(clock).also(host);
    for step in steps {
        match *step {
            Step::Attempt => drop(operation.attempt()),
            Step::Retry(delay, cause) => drop(operation.attempt_after(Duration::from_nanos(delay), cause)),
            Step::FallBack => operation.fall_back(),
            Step::Wait(nanos) => clock.advance(Duration::from_nanos(nanos)),
        }
    }
    match end {
        End::Success => operation.succeed(),
        End::Failure(status) => operation.fail(status),
        End::Dropped => drop(operation),
        // Without the message that a panic prints.
        End::Panic => resume_unwind(Box::new("the call panicked")),
    }
}

/// What the steps of one call come to: attempts, retries, fallbacks.
fn tally(steps: &[Step]) -> (u64, u64, u64) {
    let (mut attempts, mut retries, mut fallbacks, mut at_target) = (0, 0, 0, 0);
    for step in steps {
        match step {
            Step::Attempt | Step::Retry(..) => {
                retries += u64::from(at_target > 0 || matches!(step, Step::Retry(..)));
                attempts += 1;
                at_target += 1;
            }
            Step::FallBack => (fallbacks, at_target) = (fallbacks + 1, 0),
            Step::Wait(_) => {}
        }
    }
    (attempts, retries, fallbacks)
}

proptest! {
    /// An operation is counted exactly once however it ends, in each of its scopes, and its attempts are what was sent.
    #[test]
    fn an_operation_is_counted_exactly_once(operations in vec((vec(step(), 0..6), end()), 0..6)) {
        let (registry, clock) = (Registry::new(), ManualClock::new());
        let calls = Calls::new(registry.clone(), "x");
        let host = calls.host("a");
        for (steps, end) in &operations {
            let panicked = catch_unwind(AssertUnwindSafe(|| run(&calls, &host, &clock, steps, *end))).is_err();
            prop_assert_eq!(panicked, *end == End::Panic);
        }
        let ends = |wanted: fn(&End) -> bool| operations.iter().filter(|(_, end)| wanted(end)).count() as u64;
        let tallies: Vec<_> = operations.iter().map(|(steps, _)| tally(steps)).collect();
        let report = CallReport::read(&registry.snapshot(), "x", &[]);
        prop_assert_eq!(report.requests, operations.len() as u64);
        prop_assert_eq!(report.succeeded, ends(|end| *end == End::Success));
        prop_assert_eq!(report.failed, ends(|end| matches!(end, End::Failure(_))));
        prop_assert_eq!(report.cancelled, ends(|end| matches!(end, End::Dropped | End::Panic)));
        prop_assert_eq!(report.active, 0);
        prop_assert_eq!(report.latency.count, report.succeeded + report.failed);
        prop_assert_eq!(report.final_status.values().sum::<u64>(), ends(|end| matches!(end, End::Failure(Some(_)))));
        prop_assert_eq!(report.attempts, tallies.iter().map(|tally| tally.0).sum::<u64>());
        prop_assert_eq!(report.attempt_latency.count, report.attempts);
        prop_assert_eq!(report.retries, tallies.iter().map(|tally| tally.1).sum::<u64>());
        prop_assert_eq!(report.fallbacks, tallies.iter().map(|tally| tally.2).sum::<u64>());
        prop_assert_eq!(CallReport::read(&registry.snapshot(), "x", &[("host", "a")]), report);
    }

    /// The rates of a report lie between none and all, and are told exactly when there is something to tell of.
    #[test]
    fn rates_are_shares_of_something(succeeded: u64, failed: u64, hits: u64, misses: u64) {
        let mut report = CallReport::new();
        (report.succeeded, report.failed, report.cache_hits, report.cache_misses) = (succeeded, failed, hits, misses);
        for (rate, part, rest) in [(report.success_rate(), succeeded, failed), (report.cache_hit_rate(), hits, misses)] {
            prop_assert!(rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)));
            prop_assert_eq!(rate.is_none(), part == 0 && rest == 0);
        }
        prop_assert!(!report.to_string().contains("100 %") || failed == 0 || misses == 0);
    }

    /// Reports of two recorders' merged snapshots are what one recorder of all calls would have reported.
    #[test]
    fn reports_of_merged_snapshots_are_of_all_calls(ends in vec((any::<bool>(), 0u64..1_000_000, end()), 0..8)) {
        let (apart, together, clock) = ([Registry::new(), Registry::new()], Registry::new(), ManualClock::new());
        let scopes = [&apart[0], &apart[1], &together].map(|registry| {
            let calls = Calls::new(registry.clone(), "x");
            (calls.host("a"), calls)
        });
        for (which, nanos, end) in ends {
            for (host, calls) in [&scopes[usize::from(which)], &scopes[2]] {
                let _ = catch_unwind(AssertUnwindSafe(|| run(calls, host, &clock, &[Step::Wait(nanos)], end)));
            }
        }
        let mut merged = apart[0].snapshot();
        merged.merge(&apart[1].snapshot());
        let [merged, together] = [merged, together.snapshot()].map(|snapshot| CallReport::read(&snapshot, "x", &[]));
        prop_assert_eq!(merged, together);
    }
}
