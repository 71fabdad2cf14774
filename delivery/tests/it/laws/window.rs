//! The laws of maintenance windows.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use steadfast_clock::UnixNanos;
use steadfast_delivery::{Opening, Start, Window, WindowState, Zone};

/// Changes of clocks of all kinds: by an hour, by half of one, by a day, to and fro; and none.
const CHANGES: [(&str, &str); 10] = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
    ("Asia/Kathmandu", "2026-05-05T18:15:00Z"),
    ("UTC", "2027-12-31T00:00:00Z"),
];
const MINUTE: i64 = 60;
/// Minutes of a day.
const DAY: i64 = 24 * 60;
/// How many minutes before and behind a change are looked at.
const REACH: i64 = 30 * 60;

/// A rule as sets of what matches; empty means everything.
#[derive(Clone, Debug)]
struct Rule {
    minutes: BTreeSet<i8>,
    hours: BTreeSet<i8>,
    days: BTreeSet<i8>,
    weekdays: BTreeSet<i8>,
    end: End,
}

#[derive(Clone, Debug)]
enum End {
    /// After so many minutes.
    After(i64),
    /// At so many minutes after the midnight before the start.
    Clock(i64),
}

fn cron() -> impl Strategy<Value = Rule> {
    let times = (btree_set(0i8..60, 1..3), btree_set(prop_oneof![0i8..4, 0i8..24], 1..4));
    let dates = (btree_set(1i8..32, 0..4), btree_set(0i8..7, 0..4));
    (times, dates, 1i64..400).prop_map(|((minutes, hours), (days, weekdays), length)| Rule {
        minutes,
        hours,
        days,
        weekdays,
        end: End::After(length),
    })
}

fn daily() -> impl Strategy<Value = Rule> {
    (0i64..24 * 4, 1i64..24 * 4, btree_set(0i8..7, 0..5)).prop_map(|(from, length, weekdays)| Rule {
        minutes: [i8::try_from(from % 4 * 15).unwrap()].into(),
        hours: [i8::try_from(from / 4).unwrap()].into(),
        days: BTreeSet::new(),
        weekdays,
        end: End::Clock((from + length) * 15),
    })
}

impl Rule {
    fn text(&self) -> String {
        let list = |set: &BTreeSet<i8>| {
            let all: Vec<String> = set.iter().map(i8::to_string).collect();
            if all.is_empty() { String::from("*") } else { all.join(",") }
        };
        match self.end {
            End::After(length) => {
                let (days, weekdays) = (list(&self.days), list(&self.weekdays));
                format!("{} {} {days} * {weekdays} for {length}m", list(&self.minutes), list(&self.hours))
            }
            End::Clock(end) => {
                let (minute, hour) = (self.minutes.first().unwrap(), self.hours.first().unwrap());
                let end = if end > 24 * 60 { end - 24 * 60 } else { end };
                let days = if self.weekdays.is_empty() { String::from("daily") } else { list(&self.weekdays) };
                format!("{hour}:{minute:02}-{}:{:02} {days}", end / 60, end % 60)
            }
        }
    }

    fn matches(&self, time: (i8, i8), date: Date) -> bool {
        if !self.hours.contains(&time.0) || !self.minutes.contains(&time.1) {
            return false;
        }
        let day = self.days.contains(&date.day());
        let weekday = self.weekdays.contains(&date.weekday().to_sunday_zero_offset());
        match (self.days.is_empty(), self.weekdays.is_empty()) {
            (true, true) => true,
            (true, false) => weekday,
            (false, true) => day,
            (false, false) => day || weekday,
        }
    }
}

/// Which minutes around a change are open, by going through all of them.
fn enumerate(rules: &[Rule], zone: &TimeZone, first: i64) -> Vec<bool> {
    let count = 2 * REACH;
    // The latest that the clocks have shown by each minute, in minutes since 1970: what they show again does not count.
    // All clocks change at quarters of an hour.
    let mut shown: Vec<i64> = Vec::new();
    for quarter in 0..count / 15 {
        let at = first + quarter * 15 * MINUTE;
        let shows = (at + i64::from(zone.to_offset(Timestamp::from_second(at).unwrap()).seconds())) / MINUTE;
        for now in shows..shows + 15 {
            shown.push(shown.last().map_or(now, |last| now.max(*last)));
        }
    }
    let mut open = vec![false; shown.len()];
    for minute in 1..shown.len() {
        for new in shown[minute - 1] + 1..=shown[minute] {
            let (day, of_day) = (new.div_euclid(DAY), new.rem_euclid(DAY));
            let time = (i8::try_from(of_day / 60).unwrap(), i8::try_from(of_day % 60).unwrap());
            let date = || date(1970, 1, 1).checked_add(day.days()).unwrap();
            for rule in rules.iter().filter(|rule| rule.hours.contains(&time.0) && rule.matches(time, date())) {
                let end = match rule.end {
                    End::After(length) => minute + usize::try_from(length).unwrap(),
                    End::Clock(after) => shown.partition_point(|shown| *shown < day * DAY + after),
                };
                let end = end.clamp(minute, open.len());
                open[minute..end].fill(true);
            }
        }
    }
    open
}

fn unix(seconds: i64) -> UnixNanos {
    UnixNanos::from_secs(u64::try_from(seconds).unwrap())
}

proptest! {
    /// Around every kind of change of the clocks, a window is open in exactly those minutes that going through all of
    /// them one by one finds, and what is told of its next change is the next change that is found.
    #[test]
    fn a_window_agrees_with_going_through_all_minutes(
        change in 0..CHANGES.len(),
        crons in vec(cron(), 0..2),
        dailies in vec(daily(), 0..3),
        probes in vec(0..2 * REACH * MINUTE, 12),
    ) {
        let mut rules = crons;
        rules.extend(dailies);
        prop_assume!(!rules.is_empty());
        let (name, change) = CHANGES[change];
        let change = change.parse::<Timestamp>().unwrap().as_second();
        let zone = TimeZone::get(name).unwrap();
        let first = change - REACH * MINUTE;
        let open = enumerate(&rules, &zone, first);
        let text: Vec<String> = rules.iter().map(Rule::text).collect();
        let window: Window = text.join("; ").parse().unwrap();
        let zone = Zone::new(name).unwrap();
        // A window that opened before the first minute is not known there: the longest lasts a day.
        let settled = 24 * 60 + 60;
        for probe in probes {
            let minute = usize::try_from(probe / MINUTE).unwrap();
            if probe / MINUTE < settled {
                continue;
            }
            let state = window.state_at(unix(first + probe), &zone);
            let change = (minute + 1..open.len()).find(|at| open[*at] != open[minute]);
            let change = change.map(|at| unix(first + i64::try_from(at).unwrap() * MINUTE));
            let told = match state {
                WindowState::Open { until } => until,
                WindowState::Closed { next } => next.map(|next| next.start),
                _ => None,
            };
            prop_assert_eq!(matches!(state, WindowState::Open { .. }), open[minute], "{} {} {:?}", window, probe, state);
            match change {
                Some(change) => prop_assert_eq!(told, Some(change), "{} {} {:?}", window, probe, state),
                None => prop_assert!(told.is_none_or(|told| told >= unix(first + 2 * REACH * MINUTE))),
            }
        }
    }

    /// Openings are apart from each other and in order, none is empty or in the past, and at each of their bounds the
    /// state changes.
    #[test]
    fn openings_are_apart_and_in_order(
        change in 0..CHANGES.len(),
        rules in vec(prop_oneof![cron(), daily()], 1..4),
        before in 0i64..7 * 24 * 3600,
    ) {
        let (name, change) = CHANGES[change];
        let zone = Zone::new(name).unwrap();
        let now = unix(change.parse::<Timestamp>().unwrap().as_second() - before);
        let window: Window = rules.iter().map(Rule::text).collect::<Vec<_>>().join(";").parse().unwrap();
        let mut past = None;
        for (at, opening) in window.openings(now, &zone).take(5).enumerate() {
            let Opening { start, end, .. } = opening;
            prop_assert!(start >= now && past.is_none_or(|past| start > past) && end.is_none_or(|end| end > start));
            prop_assert_eq!(window.state_at(start, &zone), WindowState::Open { until: end });
            if at > 0 {
                let just_before = UnixNanos::from_nanos(start.as_nanos() - 1);
                prop_assert_eq!(window.state_at(just_before, &zone), WindowState::Closed { next: Some(opening) });
            }
            let Some(end) = end else { break };
            let closed = matches!(window.state_at(end, &zone), WindowState::Closed { .. });
            prop_assert!(closed, "{} {:?}", window, opening);
            past = Some(end);
        }
    }

    /// What is started when it is said to fit is done before the window closes, and there is no earlier time at which it
    /// would be.
    #[test]
    fn what_may_be_started_fits(
        rules in vec(prop_oneof![cron(), daily()], 1..3),
        now in 1_700_000_000i64..1_800_000_000,
        takes in prop_oneof![1 => Just(0), 9 => 0u64..300],
        reserve in option::of(prop_oneof![1 => Just(0), 9 => 0u64..300]),
    ) {
        let utc = Zone::utc();
        let window: Window = rules.iter().map(Rule::text).collect::<Vec<_>>().join(";").parse().unwrap();
        let window = window.reserve(Duration::from_secs(reserve.unwrap_or(0) * 60));
        let takes = Duration::from_secs(takes * 60);
        let needs = takes.max(window.reserve);
        let fits = |at: UnixNanos| match window.state_at(at, &utc) {
            WindowState::Open { until } => until.is_none_or(|until| until.since(at) >= needs),
            _ => false,
        };
        let first = window.openings(unix(now), &utc).take(32).find(|opening| fits(opening.start));
        match window.start_at(unix(now), &utc, takes) {
            Start::Now { last } => {
                prop_assert!(fits(unix(now)) && last.is_none_or(|last| last >= unix(now)));
                // What takes no time may begin until the very end, at which the window is closed.
                prop_assert!(last.is_none_or(|last| needs.is_zero() || fits(last)));
                let late = last.map(|last| last.saturating_add(Duration::from_nanos(1)));
                prop_assert!(late.is_none_or(|late| needs.is_zero() || !fits(late)));
            }
            Start::At { at } => prop_assert!(at > unix(now) && first.is_some_and(|first| first.start == at)),
            _ => prop_assert!(first.is_none()),
        }
    }

    /// No text makes a window panic, and what is read is read back as it was from what it prints.
    #[test]
    fn any_text_is_a_window_or_refused(
        text in "([0-9*/,-]{1,4} ){5}for [0-9]{1,3}[smhd]|[0-9:]{4,5}-[0-9:]{4,5} ?[a-z,-]{0,7}|2026-[0-9]{2}-[0-9]{2}T[0-9:Z]{1,9} for 1h|.{0,30}",
        now in any::<u64>(),
    ) {
        if let Ok(window) = text.parse::<Window>() {
            let json = serde_json::to_string(&window).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Window>(&json).unwrap(), &window);
            prop_assert_eq!(&window.to_string().parse::<Window>().unwrap(), &window);
            let _ = window.start_at(UnixNanos::from_nanos(now), &Zone::utc(), Duration::ZERO);
        }
    }
}
