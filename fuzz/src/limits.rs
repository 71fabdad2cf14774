//! What headers tell of a vendor's limits: durations of Go, dates of RFC 3339, numbers.

use std::collections::HashSet;
use std::time::Duration;

use steadfast_clock::{Nanos, UnixNanos};
use steadfast_providers::admission::{
    Answered, Book, Cost, Entered, Heard, LimitTable, Limits, Ticket, Turn, go_duration, reset_in, rfc3339,
};

use crate::lines;

/// Reads the time in seconds since 1970, then headers, a line each.
///
/// Durations and dates are what a plain reading of their standards makes of them, dates can be written back, and no wait is
/// longer than 32 days. Headers tell the same in any order. A book that hears them neither loses a call nor lets it wait for
/// ever.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let Some(mut rest) = lines::text(data) else { return };
    let now = lines::next(&mut rest).parse().map_or(UnixNanos::EPOCH, |secs: u32| UnixNanos::from_secs(secs.into()));
    assert_eq!(rfc3339(&written(now)), Some(now), "{}", written(now));
    let headers: Vec<(&str, &str)> = rest.lines().filter_map(|line| line.split_once(':')).collect();
    for (_, value) in &headers {
        told(value, now);
    }
    let names: HashSet<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    for table in [LimitTable::OPENAI, LimitTable::ANTHROPIC] {
        let heard = table.read(headers.iter().copied(), now);
        if names.len() == headers.len() {
            assert_eq!(heard, table.read(headers.iter().rev().copied(), now), "in another order");
        }
        for (number, limit) in &heard.limits {
            assert!(*number < table.headers.len(), "limit {number}");
            assert!(limit.resets_in.is_none_or(|after| after <= FARTHEST), "{limit:?}");
        }
        for answered in [Answered::Accepted, Answered::Limited, Answered::SlowDown] {
            let mut book = Book::new(table.clone(), &Limits::new());
            let mut ticket = admitted(&mut book, Nanos::ZERO).expect("nothing is known yet");
            book.answered(&mut ticket, &heard, answered, Nanos::ZERO);
            book.settle(ticket, Some(Cost::new(1, 1)), Nanos::ZERO);
            let later = Nanos::ZERO.saturating_add(FARTHEST * 2);
            assert!(admitted(&mut book, later).is_some() || is_small(&heard), "{heard:?}");
        }
    }
}

/// The longest wait that is believed.
const FARTHEST: Duration = Duration::from_secs(32 * 86_400);

/// A call of one token, if it may go at once.
fn admitted(book: &mut Book, now: Nanos) -> Option<Ticket> {
    match book.enter(Cost::new(1, 1), None, now) {
        Entered::Admitted(ticket) => Some(ticket),
        Entered::Waiting(id) => match book.turn(id, now) {
            Turn::Admitted(ticket) => Some(ticket),
            _ => {
                book.leave(id);
                None
            }
        },
        _ => None,
    }
}

/// A limit that the smallest call exceeds.
fn is_small(heard: &Heard) -> bool {
    heard.limits.iter().any(|(_, told)| told.limit.is_some_and(|limit| limit < 2))
}

/// One value, as all that it may be.
fn told(value: &str, now: UnixNanos) {
    let duration = go_duration(value);
    if let Some((plain, parts)) = plain_duration(value.trim()) {
        // What is below a nanosecond is dropped, digit by digit.
        let read = duration.expect("a duration").as_nanos();
        assert!(read <= plain && plain - read <= 16 * parts, "{value}: {read} in place of {plain}");
    }
    if let Some(at) = rfc3339(value) {
        assert_eq!(rfc3339(&written(at)), Some(at), "{value}");
        let value = value.trim();
        // A leap second is the one before it, and only to the second is it told.
        if value.len() == 20 && value.ends_with(['Z', 'z']) && &value[17..19] != "60" {
            assert_eq!(written(at), value.to_ascii_uppercase().replace(' ', "T"));
        }
    }
    let reset = reset_in(value, now);
    assert!(reset.is_none_or(|after| after <= FARTHEST), "{value}: {reset:?}");
    if let Some(duration) = duration.filter(|_| value.trim().parse::<f64>().is_err()) {
        assert_eq!(reset, Some(duration).filter(|duration| *duration <= FARTHEST), "{value}");
    }
}

/// A duration of numbers with a unit each, in nanoseconds, and how many there are; only where no number is long.
fn plain_duration(text: &str) -> Option<(u128, u128)> {
    let (mut rest, mut nanos, mut parts) = (text, 0, 0);
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(unit_at);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len()));
        let unit: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || digits.len() > 15 || parts == 32 {
            return None;
        }
        nanos += digits.parse::<u128>().ok()? * unit / 10u128.pow(fraction.len() as u32);
        parts += 1;
        rest = after;
    }
    (parts > 0).then_some((nanos, parts))
}

/// A time as RFC 3339 has it, by counting days one year and one month at a time.
fn written(at: UnixNanos) -> String {
    let (secs, nanos) = (at.as_nanos() / 1_000_000_000, at.as_nanos() % 1_000_000_000);
    let (mut days, clock) = (secs / 86_400, secs % 86_400);
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    let fraction = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z", days + 1)
}
