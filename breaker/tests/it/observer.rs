//! Observers hear every change once, and may ask the breaker back.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, Observer, Reason, Rule, State, Transition};
use steadfast_clock::{Clock, ManualClock};

#[derive(Default)]
struct Log {
    heard: Mutex<Vec<Transition>>,
    breaker: OnceLock<Arc<CircuitBreaker<Arc<Log>>>>,
}

impl Observer for Log {
    fn on(&self, transition: &Transition) {
        if let Some(breaker) = self.breaker.get() {
            assert_eq!(breaker.state(transition.at), transition.to, "no lock is held");
        }
        self.heard.lock().unwrap().push(*transition);
    }
}

#[test]
fn every_change_is_heard_in_order_with_its_reason() {
    let clock = ManualClock::new();
    let log = Arc::new(Log::default());
    let rule = Rule::new().failures(1).successes(1);
    let breaker = Arc::new(CircuitBreaker::with_observer(rule, Arc::clone(&log)).unwrap());
    assert!(log.breaker.set(Arc::clone(&breaker)).is_ok());
    let start = clock.now();

    breaker.permit(&clock).unwrap().failure();
    clock.advance(Duration::from_secs(30));
    breaker.permit(&clock).unwrap().failure();
    clock.advance(Duration::from_secs(30));
    breaker.permit(&clock).unwrap().success();
    breaker.permit(&clock).unwrap().success();

    let at = |secs| start.saturating_add(Duration::from_secs(secs));
    let expected = [
        Transition::new(State::Closed, State::Open, at(0), Reason::FailuresInWindow, 1),
        Transition::new(State::Open, State::HalfOpen, at(30), Reason::OpenElapsed, 2),
        Transition::new(State::HalfOpen, State::Open, at(30), Reason::ProbeFailed, 3),
        Transition::new(State::Open, State::HalfOpen, at(60), Reason::OpenElapsed, 4),
        Transition::new(State::HalfOpen, State::Closed, at(60), Reason::ProbesSucceeded, 5),
    ];
    assert_eq!(*log.heard.lock().unwrap(), expected);
    assert_eq!(expected[0].to_string(), "circuit breaker closed -> open: too many failures in the window");
}
