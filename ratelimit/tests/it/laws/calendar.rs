//! The laws of calendar budgets.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::select;
use steadfast_clock::{Clock, ManualClock, UnixNanos};
use steadfast_ratelimit::{CalendarBudget, Decision, Limiter, Period};

/// DST in both hemispheres, at midnight, by half an hour, and none.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
];

fn date(zone: &TimeZone, secs: u64) -> jiff::civil::Date {
    zone.to_datetime(Timestamp::from_second(i64::try_from(secs).unwrap()).unwrap()).date()
}

proptest! {
    /// Within one local day no more than the budget is admitted, whatever the zone; all of it can be; a denial ends with
    /// the day; and what is given back on the same day is there again.
    #[test]
    fn never_more_than_the_budget_within_one_local_day(
        zone in select(&ZONES[..]),
        start in 1_000_000_000u64..1_900_000_000,
        budget in 1u64..10,
        steps in prop::collection::vec((0u64..40_000, 1u64..12, 0u8..6), 0..60),
    ) {
        let clock = ManualClock::new();
        clock.set_wall(UnixNanos::from_secs(start));
        let limiter = CalendarBudget::with_wall(budget, Period::Day, zone, clock.clone()).unwrap();
        let local = TimeZone::get(zone).unwrap();
        let (mut spent, mut now) = (HashMap::new(), start);
        let mut open = Vec::new();
        for (pause, cost, what) in steps {
            now += pause;
            clock.advance(Duration::from_secs(pause));
            let today = date(&local, now);
            let of_today: &mut u64 = spent.entry(today).or_default();
            match (what, open.pop()) {
                (0, Some((grant, day))) => {
                    limiter.refund(grant, cost, clock.now());
                    if day == today {
                        *of_today -= 1;
                    }
                }
                (1, _) => {
                    limiter.charge(cost, clock.now());
                    *of_today += cost;
                }
                (2, _) => match limiter.take(1, clock.now()) {
                    Decision::Allow(grant) => {
                        *of_today += 1;
                        open.push((grant, today));
                        prop_assert!(*of_today <= budget);
                    }
                    _ => prop_assert!(*of_today >= budget),
                },
                _ => match limiter.take(cost, clock.now()).into_result() {
                    Ok(_) => {
                        *of_today += cost;
                        prop_assert!(*of_today <= budget);
                    }
                    Err(denied) => {
                        prop_assert!(*of_today + cost > budget);
                        prop_assert_eq!(denied.after.is_none(), cost > budget);
                        let Some(after) = denied.after else { continue };
                        prop_assert!(date(&local, now + after.as_secs()) > today);
                        prop_assert_eq!(date(&local, now + after.as_secs() - 1), today);
                    }
                },
            }
            prop_assert_eq!(limiter.spent(), spent[&today]);
        }
    }

    /// However the wall clock steps, no day begins twice: at most one budget for each day that is later than any before.
    #[test]
    fn no_day_begins_twice(
        budget in 1u64..5,
        walls in prop::collection::vec(0u64..10, 0..60),
    ) {
        let clock = ManualClock::new();
        clock.set_wall(UnixNanos::from_secs(0));
        let limiter = CalendarBudget::with_wall(budget, Period::Day, "UTC", clock.clone()).unwrap();
        let (mut latest, mut days, mut admitted) = (0, 1, 0);
        for day in walls {
            clock.set_wall(UnixNanos::from_secs(day * 86_400 + 5));
            if day > latest {
                (latest, days) = (day, days + 1);
            }
            admitted += u64::from(limiter.take(1, clock.now()).is_allowed());
            prop_assert!(admitted <= budget * days);
        }
    }
}
