//! `Retry-After`, `retry-after-ms` and `Date`: any text in each of them.

use std::time::{Duration, UNIX_EPOCH};

use steadfast_backoff::retry_after::{hint, parse, parse_ms};
use steadfast_clock::UnixNanos;

use crate::lines;

/// Reads `now` in nanoseconds, `Retry-After`, `retry-after-ms` and `Date`, a line each.
///
/// Numbers are read as arithmetic on decimal digits has it, dates relative to the answer's own, and all headers together
/// as one by one, whatever their order and the case of their names.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let Some(mut rest) = lines::text(data) else { return };
    let now = UnixNanos::from_nanos(lines::next(&mut rest).parse().unwrap_or(784_111_777_000_000_000));
    let [after, after_ms, date] = [(); 3].map(|()| lines::next(&mut rest));

    let told = parse(after, now);
    match expected(after.trim(), 9) {
        Some(number) => assert_eq!(told, Some(number), "{after:?}"),
        None => dated(after, now, told),
    }
    assert_eq!(parse_ms(after_ms), expected(after_ms.trim(), 6), "{after_ms:?}");
    assert_eq!(told, parse(&format!("\t {after} "), now), "spaces around {after:?}");

    let sent = parse(date, UnixNanos::EPOCH).filter(|_| expected(date.trim(), 9).is_none());
    let now = sent.map_or(now, |sent| UnixNanos::EPOCH.saturating_add(sent));
    let all = parse_ms(after_ms).or_else(|| parse(after, now));
    let fields = [("Retry-After", after), ("retry-after-ms", after_ms), ("DATE", date)];
    assert_eq!(hint(fields, now), all, "{fields:?}");
    assert_eq!(hint(fields.into_iter().rev(), now), all, "{fields:?} from the last to the first");
}

/// What is no number is a date that the same date can be written back from, or nothing.
fn dated(value: &str, now: UnixNanos, told: Option<Duration>) {
    let since_epoch = parse(value, UnixNanos::EPOCH);
    let until = |since: Duration| since.saturating_sub(Duration::from_nanos(now.as_nanos()));
    assert_eq!(told, since_epoch.map(until), "{value:?} relative to {now:?}");
    if let Some(since_epoch) = since_epoch {
        let again = httpdate::fmt_http_date(UNIX_EPOCH + since_epoch);
        assert_eq!(parse(&again, UnixNanos::EPOCH), Some(since_epoch), "{value:?} written as {again:?}");
    }
}

/// The duration that a decimal number tells, by its digits: `places` of them are nanoseconds after the unit's point.
fn expected(value: &str, places: usize) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let mut digits = whole.trim_start_matches('0').to_owned();
    digits.extend(fraction.chars().chain(std::iter::repeat('0')).take(places));
    // A duration has at most 20 digits of seconds and 9 of nanoseconds.
    let nanos: Option<u128> = if digits.len() > 30 { None } else { digits.parse().ok() };
    let secs = nanos.and_then(|nanos| u64::try_from(nanos / 1_000_000_000).ok());
    let subsec = nanos.map_or(0, |nanos| (nanos % 1_000_000_000) as u32);
    Some(secs.map_or(Duration::MAX, |secs| Duration::new(secs, subsec)))
}
