//! Calendar budgets around the days that are longer or shorter than others.

use std::time::Duration;

use jiff::civil::date;
use jiff::tz::TimeZone;
use steadfast_clock::{Clock, ManualClock, Nanos, UnixNanos};
use steadfast_ratelimit::{CalendarBudget, CalendarError, Decision, Limiter, Period};

fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}

/// The first moment of a local date.
fn midnight(zone: &str, year: i16, month: i8, day: i8) -> UnixNanos {
    let start = date(year, month, day).to_zoned(TimeZone::get(zone).unwrap()).unwrap();
    UnixNanos::from_secs(u64::try_from(start.timestamp().as_second()).unwrap())
}

fn budget(zone: &str, period: Period, at: UnixNanos) -> (CalendarBudget<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    clock.set_wall(at);
    (CalendarBudget::with_wall(10, period, zone, clock.clone()).unwrap().named("cents"), clock)
}

#[test]
fn a_day_lasts_from_midnight_to_midnight_also_when_clocks_change() {
    fn check(zone: &str, (year, month, day): (i16, i8, i8), long: u64) {
        let (limiter, clock) = budget(zone, Period::Day, midnight(zone, year, month, day));
        assert!(limiter.take(10, clock.now()).is_allowed());
        let denied = limiter.take(1, clock.now()).into_result().unwrap_err();
        assert_eq!((denied.limit, denied.after, denied.max_cost), ("cents", Some(hours(long)), 10));
        clock.advance(hours(long) - Duration::from_nanos(1));
        assert!(!limiter.peek(1, clock.now()).is_allowed());
        clock.advance(Duration::from_nanos(1));
        assert!(limiter.take(10, clock.now()).is_allowed());
    }
    for zone in ["Europe/Berlin", "America/New_York"] {
        check(zone, (2026, 1, 15), 24);
    }
    check("Europe/Berlin", (2026, 3, 29), 23);
    check("Europe/Berlin", (2026, 10, 25), 25);
    check("America/New_York", (2026, 3, 8), 23);
    check("America/New_York", (2026, 11, 1), 25);
    check("UTC", (2026, 3, 29), 24);
    // Midnight is skipped here, and the next day has 23 hours from one on.
    check("Africa/Cairo", (2026, 4, 23), 24);
    check("Africa/Cairo", (2026, 4, 24), 23);
}

#[test]
fn a_month_lasts_as_long_as_it_is() {
    let (limiter, clock) = budget("Europe/Berlin", Period::Month, midnight("Europe/Berlin", 2026, 3, 1));
    limiter.charge(15, clock.now());
    assert_eq!(limiter.spent(), 15);
    let denied = limiter.take(1, clock.now()).into_result().unwrap_err();
    assert_eq!(denied.after, Some(hours(31 * 24 - 1)));
    clock.advance(hours(31 * 24 - 1));
    assert_eq!(limiter.spent(), 0);
    let december = midnight("Europe/Berlin", 2026, 12, 31);
    clock.set_wall(december);
    limiter.charge(10, clock.now());
    assert_eq!(limiter.take(1, clock.now()).into_result().unwrap_err().after, Some(hours(24)));
}

#[test]
fn a_refund_is_for_the_day_of_its_grant() {
    let (limiter, clock) = budget("UTC", Period::Day, midnight("UTC", 2026, 5, 1));
    let today = limiter.take(6, clock.now()).into_result().unwrap();
    let kept = limiter.take(4, clock.now()).into_result().unwrap();
    limiter.refund(today, 5, clock.now());
    assert_eq!(limiter.spent(), 5);
    clock.advance(hours(24));
    assert!(limiter.take(3, clock.now()).is_allowed());
    limiter.refund(kept, 4, clock.now());
    assert_eq!(limiter.spent(), 3);
    // A made-up grant, and one of a limiter of another kind.
    limiter.refund(steadfast_ratelimit::Grant::new(3, clock.now()), 3, clock.now());
    assert_eq!(limiter.spent(), 3);
    match limiter.peek(1, clock.now()) {
        Decision::Allow(grant) => limiter.refund(grant, 1, clock.now()),
        other => panic!("{other:?}"),
    }
    assert_eq!(limiter.spent(), 3);
}

#[test]
fn a_wall_clock_that_steps_back_does_not_bring_a_day_again() {
    let start = midnight("UTC", 2026, 5, 1);
    let (limiter, clock) = budget("UTC", Period::Day, start);
    clock.set_wall(start.saturating_add(hours(24)));
    assert!(limiter.take(10, clock.now()).is_allowed());
    clock.set_wall(start.saturating_add(hours(23)));
    assert_eq!(limiter.take(1, clock.now()).into_result().unwrap_err().after, Some(hours(25)));
}

#[test]
fn what_cannot_work_is_an_error() {
    assert_eq!(CalendarBudget::new(0, Period::Day, "UTC").unwrap_err(), CalendarError::ZeroBudget);
    assert_eq!(CalendarBudget::new(1 << 48, Period::Day, "UTC").unwrap_err(), CalendarError::BudgetTooLarge(1 << 48));
    let unknown = CalendarBudget::new(1, Period::Day, "Europe/Atlantis").unwrap_err();
    assert_eq!(unknown.to_string(), "calendar: no time zone \"Europe/Atlantis\"");
    let (limiter, clock) = budget("Asia/Kolkata", Period::Day, UnixNanos::from_secs(0));
    assert_eq!((limiter.budget(), limiter.period(), limiter.zone()), (10, Period::Day, "Asia/Kolkata"));
    limiter.charge(u64::MAX, clock.now());
    assert!(limiter.take(0, Nanos::ZERO).is_allowed());
    assert!(limiter.take(11, clock.now()).into_result().unwrap_err().is_never());
    clock.set_wall(UnixNanos::from_nanos(u64::MAX));
    assert!(limiter.take(1, clock.now()).is_allowed());
}
