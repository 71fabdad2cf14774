//! The default rule in numbers, and rules that cannot work.

use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, ConfigError, Machine, Rule};

#[test]
fn the_default_is_five_failures_in_a_minute() {
    let rule = Rule::default();
    assert_eq!(rule.failures, 5);
    assert_eq!(rule.window, Duration::from_secs(60));
    assert_eq!(rule.open_for, Duration::from_secs(30));
    assert_eq!(rule.probes, 2);
    assert_eq!(rule.successes, 2);
    assert_eq!(rule.probe_timeout, Duration::from_secs(30));
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
}
