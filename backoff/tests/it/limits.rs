//! Limits of a driven call: total limit, attempt timeout, clock reads, kept errors.

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use steadfast_backoff::{Driver, Policy, Stop, Verdict};
use steadfast_clock::{Clock, ManualClock, ManualSleep, Nanos, Timer};

use crate::drive;
use crate::machine::Purse;

const SEC: Duration = Duration::from_secs(1);

/// A manual clock that counts how often it is read.
struct Read {
    clock: ManualClock,
    times: AtomicU32,
}

impl Read {
    fn new() -> Self {
        Self { clock: ManualClock::new(), times: AtomicU32::new(0) }
    }

    fn times(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }
}

impl Clock for Read {
    fn now(&self) -> Nanos {
        self.times.fetch_add(1, Ordering::Relaxed);
        self.clock.now()
    }
}

impl Timer for Read {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Nanos) -> ManualSleep {
        self.clock.sleep_until(at)
    }
}

fn ok(_attempt: u32) -> impl Future<Output = Result<(), u16>> {
    ready(Ok(()))
}

#[test]
fn a_first_try_success_reads_the_clock_only_for_who_needs_it() {
    let (timer, policy, purse) = (Read::new(), Policy::production(), Purse::of(0));
    let driver = || Driver::with_entropy(&policy, &timer, || panic!("no jitter is needed"));
    let reads = |run: &dyn Fn()| {
        let before = timer.times();
        run();
        timer.times() - before
    };
    let run =
        |driver: Driver<'_, _, _, _, _, _>| assert!(drive(&timer.clock, driver.run(ok, Verdict::unless_ok)).is_ok());
    assert_eq!(reads(&|| run(driver())), 0);
    assert_eq!(reads(&|| run(driver().deadline(Nanos::ZERO))), 0);
    assert_eq!(reads(&|| run(driver().budget(&purse))), 1);
    assert_eq!(reads(&|| run(driver().total_limit(SEC))), 1);
    let timed = || driver().attempt_timeout(SEC, || 408);
    assert_eq!(reads(&|| assert!(drive(&timer.clock, timed().run(ok, Verdict::unless_ok)).is_ok())), 1);
}

#[test]
fn the_total_limit_is_wall_time() {
    let clock = ManualClock::new();
    let start = clock.now();
    let policy = Policy::delivery().with_retries(8);
    let run = Driver::with_entropy(&policy, &clock, || 0).total_limit(10 * SEC).run(
        |_| {
            let busy = clock.sleep_until(clock.now().saturating_add(SEC));
            async move {
                busy.await;
                Err::<(), _>(503)
            }
        },
        Verdict::unless_ok,
    );
    // Waits of 7 s would fit; with the attempts it is 1 + 1 + 1 + 2 + 1, and a wait of 4 s would end at the limit.
    let failed = drive(&clock, run).unwrap_err();
    assert_eq!((failed.stop, failed.attempts), (Stop::TotalLimit { needed: 4 * SEC }, 3));
    assert_eq!(clock.now().since(start), 6 * SEC);
}

#[test]
fn the_total_limit_begins_with_the_run() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let run = Driver::with_entropy(&policy, &clock, || 0)
        .total_limit(5 * SEC)
        .run(|attempt| ready(if attempt < 3 { Err(503) } else { Ok(()) }), Verdict::unless_ok);
    // The future was made long before it is polled.
    clock.advance(60 * SEC);
    assert_eq!(drive(&clock, run).unwrap().total_wait, 3 * SEC);
}

#[test]
fn the_limit_that_is_over_first_is_named() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let failed = |deadline, limit| {
        let driver = Driver::with_entropy(&policy, &clock, || 0).deadline(deadline).total_limit(limit);
        drive(&clock, driver.run(|_| ready(Err::<(), _>(503)), Verdict::unless_ok)).unwrap_err().stop
    };
    let in_a_second = clock.now().saturating_add(SEC);
    assert_eq!(failed(in_a_second, 2 * SEC), Stop::DeadlineTooSoon { needed: SEC });
    assert_eq!(failed(in_a_second, SEC / 2), Stop::TotalLimit { needed: SEC });
    assert_eq!(failed(Nanos::MAX, Duration::ZERO), Stop::TotalLimit { needed: SEC });
}

#[test]
fn an_attempt_that_hangs_is_dropped_and_retried() {
    let clock = ManualClock::new();
    let start = clock.now();
    let policy = Policy::delivery();
    let done = Driver::with_entropy(&policy, &clock, || 0).attempt_timeout(5 * SEC, || 408).run(
        |attempt| async move { if attempt < 3 { pending().await } else { Ok(attempt) } },
        |result| match result {
            Ok(_) => Verdict::Done,
            Err(408) => Verdict::retry(),
            Err(_) => Verdict::Fatal,
        },
    );
    assert_eq!(drive(&clock, done).unwrap().value, 3);
    // 5 hung, 1 wait, 5 hung, 2 wait.
    assert_eq!((clock.now().since(start), clock.waiting()), (13 * SEC, 0));
}

#[test]
fn the_error_of_a_timeout_is_judged_like_any_other() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let mut cut = 0;
    let run = Driver::with_entropy(&policy, &clock, || 0)
        .attempt_timeout(SEC, || {
            cut += 1;
            408
        })
        .run(|_| pending::<Result<(), u16>>(), |_| Verdict::Fatal);
    let failed = drive(&clock, run).unwrap_err();
    assert_eq!((failed.error, failed.attempts, failed.stop, cut), (408, 1, Stop::NotRetryable, 1));
}

#[test]
fn with_a_timeout_the_end_of_the_call_cuts_too() {
    let clock = ManualClock::new();
    let start = clock.now();
    let policy = Policy::delivery();
    let driver = || Driver::with_entropy(&policy, &clock, || 0).attempt_timeout(Duration::MAX, || 408);
    let hang = |_| pending::<Result<(), u16>>();
    let failed = drive(&clock, driver().total_limit(7 * SEC).run(hang, Verdict::unless_ok)).unwrap_err();
    assert_eq!((failed.error, failed.stop), (408, Stop::TotalLimit { needed: SEC }));
    assert_eq!(clock.now().since(start), 7 * SEC);
    let deadline = clock.now().saturating_add(2 * SEC);
    let failed = drive(&clock, driver().deadline(deadline).run(hang, Verdict::unless_ok)).unwrap_err();
    assert_eq!((failed.stop, clock.now()), (Stop::DeadlineTooSoon { needed: SEC }, deadline));
}

#[test]
fn a_result_that_is_there_beats_the_timeout() {
    let clock = ManualClock::new();
    let policy = Policy::disabled();
    let run = Driver::with_entropy(&policy, &clock, || 0).deadline(Nanos::ZERO).attempt_timeout(SEC, || 408).run(
        |_| {
            let sleep = clock.sleep_until(clock.now());
            async move {
                sleep.await;
                Ok("just in time")
            }
        },
        Verdict::unless_ok,
    );
    assert_eq!(drive(&clock, run).unwrap().value, "just in time");
}

#[test]
fn an_attempt_is_polled_once_for_each_time_it_is_woken() {
    let clock = ManualClock::new();
    let policy = Policy::disabled();
    let polls = AtomicU32::new(0);
    let run = Driver::with_entropy(&policy, &clock, || 0).attempt_timeout(SEC, || 408).run(
        |_| {
            std::future::poll_fn(|_| {
                polls.fetch_add(1, Ordering::Relaxed);
                std::task::Poll::<Result<(), u16>>::Pending
            })
        },
        Verdict::unless_ok,
    );
    let mut run = pin!(run);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(run.as_mut().poll(&mut cx).is_pending());
    assert_eq!((polls.load(Ordering::Relaxed), clock.waiting()), (1, 1));
    clock.advance(SEC);
    assert!(run.as_mut().poll(&mut cx).is_ready());
    assert_eq!((polls.load(Ordering::Relaxed), clock.waiting()), (2, 0));
}

#[test]
fn earlier_errors_are_kept_for_who_asks() {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_retries(4);
    let mut kept = Vec::new();
    let run = Driver::with_entropy(&policy, &clock, || 0).keep_errors(&mut kept).run(
        |attempt| ready([Err("first"), Ok("odd"), Err("third"), Ok("good")][attempt as usize - 1]),
        |result| {
            if *result == Ok("good") { Verdict::Done } else { Verdict::retry() }
        },
    );
    assert_eq!(drive(&clock, run).unwrap().value, "good");
    assert_eq!(kept, ["first", "third"]);
}

#[test]
fn kept_errors_outlive_a_dropped_call_and_the_last_is_apart() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let mut kept = Vec::new();
    let failed = {
        let driver = Driver::with_entropy(&policy, &clock, || 0).keep_errors(&mut kept);
        drive(&clock, driver.run(|attempt| ready(Err::<(), _>(attempt)), Verdict::unless_ok)).unwrap_err()
    };
    assert_eq!((failed.error, &kept[..]), (3, &[1, 2][..]));
    {
        let driver = Driver::with_entropy(&policy, &clock, || 0).keep_errors(&mut kept);
        let mut run = pin!(driver.run(|_| ready(Err::<(), _>(7)), Verdict::unless_ok));
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(kept, [1, 2, 7]);
}

#[test]
fn a_driver_shows_its_limits() {
    let policy = Policy::disabled();
    let driver = Driver::<_, _, u8>::with_entropy(&policy, ManualClock::new(), || 0);
    assert!(format!("{driver:?}").contains("attempts: Untimed"));
    let shown = format!("{:?}", driver.total_limit(SEC).attempt_timeout(2 * SEC, || 0));
    assert!(shown.contains("total_limit: Some(1s)") && shown.contains("Timed { limit: 2s"), "{shown}");
}
