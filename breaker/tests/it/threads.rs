//! Many threads at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use steadfast_breaker::{Breaker, CircuitBreaker, Observer, Outcome, Rate, Rule, State, Ticket, Transition};
use steadfast_clock::{Clock, ManualClock};

const THREADS: usize = 8;

/// Runs `job` on every thread, all starting together.
fn together<T: Send>(job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let job = &job;
        let barrier = &barrier;
        let threads: Vec<_> = (0..THREADS)
            .map(|i| {
                scope.spawn(move || {
                    barrier.wait();
                    job(i)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn half_open_admits_exactly_its_probes_whatever_the_concurrency() {
    for probes in [1, 2, 5] {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::new(Rule::new().failures(1).probes(probes)).unwrap();
        for _ in 0..50 {
            while let Ok(permit) = breaker.permit(&clock) {
                permit.failure();
            }
            clock.advance(Duration::from_secs(30));
            let now = clock.now();
            let tickets: Vec<Ticket> =
                together(|_| (0..20).filter_map(|_| breaker.admit(now).ok()).collect::<Vec<_>>())
                    .into_iter()
                    .flatten()
                    .collect();
            assert_eq!(tickets.len(), usize::try_from(probes).unwrap());
            for ticket in tickets {
                breaker.settle(ticket, Outcome::Abandoned, Duration::ZERO, now);
            }
        }
    }
}

#[test]
fn probes_that_come_and_go_never_exceed_their_number() {
    let clock = ManualClock::new();
    let rule = Rule::new().failures(1).probes(3).successes(u32::MAX).probe_timeout(Duration::MAX);
    let breaker = CircuitBreaker::new(rule).unwrap();
    breaker.permit(&clock).unwrap().failure();
    clock.advance(Duration::from_secs(30));
    let out = AtomicU64::new(0);
    let admitted: u64 = together(|i| {
        let mut admitted = 0;
        for _ in 0..2000 {
            let Ok(permit) = breaker.permit(&clock) else { continue };
            assert!(out.fetch_add(1, Ordering::SeqCst) < 3);
            admitted += 1;
            out.fetch_sub(1, Ordering::SeqCst);
            if i % 2 == 0 { permit.success() } else { drop(permit) }
        }
        admitted
    })
    .into_iter()
    .sum();
    assert!(admitted > 0);
    assert_eq!(breaker.status(clock.now()).probes, 0);
}

#[derive(Default)]
struct Openings(AtomicU64);

impl Observer for Openings {
    fn on(&self, transition: &Transition) {
        if transition.to == State::Open {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn a_storm_of_failures_opens_once() {
    let clock = ManualClock::new();
    let openings = Arc::new(Openings::default());
    let breaker = CircuitBreaker::with_observer(Rule::new(), Arc::clone(&openings)).unwrap();
    let rejected: usize = together(|_| {
        let mut rejected = 0;
        for _ in 0..500 {
            match breaker.permit(&clock) {
                Ok(permit) => permit.failure(),
                Err(_) => rejected += 1,
            }
        }
        rejected
    })
    .into_iter()
    .sum();
    assert_eq!(openings.0.load(Ordering::SeqCst), 1);
    assert_eq!(breaker.status(clock.now()).openings, 1);
    // Each thread may have had one call under way besides those that opened it.
    assert!(rejected >= THREADS * 500 - 5 - THREADS);
}

#[test]
fn whatever_was_settled_before_is_known_to_the_next_admission() {
    let clock = ManualClock::new();
    for _ in 0..200 {
        let breaker = CircuitBreaker::new(Rule::new().failures(u32::try_from(THREADS).unwrap())).unwrap();
        let settled = AtomicU64::new(0);
        let late: Vec<bool> = together(|_| {
            breaker.permit(&clock).unwrap().failure();
            let all = settled.fetch_add(1, Ordering::AcqRel) + 1 == u64::try_from(THREADS).unwrap();
            all && breaker.permit(&clock).is_ok()
        });
        assert!(!late.contains(&true));
    }
}

#[test]
fn every_success_of_every_thread_counts_in_the_rate() {
    let clock = ManualClock::new();
    let window = Duration::from_secs(16);
    let rule = Rule::new().rate(Rate::failures(1.0).over_time(window).min_calls(u32::MAX));
    let breaker = CircuitBreaker::new(rule).unwrap();
    for round in 0..40u64 {
        let before = breaker.status(clock.now()).calls;
        together(|i| {
            for n in 0..500 {
                let permit = breaker.permit(&clock).unwrap();
                if (i + n) % 100 == 0 { permit.failure() } else { permit.success() }
            }
        });
        assert_eq!(breaker.status(clock.now()).calls - before, u64::try_from(THREADS).unwrap() * 500, "{round}");
        // A bucket a round: one full lap and more, so that buckets are taken over.
        clock.advance(Duration::from_secs(1));
        assert_eq!(breaker.status(clock.now()).calls, (round + 1).min(15) * u64::try_from(THREADS).unwrap() * 500);
    }
}

#[test]
fn buckets_are_taken_over_by_one_thread_at_a_time() {
    let clock = ManualClock::new();
    let rule = Rule::new().rate(Rate::failures(1.0).over_time(Duration::from_millis(16)).min_calls(u32::MAX));
    let breaker = CircuitBreaker::new(rule).unwrap();
    let settled = AtomicU64::new(0);
    together(|i| {
        for n in 0..3000 {
            if i == 0 {
                // The clock runs on while the others count.
                clock.advance(Duration::from_micros(100));
            }
            breaker.permit(&clock).unwrap().success();
            settled.fetch_add(1, Ordering::Relaxed);
            if n % 50 == 0 {
                assert!(breaker.status(clock.now()).calls <= settled.load(Ordering::Relaxed) + 8);
            }
        }
    });
    clock.advance(Duration::from_millis(16));
    assert_eq!(breaker.status(clock.now()).calls, 0);
}

#[test]
fn a_storm_of_changes_by_hand_leaves_a_working_breaker() {
    let clock = ManualClock::new();
    let rates = Rate::failures(0.5).over_time(Duration::from_secs(1)).min_calls(4);
    for rule in [Rule::new(), Rule::new().consecutive(3), Rule::new().rate(rates)] {
        let breaker = CircuitBreaker::new(rule.ramp(Duration::from_secs(1))).unwrap();
        together(|i| {
            for n in 0..500 {
                match (i, n % 4) {
                    (0, 0) => breaker.force_open(clock.now()),
                    (0, 1) => breaker.reset(clock.now()),
                    (0, 2) => breaker.disable(clock.now()),
                    (0, _) => breaker.force_closed(clock.now()),
                    _ => {
                        if let Ok(permit) = breaker.permit(&clock) {
                            if n % 3 == 0 { permit.failure() } else { permit.success() }
                        }
                    }
                }
            }
        });
        breaker.reset(clock.now());
        let status = breaker.status(clock.now());
        assert_eq!((status.state, status.failures, status.calls), (State::Closed, 0, 0));
        for _ in 0..5 {
            breaker.permit(&clock).unwrap().failure();
            if breaker.state(clock.now()) == State::Open {
                break;
            }
        }
        assert_eq!(breaker.state(clock.now()), State::Open);
    }
}
