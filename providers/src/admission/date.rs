//! Dates as RFC 3339 writes them: `2026-02-25T20:02:32Z`.

use steadfast_clock::UnixNanos;

/// Reads a date and time of RFC 3339, section 5.6, which is how Anthropic tells when a limit resets.
///
/// What is below a nanosecond is dropped, a leap second is the second before it. `None` for everything else, also for
/// days that there are not and for years before 1970.
///
/// ```
/// use steadfast_clock::UnixNanos;
/// use steadfast_providers::admission::rfc3339;
///
/// assert_eq!(rfc3339("2026-02-25T20:02:32Z"), Some(UnixNanos::from_secs(1_772_049_752)));
/// assert_eq!(rfc3339("2026-02-25T21:02:32+01:00"), rfc3339("2026-02-25T20:02:32Z"));
/// assert_eq!(rfc3339("2026-02-30T00:00:00Z"), None);
/// ```
#[must_use]
pub fn rfc3339(text: &str) -> Option<UnixNanos> {
    let (date, time) = text.trim().split_at_checked(10)?;
    let [year, month, day] = numbers(date, [4, 2, 2], b'-')?;
    let (clock, rest) = time.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [hour, minute, second] = numbers(clock, [2, 2, 2], b':')?;
    if day == 0 || day > days_of(year, month)? || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, zone) = rest.split_at(end);
            (nanos_of(digits)?, zone)
        }
        None => (0, rest),
    };
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second.min(59);
    let seconds = u64::try_from(seconds - offset(zone)?).ok()?;
    Some(UnixNanos::from_nanos(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

/// Three numbers of so many digits each, with a mark between.
fn numbers(text: &str, lengths: [usize; 3], mark: u8) -> Option<[i64; 3]> {
    let mut rest = text.as_bytes();
    let mut numbers = [0; 3];
    for (nth, (number, length)) in numbers.iter_mut().zip(lengths).enumerate() {
        if nth > 0 {
            let (first, after) = rest.split_first()?;
            if *first != mark {
                return None;
            }
            rest = after;
        }
        let (digits, after) = rest.split_at_checked(length)?;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            *number = *number * 10 + i64::from(digit - b'0');
        }
        rest = after;
    }
    rest.is_empty().then_some(numbers)
}

fn nanos_of(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some(padded.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// Seconds ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, clock) = match zone.as_bytes().first()? {
        b'+' => (1, zone.get(1..)?),
        b'-' => (-1, zone.get(1..)?),
        _ => return None,
    };
    let [hours, minutes, _] = numbers(&format!("{clock}:00"), [2, 2, 2], b':')?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn days_of(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    })
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `days_from_civil`.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that a leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates() {
        for (text, nanos) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-02-25T20:02:32Z", 1_772_049_752_000_000_000),
            ("2026-02-25 20:02:32z", 1_772_049_752_000_000_000),
            ("2026-02-25t15:02:32.25-05:00", 1_772_049_752_250_000_000),
            ("2024-02-29T12:00:00.1234567899Z", 1_709_208_000_123_456_789),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000_000_000),
            ("1969-12-31T23:30:00-00:30", 0),
        ] {
            assert_eq!(rfc3339(text), Some(UnixNanos::from_nanos(nanos)), "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_nothing() {
        for text in [
            "",
            "2026-02-25",
            "2026-02-25T20:02Z",
            "2026-02-25T20:02:32",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00Zulu",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
            "20\u{661}6-01-01T00:00:00Z",
            "\u{1F600}\u{1F600}\u{1F600}",
        ] {
            assert_eq!(rfc3339(text), None, "{text:?}");
        }
    }
}
