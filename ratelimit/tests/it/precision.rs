//! The admitted rate is the configured rate, at any rate.

use std::time::Duration;

use steadfast_clock::Nanos;
use steadfast_ratelimit::{Gcra, Quota};

/// Takes `cost` again and again as early as it is admitted, and compares the time of the last with the exact one.
/// Tells how many nanoseconds times permits it is late by, and how many that is to be measured against.
fn lateness(quota: Quota, cost: u64) -> (u128, u128, u128) {
    let gcra = Gcra::new(quota);
    let start = Nanos::from_nanos(7_777_777_777);
    // Empty to begin with, so that the burst does not count.
    let mut cell = gcra.charge(0, quota.burst_size(), start);
    let (mut now, mut rounds) = (start, 0);
    while now.since(start) < Duration::from_secs(100) || rounds < 10 {
        now = gcra.due(cell, cost, now).unwrap();
        let (next, decision) = gcra.decide(cell, cost, now);
        assert!(decision.is_allowed());
        (cell, rounds) = (next, rounds + 1);
    }
    let scaled = now.since(start).as_nanos() * u128::from(quota.permits());
    let exact = rounds * u128::from(cost) * quota.period().as_nanos();
    assert!(scaled >= exact, "{quota:?}: above the rate");
    (scaled - exact, exact, rounds)
}

#[test]
fn the_rate_is_exact_to_one_part_in_a_billion_and_never_above() {
    fn check(permits: u64, period: Duration) {
        let cost = u64::try_from(u128::from(permits) * 1_000_000_000 / period.as_nanos()).unwrap() / 3 + 1;
        let quota = Quota::new(permits, period).unwrap().burst(cost * 2).unwrap();
        let (late, exact, _) = lateness(quota, cost);
        // At most 2 ns in all.
        assert!(late <= 2 * u128::from(permits), "{quota:?}: {late} of {exact}");
        assert!(late * 1_000_000_000 <= exact, "{quota:?}: {late} of {exact}");
    }
    let second = Duration::from_secs(1);
    for permits in [1, 3, 7, 999, 7_000_000, 150_000_000, 600_000_000, 999_999_999, 1_000_000_000, 3_333_333_333] {
        check(permits, second);
    }
    check(10_000_000_000, second);
    check(7, Duration::from_secs(60));
    check(100_003, Duration::from_secs(3600));
    check(1, Duration::from_secs(86_400 * 7));
    check(11, Duration::from_nanos(u64::MAX / 2_000_001));
}

#[test]
fn a_burst_that_is_used_up_loses_at_most_a_nanosecond_and_a_bit_a_call() {
    fn check(permits: u64, cost: u64, whole: bool) {
        let quota = Quota::per_second(permits).unwrap().burst(cost).unwrap();
        let (late, _, rounds) = lateness(quota, cost);
        let most = if whole { 0 } else { rounds * u128::from(permits) * 15 / 10 };
        assert!(late <= most, "{quota:?}: {late} in {rounds}");
    }
    for permits in [1, 2, 10, 1000, 62_500] {
        check(permits, 1, true);
        check(permits, 7, true);
    }
    for permits in [3, 7, 999, 60_001] {
        check(permits, 1, false);
        check(permits, permits, false);
    }
    check(600_000_000, 1_000_000, false);
    check(9_999_999_999, 9_999_999_999, false);
}

/// With an interval below and around a nanosecond, and one permit at a time.
#[test]
fn single_permits_at_high_rates_get_their_rate() {
    for permits in [7_000_000, 150_000_000, 600_000_000, 2_500_000_000] {
        let gcra = Gcra::new(Quota::per_second(permits).unwrap().burst(10).unwrap());
        let (mut cell, mut admitted) = (0, 0u64);
        for nano in 0..200_000 {
            loop {
                let (next, decision) = gcra.decide(cell, 1, Nanos::from_nanos(nano));
                if !decision.is_allowed() {
                    break;
                }
                (cell, admitted) = (next, admitted + 1);
            }
        }
        let fair = permits / 5_000; // in 200,000 ns
        assert!(admitted <= fair + 10, "{permits} a second: {admitted} of {fair}");
        assert!(admitted * 1000 >= fair * 999, "{permits} a second: {admitted} of {fair}");
    }
}
