//! Gates: what passes, what cannot pass any more, and what is said of it.

use proptest::prelude::*;

use super::world;
use crate::engine::reading::{Reader, Sample};
use crate::error::ErrorKind;
use crate::failure::FailureClass;
use crate::strategy::{Bound, Comparator, Denominator, Gate, Measure, Scope};

fn sample(succeeded: u64, failed: u64, open: u64) -> Sample {
    Sample { all: succeeded + failed + open, succeeded, failed, counted: failed, open }
}

fn reader(gate: Gate) -> Reader {
    Reader::new(gate, 2).unwrap()
}

#[test]
fn what_is_said_at_the_end() {
    let check = |gate: Gate, sample: Sample, expected: Option<&str>| {
        assert_eq!(reader(gate).refusal(&sample, 2).as_deref(), expected);
    };
    let success = Gate::success_at_least(95.0);
    check(success.clone(), sample(19, 1, 0), None);
    check(success.clone(), sample(12, 1, 0), Some("12 of 13 devices succeeded (92.3 %), asked at least 95 %"));
    check(success.clone(), sample(0, 0, 0), Some("0 devices tried, asked at least 1"));
    check(success.clone().min_sample(3), sample(2, 0, 0), Some("2 devices tried, asked at least 3"));
    let all = Sample { all: 20, ..sample(18, 0, 0) };
    check(success.of(Denominator::All), all, Some("18 of 20 devices succeeded (90.0 %), asked at least 95 %"));
    check(Gate::success_at_least(99.9), sample(999, 1, 0), None);
    check(
        Gate::success_at_least(99.9),
        sample(9989, 11, 0),
        Some("9989 of 10000 devices succeeded (99.89 %), asked at least 99.9 %"),
    );
    check(Gate::at_most_failed(2), sample(0, 2, 0), None);
    check(Gate::at_most_failed(2), sample(9, 3, 0), Some("3 devices failed, asked at most 2"));
    let below = Gate::new(Measure::Failed, Comparator::Below, Bound::Percent(5.0));
    check(below.clone(), sample(19, 1, 0), Some("1 of 20 devices failed (5.0 %), asked less than 5 %"));
    check(below, sample(20, 1, 0), None);
    let above = Gate::new(Measure::Succeeded, Comparator::Above, Bound::Devices(3));
    check(above.clone(), sample(3, 0, 0), Some("3 devices succeeded, asked more than 3"));
    check(above, sample(4, 0, 0), None);
    let timed = Gate::at_most_failed(0).classes([FailureClass::TimedOut, FailureClass::Cut]).scope(Scope::Cumulative);
    let one = Sample { counted: 1, ..sample(1, 3, 0) };
    check(timed, one, Some("1 device up to phase 2 failed by timed_out, cut, asked at most 0"));
}

#[test]
fn what_is_said_as_soon_as_it_cannot_be_passed() {
    let check = |gate: Gate, sample: Sample, expected: Option<&str>| {
        assert_eq!(reader(gate).hopeless(&sample, 2).as_deref(), expected);
    };
    // Twelve devices at 95 % allow no failure.
    check(Gate::success_at_least(95.0), sample(3, 0, 9), None);
    check(
        Gate::success_at_least(95.0),
        sample(3, 1, 8),
        Some("3 of 4 devices succeeded (75.0 %), 11 of 12 at best (91.7 %), asked at least 95 %"),
    );
    check(Gate::success_at_least(95.0), sample(3, 1, 16), None);
    check(Gate::at_most_failed(1), sample(0, 1, 9), None);
    check(Gate::at_most_failed(1), sample(0, 2, 9), Some("2 devices failed, asked at most 1"));
    check(
        Gate::success_at_least(95.0).min_sample(10),
        sample(3, 0, 6),
        Some("9 devices tried at best, asked at least 10"),
    );
    let enough = Gate::new(Measure::Succeeded, Comparator::AtLeast, Bound::Devices(5));
    check(enough, sample(1, 0, 3), Some("1 device succeeded, 4 at best, asked at least 5"));
}

#[test]
fn a_share_that_is_none_is_refused() {
    for share in [-0.1, 100.1, f64::NAN] {
        let refused = Reader::new(Gate::success_at_least(share), 2).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Plan);
        assert!(refused.to_string().starts_with("a gate of phase 2 asks for "), "{refused}");
    }
}

/// Reads a gate of a whole percentage in integers.
fn passes(gate: &Gate, sample: &Sample) -> bool {
    let whole = if gate.of == Denominator::All { sample.all } else { sample.succeeded + sample.failed };
    let measured = if gate.measure == Measure::Succeeded { sample.succeeded } else { sample.counted };
    let (left, right) = match gate.bound {
        Bound::Devices(bound) => (measured, bound),
        Bound::Percent(percent) => (measured * 100, percent as u64 * whole),
    };
    let nothing = whole == 0 && matches!(gate.bound, Bound::Percent(_));
    let compared = match gate.comparator {
        Comparator::AtLeast => left >= right,
        Comparator::Above => left > right,
        Comparator::AtMost => left <= right,
        Comparator::Below => left < right,
    };
    whole >= gate.min_sample && (nothing || compared)
}

proptest! {
    /// A gate passes exactly if its comparison holds in integers; and it is told to be hopeless exactly if it passes in
    /// none of all the ways in which the open devices may end: succeeded, failed by a class that counts or another,
    /// skipped.
    #[test]
    fn a_gate_is_hopeless_if_no_ending_passes(
        gate in world::gate(), succeeded in 0_u64..12, counted in 0_u64..4, other in 0_u64..4, skipped in 0_u64..4, open in 0_u64..6,
    ) {
        let other = if gate.classes.is_empty() { 0 } else { other };
        let failed = counted + other;
        let sample = Sample { all: succeeded + failed + skipped + open, succeeded, failed, counted, open };
        let reader = reader(gate);
        let gate = &reader.gate;
        prop_assert_eq!(reader.refusal(&sample, 1).is_none(), passes(gate, &sample));
        let mut may_pass = false;
        for more in 0..=open {
            for fail in 0..=open - more {
                for counts in if gate.classes.is_empty() { fail..=fail } else { 0..=fail } {
                    let end = Sample {
                        succeeded: succeeded + more, failed: failed + fail, counted: counted + counts, open: 0, ..sample
                    };
                    may_pass |= passes(gate, &end);
                }
            }
        }
        prop_assert_eq!(reader.hopeless(&sample, 1).is_none(), may_pass);
    }
}
