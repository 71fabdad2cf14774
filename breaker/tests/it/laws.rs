//! The laws of a circuit breaker, whatever the history.

mod extremes;
mod history;
mod model;
mod permits;
mod recovery;
mod reference;
mod registry;
mod windows;

use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Machine, Outcome, Rule, State, Ticket};
use steadfast_clock::Nanos;

fn at(nanos: u64) -> Nanos {
    Nanos::from_nanos(nanos)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Success), Just(Outcome::Failure), Just(Outcome::Ignored), Just(Outcome::Abandoned),]
}

/// Any points of time, mostly close together, sometimes at the ends of the clock, in any order.
fn times() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0u64..1000, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

proptest! {
    /// A window slides: after any history that leaves it closed, as many failures as the rule says, within the window,
    /// open it, whatever the successes before and between.
    #[test]
    fn the_newest_failures_alone_decide(
        failures in 1u32..10,
        history in prop::collection::vec((any::<bool>(), 0u64..100), 0..200),
        between in 0usize..50,
    ) {
        let mut machine = Machine::new(Rule::new().failures(failures).window(Duration::from_nanos(100))).unwrap();
        let mut now = 0;
        for (good, pause) in history {
            now += pause;
            // One failure short of opening, at most.
            let good = good || machine.status(at(now)).failures + 1 >= failures;
            let ticket = machine.admit(at(now)).0.unwrap();
            machine.settle(ticket, if good { Outcome::Success } else { Outcome::Failure }, Duration::ZERO, at(now));
        }
        for _ in 0..failures {
            prop_assert_eq!(machine.state(at(now)), State::Closed);
            for _ in 0..between {
                let ticket = machine.admit(at(now)).0.unwrap();
                machine.settle(ticket, Outcome::Success, Duration::ZERO, at(now));
            }
            let ticket = machine.admit(at(now)).0.unwrap();
            machine.settle(ticket, Outcome::Failure, Duration::ZERO, at(now));
            if machine.state(at(now)) == State::Open {
                break;
            }
        }
        prop_assert_eq!(machine.state(at(now)), State::Open);
    }

    /// Fewer failures than the rule says within any window never open it.
    #[test]
    fn sparse_failures_never_open(failures in 2u32..10, rounds in 1u32..100) {
        let step = u64::from(100 / (failures - 1)) + 1;
        let mut machine = Machine::new(Rule::new().failures(failures).window(Duration::from_nanos(100))).unwrap();
        for round in 0..rounds {
            let now = at(u64::from(round) * step);
            let ticket = machine.admit(now).0.unwrap();
            prop_assert_eq!(machine.settle(ticket, Outcome::Failure, Duration::ZERO, now), None);
        }
    }

    /// Half-open never has more than its probes out, and an open breaker rejects for at most `open_for`, whatever the
    /// clock does, backwards too.
    #[test]
    fn bounds_hold_whatever_the_clock(
        probes in 1u32..4,
        steps in prop::collection::vec((times(), any::<bool>(), any::<prop::sample::Index>(), outcome()), 0..300),
    ) {
        let open_for = Duration::from_nanos(50);
        let rule = Rule::new().failures(2).open_for(open_for).probes(probes).successes(3).probe_timeout(Duration::MAX);
        let mut machine = Machine::new(rule).unwrap();
        let mut calls: Vec<Ticket> = Vec::new();
        for (now, admit, which, outcome) in steps {
            if admit || calls.is_empty() {
                match machine.admit(at(now)).0 {
                    Ok(ticket) => calls.push(ticket),
                    Err(rejected) => prop_assert!(rejected.retry_in.is_none_or(|left| left <= open_for)),
                }
            } else {
                let ticket = calls.swap_remove(which.index(calls.len()));
                machine.settle(ticket, outcome, Duration::ZERO, at(now));
            }
            let generation = machine.generation();
            let out = calls.iter().filter(|call| call.is_probe() && call.generation() == generation).count();
            prop_assert!(out <= usize::try_from(probes).unwrap());
        }
    }

    /// A breaker never wedges: with nothing settled any more it admits a call again, once its times have passed.
    #[test]
    fn it_admits_again_after_idling(
        steps in prop::collection::vec((0u64..1000, outcome(), any::<bool>()), 0..200),
    ) {
        let rule = Rule::new()
            .failures(2)
            .window(Duration::from_nanos(100))
            .open_for(Duration::from_nanos(50))
            .probes(1)
            .probe_timeout(Duration::from_nanos(70));
        let mut machine = Machine::new(rule).unwrap();
        for (now, outcome, lose) in steps {
            if let Ok(ticket) = machine.admit(at(now)).0 {
                if !lose {
                    machine.settle(ticket, outcome, Duration::ZERO, at(now));
                }
            }
        }
        // At most open for 50 from now, and then a lost probe's 70.
        let _ = machine.admit(at(0));
        prop_assert!(machine.admit(at(50)).0.is_ok() || machine.admit(at(120)).0.is_ok());
    }

    /// A result of an earlier generation changes nothing.
    #[test]
    fn history_changes_nothing(outcome in outcome(), now in 0u64..1000) {
        let mut machine = Machine::new(Rule::new().failures(1)).unwrap();
        let early = machine.admit(at(0)).0.unwrap();
        let ticket = machine.admit(at(0)).0.unwrap();
        machine.settle(ticket, Outcome::Failure, Duration::ZERO, at(0));
        let before = machine.status(at(now));
        prop_assert_eq!(machine.settle(early, outcome, Duration::ZERO, at(now)), None);
        prop_assert_eq!(machine.status(at(now)), before);
    }
}
