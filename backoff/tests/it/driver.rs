//! The async driver: what it calls, when it sleeps, why it stops.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use steadfast_backoff::{Driver, Exponential, Jitter, Policy, Retrying, Stop, Success, Verdict, Wait};
use steadfast_clock::{Clock, ManualClock, ManualSleep, Nanos, Timer};

use crate::drive;
use crate::machine::{Once, Purse};

const SEC: Duration = Duration::from_secs(1);

fn judge<T>(result: &Result<T, u16>) -> Verdict {
    match result {
        Ok(_) => Verdict::Done,
        Err(status) if *status >= 500 => Verdict::retry(),
        Err(429) => Verdict::retry_after(7 * SEC),
        Err(_) => Verdict::Fatal,
    }
}

/// A manual clock that counts the sleeps asked of it.
struct Counting {
    clock: ManualClock,
    sleeps: AtomicU32,
}

impl Counting {
    fn new() -> Self {
        Self { clock: ManualClock::new(), sleeps: AtomicU32::new(0) }
    }
}

impl Clock for Counting {
    fn now(&self) -> Nanos {
        self.clock.now()
    }
}

impl Timer for Counting {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Nanos) -> ManualSleep {
        self.sleeps.fetch_add(1, Ordering::Relaxed);
        self.clock.sleep_until(at)
    }
}

#[test]
fn a_retry_storm_is_survived_at_the_sixth_request() {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_attempts(6).unwrap();
    let mut requests = Vec::new();
    let mut told = Vec::new();
    let run = Driver::with_entropy(&policy, &clock, || 3)
        .on_retry(|retrying: &Retrying<'_, u16>| told.push((retrying.attempt, retrying.wait.delay.as_secs())))
        .run(
            |attempt| {
                requests.push(clock.now());
                async move { if attempt <= 5 { Err(503) } else { Ok("updated") } }
            },
            judge,
        );
    let done = drive(&clock, run).unwrap();

    assert_eq!((done.value, done.attempts, done.total_wait, done.stop), ("updated", 6, 31 * SEC, None));
    let waits: Vec<_> = requests.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16].map(Duration::from_secs));
    assert_eq!(told, [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)]);
}

#[test]
fn a_first_try_success_calls_once_and_never_sleeps() {
    let timer = Counting::new();
    let policy = Policy::delivery();
    let calls = AtomicU32::new(0);
    let purse = Purse::of(0);
    let run = Driver::with_entropy(&policy, &timer, || panic!("no jitter is needed"))
        .budget(&purse)
        .on_retry(|_| panic!("nothing is retried"))
        .run(
            |attempt| {
                calls.fetch_add(1, Ordering::Relaxed);
                async move { Ok(attempt) }
            },
            judge,
        );
    let mut run = pin!(run);
    assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    assert_eq!((calls.load(Ordering::Relaxed), timer.sleeps.load(Ordering::Relaxed)), (1, 0));
    assert_eq!(purse.asked.load(Ordering::Relaxed), 0);
    assert_eq!(purse.deposits.load(Ordering::Relaxed), 1);
}

#[test]
fn operations_may_change_what_they_captured() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let mut answers = vec!["third", "second", "first"];
    let mut seen = Vec::new();
    let run = Driver::with_entropy(&policy, &clock, || 0).run(
        |_| {
            let answer = answers.pop();
            async move { answer.ok_or(400) }
        },
        |result: &Result<&str, u16>| {
            seen.push(*result);
            if *result == Ok("third") { Verdict::Done } else { Verdict::retry() }
        },
    );
    assert_eq!(drive(&clock, run).unwrap().value, "third");
    assert!(answers.is_empty());
    assert_eq!(seen, [Ok("first"), Ok("second"), Ok("third")]);
}

#[test]
fn a_fatal_error_stops_at_once() {
    let timer = Counting::new();
    let policy = Policy::delivery();
    let purse = Purse::of(9);
    let run = Driver::with_entropy(&policy, &timer, || 0).budget(&purse).run(|_| async { Err::<(), _>(404) }, judge);
    let failed = drive(&timer.clock, run).unwrap_err();
    assert_eq!((failed.error, failed.attempts, failed.stop), (404, 1, Stop::NotRetryable));
    assert_eq!(timer.sleeps.load(Ordering::Relaxed), 0);
    assert_eq!((purse.asked.into_inner(), purse.deposits.into_inner()), (0, 0));
    assert_eq!(failed.to_string(), "404 (after 1 attempt: not worth a retry)");
}

#[test]
fn attempts_end() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let run = Driver::with_entropy(&policy, &clock, || 0).run(|_| async { Err::<(), _>(500) }, judge);
    let failed = drive(&clock, run).unwrap_err();
    assert_eq!((failed.error, failed.attempts, failed.total_wait), (500, 3, 3 * SEC));
    assert_eq!((failed.stop, failed.retry_after()), (Stop::AttemptsSpent, None));
    assert_eq!(failed.to_string(), "500 (after 3 attempts: attempts used up)");
}

#[test]
fn a_schedule_ends() {
    let clock = ManualClock::new();
    let policy = Policy::new(Once, 9).unwrap();
    let run = Driver::with_entropy(&policy, &clock, || 0).run(|_| async { Err::<(), _>(500) }, judge);
    let failed = drive(&clock, run).unwrap_err();
    assert_eq!((failed.attempts, failed.stop), (2, Stop::ScheduleEnded));
}

#[test]
fn a_hint_beats_the_schedule() {
    let clock = ManualClock::new();
    let start = clock.now();
    let policy = Policy::delivery();
    let mut hinted = Vec::new();
    let run = Driver::with_entropy(&policy, &clock, || 0)
        .on_retry(|retrying| hinted.push(retrying.wait.hinted))
        .run(|attempt| async move { [Err(429), Err(503), Ok(())][attempt as usize - 1] }, judge);
    assert_eq!(drive(&clock, run).unwrap().total_wait, 9 * SEC);
    assert_eq!(clock.now().since(start), 9 * SEC);
    assert_eq!(hinted, [true, false]);
}

#[test]
fn a_hint_above_its_cap_stops_and_is_handed_on() {
    let timer = Counting::new();
    let policy = Policy::delivery().hint_cap(6 * SEC);
    let run = Driver::with_entropy(&policy, &timer, || 0).run(|_| async { Err::<(), _>(429) }, judge);
    let failed = drive(&timer.clock, run).unwrap_err();
    assert_eq!(failed.stop, Stop::HintAboveCap { hint: 7 * SEC, cap: 6 * SEC });
    assert_eq!((failed.retry_after(), failed.attempts), (Some(7 * SEC), 1));
    assert_eq!(timer.sleeps.load(Ordering::Relaxed), 0);
}

#[test]
fn the_deadline_spans_attempts_and_waits() {
    let clock = ManualClock::new();
    let start = clock.now();
    let policy = Policy::delivery().with_attempts(9).unwrap();
    let run = Driver::with_entropy(&policy, &clock, || 0).deadline(start.saturating_add(10 * SEC)).run(
        |_| {
            // Each attempt takes a second of its own.
            let busy = clock.sleep_until(clock.now().saturating_add(SEC));
            async move {
                busy.await;
                Err::<(), _>(503)
            }
        },
        judge,
    );
    // 1 busy, 1 wait, 1 busy, 2 wait, 1 busy: 6 s gone, and a wait of 4 s would end at the deadline.
    let failed = drive(&clock, run).unwrap_err();
    assert_eq!(failed.stop, Stop::DeadlineTooSoon { needed: 4 * SEC });
    assert_eq!((failed.attempts, clock.now().since(start)), (3, 6 * SEC));
}

#[test]
fn a_spent_budget_ends_the_call() {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_attempts(9).unwrap();
    let purse = Purse::of(3);
    let run = Driver::with_entropy(&policy, &clock, || 0)
        .budget(&purse)
        .run(|_| async { Err::<(), _>(503) }, |_| Verdict::Retry { hint: None, cost: 2 });
    let failed = drive(&clock, run).unwrap_err();
    assert_eq!((failed.attempts, failed.stop), (2, Stop::BudgetSpent));
    assert_eq!((purse.left.into_inner(), purse.deposits.into_inner()), (1, 0));
}

#[test]
fn a_value_that_was_not_good_enough_is_still_handed_back() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let driver = || Driver::<_, _, u16>::with_entropy(&policy, &clock, || 0);
    let spent = drive(&clock, driver().run(|attempt| async move { Ok(attempt) }, |_| Verdict::retry())).unwrap();
    assert_eq!((spent.value, spent.attempts, spent.stop), (3, 3, Some(Stop::AttemptsSpent)));
    let fatal = drive(&clock, driver().run(|attempt| async move { Ok(attempt) }, |_| Verdict::Fatal)).unwrap();
    assert_eq!((fatal.value, fatal.stop), (1, Some(Stop::NotRetryable)));
    let done = drive(&clock, driver().run(|attempt| async move { Ok(attempt) }, |_| Verdict::Done)).unwrap();
    assert_eq!(done, Success::new(1, 1, Duration::ZERO));
}

#[test]
fn an_error_that_stands_is_an_error() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let purse = Purse::of(0);
    let run = Driver::with_entropy(&policy, &clock, || 0)
        .budget(&purse)
        .run(|_| async { Err::<(), _>(404) }, |_| Verdict::Done);
    assert_eq!(drive(&clock, run).unwrap_err().stop, Stop::NotRetryable);
    assert_eq!(purse.deposits.into_inner(), 0);
}

/// Counts how many of it live.
struct Held<'a>(&'a AtomicU32);

impl<'a> Held<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn a_dropped_driver_drops_its_wait() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let calls = AtomicU32::new(0);
    {
        let run = Driver::with_entropy(&policy, &clock, || 0).run(
            |_| {
                calls.fetch_add(1, Ordering::Relaxed);
                async { Err::<(), _>(503) }
            },
            judge,
        );
        let mut run = pin!(run);
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(clock.waiting(), 1);
    }
    assert_eq!(clock.waiting(), 0);
    clock.advance(60 * SEC);
    assert_eq!(calls.into_inner(), 1);
}

#[test]
fn a_dropped_driver_drops_its_attempt() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let held = AtomicU32::new(0);
    {
        let run = Driver::with_entropy(&policy, &clock, || 0).run(
            |_| {
                let guard = Held::new(&held);
                async move {
                    let _guard = guard;
                    pending::<Result<(), u16>>().await
                }
            },
            judge,
        );
        let mut run = pin!(run);
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(held.load(Ordering::Relaxed), 1);
    }
    assert_eq!(held.into_inner(), 0);
}

#[test]
fn a_failed_answer_is_not_held_during_the_wait() {
    let clock = ManualClock::new();
    let policy = Policy::delivery();
    let held = AtomicU32::new(0);
    let run = Driver::with_entropy(&policy, &clock, || 0).run(
        |_| {
            let answer = Held::new(&held);
            async move { Ok::<_, u16>(answer) }
        },
        |_| Verdict::retry(),
    );
    let mut run = pin!(run);
    assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!((clock.waiting(), held.load(Ordering::Relaxed)), (1, 0));
}

#[test]
fn a_hundred_threads_share_one_policy() {
    let policy = Policy::production();
    std::thread::scope(|scope| {
        for seed in 0..128u64 {
            let policy = &policy;
            scope.spawn(move || {
                let clock = ManualClock::new();
                let run = Driver::with_entropy(policy, &clock, || seed << 57)
                    .run(|attempt| async move { if attempt < 4 { Err(503) } else { Ok(seed) } }, judge);
                let done = drive(&clock, run).unwrap();
                assert_eq!((done.value, done.attempts), (seed, 4));
            });
        }
    });
}

#[cfg(feature = "rand")]
#[tokio::test(start_paused = true)]
async fn a_thousand_tasks_share_one_policy_and_spread_out() {
    use std::collections::HashSet;
    use steadfast_clock::TokioTimer;

    let schedule = Exponential::builder().jitter(Jitter::Full).build().unwrap();
    let policy = std::sync::Arc::new(Policy::new(schedule, 3).unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for id in 0..1000u32 {
        let policy = std::sync::Arc::clone(&policy);
        tasks.spawn(async move {
            let driver = Driver::new(&policy, TokioTimer::new());
            driver.run(|attempt| async move { if attempt < 3 { Err(503) } else { Ok(id) } }, judge).await
        });
    }
    let done: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().map(|done| done.value).collect::<HashSet<_>>().len(), 1000);
    assert!(done.iter().all(|done| done.attempts == 3 && done.total_wait <= 3 * SEC));
    assert_eq!(done.iter().map(|done| done.total_wait).collect::<HashSet<_>>().len(), 1000);
}

#[cfg(feature = "rand")]
#[test]
fn the_source_of_randomness_can_be_replaced() {
    let clock = ManualClock::new();
    let policy = Policy::api_client();
    let mut draws = 0;
    let run = Driver::new(&policy, &clock)
        .entropy(|| {
            draws += 1;
            u64::MAX
        })
        .run(|attempt| async move { if attempt < 3 { Err(503) } else { Ok(()) } }, judge);
    assert_eq!(drive(&clock, run).unwrap().total_wait, Duration::from_millis(1200 + 2400));
    assert_eq!(draws, 2);
}

#[test]
fn a_retry_is_told_in_one_line() {
    let clock = ManualClock::new();
    let policy = Policy::new(Exponential::builder().jitter(Jitter::None).build().unwrap(), 4).unwrap();
    let quick = Policy::production().with_jitter(Jitter::None).unwrap();
    let mut lines = Vec::new();
    for policy in [policy, quick] {
        let run = Driver::with_entropy(&policy, &clock, || 0)
            .on_retry(|retrying: &Retrying<'_, &str>| lines.push(retrying.to_string()))
            .run(|_| async { Err::<(), _>("connection refused") }, |_| Verdict::retry());
        assert!(drive(&clock, run).is_err());
    }
    assert_eq!(lines[0], "retrying (attempt 2/4) after 1.0 s: connection refused");
    assert_eq!(lines[1], "retrying (attempt 3/4) after 2.0 s: connection refused");
    assert_eq!(lines[3], "retrying (attempt 2/4) after 50 ms: connection refused");

    let mut lines = Vec::new();
    let mut waits: Vec<Wait> = Vec::new();
    let run = Driver::<_, _, &str>::with_entropy(&policy, &clock, || 0)
        .on_retry(|retrying| {
            lines.push(retrying.to_string());
            waits.push(retrying.wait);
        })
        .run(|_| async { Ok(()) }, |_| Verdict::retry());
    assert!(drive(&clock, run).is_ok());
    assert_eq!(lines[0], "retrying (attempt 2/4) after 1.0 s");
    assert_eq!(waits.len(), 3);
}

/// What `call` allocates when it is polled once.
fn allocated<F: Future>(call: impl FnOnce() -> F) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    allocation_counter::measure(|| drop(pin!(call()).poll(&mut cx))).count_total
}

#[test]
fn a_first_try_that_succeeds_allocates_nothing() {
    let policy = Policy::production();
    let clock = ManualClock::new();
    let call = |status: u16| {
        let result = if status == 200 { Ok("pong") } else { Err(status) };
        let driver = Driver::with_entropy(&policy, &clock, || 3).on_retry(|_: &Retrying<'_, u16>| {});
        driver.run(move |_| async move { result }, judge)
    };
    assert_eq!(allocated(|| call(200)), 0);
    assert!(allocated(|| call(503)) > 0, "a wait is not free, and this measures it");
}
