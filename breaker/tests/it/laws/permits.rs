//! The law of guards.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_breaker::{CircuitBreaker, OwnedPermit, Rule, State};
use steadfast_clock::{Clock, ManualClock};

/// What is done with a probe: another is asked for, or one that is out ends.
#[derive(Clone, Debug)]
enum Step {
    Ask,
    Ignore(Index),
    Drop(Index),
    Panic(Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Ask),
        1 => any::<Index>().prop_map(Step::Ignore),
        1 => any::<Index>().prop_map(Step::Drop),
        1 => any::<Index>().prop_map(Step::Panic),
    ];
    prop::collection::vec(step, 1..40)
}

/// A call that panics with its permit in its hands, without a word on stderr.
fn panicking(permit: OwnedPermit<ManualClock>) {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = permit;
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
}

proptest! {
    /// Half-open admits a call exactly when fewer than `probes` are out; a probe that is ignored, dropped or panics is
    /// out no longer and decides nothing.
    #[test]
    fn a_permit_that_ends_in_any_way_is_accounted_for(probes in 1u32..4, steps in steps()) {
        let clock = ManualClock::new();
        let breaker = Arc::new(CircuitBreaker::new(Rule::new().failures(1).probes(probes)).unwrap());
        breaker.permit(&clock).unwrap().failure();
        clock.advance(Duration::from_secs(30));
        let mut out = Vec::new();
        for step in steps {
            let some = |which: &Index, out: &mut Vec<OwnedPermit<ManualClock>>| {
                (!out.is_empty()).then(|| out.swap_remove(which.index(out.len())))
            };
            match step {
                Step::Ask => {
                    let admitted = breaker.permit_owned(clock.clone());
                    prop_assert_eq!(admitted.is_ok(), out.len() < probes as usize);
                    out.extend(admitted);
                }
                Step::Ignore(which) => some(&which, &mut out).into_iter().for_each(OwnedPermit::ignored),
                Step::Drop(which) => drop(some(&which, &mut out)),
                Step::Panic(which) => some(&which, &mut out).into_iter().for_each(panicking),
            }
            prop_assert_eq!(breaker.status(clock.now()).probes as usize, out.len());
            prop_assert_eq!(breaker.state(clock.now()), State::HalfOpen);
        }
    }
}
