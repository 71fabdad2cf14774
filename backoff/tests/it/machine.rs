//! The pure machine: order of checks, hints, deadline, budget.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast_backoff::{Budget, Jitter, Next, Policy, Retry, Schedule, Step, Stop, Unlimited, Verdict, Wait};
use steadfast_clock::Nanos;

const SEC: Duration = Duration::from_secs(1);
const START: Nanos = Nanos::from_nanos(5_000_000_000);

/// As many retries as it holds; counts what was asked of it.
#[derive(Default)]
pub(crate) struct Purse {
    pub(crate) left: AtomicU32,
    pub(crate) asked: AtomicU32,
    pub(crate) deposits: AtomicU32,
}

impl Purse {
    pub(crate) fn of(left: u32) -> Self {
        Self { left: AtomicU32::new(left), ..Self::default() }
    }
}

impl Budget for Purse {
    fn deposit(&self, _now: Nanos) {
        self.deposits.fetch_add(1, Ordering::Relaxed);
    }

    fn withdraw(&self, cost: u32, _now: Nanos) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }
}

/// One wait of a second, then no more.
pub(crate) struct Once;

impl Schedule for Once {
    fn delay(&self, step: &Step, _entropy: u64) -> Option<Duration> {
        (step.retry == 1).then_some(SEC)
    }
}

fn begun() -> Retry {
    let mut retry = Retry::new(START);
    retry.begin();
    retry
}

fn waits(next: Next) -> Wait {
    match next {
        Next::Wait(wait) => wait,
        other => panic!("{other:?}"),
    }
}

#[test]
fn attempts_and_waits_are_counted() {
    let policy = Policy::delivery();
    let mut retry = Retry::new(START);
    assert_eq!((retry.attempt(), retry.started()), (0, START));
    for expected in [1u32, 2] {
        assert_eq!(retry.begin(), expected);
        let wait = waits(retry.next(&policy, None, 1, START, None, &Unlimited, 9));
        assert_eq!((wait.delay, wait.hinted, wait.retry), (expected * SEC, false, expected));
    }
    assert_eq!((retry.begin(), retry.attempt()), (3, 3));
    assert_eq!(retry.next(&policy, None, 1, START, None, &Unlimited, 9), Next::Stop(Stop::AttemptsSpent));
    assert_eq!(retry.total_wait(), 3 * SEC);
}

#[test]
fn a_hint_beats_the_schedule() {
    let hint = Some(10 * SEC);
    let plain = waits(begun().next(&Policy::delivery(), hint, 1, START, None, &Unlimited, u64::MAX));
    assert_eq!((plain.delay, plain.hinted), (10 * SEC, true));
    let spread = Policy::provider();
    assert_eq!(waits(begun().next(&spread, hint, 1, START, None, &Unlimited, 0)).delay, 10 * SEC);
    assert_eq!(waits(begun().next(&spread, hint, 1, START, None, &Unlimited, u64::MAX)).delay, 11 * SEC);
    let short = waits(begun().next(&Policy::delivery(), Some(SEC / 100), 1, START, None, &Unlimited, 0));
    assert_eq!((short.delay, short.hinted), (SEC / 100, true));
}

#[test]
fn a_hint_has_its_own_cap() {
    // Longer than the schedule's cap of half a second, and within the 60 s for hints.
    let policy = Policy::production();
    assert_eq!(waits(begun().next(&policy, Some(60 * SEC), 1, START, None, &Unlimited, u64::MAX)).delay, 60 * SEC);
    assert_eq!(waits(begun().next(&policy, Some(59 * SEC), 1, START, None, &Unlimited, u64::MAX)).delay, 60 * SEC);
    let hint = Duration::from_millis(60_001);
    let stop = Stop::HintAboveCap { hint, cap: 60 * SEC };
    assert_eq!(begun().next(&policy, Some(hint), 1, START, None, &Unlimited, 0), Next::Stop(stop));
    assert_eq!(stop.retry_after(), Some(hint));
    let wide = policy.hint_cap(Duration::MAX);
    assert_eq!(waits(begun().next(&wide, Some(Duration::MAX), 1, START, None, &Unlimited, 7)).delay, Duration::MAX);
}

#[test]
fn a_hint_of_zero_leaves_the_schedule_in_force() {
    let wait = waits(begun().next(&Policy::delivery(), Some(Duration::ZERO), 1, START, None, &Unlimited, 0));
    assert_eq!((wait.delay, wait.hinted), (SEC, false));
}

#[test]
fn an_ended_schedule_ends_the_call_whatever_the_hint() {
    let policy = Policy::new(Once, 10).unwrap();
    let mut retry = begun();
    assert_eq!(waits(retry.next(&policy, None, 1, START, None, &Unlimited, 0)).delay, SEC);
    retry.begin();
    assert_eq!(retry.next(&policy, Some(SEC), 1, START, None, &Unlimited, 0), Next::Stop(Stop::ScheduleEnded));
}

#[test]
fn a_schedule_is_told_the_wait_before() {
    struct Doubling;
    impl Schedule for Doubling {
        fn delay(&self, step: &Step, _entropy: u64) -> Option<Duration> {
            Some(step.previous.map_or(SEC, |previous| 2 * previous))
        }
    }
    let policy = Policy::new(Doubling, 4).unwrap();
    let mut retry = begun();
    let mut delays = Vec::new();
    for hint in [None, Some(5 * SEC), None] {
        delays.push(waits(retry.next(&policy, hint, 1, START, None, &Unlimited, 0)).delay);
        retry.begin();
    }
    assert_eq!(delays, [SEC, 5 * SEC, 10 * SEC]);
}

#[test]
fn no_wait_is_started_that_does_not_end_before_the_deadline() {
    let policy = Policy::delivery();
    let just_enough = START.saturating_add(SEC + Duration::from_nanos(1));
    waits(begun().next(&policy, None, 1, START, Some(just_enough), &Unlimited, 0));
    let stop = Next::Stop(Stop::DeadlineTooSoon { needed: SEC });
    for deadline in [START.saturating_add(SEC), START, Nanos::ZERO] {
        assert_eq!(begun().next(&policy, None, 1, START, Some(deadline), &Unlimited, 0), stop);
    }
}

#[test]
fn the_budget_is_asked_last() {
    let spread = Policy::provider().with_jitter(Jitter::None).unwrap();
    let ended = Policy::new(Once, 9).unwrap();
    let purse = Purse::of(9);
    let mut second = begun();
    second.begin();
    let stops = [
        begun().next(&Policy::disabled(), None, 1, START, None, &purse, 0),
        second.next(&ended, None, 1, START, None, &purse, 0),
        begun().next(&spread, Some(61 * SEC), 1, START, None, &purse, 0),
        begun().next(&spread, None, 1, START, Some(START), &purse, 0),
    ];
    assert!(stops.iter().all(|next| matches!(next, Next::Stop(_))));
    assert_eq!(purse.asked.load(Ordering::Relaxed), 0);

    waits(begun().next(&spread, None, 6, START, None, &purse, 0));
    let mut refused = begun();
    assert_eq!(refused.next(&spread, None, 6, START, None, &purse, 0), Next::Stop(Stop::BudgetSpent));
    assert_eq!(refused.total_wait(), Duration::ZERO);
}

#[test]
fn a_machine_that_was_never_begun_waits_as_after_the_first_attempt() {
    let wait = waits(Retry::new(START).next(&Policy::delivery(), None, 1, START, None, &Unlimited, 0));
    assert_eq!((wait.delay, wait.retry), (SEC, 1));
}

#[test]
fn reasons_are_told_in_one_line() {
    let lines = [
        (Stop::AttemptsSpent, "attempts used up"),
        (Stop::ScheduleEnded, "the schedule has no further retry"),
        (
            Stop::HintAboveCap { hint: 90 * SEC, cap: 60 * SEC },
            "the server asks to wait 90s, longer than the 60s allowed",
        ),
        (Stop::DeadlineTooSoon { needed: SEC }, "a wait of 1s would not end before the deadline"),
        (Stop::TotalLimit { needed: SEC }, "a wait of 1s would not end within the total limit"),
        (Stop::BudgetSpent, "retry budget used up"),
        (Stop::NotRetryable, "not worth a retry"),
    ];
    for (stop, line) in lines {
        assert_eq!(stop.to_string(), line);
        assert_eq!(stop.retry_after().is_some(), matches!(stop, Stop::HintAboveCap { .. }));
    }
}

#[test]
fn verdicts_cost_one_unless_said_otherwise() {
    assert_eq!(Verdict::retry(), Verdict::Retry { hint: None, cost: 1 });
    assert_eq!(Verdict::retry_after(SEC), Verdict::Retry { hint: Some(SEC), cost: 1 });
}
