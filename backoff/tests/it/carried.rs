//! What a call carries down: attempts that all layers share, and the earliest deadline.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast_backoff::{Carried, Driver, Hedge, HeldBack, Jitter, Policy, Stop, Verdict};
use steadfast_clock::{Clock, ManualClock, Nanos, Timer};

use crate::drive;
use crate::machine::Purse;

const SEC: Duration = Duration::from_secs(1);

fn limit(attempts: u32) -> Carried {
    Carried::new(NonZeroU32::new(attempts).unwrap())
}

fn policy(attempts: u32) -> Policy {
    Policy::delivery().with_jitter(Jitter::None).unwrap().with_attempts(attempts).unwrap()
}

#[test]
fn an_attempt_and_the_first_of_the_layer_below_are_one() {
    let call = limit(3);
    assert!(call.begin());
    let below = call.below().unwrap();
    assert_eq!(call.attempts(), 1);
    assert!(below.begin() && !below.is_spent());
    assert_eq!((call.attempts(), below.attempts()), (1, 1));
    assert!(below.begin());
    assert_eq!((call.attempts(), below.attempts(), call.limit()), (2, 2, 3));
}

#[test]
fn below_takes_another_attempt_where_the_present_one_is_handed_down() {
    let call = limit(2);
    assert!(call.begin());
    let (first, second) = (call.below().unwrap(), call.below().unwrap());
    assert_eq!(call.attempts(), 2);
    assert!(call.below().is_none() && !call.begin());
    assert!(first.begin() && second.begin() && !first.begin() && !second.begin());
    assert!(call.is_spent() && first.is_spent());
    assert_eq!(call.attempts(), 2);
}

#[test]
fn an_attempt_that_is_not_made_is_given_back() {
    let call = limit(1);
    assert!(call.begin() && !call.begin());
    call.give_back();
    assert_eq!(call.attempts(), 0);
    call.give_back();
    assert_eq!(call.attempts(), 0, "only what was begun");
    assert!(call.begin());
    let _below = call.below();
    call.give_back();
    assert_eq!(call.attempts(), 1, "what was handed down is the layer's below");
}

#[test]
fn attempts_before_count() {
    let call = limit(3).attempts_before(2);
    assert_eq!(call.attempts(), 2);
    assert!(call.begin() && !call.begin());
    assert!(limit(3).attempts_before(u32::MAX).below().is_none());
}

#[test]
fn the_earliest_deadline_is_inherited() {
    let at = |secs: u64| Nanos::from_nanos(secs * 1_000_000_000);
    let call = limit(9).by(at(50));
    let middle = call.below().unwrap().by(at(30));
    let lowest = middle.below().unwrap().by(at(40));
    assert_eq!((call.deadline(), middle.deadline(), lowest.deadline()), (Some(at(50)), Some(at(30)), Some(at(30))));
    assert_eq!(lowest.remaining(at(20)), Some(10 * SEC));
    assert_eq!(lowest.remaining(at(31)), Some(Duration::ZERO));
    assert_eq!(limit(1).remaining(at(1)), None);
    assert!(format!("{lowest:?}").contains("limit: 9"));
}

#[test]
fn a_driver_stops_where_the_call_has_no_attempt_left() {
    let clock = ManualClock::new();
    let (policy, purse, call) = (policy(9), Purse::of(9), limit(3));
    let driver = Driver::with_entropy(&policy, &clock, || 0).carry(&call).budget(&purse);
    let failed = drive(&clock, driver.run(|_| async { Err::<(), _>("refused") }, Verdict::unless_ok)).unwrap_err();
    assert_eq!((failed.attempts, failed.stop, call.attempts()), (3, Stop::AttemptsSpent, 3));
    assert_eq!(purse.asked.load(Ordering::Relaxed), 2, "the budget is not asked for a retry that is not made");
}

#[test]
fn a_driver_gives_back_the_attempt_that_it_does_not_make() {
    let clock = ManualClock::new();
    let (policy, purse, call) = (policy(9), Purse::of(1), limit(5));
    let driver = Driver::with_entropy(&policy, &clock, || 0).carry(&call).budget(&purse);
    let failed = drive(&clock, driver.run(|_| async { Err::<(), _>("refused") }, Verdict::unless_ok)).unwrap_err();
    assert_eq!((failed.attempts, failed.stop, call.attempts()), (2, Stop::BudgetSpent, 2));
}

#[test]
fn a_driver_keeps_the_deadline_that_is_carried() {
    let clock = ManualClock::new();
    let policy = policy(9);
    for own in [None, Some(Nanos::MAX)] {
        let call = limit(9).by(clock.now().saturating_add(4 * SEC));
        let mut driver = Driver::with_entropy(&policy, &clock, || 0).carry(&call);
        if let Some(own) = own {
            driver = driver.deadline(own);
        }
        let failed = drive(&clock, driver.run(|_| async { Err::<(), _>("refused") }, Verdict::unless_ok)).unwrap_err();
        assert_eq!((failed.attempts, failed.stop), (3, Stop::DeadlineTooSoon { needed: 4 * SEC }));
    }
}

#[test]
fn the_first_attempt_of_a_driver_is_always_made_and_counted() {
    let clock = ManualClock::new();
    let (policy, call) = (policy(9), limit(1).attempts_before(1));
    let driver = Driver::with_entropy(&policy, &clock, || 0).carry(&call);
    let failed = drive(&clock, driver.run(|_| async { Err::<(), _>("refused") }, Verdict::unless_ok)).unwrap_err();
    assert_eq!((failed.attempts, failed.stop, call.attempts()), (1, Stop::AttemptsSpent, 2));
}

#[test]
fn an_attempt_that_sent_something_itself_is_not_handed_down_later() {
    let clock = ManualClock::new();
    let (policy, call) = (policy(9), limit(3));
    let driver = Driver::with_entropy(&policy, &clock, || 0).carry(&call);
    let run = driver.run(
        |attempt| {
            let below = if attempt == 1 { vec![] } else { vec![call.below(), call.below()] };
            async move { if below.iter().flatten().count() == 2 { Ok(()) } else { Err("refused") } }
        },
        Verdict::unless_ok,
    );
    assert_eq!((drive(&clock, run).unwrap().attempts, call.attempts()), (2, 3));
}

/// How a hedged call of two slow attempts goes that carries `call`: how many were started, and why not both.
fn hedged(clock: &ManualClock, purse: &Purse, call: &Carried) -> (u32, Option<HeldBack>) {
    let slow = |_| {
        let sleep = clock.sleep_until(clock.now().saturating_add(10 * SEC));
        async move {
            sleep.await;
            Ok::<_, ()>(())
        }
    };
    let race =
        drive(clock, Hedge::new(SEC, clock).budget(purse).carry(call).run(slow, Verdict::unless_ok)).unwrap().race;
    (race.started, race.held_back)
}

#[test]
fn a_hedge_needs_an_attempt_and_time_and_pays_for_nothing_else() {
    let clock = ManualClock::new();
    let (purse, call) = (Purse::of(9), limit(1));
    assert_eq!(hedged(&clock, &purse, &call), (1, Some(HeldBack::AttemptsSpent)));
    let late = limit(9).by(clock.now().saturating_add(SEC));
    assert_eq!(hedged(&clock, &purse, &late), (1, Some(HeldBack::DeadlineTooSoon)));
    assert_eq!(purse.asked.load(Ordering::Relaxed), 0);

    let (broke, call) = (Purse::of(0), limit(9));
    assert_eq!(hedged(&clock, &broke, &call), (1, Some(HeldBack::BudgetSpent)));
    assert_eq!(call.attempts(), 1, "the attempt is given back");
    let call = limit(2);
    assert_eq!(hedged(&clock, &purse, &call), (2, None));
    assert_eq!((call.attempts(), purse.asked.load(Ordering::Relaxed)), (2, 1));
}

#[test]
fn hedges_below_a_driver_draw_from_the_same_attempts() {
    let clock = ManualClock::new();
    let (policy, call) = (policy(9), limit(5));
    let sends = AtomicU32::new(0);
    let outer = Driver::with_entropy(&policy, &clock, || 0).carry(&call);
    let failed = drive(
        &clock,
        outer.run(
            |_| {
                let below = call.below();
                let (clock, sends) = (&clock, &sends);
                async move {
                    let below = below.ok_or("no attempt left")?;
                    let busy = |_| {
                        sends.fetch_add(1, Ordering::Relaxed);
                        let sleep = clock.sleep_until(clock.now().saturating_add(10 * SEC));
                        async move {
                            sleep.await;
                            Err::<(), _>("too late")
                        }
                    };
                    let hedge = Hedge::new(SEC, clock).attempts(NonZeroU32::new(3).unwrap()).carry(&below);
                    hedge.run(busy, Verdict::unless_ok).await.map(|_| ()).map_err(|failed| failed.error)
                }
            },
            Verdict::unless_ok,
        ),
    );
    assert_eq!(failed.unwrap_err().stop, Stop::AttemptsSpent);
    assert_eq!((sends.into_inner(), call.attempts()), (5, 5));
}
