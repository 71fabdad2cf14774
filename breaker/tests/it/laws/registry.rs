//! Laws of the bounded map.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{CircuitBreaker, Registry, Rule};
use steadfast_clock::{Clock, ManualClock};

#[derive(Clone, Debug)]
enum Step {
    Call(u8, bool),
    Hold(u8),
    LetGo,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0u8..12, any::<bool>()).prop_map(|(key, good)| Step::Call(key, good)),
        1 => (0u8..12).prop_map(Step::Hold),
        1 => Just(Step::LetGo),
        2 => (0u64..40).prop_map(Step::Pass),
    ]
}

proptest! {
    /// Never more breakers than the bound; a key goes to the overflow only when every place is taken by a breaker that
    /// is held or has something to remember; and no breaker with anything to remember is ever forgotten: each key's
    /// state is that of a breaker of its own which is never evicted.
    #[test]
    fn bounded_and_nothing_worth_remembering_is_forgotten(
        most in 1usize..6,
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let clock = ManualClock::new();
        let rule = Rule::new().failures(3).window(Duration::from_secs(20)).open_for(Duration::from_secs(30));
        let registry: Registry<u8> = Registry::new(NonZeroUsize::new(most).unwrap(), rule).unwrap();
        let mut own: HashMap<u8, CircuitBreaker> = HashMap::new();
        let mut held: Vec<(u8, Arc<CircuitBreaker>)> = Vec::new();
        let mut present: HashSet<u8> = HashSet::new();
        let mut overflowed = 0;
        for step in steps {
            let now = clock.now();
            let (Step::Call(key, _) | Step::Hold(key)) = step else {
                match step {
                    Step::Pass(secs) => clock.advance(Duration::from_secs(secs)),
                    _ => drop(held.pop()),
                }
                continue;
            };
            let breaker = registry.of(&key, &clock);
            if Arc::ptr_eq(&breaker, registry.overflow()) {
                overflowed += 1;
                prop_assert!(!present.contains(&key));
                prop_assert_eq!(present.len(), most);
                for key in &present {
                    prop_assert!(held.iter().any(|(held, _)| held == key) || !own[key].is_idle(now), "{} was idle", key);
                }
            } else {
                let twin = own.entry(key).or_insert_with(|| CircuitBreaker::new(rule).unwrap());
                prop_assert_eq!(breaker.state(now), twin.state(now));
                prop_assert_eq!(breaker.status(now).failures, twin.status(now).failures);
                if let Step::Call(_, good) = step {
                    let permits = (breaker.permit(&clock), twin.permit(&clock));
                    prop_assert_eq!(permits.0.is_ok(), permits.1.is_ok());
                    if let (Ok(ours), Ok(theirs)) = permits {
                        if good {
                            ours.success();
                            theirs.success();
                        } else {
                            ours.failure();
                            theirs.failure();
                        }
                    }
                } else {
                    held.push((key, breaker));
                }
            }
            let before = present;
            present = registry.statuses(now).into_iter().map(|(key, _)| key).collect();
            for key in before.difference(&present) {
                prop_assert!(own[key].is_idle(now), "{} had something to remember", key);
                prop_assert!(held.iter().all(|(held, _)| held != key), "{} was held", key);
            }
            prop_assert!(registry.len() <= most);
            prop_assert_eq!(registry.len(), present.len());
            let summary = registry.summary(now);
            prop_assert_eq!(summary.closed + summary.open + summary.half_open, present.len());
            prop_assert_eq!(summary.overflowed, overflowed);
        }
    }
}
