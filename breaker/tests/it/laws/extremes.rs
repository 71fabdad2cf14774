//! Inputs that nobody expects.

use std::num::NonZeroU64;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Breaker, CircuitBreaker, Machine, Outcome, Rate, Rule, Ticket};
use steadfast_clock::Nanos;

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        1 => Just(Duration::ZERO),
        2 => Just(Duration::from_nanos(1)),
        4 => Just(Duration::MAX),
        8 => (any::<u64>(), 0u32..1_000_000_000).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
        8 => (1u64..1_000_000_000).prop_map(Duration::from_nanos),
    ]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![20 => 1u32..4, 2 => 65_535u32..65_538, 1 => Just(u32::MAX), 1 => Just(0)]
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![20 => 0.01f64..=1.0, 1 => any::<f64>(), 1 => Just(f64::NAN)]
}

fn rule() -> impl Strategy<Value = Rule> {
    let times = (duration(), duration(), duration(), duration(), duration());
    let numbers = (number(), number(), number(), number(), number());
    (times, numbers, share(), share(), 0..5, prop::option::of((prop_oneof![1.0f64..9.0, any::<f64>()], duration())))
        .prop_map(
            |(
                (window, open_for, timeout, ramp, over),
                (failures, probes, successes, calls, least),
                a,
                b,
                trip,
                growth,
            )| {
                let rule = Rule::new()
                    .failures(failures)
                    .window(window)
                    .open_for(open_for)
                    .probes(probes)
                    .successes(successes)
                    .probe_timeout(timeout)
                    .ramp(ramp);
                let rate = Rate::failures(a).min_calls(least);
                let rule = match trip {
                    0 => rule,
                    1 => rule.consecutive(failures),
                    2 => rule.rate(rate.over_calls(calls)),
                    3 => rule.rate(rate.over_time(over)),
                    _ => rule.rate(rate.or_slow(b, timeout).over_time(over)),
                };
                growth.map_or(rule, |(factor, cap)| rule.open_growth(factor, cap))
            },
        )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Failure), Just(Outcome::Success), Just(Outcome::Ignored), Just(Outcome::Abandoned)]
}

proptest! {
    /// Nothing panics, whatever the rule, the times, the durations and the tickets; and what works says so, and what
    /// does not cannot be made.
    #[test]
    fn nothing_panics_on_any_input(
        rule in rule(),
        steps in prop::collection::vec((any::<u64>(), duration(), outcome(), 0u64..4, 0u64..3, any::<bool>()), 0..60),
    ) {
        let Ok(shared) = CircuitBreaker::new(rule) else {
            prop_assert_eq!(rule.check().err(), Machine::new(rule).err());
            return Ok(());
        };
        let mut machine = Machine::new(rule).unwrap();
        for (now, busy, outcome, generation, probe, real) in steps {
            let now = Nanos::from_nanos(now);
            let made_up = || Ticket::new(generation, NonZeroU64::new(probe));
            let ours = machine.admit(now).0.ok().filter(|_| real).unwrap_or_else(made_up);
            machine.settle(ours, outcome, busy, now);
            let theirs = shared.admit(now).ok().filter(|_| real).unwrap_or_else(made_up);
            shared.settle(theirs, outcome, busy, now);
            let status = shared.status(now);
            prop_assert!(status.retry_in.is_none_or(|left| !left.is_zero()));
            prop_assert_eq!(status.state, shared.state(now));
            prop_assert_eq!(machine.status(now).state, machine.state(now));
        }
    }
}
