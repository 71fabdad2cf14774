//! The retry budget: what it grants, what it refuses, what it tells, and how it is configured.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use steadfast_backoff::{Budget, ConfigError, Driver, Policy, RetryBudget, Stop, Verdict};
use steadfast_clock::{ManualClock, Nanos};

use crate::drive;

fn at(secs: u64) -> Nanos {
    Nanos::from_nanos(secs * 1_000_000_000)
}

/// How many retries in a row are granted at `now`.
fn drain(budget: &RetryBudget, now: Nanos) -> u32 {
    (0..).find(|_| !budget.withdraw(1, now)).unwrap()
}

#[test]
fn it_starts_with_its_reserve_and_not_more() {
    for start in [at(0), at(1), at(1_000_000)] {
        let budget = RetryBudget::builder().reserve(7).build().unwrap();
        assert_eq!(budget.available(start), 7);
        assert_eq!(drain(&budget, start), 7);
        assert_eq!((budget.available(start), budget.granted(), budget.refused()), (0, 7, 1));
    }
}

#[test]
fn it_can_start_empty_at_any_time() {
    for start in [at(0), at(1), at(1_000_000)] {
        let budget = RetryBudget::builder().floor(2.0).reserve(7).build_empty(start).unwrap();
        assert_eq!((budget.available(start), drain(&budget, start)), (0, 0));
        assert_eq!(drain(&budget, start.saturating_add(Duration::from_millis(1500))), 3);
    }
}

#[test]
fn successes_earn_their_ratio() {
    let budget = RetryBudget::builder().ratio(0.1).floor(0.0).reserve(10).build_empty(at(5)).unwrap();
    for deposits in 1..=20 {
        budget.deposit(at(5));
        assert_eq!(budget.available(at(5)), deposits / 10);
    }
    assert_eq!((budget.deposits(), drain(&budget, at(5))), (20, 2));
}

#[test]
fn no_more_than_the_reserve_is_saved_up() {
    let budget = RetryBudget::builder().ratio(1.0).reserve(3).build().unwrap();
    for _ in 0..1000 {
        budget.deposit(at(1));
    }
    assert_eq!(drain(&budget, at(1000)), 3);
}

#[test]
fn classes_cost_differently_and_all_or_nothing() {
    let budget = RetryBudget::builder().ratio(0.2).floor(0.0).reserve(3).build().unwrap();
    assert!(budget.withdraw(RetryBudget::TIMEOUT_COST, at(1)));
    assert!(!budget.withdraw(RetryBudget::TIMEOUT_COST, at(1)));
    assert!(budget.withdraw(1, at(1)), "what was refused took nothing");
    assert!(budget.withdraw(0, at(1)), "nothing can always be paid");
    assert!(!budget.withdraw(4, at(1_000_000)), "more than the reserve");
    assert!(!budget.withdraw(u32::MAX, Nanos::MAX));
}

#[test]
fn a_clock_that_steps_back_earns_nothing_and_blocks_nothing() {
    let budget = RetryBudget::builder().ratio(0.5).floor(1.0).reserve(10).build().unwrap();
    assert_eq!(drain(&budget, at(100)), 10);
    assert_eq!(drain(&budget, at(50)), 0);
    assert_eq!(drain(&budget, at(100)), 0, "the time since 50 was paid for before");
    budget.deposit(at(50));
    budget.deposit(at(50));
    assert_eq!(drain(&budget, at(50)), 1, "successes earn whatever the clock does");
    assert_eq!(drain(&budget, at(103)), 3);
}

#[test]
fn the_largest_numbers_saturate() {
    let budget = RetryBudget::builder().ratio(1000.0).floor(1_000_000.0).reserve(u32::MAX).build().unwrap();
    budget.deposit(Nanos::MAX);
    assert_eq!(budget.available(Nanos::MAX), u32::MAX);
    assert!(budget.withdraw(u32::MAX, Nanos::MAX));
}

#[test]
fn a_driver_tells_that_the_budget_is_spent() {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_attempts(9).unwrap();
    let budget = RetryBudget::builder().floor(0.0).reserve(2).build().unwrap();
    let driver = || Driver::with_entropy(&policy, &clock, || 0).budget(&budget);
    let failed = drive(&clock, driver().run(|_| async { Err::<(), _>(9) }, Verdict::unless_ok)).unwrap_err();
    assert_eq!((failed.attempts, failed.stop), (3, Stop::BudgetSpent));
    drive(&clock, driver().run(|_| async { Ok::<_, u8>(()) }, Verdict::unless_ok)).unwrap();
    assert_eq!((budget.deposits(), budget.granted(), budget.refused()), (1, 2, 1));
}

#[test]
fn a_driver_pays_by_class() {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_attempts(9).unwrap();
    let budget = RetryBudget::builder().floor(0.0).reserve(5).build().unwrap();
    let judge = |result: &Result<(), &str>| match result {
        Ok(()) => Verdict::Done,
        Err("timeout") => Verdict::retry().costing(RetryBudget::TIMEOUT_COST),
        Err("full") => Verdict::retry_after(Duration::from_secs(1)).costing(1),
        Err(_) => Verdict::Fatal.costing(9),
    };
    let run = |error| {
        Driver::with_entropy(&policy, &clock, || 0).budget(&budget).run(move |_| async move { Err(error) }, judge)
    };
    assert_eq!(drive(&clock, run("bad request")).unwrap_err().stop, Stop::NotRetryable);
    assert_eq!(budget.available(at(9)), 5);
    assert_eq!(drive(&clock, run("timeout")).unwrap_err().attempts, 3);
    assert_eq!(drive(&clock, run("full")).unwrap_err().attempts, 2);
    assert_eq!((budget.granted(), budget.refused()), (3, 2));
}

#[test]
fn the_default_is_finagles() {
    let budget = RetryBudget::default();
    assert_eq!(drain(&budget, at(1)), 100);
    assert_eq!(drain(&budget, at(2)), 10);
    (0..100).for_each(|_| budget.deposit(at(2)));
    assert_eq!(drain(&budget, at(2)), 20);
    assert_eq!(RetryBudget::builder(), Default::default());
}

#[test]
fn nothing_is_accepted_and_ignored() {
    let base = RetryBudget::builder;
    for refused in [-0.1, 1000.1, 0.000_09, f64::INFINITY] {
        assert_eq!(base().ratio(refused).build().unwrap_err(), ConfigError::BudgetRatio { ratio: refused });
    }
    for refused in [-0.1, 1_000_001.0, 0.000_09, f64::INFINITY] {
        assert_eq!(base().floor(refused).build().unwrap_err(), ConfigError::BudgetFloor { floor: refused });
    }
    assert!(base().ratio(f64::NAN).build().is_err() && base().floor(f64::NAN).build().is_err());
    assert_eq!(base().reserve(0).build().unwrap_err(), ConfigError::ZeroReserve);
    assert_eq!(base().ratio(0.0).floor(0.0).build_empty(at(1)).unwrap_err(), ConfigError::NothingEarned);
    assert!(base().ratio(0.0).floor(0.0).build().is_ok(), "a reserve for good");
}

#[test]
fn what_was_refused_is_told_in_one_line() {
    let lines = [
        (
            ConfigError::BudgetRatio { ratio: -1.0 },
            "ratio",
            "the ratio is -1 retries a success; give 0, or a number from 0.0001 to 1000",
        ),
        (
            ConfigError::BudgetFloor { floor: 2e6 },
            "floor",
            "the floor is 2000000 retries a second; give 0, or a number from 0.0001 to 1000000",
        ),
        (ConfigError::ZeroReserve, "reserve", "the reserve is zero; give at least one retry"),
        (ConfigError::NothingEarned, "ratio", "the budget starts empty and earns nothing; give a ratio or a floor"),
    ];
    for (error, field, line) in lines {
        assert_eq!((error.field(), error.to_string().as_str()), (field, line));
    }
}

#[test]
fn decimal_ratios_are_exact() {
    for parts in (1..=10_000u32).step_by(37) {
        let budget = RetryBudget::builder().ratio(f64::from(parts) / 10_000.0).floor(0.0).reserve(20_000);
        let budget = budget.build_empty(at(0)).unwrap();
        (0..10_000).for_each(|_| budget.deposit(at(0)));
        assert_eq!(budget.available(at(0)), parts);
    }
}

#[test]
fn many_threads_are_granted_no_more_than_was_earned() {
    let budget = RetryBudget::builder().ratio(0.1).floor(1.0).reserve(5).build_empty(at(0)).unwrap();
    let paid = AtomicU32::new(0);
    thread::scope(|scope| {
        let (budget, paid) = (&budget, &paid);
        for thread in 0..2u64 {
            scope.spawn(move || (0..20_000).for_each(|turn| budget.deposit(at(turn))));
            scope.spawn(move || {
                for turn in 0..20_000u64 {
                    let cost = 1 + u32::from(turn % 7 == 0);
                    // A clock of which the threads have different ideas, and which jumps back and forth.
                    if budget.withdraw(cost, at((turn * (thread + 1) * 7919) % 1000)) {
                        paid.fetch_add(cost, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!((budget.deposits(), budget.granted() + budget.refused()), (40_000, 40_000));
    assert!(paid.into_inner() <= 5 + 4000 + 999);
}

#[cfg(feature = "serde")]
mod text {
    use steadfast_backoff::{RetryBudget, RetryBudgetBuilder};

    fn refused(text: &str) -> String {
        serde_json::from_str::<RetryBudgetBuilder>(text).unwrap_err().to_string()
    }

    #[test]
    fn configuration_is_read_and_written() {
        let read: RetryBudgetBuilder = serde_json::from_str(r#"{ "ratio": 0.1, "floor": 3, "reserve": 20 }"#).unwrap();
        assert_eq!(read, RetryBudget::builder().ratio(0.1).floor(3.0).reserve(20));
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(written, r#"{"ratio":0.1,"floor":3.0,"reserve":20}"#);
        assert_eq!(serde_json::from_str::<RetryBudgetBuilder>(&written).unwrap(), read);
        assert_eq!(serde_json::from_str::<RetryBudgetBuilder>("{}").unwrap(), RetryBudget::builder());
        let toml: RetryBudgetBuilder = toml::from_str("ratio = 0.1\nfloor = 3\nreserve = 20").unwrap();
        assert_eq!(toml, read);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        assert!(refused(r#"{ "ratio": -1 }"#).contains("ratio: the ratio is -1"));
        assert!(refused(r#"{ "floor": 1e9 }"#).contains("floor: the floor is 1000000000"));
        assert!(refused(r#"{ "reserve": 0 }"#).contains("reserve: the reserve is zero"));
        assert!(refused(r#"{ "burst": 1 }"#).contains("unknown field `burst`"));
    }
}
