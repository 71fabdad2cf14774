//! Laws of the way back: the ramp, and open times that grow.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Machine, Outcome, Reason, Rule, State};
use steadfast_clock::Nanos;

fn at(nanos: u64) -> Nanos {
    Nanos::from_nanos(nanos)
}

fn end(machine: &mut Machine, outcome: Outcome, now: u64) -> Option<Reason> {
    let ticket = machine.admit(at(now)).0.unwrap();
    machine.settle(ticket, outcome, Duration::ZERO, at(now)).map(|change| change.reason)
}

/// A machine whose ramp has just begun, and when that was.
fn in_the_ramp(rule: Rule) -> (Machine, u64) {
    let mut machine = Machine::new(rule.failures(1).open_for(Duration::from_nanos(1)).successes(1)).unwrap();
    end(&mut machine, Outcome::Failure, 0);
    assert_eq!(end(&mut machine, Outcome::Success, 1), Some(Reason::ProbesSucceeded));
    (machine, 1)
}

proptest! {
    /// In any stretch of the ramp the calls admitted are within one of the promised share: the sum of a tenth, growing
    /// in a straight line to all, over the calls that asked.
    #[test]
    fn the_share_admitted_is_the_share_promised(
        ramp in 1u64..100_000,
        pauses in prop::collection::vec(0u64..300, 1..300),
        from in any::<prop::sample::Index>(),
    ) {
        let (mut machine, start) = in_the_ramp(Rule::new().ramp(Duration::from_nanos(ramp)));
        let (mut now, mut asked) = (start, Vec::new());
        for pause in pauses {
            now += pause;
            if now >= start + ramp {
                break;
            }
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let share = 0.1 + 0.9 * (now - start) as f64 / ramp as f64;
            let (admitted, change) = machine.admit(at(now));
            prop_assert_eq!(change, None);
            prop_assert_eq!(machine.state(at(now)), State::HalfOpen);
            if let Err(rejected) = &admitted {
                prop_assert_eq!(rejected.state, State::HalfOpen);
                prop_assert_eq!(rejected.retry_in, Some(Duration::from_nanos(start + ramp - now)));
            }
            asked.push((share, admitted.is_ok()));
        }
        if !asked.is_empty() {
            let stretch = &asked[from.index(asked.len())..];
            let promised: f64 = stretch.iter().map(|(share, _)| share).sum();
            let admitted: f64 = stretch.iter().map(|(_, admitted)| f64::from(u8::from(*admitted))).sum();
            prop_assert!((admitted - promised).abs() < 1.0 + 1e-6, "{} of {}", admitted, promised);
        }
        let (admitted, change) = machine.admit(at(start + ramp));
        prop_assert!(admitted.is_ok());
        prop_assert_eq!(change.map(|change| (change.to, change.reason)), Some((State::Closed, Reason::RampDone)));
    }

    /// A ramp lasts no longer for a clock that steps back, and every call is admitted after it.
    #[test]
    fn a_ramp_ends_whatever_the_clock(ramp in 1u64..1000, times in prop::collection::vec(0u64..5000, 0..50)) {
        let (mut machine, _) = in_the_ramp(Rule::new().ramp(Duration::from_nanos(ramp)));
        let mut last = 1;
        for now in times {
            let _ = machine.admit(at(now)).0;
            last = now;
        }
        let _ = machine.admit(at(last)).0;
        prop_assert!(machine.admit(at(last + ramp)).0.is_ok());
        prop_assert_eq!(machine.state(at(last + ramp)), State::Closed);
    }

    /// The opening number n in a row lasts base · factorⁿ⁻¹ but at most the cap, and as long as the base again once the
    /// breaker has closed in between.
    #[test]
    fn open_times_grow_in_a_row_up_to_the_cap(
        base in 1u64..1_000_000,
        halves in 2u32..9,
        more in 0u64..100_000_000,
        openings in 1i32..80,
    ) {
        let factor = f64::from(halves) / 2.0;
        let cap = base + more;
        let rule = Rule::new().failures(1).successes(1).open_for(Duration::from_nanos(base));
        let mut machine = Machine::new(rule.open_growth(factor, Duration::from_nanos(cap))).unwrap();
        let mut now = 0;
        let mut before = 0;
        for n in 0..openings {
            end(&mut machine, Outcome::Failure, now);
            let left = machine.status(at(now)).retry_in.unwrap();
            let left = u64::try_from(left.as_nanos()).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let expected = (base as f64 * factor.powi(n)).min(cap as f64);
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let error = (left as f64 - expected).abs();
            prop_assert!(error <= 1.0, "{} instead of {}", left, expected);
            prop_assert!(left >= before && left <= cap);
            before = left;
            now += left;
        }
        prop_assert_eq!(end(&mut machine, Outcome::Success, now), Some(Reason::ProbesSucceeded));
        end(&mut machine, Outcome::Failure, now);
        prop_assert_eq!(machine.status(at(now)).retry_in, Some(Duration::from_nanos(base)));
    }
}
