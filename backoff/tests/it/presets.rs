//! The exact numbers of the presets and of the status sets.

use std::time::Duration;

use steadfast_backoff::{ConfigError, Exponential, Jitter, Policy, StatusSet};

fn check(policy: Policy, attempts: u32, base_ms: u64, factor: f64, cap_ms: u64, jitter: Jitter) {
    let expected = Exponential::builder()
        .base(Duration::from_millis(base_ms))
        .factor(factor)
        .cap(Duration::from_millis(cap_ms))
        .jitter(jitter)
        .build()
        .unwrap();
    assert_eq!(policy.max_attempts(), attempts);
    assert_eq!(*policy.schedule(), expected);
    assert_eq!(policy.longest_hint(), Duration::from_secs(60));
}

/// The waits before jitter, and the interval of each, in microseconds.
fn check_waits(policy: Policy, expected: &[(u128, u128, u128)]) {
    for (retry, expected) in (1..).zip(expected) {
        let (low, high) = policy.schedule().interval(retry);
        let wait = policy.schedule().wait(retry);
        assert_eq!((wait.as_micros(), low.as_micros(), high.as_micros()), *expected, "retry {retry}");
    }
}

#[test]
fn provider() {
    check(Policy::provider(), 4, 1000, 2.0, 60_000, Jitter::Fraction(0.2));
    check_waits(
        Policy::provider(),
        &[
            (1_000_000, 800_000, 1_200_000),
            (2_000_000, 1_600_000, 2_400_000),
            (4_000_000, 3_200_000, 4_800_000),
            (8_000_000, 6_400_000, 9_600_000),
            (16_000_000, 12_800_000, 19_200_000),
            (32_000_000, 25_600_000, 38_400_000),
            (60_000_000, 48_000_000, 60_000_000),
        ],
    );
}

#[test]
fn http() {
    check(Policy::http(), 4, 1000, 2.0, 30_000, Jitter::Additive(0.1));
    check_waits(
        Policy::http(),
        &[
            (1_000_000, 1_000_000, 1_100_000),
            (2_000_000, 2_000_000, 2_200_000),
            (4_000_000, 4_000_000, 4_400_000),
            (8_000_000, 8_000_000, 8_800_000),
            (16_000_000, 16_000_000, 17_600_000),
            (30_000_000, 27_272_727, 30_000_000),
        ],
    );
}

#[test]
fn api_client() {
    check(Policy::api_client(), 4, 1000, 2.0, 30_000, Jitter::Fraction(0.2));
    check_waits(
        Policy::api_client(),
        &[(1_000_000, 800_000, 1_200_000), (2_000_000, 1_600_000, 2_400_000), (4_000_000, 3_200_000, 4_800_000)],
    );
}

#[test]
fn production() {
    check(Policy::production(), 4, 50, 2.0, 500, Jitter::Fraction(0.25));
    check_waits(
        Policy::production(),
        &[
            (50_000, 37_500, 62_500),
            (100_000, 75_000, 125_000),
            (200_000, 150_000, 250_000),
            (400_000, 300_000, 500_000),
            (500_000, 375_000, 500_000),
        ],
    );
}

#[test]
fn aggressive() {
    check(Policy::aggressive(), 6, 25, 1.5, 1000, Jitter::Fraction(0.25));
    check_waits(
        Policy::aggressive(),
        &[
            (25_000, 18_750, 31_250),
            (37_500, 28_125, 46_875),
            (56_250, 42_187, 70_312),
            (84_375, 63_281, 105_468),
            (126_562, 94_921, 158_203),
        ],
    );
}

#[test]
fn disabled() {
    assert_eq!(Policy::disabled().max_attempts(), 1);
}

#[test]
fn delivery() {
    check(Policy::delivery(), 3, 1000, 2.0, 30_000, Jitter::None);
    let exact: Vec<_> = [1, 2, 4, 8, 16, 30, 30].map(|s| (s * 1_000_000, s * 1_000_000, s * 1_000_000)).into();
    check_waits(Policy::delivery(), &exact);
    let spread = Policy::delivery().with_jitter(Jitter::Equal).unwrap();
    check_waits(spread, &[(1_000_000, 500_000, 1_000_000)]);
}

#[test]
fn attempts_count_the_first_try() {
    assert_eq!(Policy::delivery().with_retries(0).max_attempts(), 1);
    assert_eq!(Policy::delivery().with_retries(5), Policy::delivery().with_attempts(6).unwrap());
    assert_eq!(Policy::delivery().with_retries(u32::MAX).max_attempts(), u32::MAX);
    assert_eq!(Policy::delivery().with_attempts(0), Err(ConfigError::ZeroAttempts));
    assert_eq!(Policy::new(Exponential::default(), 0), Err(ConfigError::ZeroAttempts));
    assert_eq!(Policy::delivery().hint_cap(Duration::ZERO).longest_hint(), Duration::ZERO);
    let refused = Policy::delivery().with_jitter(Jitter::Fraction(2.0));
    assert_eq!(refused, Err(ConfigError::JitterFraction { fraction: 2.0 }));
}

fn check_set(set: StatusSet, expected: &[u16]) {
    let members: Vec<u16> = (0..=u16::MAX).filter(|status| set.contains(*status)).collect();
    assert_eq!(members, expected, "{set:?}");
}

#[test]
fn status_sets() {
    let server_errors: Vec<u16> = (500..=599).collect();
    let limit_too: Vec<u16> = std::iter::once(429).chain(500..=599).collect();
    check_set(StatusSet::TRANSIENT, &[408, 409, 425, 429, 500, 502, 503, 504, 529]);
    check_set(StatusSet::GATEWAY, &[429, 502, 503, 504]);
    check_set(StatusSet::STANDARD, &[429, 500, 502, 503, 504]);
    check_set(StatusSet::SERVER_ERRORS, &server_errors);
    check_set(StatusSet::SERVER_AND_LIMIT, &limit_too);
    check_set(StatusSet::of(&[]), &[]);
    assert_eq!(format!("{:?}", StatusSet::SERVER_AND_LIMIT), "{429, 5xx}");
}
