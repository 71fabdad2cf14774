//! The laws of schedules, of the machine and of header values.

use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{Exponential, Jitter, Next, Policy, Retry, Schedule, Step, Stop, Unlimited, retry_after};
use steadfast_clock::{Nanos, UnixNanos};

use crate::machine::Purse;

fn jitters() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        (0.01..=1.0).prop_map(Jitter::Fraction),
        (0.01..=1.0).prop_map(Jitter::Additive),
    ]
}

/// Any schedule that can be built, with the widest numbers.
fn wild() -> impl Strategy<Value = Exponential> {
    let spans = prop_oneof![
        Just(Duration::MAX),
        Just(Duration::from_nanos(1)),
        (1..u64::MAX).prop_map(Duration::from_nanos),
        (0..u64::MAX, 1..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
    ];
    let factors = prop_oneof![Just(1.0), 1.0..10.0, 1.0..f64::MAX];
    (spans.clone(), spans, factors, jitters()).prop_map(|(a, b, factor, jitter)| {
        Exponential::builder().base(a.min(b)).cap(a.max(b)).factor(factor).jitter(jitter).build().unwrap()
    })
}

/// A schedule as people configure it: a base of 1 ms to 10 s, a cap of up to 1,000 times as much.
fn usual() -> impl Strategy<Value = Exponential> {
    (1..10_000u64, 1..1000u64, 1000..5000u32, jitters()).prop_map(|(base_ms, room, thousandths, jitter)| {
        Exponential::builder()
            .base(Duration::from_millis(base_ms))
            .cap(Duration::from_millis(base_ms * room))
            .factor(f64::from(thousandths) / 1000.0)
            .jitter(jitter)
            .build()
            .unwrap()
    })
}

fn retries() -> impl Strategy<Value = u32> {
    prop_oneof![1..40u32, any::<u32>()]
}

/// The multiples of a wait between which a jitter draws.
fn ends(jitter: Jitter) -> (f64, f64) {
    match jitter {
        Jitter::Full => (0.0, 1.0),
        Jitter::Equal => (0.5, 1.0),
        Jitter::Fraction(f) => (1.0 - f, 1.0 + f),
        Jitter::Additive(f) => (1.0, 1.0 + f),
        _ => (1.0, 1.0),
    }
}

proptest! {
    /// A wait is never above the cap, jitter included, and nothing overflows, whatever was configured.
    #[test]
    fn no_wait_is_above_its_cap(schedule in wild(), retry: u32, entropy: u64) {
        let wait = schedule.delay(&Step::new(retry), entropy).unwrap();
        prop_assert!(wait <= schedule.cap());
        prop_assert!(schedule.wait(retry) <= schedule.cap());
    }

    /// A wait lies in its interval; entropy 0 gives the one end of it and the largest entropy the other.
    #[test]
    fn waits_fill_their_interval(schedule in wild(), retry in retries(), entropy: u64) {
        let (low, high) = schedule.interval(retry);
        let delay = |entropy| schedule.delay(&Step::new(retry), entropy).unwrap();
        prop_assert_eq!(delay(0), low);
        prop_assert_eq!(delay(u64::MAX), high);
        prop_assert!((low..=high).contains(&delay(entropy)));
    }

    /// Below the cap the interval is the documented one, cut at the cap; where nothing is left of it, it ends at the cap.
    #[test]
    fn intervals_are_the_documented_ones(schedule in usual(), retry in 1..40u32) {
        let exponent = i32::try_from(retry).unwrap() - 1;
        let cap = schedule.cap().as_secs_f64();
        let wait = (schedule.base().as_secs_f64() * schedule.factor().powi(exponent)).min(cap);
        let (low, high) = ends(schedule.jitter());
        let expected = if low < high && low * wait >= cap {
            (cap * low / high, cap)
        } else {
            (low * wait, (high * wait).min(cap))
        };
        let found = schedule.interval(retry);
        prop_assert!((found.0.as_secs_f64() - expected.0).abs() < 2e-9, "{:?} {:?}", found, expected);
        prop_assert!((found.1.as_secs_f64() - expected.1).abs() < 2e-9, "{:?} {:?}", found, expected);
    }

    /// Jitter stays jitter: its interval is never one point, also at the cap.
    #[test]
    fn jitter_is_never_one_point(schedule in usual(), retry in retries()) {
        let (low, high) = schedule.interval(retry);
        prop_assert_eq!(low < high, schedule.jitter() != Jitter::None);
        prop_assert_eq!(schedule.is_jittered(), schedule.jitter() != Jitter::None);
    }

    /// Evenly spread entropy gives evenly spread waits: every quarter of the interval gets its quarter.
    #[test]
    fn waits_are_uniform(schedule in usual(), retry in retries()) {
        let (low, high) = schedule.interval(retry);
        for quarter in 1..4u32 {
            let entropy = u64::from(quarter) << 62;
            let expected = low + (high - low) * quarter / 4;
            let found = schedule.delay(&Step::new(retry), entropy).unwrap();
            prop_assert!(found.abs_diff(expected) <= Duration::from_nanos(1), "{:?} {:?}", found, expected);
        }
    }

    /// Before jitter, a later wait is never shorter than an earlier one.
    #[test]
    fn waits_never_shrink(schedule in usual(), retry in 1..u32::MAX) {
        prop_assert!(schedule.wait(retry) <= schedule.wait(retry + 1));
        prop_assert!(schedule.base() <= schedule.wait(retry));
    }

    /// What the server asks for is never slept shorter and at most 10 % longer; above its bound nothing is slept.
    #[test]
    fn hints_are_honoured(schedule in usual(), hint_ns in 1..u64::MAX, cap_ns: u64, entropy: u64) {
        let (hint, cap) = (Duration::from_nanos(hint_ns), Duration::from_nanos(cap_ns));
        let policy = Policy::new(schedule, 2).unwrap().hint_cap(cap);
        let mut retry = Retry::new(Nanos::ZERO);
        retry.begin();
        match retry.next(&policy, Some(hint), 1, Nanos::ZERO, None, &Unlimited, entropy) {
            Next::Wait(wait) => {
                prop_assert!(hint <= cap && wait.hinted);
                prop_assert!(hint <= wait.delay && wait.delay <= cap && wait.delay <= hint + hint / 10);
                prop_assert!(schedule.is_jittered() || wait.delay == hint);
            }
            Next::Stop(stop) => {
                prop_assert!(hint > cap);
                prop_assert_eq!(stop, Stop::HintAboveCap { hint, cap });
                prop_assert_eq!(retry.total_wait(), Duration::ZERO);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever comes, a call makes at most its attempts, ends its waits before the deadline, never has more waits than
    /// were taken from the budget, and its total wait is the sum of its waits.
    #[test]
    fn a_call_keeps_all_its_bounds(
        schedule in usual(),
        max_attempts in 1..12u32,
        allowed_ms: u32,
        budget in 0..12u32,
        script in prop::collection::vec((prop::option::of(0..70_000u64), 0..5000u64, any::<u64>()), 20),
    ) {
        let policy = Policy::new(schedule, max_attempts).unwrap();
        let purse = Purse::of(budget);
        let mut now = Nanos::from_nanos(1_000_000_000);
        let deadline = now.saturating_add(Duration::from_millis(u64::from(allowed_ms)));
        let mut retry = Retry::new(now);
        let mut slept = Duration::ZERO;
        let mut waits = 0;
        for (hint_ms, busy_ms, entropy) in script {
            prop_assert!(retry.begin() <= max_attempts);
            now = now.saturating_add(Duration::from_millis(busy_ms));
            let hint = hint_ms.map(Duration::from_millis);
            let Next::Wait(wait) = retry.next(&policy, hint, 1, now, Some(deadline), &purse, entropy) else { break };
            waits += 1;
            prop_assert_eq!(wait.retry, waits);
            now = now.saturating_add(wait.delay);
            slept += wait.delay;
            prop_assert!(now < deadline);
            prop_assert!(hint.is_none_or(|hint| hint <= wait.delay));
        }
        prop_assert_eq!(retry.total_wait(), slept);
        prop_assert_eq!(purse.left.load(Ordering::Relaxed) + waits, budget);
        prop_assert!(retry.attempt() <= max_attempts);
    }

    /// No header value panics.
    #[test]
    fn any_header_value_can_be_read(value in "\\PC*", now: u64) {
        let _ = retry_after::parse(&value, UnixNanos::from_nanos(now));
        let _ = retry_after::parse_ms(&value);
    }

    /// Numbers are read exactly, with decimals too, and never as something negative or wrapped.
    #[test]
    fn numbers_are_read_exactly(secs: u64, nanos in 0..1_000_000_000u32, now: u64) {
        let now = UnixNanos::from_nanos(now);
        let expected = Some(Duration::new(secs, nanos));
        prop_assert_eq!(retry_after::parse(&format!("{secs}.{nanos:09}"), now), expected);
        prop_assert_eq!(retry_after::parse(&secs.to_string(), now), Some(Duration::from_secs(secs)));
        let millis = u128::from(secs) * 1000 + u128::from(nanos / 1_000_000);
        prop_assert_eq!(retry_after::parse_ms(&format!("{millis}.{:06}", nanos % 1_000_000)), expected);
    }
}

#[cfg(feature = "std")]
proptest! {
    /// A date is as far away as it is from `now`, and a past one not at all.
    #[test]
    fn dates_are_read_relative_to_now(date_secs in 0..253_402_300_800u64, now_secs in 0..18_446_744_073u64) {
        let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(date_secs));
        let expected = Duration::from_secs(date_secs.saturating_sub(now_secs));
        prop_assert_eq!(retry_after::parse(&date, UnixNanos::from_secs(now_secs)), Some(expected));
    }

    /// Nothing that looks almost like a date panics.
    #[test]
    fn broken_dates_can_be_read(value in "[A-Z][a-z]{2,8},? ?[0-9]{0,3}[ -]?[A-Z][a-z]{2} [0-9]{1,6} [0-9:]{0,10}( GMT)?") {
        let _ = retry_after::parse(&value, UnixNanos::EPOCH);
    }
}
