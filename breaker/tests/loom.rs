//! Model checks: every interleaving of a few threads, on the shared breaker with loom's atomics.
//!
//! `RUSTFLAGS="--cfg steadfast_loom" cargo test -p steadfast-breaker --test loom --release`
#![cfg(steadfast_loom)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;
use steadfast_breaker::{Breaker, CircuitBreaker, Outcome, Rate, Rule, State};
use steadfast_clock::Nanos;

/// A bucket of the window that the rates of these models are taken of.
const BUCKET: u64 = 1_000_000;

const fn at(buckets: u64) -> Nanos {
    Nanos::from_nanos(1000 * BUCKET + buckets * BUCKET)
}

fn rates() -> Rule {
    Rule::new().rate(Rate::failures(0.5).over_time(Duration::from_nanos(16 * BUCKET)).min_calls(2))
}

fn shared(rule: Rule) -> Arc<CircuitBreaker> {
    Arc::new(CircuitBreaker::new(rule).unwrap())
}

/// Admits and settles one call, if it may; tells whether it might.
fn end(breaker: &CircuitBreaker, outcome: Outcome, now: Nanos) -> bool {
    let Ok(ticket) = breaker.admit(now) else { return false };
    breaker.settle(ticket, outcome, Duration::ZERO, now);
    true
}

/// Runs the jobs on a thread each, and waits for them.
fn together<const N: usize>(breaker: &Arc<CircuitBreaker>, jobs: [fn(&CircuitBreaker); N]) {
    let threads = jobs.map(|job| {
        let breaker = Arc::clone(breaker);
        thread::spawn(move || job(&breaker))
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn an_outcome_settled_before_an_admission_is_known_to_it() {
    loom::model(|| {
        let breaker = shared(Rule::new().failures(1));
        let settled = Arc::new(AtomicBool::new(false));
        let other = {
            let (breaker, settled) = (Arc::clone(&breaker), Arc::clone(&settled));
            thread::spawn(move || {
                end(&breaker, Outcome::Failure, at(0));
                settled.store(true, Ordering::Release);
            })
        };
        let before = settled.load(Ordering::Acquire);
        let admitted = breaker.admit(at(0)).is_ok();
        assert!(!(before && admitted), "it was open");
        other.join().unwrap();
        assert_eq!(breaker.state(at(0)), State::Open);
    });
}

#[test]
fn a_success_settled_between_failures_ends_their_row() {
    loom::model(|| {
        let breaker = shared(Rule::new().consecutive(2));
        assert!(end(&breaker, Outcome::Failure, at(0)));
        let other = {
            let breaker = Arc::clone(&breaker);
            thread::spawn(move || end(&breaker, Outcome::Success, at(0)))
        };
        assert!(other.join().unwrap());
        assert!(end(&breaker, Outcome::Failure, at(0)));
        assert_eq!(breaker.status(at(0)).failures, 1);
    });
}

#[test]
fn a_row_of_failures_is_counted_exactly() {
    loom::model(|| {
        let breaker = shared(Rule::new().consecutive(3));
        together(
            &breaker,
            [
                |breaker| assert!(end(breaker, Outcome::Failure, at(0))),
                |breaker| assert!(end(breaker, Outcome::Failure, at(0))),
            ],
        );
        assert_eq!(breaker.status(at(0)).failures, 2);
        // A success beside the third failure ends the row before it or after it, or comes too late to be admitted.
        together(
            &breaker,
            [
                |breaker| {
                    end(breaker, Outcome::Success, at(0));
                },
                |breaker| assert!(end(breaker, Outcome::Failure, at(0))),
            ],
        );
        let status = breaker.status(at(0));
        let (open, left) = (status.state == State::Open, status.failures);
        assert!(open || left <= 1, "{status:?}");
    });
}

#[test]
fn successes_in_one_bucket_are_all_counted() {
    loom::model(|| {
        let breaker = shared(rates());
        together(
            &breaker,
            [
                |breaker| {
                    end(breaker, Outcome::Success, at(0));
                    end(breaker, Outcome::Success, at(0));
                },
                |breaker| {
                    end(breaker, Outcome::Success, at(0));
                },
            ],
        );
        assert_eq!(breaker.status(at(0)).calls, 3);
    });
}

#[test]
fn a_bucket_taken_over_in_a_new_lap_loses_and_doubles_nothing() {
    loom::model(|| {
        let breaker = shared(rates());
        end(&breaker, Outcome::Success, at(0));
        // The same word, one lap later: both threads find it stale.
        together(
            &breaker,
            [
                |breaker| {
                    end(breaker, Outcome::Success, at(16));
                },
                |breaker| {
                    end(breaker, Outcome::Success, at(16));
                    end(breaker, Outcome::Success, at(17));
                },
            ],
        );
        assert_eq!(breaker.status(at(17)).calls, 3);
    });
}

#[test]
fn a_late_success_does_not_take_a_newer_bucket_over() {
    loom::model(|| {
        let breaker = shared(rates());
        together(
            &breaker,
            [
                |breaker| {
                    end(breaker, Outcome::Success, at(16));
                },
                // Told late, or by a clock that is behind.
                |breaker| {
                    end(breaker, Outcome::Success, at(0));
                },
            ],
        );
        assert_eq!(breaker.status(at(16)).calls, 1);
    });
}

#[test]
fn successes_of_an_earlier_generation_never_count_in_a_later_one() {
    loom::model(|| {
        let breaker = shared(rates());
        let early = breaker.admit(at(0)).unwrap();
        let other = {
            let breaker = Arc::clone(&breaker);
            thread::spawn(move || breaker.settle(early, Outcome::Success, Duration::ZERO, at(0)))
        };
        breaker.reset(at(0));
        end(&breaker, Outcome::Success, at(0));
        other.join().unwrap();
        assert_eq!(breaker.status(at(0)).calls, 1, "that of the present generation");
    });
}

#[test]
fn a_failure_sees_every_success_settled_before_it() {
    loom::model(|| {
        let breaker = shared(rates());
        let settled = Arc::new(AtomicU64::new(0));
        let other = {
            let (breaker, settled) = (Arc::clone(&breaker), Arc::clone(&settled));
            thread::spawn(move || {
                for _ in 0..2 {
                    end(&breaker, Outcome::Success, at(0));
                    settled.fetch_add(1, Ordering::Release);
                }
            })
        };
        let before = settled.load(Ordering::Acquire);
        end(&breaker, Outcome::Failure, at(0));
        // One failure of at least three calls is below a half.
        assert!(before < 2 || breaker.state(at(0)) == State::Closed);
        other.join().unwrap();
    });
}

#[test]
fn half_open_has_no_more_than_its_probes_out() {
    loom::model(|| {
        let breaker = shared(Rule::new().failures(1).probes(1).successes(9).open_for(Duration::from_nanos(1)));
        end(&breaker, Outcome::Failure, at(0));
        let out = Arc::new(AtomicU64::new(0));
        let threads = [Outcome::Success, Outcome::Abandoned].map(|outcome| {
            let (breaker, out) = (Arc::clone(&breaker), Arc::clone(&out));
            thread::spawn(move || {
                let Ok(ticket) = breaker.admit(at(1)) else { return };
                assert!(ticket.is_probe());
                assert_eq!(out.fetch_add(1, Ordering::AcqRel), 0);
                out.fetch_sub(1, Ordering::AcqRel);
                breaker.settle(ticket, outcome, Duration::ZERO, at(1));
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(breaker.status(at(1)).probes, 0);
        assert!(breaker.admit(at(1)).is_ok());
    });
}

#[test]
fn a_change_by_hand_is_seen_by_whoever_comes_after() {
    loom::model(|| {
        let breaker = shared(Rule::new());
        let done = Arc::new(AtomicBool::new(false));
        let other = {
            let (breaker, done) = (Arc::clone(&breaker), Arc::clone(&done));
            thread::spawn(move || {
                breaker.force_open(at(0));
                done.store(true, Ordering::Release);
            })
        };
        let before = done.load(Ordering::Acquire);
        // The clock steps back meanwhile.
        let admitted = end(&breaker, Outcome::Failure, Nanos::ZERO);
        assert!(!(before && admitted));
        other.join().unwrap();
        assert!(breaker.admit(at(9)).is_err());
    });
}
