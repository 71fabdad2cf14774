//! The bounded map, by example and by many threads.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, ConfigError, Observer, Registry, Rule, State, Transition};
use steadfast_clock::{Clock, ManualClock};

const fn most(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("above zero")
}

#[test]
fn a_key_keeps_its_breaker() {
    let clock = ManualClock::new();
    let registry: Registry<String> = Registry::new(most(2), Rule::new().failures(1)).unwrap();
    assert!(registry.is_empty());
    let a = registry.of("a", &clock);
    assert!(Arc::ptr_eq(&a, &registry.of("a", &clock)));
    assert!(Arc::ptr_eq(&a, &registry.find("a").unwrap()));
    assert!(registry.find("b").is_none());
    a.permit(&clock).unwrap().failure();
    let summary = registry.summary(clock.now());
    assert_eq!((summary.closed, summary.open, summary.half_open, summary.overflowed), (0, 1, 0, 0));
    assert_eq!(registry.statuses(clock.now())[0].0, "a");
    clock.advance(Duration::from_secs(30));
    assert_eq!(registry.summary(clock.now()).half_open, 1);
    assert!(registry.remove("a").is_some());
    assert_eq!((registry.len(), registry.capacity()), (0, 2));
    assert!(format!("{registry:?}").contains("capacity: 2"));
}

#[test]
fn idle_breakers_make_room_and_busy_ones_do_not() {
    let clock = ManualClock::new();
    let registry: Registry<u32> = Registry::new(most(2), Rule::new()).unwrap();
    registry.of(&1, &clock).permit(&clock).unwrap().failure();
    let held = registry.of(&2, &clock);
    let third = registry.of(&3, &clock);
    assert!(Arc::ptr_eq(&third, registry.overflow()), "one has a failure, the other is held");
    drop(held);
    assert!(!Arc::ptr_eq(&registry.of(&3, &clock), registry.overflow()));
    assert!(registry.find(&2).is_none());
    assert_eq!(registry.find(&1).unwrap().status(clock.now()).failures, 1);
    assert_eq!(registry.summary(clock.now()).overflowed, 1);
    clock.advance(Duration::from_secs(60));
    let _ = registry.of(&4, &clock);
    assert!(registry.find(&1).is_none(), "its failure counts no more");
}

#[derive(Debug)]
struct Named(String);

impl Observer for Named {
    fn on(&self, transition: &Transition) {
        assert_eq!((self.0.as_str(), transition.to), ("fragile", State::Open));
    }
}

#[test]
fn each_key_may_have_a_rule_and_an_observer_of_its_own() {
    let clock = ManualClock::new();
    let make = |failures, name: &str| {
        CircuitBreaker::with_observer(Rule::new().failures(failures), Named(name.to_owned())).unwrap()
    };
    let registry = Registry::with(most(8), make(5, "overflow"), move |key: &String| {
        make(if key == "fragile" { 1 } else { 5 }, key)
    });
    for key in ["fragile", "robust"] {
        registry.of(key, &clock).permit(&clock).unwrap().failure();
    }
    assert_eq!(registry.find("fragile").unwrap().state(clock.now()), State::Open);
    assert_eq!(registry.find("robust").unwrap().state(clock.now()), State::Closed);
    assert_eq!(registry.find("robust").unwrap().observer().0, "robust");
}

#[test]
fn a_rule_that_cannot_work_is_refused() {
    let refused = Registry::<u8>::new(most(1), Rule::new().failures(0));
    assert_eq!(refused.unwrap_err(), ConfigError::Failures(0));
}

#[test]
fn threads_agree_on_the_breaker_of_a_key() {
    let clock = ManualClock::new();
    let registry: Registry<u32> = Registry::new(most(4), Rule::new().failures(800)).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..400 {
                    registry.of(&(n % 4), &clock).permit(&clock).unwrap().failure();
                }
            });
        }
    });
    for key in 0..4 {
        assert_eq!(registry.find(&key).unwrap().status(clock.now()).openings, 1, "the 800th of 800 failures");
    }
}
