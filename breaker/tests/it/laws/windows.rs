//! Laws of the windows that rates are taken of.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Breaker, CircuitBreaker, Machine, Outcome, Rate, Rule, State};
use steadfast_clock::Nanos;

fn at(nanos: u64) -> Nanos {
    Nanos::from_nanos(nanos)
}

fn end(breaker: &impl Breaker, good: bool, now: u64) {
    let outcome = if good { Outcome::Success } else { Outcome::Failure };
    let ticket = breaker.admit(at(now)).unwrap();
    breaker.settle(ticket, outcome, Duration::ZERO, at(now));
}

proptest! {
    /// A count window slides: after any history that leaves it closed, the newest calls alone decide. As many failures
    /// as the window is long always open it, and no later than the share says.
    #[test]
    fn the_newest_calls_alone_decide(
        calls in 1u32..200,
        tenths in 1u32..=10,
        history in prop::collection::vec(any::<bool>(), 0..400),
    ) {
        let rate = Rate::failures(f64::from(tenths) / 10.0).over_calls(calls).min_calls(calls);
        let breaker = CircuitBreaker::new(Rule::new().rate(rate)).unwrap();
        for good in history {
            if breaker.state(at(0)) == State::Open {
                return Ok(());
            }
            end(&breaker, good, 0);
        }
        // Then so many successes that no failure is left, and so many failures as the share asks for.
        for _ in 0..calls {
            if breaker.state(at(0)) == State::Closed {
                end(&breaker, true, 0);
            }
        }
        if breaker.state(at(0)) == State::Closed {
            prop_assert_eq!(breaker.status(at(0)).failures, 0);
            for _ in 0..(calls * tenths).div_ceil(10) {
                prop_assert_eq!(breaker.state(at(0)), State::Closed);
                end(&breaker, false, 0);
            }
        }
        prop_assert_eq!(breaker.state(at(0)), State::Open);
    }

    /// In a window of time a call counts while it is younger than 15/16 of the window, and no more once it is as old as
    /// the window, in the machine and in the shared counters.
    #[test]
    fn a_call_counts_for_the_window_but_for_the_bucket_error(
        micros in 1000u64..10_000_000_000,
        start in 0u64..1 << 60,
        age in 0f64..2.0,
        good in any::<bool>(),
    ) {
        let window = micros * 1000;
        let rule = Rule::new().rate(Rate::failures(1.0).over_time(Duration::from_nanos(window)).min_calls(u32::MAX));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a time")]
        let now = start + (window as f64 * age) as u64;
        let shared = CircuitBreaker::new(rule).unwrap();
        end(&shared, good, start);
        let mut machine = Machine::new(rule).unwrap();
        let ticket = machine.admit(at(start)).0.unwrap();
        machine.settle(ticket, if good { Outcome::Success } else { Outcome::Failure }, Duration::ZERO, at(start));
        for calls in [shared.status(at(now)).calls, machine.status(at(now)).calls] {
            if now - start >= window {
                prop_assert_eq!(calls, 0);
            } else if now - start <= window / 16 * 15 - window / 1_000_000 {
                prop_assert_eq!(calls, 1);
            }
        }
    }

    /// Whatever the clock does, backwards too, the shared counters never count a call twice, and forget it within the
    /// window of the clock that follows.
    #[test]
    fn counts_never_exceed_the_calls_whatever_the_clock(
        times in prop::collection::vec(prop_oneof![4 => 0u64..100_000_000, 1 => any::<u64>(), 1 => Just(u64::MAX)], 1..200),
    ) {
        let window = Duration::from_millis(16);
        let rule = Rule::new().rate(Rate::failures(1.0).over_time(window).min_calls(u32::MAX));
        let breaker = CircuitBreaker::new(rule).unwrap();
        for (n, now) in times.iter().enumerate() {
            end(&breaker, n % 3 > 0, *now);
            prop_assert!(breaker.status(at(*now)).calls <= u64::try_from(n + 1).unwrap());
        }
        let last = times[times.len() - 1];
        let later = at(last).saturating_add(window);
        let ahead = times.iter().any(|time| *time > last);
        prop_assert!(ahead || later == Nanos::MAX || breaker.status(later).calls == 0);
    }

    /// A success never opens a breaker that judges failures alone, nor does a quick one any other.
    #[test]
    fn a_success_never_opens(
        outcomes in prop::collection::vec((0usize..3, 0u64..3), 0..200),
        tenths in 1u32..=10,
        calls in 1u32..30,
    ) {
        let rate = Rate::failures(f64::from(tenths) / 10.0).or_slow(0.5, Duration::from_nanos(2)).over_calls(calls);
        let mut machine = Machine::new(Rule::new().rate(rate.min_calls(1))).unwrap();
        for (outcome, busy) in outcomes {
            let Ok(ticket) = machine.admit(at(0)).0 else { break };
            let outcome = [Outcome::Success, Outcome::Failure, Outcome::Ignored][outcome];
            let change = machine.settle(ticket, outcome, Duration::from_nanos(busy), at(0));
            prop_assert!(change.is_none() || outcome == Outcome::Failure || (outcome == Outcome::Success && busy == 2));
        }
    }
}
