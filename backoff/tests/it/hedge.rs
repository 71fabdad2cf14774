//! Hedged calls: who wins, what is dropped, what is not started, and what is learnt.

use std::future::{Future, pending};
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use steadfast_backoff::{Hedge, HedgeDelay, HedgeFailed, Hedged, HeldBack, Latency, Race, Verdict};
use steadfast_clock::{Clock, ManualClock, Timer, TokioTimer};

use crate::drive;
use crate::machine::Purse;

const DELAY: Duration = Duration::from_millis(50);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn judge<T>(result: &Result<T, u16>) -> Verdict {
    match result {
        Ok(_) => Verdict::Done,
        Err(status) if *status >= 500 => Verdict::retry(),
        Err(_) => Verdict::Fatal,
    }
}

/// Attempts that take and give what a script says; counts those that are under way.
struct Script {
    clock: ManualClock,
    steps: Vec<(u64, Result<&'static str, u16>)>,
    running: AtomicU32,
}

struct Running<'a>(&'a AtomicU32);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Script {
    fn new(steps: &[(u64, Result<&'static str, u16>)]) -> Self {
        Self { clock: ManualClock::new(), steps: steps.to_vec(), running: AtomicU32::new(0) }
    }

    fn attempt(&self, number: u32) -> impl Future<Output = Result<&'static str, u16>> {
        let (busy, result) = self.steps[number as usize - 1];
        let sleep = self.clock.sleep_until(self.clock.now().saturating_add(ms(busy)));
        self.running.fetch_add(1, Ordering::Relaxed);
        let running = Running(&self.running);
        async move {
            sleep.await;
            drop(running);
            result
        }
    }

    fn run<D: HedgeDelay>(&self, hedge: Hedge<'_, D, &ManualClock>) -> Result<Hedged<&str>, HedgeFailed<u16>> {
        let ended = drive(&self.clock, hedge.run(|number| self.attempt(number), judge));
        assert_eq!(self.running.load(Ordering::Relaxed), 0, "losers are dropped before the result is told");
        assert_eq!(self.clock.waiting(), 0);
        ended
    }

    fn hedge(&self, attempts: u32) -> Hedge<'_, Duration, &ManualClock> {
        Hedge::new(DELAY, &self.clock).attempts(NonZeroU32::new(attempts).unwrap())
    }
}

fn race(attempt: u32, started: u32, elapsed: u64) -> Race {
    Race::new(attempt, started, ms(elapsed))
}

/// What a script ends with: the result, who gave it, how many were started, and after how many milliseconds.
fn check(steps: &[(u64, Result<&'static str, u16>)], result: Result<&str, u16>, expected: (u32, u32, u64)) {
    let script = Script::new(steps);
    let attempts = u32::try_from(steps.len()).unwrap();
    let (found, race) = match script.run(script.hedge(attempts)) {
        Ok(won) => (Ok(won.value), won.race),
        Err(failed) => (Err(failed.error), failed.race),
    };
    assert_eq!(found, result, "{steps:?}");
    assert_eq!(
        (race.attempt, race.started, race.elapsed, race.held_back),
        (expected.0, expected.1, ms(expected.2), None)
    );
}

#[test]
fn the_first_success_wins() {
    check(&[(10, Ok("a"))], Ok("a"), (1, 1, 10));
    check(&[(10, Ok("a")), (1, Ok("b"))], Ok("a"), (1, 1, 10));
    check(&[(90, Ok("a")), (50, Ok("b"))], Ok("a"), (1, 2, 90));
    check(&[(900, Ok("a")), (20, Ok("b"))], Ok("b"), (2, 2, 70));
    check(&[(900, Ok("a")), (900, Ok("b")), (5, Ok("c"))], Ok("c"), (3, 3, 105));
}

#[test]
fn of_two_at_once_the_earlier_attempt_wins() {
    check(&[(60, Ok("a")), (10, Ok("b"))], Ok("a"), (1, 2, 60));
}

#[test]
fn a_failure_does_not_end_the_call_while_another_is_under_way() {
    check(&[(60, Err(503)), (90, Ok("b"))], Ok("b"), (2, 2, 140));
    check(&[(900, Ok("a")), (10, Err(503))], Ok("a"), (1, 2, 900));
}

#[test]
fn when_all_have_failed_the_last_error_is_told() {
    check(&[(60, Err(500)), (40, Err(503))], Err(503), (2, 2, 90));
    check(&[(200, Err(500)), (40, Err(503))], Err(500), (1, 2, 200));
}

#[test]
fn a_failure_starts_nothing() {
    check(&[(10, Err(503)), (1, Ok("b"))], Err(503), (1, 1, 10));
}

#[test]
fn a_fatal_result_ends_the_call_at_once() {
    check(&[(900, Ok("a")), (10, Err(404))], Err(404), (2, 2, 60));
}

#[test]
fn a_value_that_no_attempt_could_better_is_given_back_as_not_done() {
    let clock = ManualClock::new();
    let hedge = Hedge::new(DELAY, &clock);
    let run = hedge.run(|_| async { Ok::<_, u16>(503) }, |_: &Result<u16, u16>| Verdict::retry());
    let ended = drive(&clock, run).unwrap();
    assert_eq!((ended.value, ended.done, ended.race), (503, false, race(1, 1, 0)));
}

#[test]
fn the_next_hedge_waits_for_the_newest() {
    let script = Script::new(&[(500, Ok("a")), (500, Ok("b")), (500, Ok("c")), (500, Ok("d"))]);
    let mut starts = Vec::new();
    let hedge = script.hedge(4);
    let run = hedge.run(
        |number| {
            starts.push(script.clock.now());
            script.attempt(number)
        },
        judge,
    );
    drive(&script.clock, run).unwrap();
    let apart: Vec<_> = starts.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert_eq!(apart, [DELAY; 3]);
}

#[test]
fn no_delay_starts_all_at_once() {
    let script = Script::new(&[(30, Ok("a")), (20, Ok("b")), (10, Ok("c"))]);
    let hedge = Hedge::new(Duration::ZERO, &script.clock).attempts(NonZeroU32::new(3).unwrap());
    let won = script.run(hedge).unwrap();
    assert_eq!((won.value, won.race), ("c", race(3, 3, 10)));
}

#[test]
fn each_hedge_is_taken_from_the_budget_and_success_is_told_once() {
    let script = Script::new(&[(900, Ok("a")), (900, Ok("b")), (900, Ok("c")), (1, Ok("d"))]);
    let purse = Purse::of(4);
    let won = script.run(script.hedge(4).budget(&purse).cost(2)).unwrap();
    assert_eq!((won.race.attempt, won.race.started, won.race.held_back), (1, 3, Some(HeldBack::BudgetSpent)));
    assert_eq!((purse.left.into_inner(), purse.asked.into_inner(), purse.deposits.into_inner()), (0, 3, 1));
}

#[test]
fn a_failed_call_deposits_nothing() {
    let script = Script::new(&[(60, Err(500)), (40, Err(503))]);
    let purse = Purse::of(9);
    assert_eq!(script.run(script.hedge(2).budget(&purse)).unwrap_err().error, 503);
    assert_eq!((purse.left.into_inner(), purse.deposits.into_inner()), (8, 0));
}

#[test]
fn no_hedge_starts_at_or_after_the_deadline() {
    for (left, started) in [(49, 1), (50, 1), (51, 2), (100, 2), (101, 3)] {
        let script = Script::new(&[(900, Ok("a")), (900, Ok("b")), (900, Ok("c"))]);
        let purse = Purse::of(9);
        let deadline = script.clock.now().saturating_add(ms(left));
        let won = script.run(script.hedge(3).budget(&purse).deadline(deadline)).unwrap();
        let held_back = (started < 3).then_some(HeldBack::DeadlineTooSoon);
        assert_eq!((won.race.started, won.race.held_back), (started, held_back), "{left} ms left");
        assert_eq!(purse.asked.into_inner(), started - 1);
    }
}

#[test]
fn dropping_the_call_drops_all_attempts() {
    let script = Script::new(&[(900, Ok("a")), (900, Ok("b"))]);
    {
        let mut run = pin!(script.hedge(2).run(|number| script.attempt(number), judge));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending());
        script.clock.advance(DELAY);
        assert!(run.as_mut().poll(&mut cx).is_pending());
        assert_eq!((script.running.load(Ordering::Relaxed), script.clock.waiting()), (2, 2));
    }
    assert_eq!((script.running.load(Ordering::Relaxed), script.clock.waiting()), (0, 0));
}

#[test]
fn nothing_is_asked_of_the_delay_where_the_answer_is_at_hand() {
    struct Never;
    impl HedgeDelay for Never {
        fn delay(&self) -> Option<Duration> {
            panic!("not asked")
        }
    }
    let clock = ManualClock::new();
    let run = Hedge::new(Never, &clock).run(|_| async { Ok::<_, u16>(7) }, judge);
    assert_eq!(drive(&clock, run).unwrap(), Hedged::new(7, race(1, 1, 0)));
    let run = Hedge::new(Never, &clock).attempts(NonZeroU32::MIN).run(|_| pending::<Result<(), u16>>(), judge);
    assert!(pin!(run).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn the_delay_follows_the_latency_of_the_calls() {
    let latency = Arc::new(Latency::with_window(20, 10).unwrap());
    let p90 = latency.at(0.9).unwrap();
    for known in 0..10u32 {
        let script = Script::new(&[(u64::from(known) + 1, Ok("a")), (1, Ok("b"))]);
        let won = script.run(Hedge::new(&p90, &script.clock)).unwrap();
        assert_eq!((won.race.started, won.race.held_back), (1, Some(HeldBack::NoDelay)));
    }
    let delay = p90.delay().unwrap();
    assert!(ms(9) <= delay && delay < ms(10), "{delay:?}");

    let script = Script::new(&[(900, Ok("a")), (1, Ok("b"))]);
    let won = script.run(Hedge::new(&p90, &script.clock)).unwrap();
    assert_eq!((won.value, won.race.elapsed), ("b", delay + ms(1)));
    assert_eq!(latency.samples(), 11);
    assert!(latency.quantile(1.0).unwrap() >= delay + ms(1), "the first would have taken longer");
}

#[test]
fn a_first_attempt_that_failed_teaches_nothing() {
    let latency = Arc::new(Latency::with_window(20, 1).unwrap());
    latency.observe(ms(50));
    let p50 = latency.at(0.5).unwrap();
    let script = Script::new(&[(60, Err(503)), (90, Ok("b"))]);
    assert_eq!(script.run(Hedge::new(&p50, &script.clock)).unwrap().race.attempt, 2);
    assert_eq!(latency.samples(), 1);
}

#[test]
fn outcomes_are_told_in_one_line() {
    assert_eq!(HedgeFailed::new("refused", race(1, 1, 5)).to_string(), "refused (after 1 attempt side by side)");
    assert_eq!(HedgeFailed::new("refused", race(2, 3, 5)).to_string(), "refused (after 3 attempts side by side)");
    let lines = [
        (HeldBack::NoDelay, "too few latencies are known"),
        (HeldBack::DeadlineTooSoon, "it would not start before the deadline"),
        (HeldBack::AttemptsSpent, "attempts used up"),
        (HeldBack::BudgetSpent, "retry budget used up"),
    ];
    for (held_back, line) in lines {
        assert_eq!(held_back.to_string(), line);
    }
}

#[tokio::test(start_paused = true)]
async fn it_runs_on_tokios_timer() {
    let timer = TokioTimer::new();
    let start = timer.now();
    let won = Hedge::new(DELAY, &timer)
        .run(
            |attempt| {
                let sleep = timer.sleep_until(timer.now().saturating_add(ms(if attempt == 1 { 900 } else { 20 })));
                async move {
                    sleep.await;
                    Ok::<_, u16>(attempt)
                }
            },
            judge,
        )
        .await
        .unwrap();
    assert_eq!((won.value, won.race.started), (2, 2));
    assert!(timer.now().since(start) < ms(100));
}
