//! The laws of the driver: what a call does on a clock that moves while attempts run.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{Driver, Failed, List, Policy, Schedule, Stop, Success, Verdict};
use steadfast_clock::{Clock, ManualClock, Nanos, Timer};

use crate::drive;

/// One attempt of a script: how long it takes, and whether it succeeds.
type Attempt = (Duration, bool);

/// When each attempt started and ended.
type Trace = Vec<(Nanos, Nanos)>;

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn scripts() -> impl Strategy<Value = Vec<Attempt>> {
    prop::collection::vec((millis(0..300), prop::bool::weighted(0.1)), 12)
}

fn policies() -> impl Strategy<Value = Policy<List>> {
    (prop::collection::vec(millis(0..200), 1..12), 1..12u32)
        .prop_map(|(waits, attempts)| Policy::new(List::new(waits).unwrap(), attempts).unwrap())
}

/// What a plain loop does that knows all limits: how many attempts, how it stops, when it ends.
fn plain(
    policy: &Policy<List>,
    script: &[Attempt],
    start: Nanos,
    limit: Option<Duration>,
    deadline: Option<Nanos>,
) -> (usize, Option<Stop>, Nanos) {
    let mut now = start;
    for (n, (busy, succeeds)) in (1..).zip(script) {
        now = now.saturating_add(*busy);
        if *succeeds {
            return (n, None, now);
        }
        if n >= policy.max_attempts() as usize {
            return (n, Some(Stop::AttemptsSpent), now);
        }
        let Some(&needed) = policy.schedule().listed().get(n - 1) else {
            return (n, Some(Stop::ScheduleEnded), now);
        };
        let after = now.saturating_add(needed);
        let limit_at = limit.map(|limit| start.saturating_add(limit));
        let late = |at: Option<Nanos>| at.is_some_and(|at| after >= at);
        // Whichever is over first is named; the total limit where it is both.
        let limit_first = limit_at.is_some_and(|limit| deadline.is_none_or(|deadline| limit <= deadline));
        if limit_first && late(limit_at) {
            return (n, Some(Stop::TotalLimit { needed }), now);
        }
        if !limit_first && late(deadline) {
            return (n, Some(Stop::DeadlineTooSoon { needed }), now);
        }
        now = after;
    }
    unreachable!("a script is longer than any policy allows")
}

fn judge(result: &Result<(), ()>) -> Verdict {
    Verdict::unless_ok(result)
}

fn told(result: Result<Success<()>, Failed<()>>) -> (usize, Option<Stop>) {
    match result {
        Ok(done) => (done.attempts as usize, done.stop),
        Err(failed) => (failed.attempts as usize, Some(failed.stop)),
    }
}

fn configured<'a, S>(
    policy: &'a Policy<S>,
    clock: &'a ManualClock,
    limit: Option<Duration>,
    deadline: Option<Nanos>,
) -> Driver<'a, S, &'a ManualClock, ()> {
    let driver = Driver::with_entropy(policy, clock, (|| 0) as fn() -> u64);
    let driver = if let Some(limit) = limit { driver.total_limit(limit) } else { driver };
    if let Some(deadline) = deadline { driver.deadline(deadline) } else { driver }
}

/// Runs a script on a clock of its own; tells how it ended, when, and when attempts ran.
fn run_script<S: Schedule>(
    policy: &Policy<S>,
    script: &[Attempt],
    limit: Option<Duration>,
    deadline: Option<Nanos>,
    timeout: Option<Duration>,
) -> ((usize, Option<Stop>), Nanos, Trace) {
    let clock = ManualClock::new();
    let mut trace = Trace::new();
    let ended = {
        let trace = std::sync::Mutex::new(&mut trace);
        let operation = |attempt: u32| {
            let (busy, succeeds) = script[attempt as usize - 1];
            let started = clock.now();
            let sleep = clock.sleep_until(started.saturating_add(busy));
            let (trace, clock) = (&trace, &clock);
            /// Notes the end of an attempt, also of one that is cut.
            struct Note<'t, 'v>(&'t std::sync::Mutex<&'v mut Trace>, &'t ManualClock, Nanos);
            impl Drop for Note<'_, '_> {
                fn drop(&mut self) {
                    self.0.lock().unwrap().push((self.2, self.1.now()));
                }
            }
            let note = Note(trace, clock, started);
            async move {
                let _note = note;
                sleep.await;
                if succeeds { Ok(()) } else { Err(()) }
            }
        };
        let driver = configured(policy, &clock, limit, deadline);
        match timeout {
            Some(timeout) => drive(&clock, driver.attempt_timeout(timeout, || ()).run(operation, judge)),
            None => drive(&clock, driver.run(operation, judge)),
        }
    };
    (told(ended), clock.now(), trace)
}

fn start() -> Nanos {
    ManualClock::new().now()
}

proptest! {
    /// A call does what a plain loop over its waits does: total limit and deadline are wall time, attempts included, and no
    /// wait is started that would not end before them.
    #[test]
    fn limits_are_wall_time(
        policy in policies(),
        script in scripts(),
        limit in prop::option::of(millis(0..2000)),
        allowed in prop::option::of(millis(0..2000)),
    ) {
        let deadline = allowed.map(|allowed| start().saturating_add(allowed));
        let (ended, at, trace) = run_script(&policy, &script, limit, deadline, None);
        let (attempts, stop, expected_at) = plain(&policy, &script, start(), limit, deadline);
        prop_assert_eq!((ended, at), ((attempts, stop), expected_at));
        let ends = [limit.map(|limit| start().saturating_add(limit)), deadline];
        let end = ends.into_iter().flatten().min().unwrap_or(Nanos::MAX);
        prop_assert!(trace.iter().skip(1).all(|(started, _)| *started < end));
    }

    /// A run that blocks its thread ends as an async one does, at the same time.
    #[test]
    fn blocking_is_the_same(
        policy in policies(),
        script in scripts(),
        limit in prop::option::of(millis(0..2000)),
        allowed in prop::option::of(millis(0..2000)),
    ) {
        let deadline = allowed.map(|allowed| start().saturating_add(allowed));
        let (ended, at, _) = run_script(&policy, &script, limit, deadline, None);
        let clock = ManualClock::new();
        let blocking = configured(&policy, &clock, limit, deadline).run_blocking(
            |attempt| {
                let (busy, succeeds) = script[attempt as usize - 1];
                clock.advance(busy);
                if succeeds { Ok(()) } else { Err(()) }
            },
            judge,
        );
        prop_assert_eq!((told(blocking), clock.now()), (ended, at));
    }

    /// With a timeout no attempt takes longer than it, nor, but for a first one that starts too late, runs beyond the end of
    /// the call: a call with a total limit is over when that is.
    #[test]
    fn timeouts_cut_attempts(
        policy in policies(),
        script in scripts(),
        limit in millis(1..2000),
        timeout in millis(1..400),
    ) {
        let (_, at, trace) = run_script(&policy, &script, Some(limit), None, Some(timeout));
        let end = start().saturating_add(limit);
        prop_assert!(at <= end);
        prop_assert!(trace.len() <= policy.max_attempts() as usize);
        for (started, ended) in trace {
            prop_assert!(ended <= started.saturating_add(timeout) && ended <= end);
        }
    }

    /// A timeout that nothing reaches changes nothing.
    #[test]
    fn a_timeout_that_is_not_reached_changes_nothing(policy in policies(), script in scripts()) {
        let timed = run_script(&policy, &script, None, None, Some(Duration::MAX));
        prop_assert_eq!(timed, run_script(&policy, &script, None, None, None));
    }
}
