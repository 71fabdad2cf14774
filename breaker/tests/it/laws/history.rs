//! Results that come late, under every rule.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Breaker, CircuitBreaker, Observer, Outcome, Rate, Rule, Ticket, Transition};
use steadfast_clock::Nanos;

/// The number of the latest change.
#[derive(Default)]
struct Latest(AtomicU64);

impl Observer for Latest {
    fn on(&self, transition: &Transition) {
        self.0.store(transition.generation, Ordering::Relaxed);
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let rule = Rule::new().failures(1).open_for(Duration::from_nanos(1)).successes(1);
    let rate = Rate::failures(0.1).min_calls(1);
    prop_oneof![
        Just(rule),
        Just(rule.consecutive(1)),
        Just(rule.rate(rate.over_calls(10))),
        Just(rule.rate(rate.over_time(Duration::from_secs(1)))),
        Just(rule.rate(rate.over_time(Duration::from_secs(1))).ramp(Duration::from_millis(100))),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Success), Just(Outcome::Failure), Just(Outcome::Ignored), Just(Outcome::Abandoned)]
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Fail,
    Recover,
    ForceOpen,
    ForceClosed,
    Disable,
    Reset,
}

proptest! {
    /// A result from before any change of state, by the rule or by hand, changes nothing that the breaker tells, now or
    /// after: whatever the rule, however late, however often.
    #[test]
    fn late_results_change_nothing(
        rule in rules(),
        changes in prop::collection::vec(
            prop_oneof![
                4 => Just(Change::Fail),
                4 => Just(Change::Recover),
                1 => Just(Change::ForceOpen),
                1 => Just(Change::ForceClosed),
                1 => Just(Change::Disable),
                1 => Just(Change::Reset),
            ],
            1..12,
        ),
        results in prop::collection::vec(outcome(), 1..40),
        late in 0u64..3_000_000_000,
    ) {
        let breaker = CircuitBreaker::with_observer(rule, Latest::default()).unwrap();
        let twin = CircuitBreaker::with_observer(rule, Latest::default()).unwrap();
        let mut now = 5_000_000_000;
        let mut history: Vec<Ticket> = Vec::new();
        for change in changes {
            let at = Nanos::from_nanos(now);
            for _ in 0..3 {
                history.extend(breaker.admit(at).ok());
                let _ = twin.admit(at);
            }
            for breaker in [&breaker, &twin] {
                match change {
                    Change::ForceOpen => breaker.force_open(at),
                    Change::ForceClosed => breaker.force_closed(at),
                    Change::Disable => breaker.disable(at),
                    Change::Reset => breaker.reset(at),
                    Change::Fail | Change::Recover => {
                        let outcome =
                            if matches!(change, Change::Fail) { Outcome::Failure } else { Outcome::Success };
                        if let Ok(ticket) = breaker.admit(at) {
                            breaker.settle(ticket, outcome, Duration::ZERO, at);
                        }
                    }
                }
            }
            now += 1;
        }
        // Only what is from before the last change is late.
        let at = Nanos::from_nanos(now + late);
        let current = breaker.observer().0.load(Ordering::Relaxed);
        history.retain(|ticket| ticket.generation() != current);
        for (ticket, outcome) in history.into_iter().zip(results) {
            breaker.settle(ticket, outcome, Duration::ZERO, at);
            prop_assert_eq!(breaker.status(at), twin.status(at));
        }
    }
}
