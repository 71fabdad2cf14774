//! Quotas in numbers, and quotas that cannot work.

use std::time::Duration;

use steadfast_ratelimit::{ConfigError, Quota};

#[test]
fn quotas_tell_their_numbers() {
    let quota = Quota::per_minute(90).unwrap();
    assert_eq!((quota.permits(), quota.period(), quota.burst_size()), (90, Duration::from_secs(60), 1));
    assert_eq!(quota.burst(7).unwrap().burst_size(), 7);
    assert_eq!(Quota::per_second(3).unwrap().period(), Duration::from_secs(1));
    assert_eq!(Quota::per_hour(3).unwrap().period(), Duration::from_secs(3600));
    assert_eq!(Quota::new(1, Duration::from_nanos(1)).unwrap().period(), Duration::from_nanos(1));
}

#[test]
fn a_quota_that_cannot_work_is_an_error() {
    fn check(quota: Result<Quota, ConfigError>, expected: ConfigError) {
        assert_eq!(quota, Err(expected));
        assert!(expected.to_string().starts_with("quota: "), "{expected}");
    }
    let second = Duration::from_secs(1);
    check(Quota::per_second(0), ConfigError::ZeroPermits);
    check(Quota::new(1, Duration::ZERO), ConfigError::ZeroPeriod);
    check(Quota::new(1, Duration::MAX), ConfigError::PeriodTooLong(Duration::MAX));
    check(Quota::per_second(10_000_000_001), ConfigError::RateTooHigh);
    check(Quota::per_second(u64::MAX), ConfigError::RateTooHigh);
    check(Quota::per_second(1).unwrap().burst(0), ConfigError::ZeroBurst);
    check(Quota::per_second(1).unwrap().burst(u64::MAX), ConfigError::BurstTooLarge(u64::MAX));
    assert!(Quota::per_second(10_000_000_000).unwrap().burst(u64::MAX / 8).is_ok());
    let years = |n: u64| Duration::from_secs(n * 365 * 86_400);
    assert!(Quota::new(1, years(18)).is_ok());
    check(Quota::new(1, years(19)), ConfigError::PeriodTooLong(years(19)));
    assert!(Quota::new(100, years(500)).unwrap().burst(3).is_ok());
    check(Quota::new(100, years(500)).unwrap().burst(4), ConfigError::BurstTooLarge(4));
    assert!(Quota::new(86_400, 86_400 * second).is_ok());
}
