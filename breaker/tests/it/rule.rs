//! The default rule in numbers, and rules that cannot work.

use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, ConfigError, Growth, Machine, Over, Rate, Rule, Slow, Trip};

#[test]
fn the_default_is_five_failures_in_a_minute() {
    let rule = Rule::default();
    assert_eq!(rule.failures, 5);
    assert_eq!(rule.window, Duration::from_secs(60));
    assert_eq!(rule.open_for, Duration::from_secs(30));
    assert_eq!(rule.probes, 2);
    assert_eq!(rule.successes, 2);
    assert_eq!(rule.probe_timeout, Duration::from_secs(30));
    assert_eq!(rule.trip, Trip::Failures);
    assert_eq!((rule.growth, rule.ramp), (None, Duration::ZERO));
    assert_eq!(CircuitBreaker::new(rule).unwrap().rule(), rule);
}

#[test]
fn a_rule_that_cannot_work_is_an_error_that_names_the_field() {
    fn check(rule: Rule, expected: ConfigError, word: &str) {
        assert_eq!(rule.check(), Err(expected));
        assert_eq!(Machine::new(rule).unwrap_err(), expected);
        assert_eq!(CircuitBreaker::new(rule).unwrap_err(), expected);
        assert!(expected.to_string().contains(word), "{expected}");
    }
    let rule = Rule::new();
    check(rule.failures(0), ConfigError::Failures(0), "failures");
    check(rule.failures(65_537), ConfigError::Failures(65_537), "failures");
    check(rule.window(Duration::ZERO), ConfigError::ZeroWindow, "window");
    check(rule.open_for(Duration::ZERO), ConfigError::ZeroOpenFor, "open_for");
    check(rule.probes(0), ConfigError::Probes(0), "probes");
    check(rule.probes(u32::MAX), ConfigError::Probes(u32::MAX), "probes");
    check(rule.successes(0), ConfigError::ZeroSuccesses, "successes");
    check(rule.probe_timeout(Duration::ZERO), ConfigError::ZeroProbeTimeout, "probe_timeout");
    check(rule.open_growth(0.9, rule.open_for), ConfigError::GrowthFactor, "growth.factor");
    check(rule.open_growth(f64::NAN, rule.open_for), ConfigError::GrowthFactor, "growth.factor");
    check(rule.open_growth(f64::INFINITY, rule.open_for), ConfigError::GrowthFactor, "growth.factor");
    let short = Duration::from_secs(29);
    check(rule.open_growth(2.0, short), ConfigError::GrowthCap(short), "growth.cap");
    for rate in [0.0, -0.5, 1.1, f64::NAN, f64::INFINITY] {
        check(rule.rate(Rate::failures(rate)), ConfigError::FailureRate, "rate.failure");
        let slow = Rate::failures(0.5).or_slow(rate, Duration::from_secs(1));
        check(rule.rate(slow), ConfigError::SlowRate, "rate.slow.rate");
    }
    let rate = Rate::failures(0.5);
    check(rule.rate(rate.or_slow(0.5, Duration::ZERO)), ConfigError::ZeroSlowAfter, "rate.slow.after");
    check(rule.rate(rate.over_calls(0)), ConfigError::OverCalls(0), "rate.over.calls");
    check(rule.rate(rate.over_calls(65_537)), ConfigError::OverCalls(65_537), "rate.over.calls");
    let short = Duration::from_micros(999);
    check(rule.rate(rate.over_time(short)), ConfigError::OverTime(short), "rate.over.time");
    check(rule.rate(rate.min_calls(0)), ConfigError::MinCalls(0), "rate.min_calls");
    check(rule.rate(rate.over_calls(10).min_calls(11)), ConfigError::MinCalls(11), "rate.min_calls");
    let mut nothing = rate;
    nothing.failure = None;
    check(rule.rate(nothing), ConfigError::NoRate, "rate");
}

#[test]
fn a_rate_is_by_default_of_twenty_calls_in_a_minute() {
    let rate = Rate::failures(0.5);
    assert_eq!((rate.failure, rate.slow), (Some(0.5), None));
    assert_eq!((rate.over, rate.min_calls), (Over::Time(Duration::from_secs(60)), 20));
    assert_eq!(rate.over, Over::default());
    let slow = Rate::slow(0.5, Duration::from_secs(1));
    assert_eq!((slow.failure, slow.slow), (None, Some(Slow::new(0.5, Duration::from_secs(1)))));
    let grown = Rule::new().open_growth(2.0, Duration::from_secs(90));
    assert_eq!(grown.growth, Some(Growth::new(2.0, Duration::from_secs(90))));
}

#[test]
fn rules_at_their_ends_work() {
    let long = Rule::new()
        .rate(Rate::failures(1.0).over_time(Duration::MAX).min_calls(u32::MAX))
        .ramp(Duration::MAX)
        .open_for(Duration::MAX)
        .open_growth(f64::MAX, Duration::MAX);
    let breaker = CircuitBreaker::new(long).unwrap();
    let clock = steadfast_clock::ManualClock::new();
    breaker.permit(&clock).unwrap().failure();
    breaker.permit(&clock).unwrap().success();
    assert_eq!(breaker.status(steadfast_clock::Nanos::MAX).calls, 2);
}
