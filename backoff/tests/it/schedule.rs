//! The exponential schedule: what it refuses, and its intervals below and at the cap.

use std::time::Duration;

use steadfast_backoff::{ConfigError, Exponential, Jitter, Policy, Schedule, Step};

const SEC: Duration = Duration::from_secs(1);

fn secs(secs: f64) -> Duration {
    Duration::from_secs_f64(secs)
}

fn check(jitter: Jitter, retry: u32, low: f64, high: f64) {
    let schedule = Exponential::builder().base(SEC).cap(10 * SEC).jitter(jitter).build().unwrap();
    assert_eq!(schedule.interval(retry), (secs(low), secs(high)), "{jitter:?}, retry {retry}");
    let step = Step::new(retry).after(SEC);
    assert_eq!(schedule.delay(&step, 0), Some(secs(low)));
    assert_eq!(schedule.delay(&step, u64::MAX), Some(secs(high)));
}

#[test]
fn below_the_cap_the_documented_interval() {
    check(Jitter::None, 3, 4.0, 4.0);
    check(Jitter::Full, 3, 0.0, 4.0);
    check(Jitter::Equal, 3, 2.0, 4.0);
    check(Jitter::Fraction(0.25), 3, 3.0, 5.0);
    check(Jitter::Additive(0.25), 3, 4.0, 5.0);
    check(Jitter::Fraction(0.0), 3, 4.0, 4.0);
    check(Jitter::Additive(0.0), 3, 4.0, 4.0);
}

#[test]
fn near_the_cap_the_interval_is_cut() {
    check(Jitter::Fraction(0.5), 4, 4.0, 10.0);
    check(Jitter::Additive(0.5), 4, 8.0, 10.0);
}

#[test]
fn at_the_cap_jitter_stays_jitter() {
    check(Jitter::None, 9, 10.0, 10.0);
    check(Jitter::Full, 9, 0.0, 10.0);
    check(Jitter::Equal, 9, 5.0, 10.0);
    check(Jitter::Fraction(0.2), 9, 8.0, 10.0);
    check(Jitter::Additive(0.25), 9, 8.0, 10.0);
}

#[test]
fn retry_zero_is_read_as_the_first() {
    check(Jitter::None, 0, 1.0, 1.0);
}

#[test]
fn a_factor_of_one_is_constant() {
    let schedule = Exponential::builder().base(SEC).factor(1.0).jitter(Jitter::None).build().unwrap();
    assert!([1, 2, 1000, u32::MAX].iter().all(|retry| schedule.wait(*retry) == SEC));
    assert!(!schedule.is_jittered());
}

#[test]
fn the_longest_durations_are_taken() {
    let schedule = Exponential::builder()
        .base(Duration::MAX)
        .cap(Duration::MAX)
        .factor(f64::MAX)
        .jitter(Jitter::Additive(1.0))
        .build()
        .unwrap();
    for retry in [1, 2, u32::MAX] {
        assert_eq!(schedule.delay(&Step::new(retry), u64::MAX), Some(Duration::from_nanos(u64::MAX)));
    }
}

#[test]
fn nothing_is_accepted_and_ignored() {
    let base = Exponential::builder;
    assert_eq!(base().base(Duration::ZERO).build(), Err(ConfigError::ZeroBase));
    for factor in [0.99, 0.0, -2.0, f64::INFINITY] {
        assert_eq!(base().factor(factor).build(), Err(ConfigError::Factor { factor }));
    }
    assert!(base().factor(f64::NAN).build().is_err());
    let refused = base().base(2 * SEC).cap(SEC).build();
    assert_eq!(refused, Err(ConfigError::CapBelowBase { cap: SEC, base: 2 * SEC }));
    for fraction in [-0.1, 1.1, f64::INFINITY] {
        let refused = Err(ConfigError::JitterFraction { fraction });
        assert_eq!(base().jitter(Jitter::Fraction(fraction)).build(), refused);
        assert_eq!(base().jitter(Jitter::Additive(fraction)).build(), refused);
    }
    assert!(base().jitter(Jitter::Fraction(f64::NAN)).build().is_err());
}

#[test]
fn what_was_refused_is_told_in_one_line() {
    let lines = [
        (ConfigError::ZeroBase, "the base wait is zero; give at least one nanosecond"),
        (ConfigError::Factor { factor: 0.5 }, "the factor is 0.5; give a finite number of at least 1"),
        (ConfigError::CapBelowBase { cap: SEC, base: 2 * SEC }, "the cap 1s is below the base wait 2s; raise the cap"),
        (ConfigError::JitterFraction { fraction: 1.5 }, "the jitter fraction is 1.5; give a number from 0 to 1"),
        (ConfigError::ZeroIncrement, "the increment is zero; give at least one nanosecond, or a constant wait"),
        (ConfigError::NoWaits, "the list of waits is empty; for no retries allow one attempt"),
        (ConfigError::ZeroAttempts, "no attempt is allowed; give at least 1, the first try counts"),
    ];
    for (error, line) in lines {
        assert_eq!(error.to_string(), line);
    }
}

#[test]
fn what_was_set_can_be_read() {
    let schedule = Exponential::builder().build().unwrap();
    assert_eq!(schedule, Exponential::default());
    assert_eq!((schedule.base(), schedule.cap(), schedule.jitter()), (SEC, 60 * SEC, Jitter::Full));
    assert!((schedule.factor() - 2.0).abs() < f64::EPSILON);
}

#[test]
fn schedules_are_shown_as_they_were_configured() {
    let shown = "Exponential { base: 50ms, factor: 2.0, cap: 500ms, jitter: Fraction(0.25) }";
    assert_eq!(format!("{:?}", Policy::production().schedule()), shown);
}
