//! How the vendors write times: Go's durations and RFC 3339 dates.

use std::time::Duration;

use steadfast_clock::UnixNanos;

/// A duration as Go writes it, rounded up to whole milliseconds: `12ms`, `8.64s`, `6m0s`, `1h2m3s`.
pub(super) fn go(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    let (secs, rest) = (millis / 1000, millis % 1000);
    if secs == 0 && rest > 0 {
        return format!("{rest}ms");
    }
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
    let fraction = fraction.trim_end_matches('0');
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    match (hours, minutes) {
        (0, 0) => format!("{secs}{fraction}s"),
        (0, _) => format!("{minutes}m{secs}{fraction}s"),
        _ => format!("{hours}h{minutes}m{secs}{fraction}s"),
    }
}

/// A date as RFC 3339 writes it, in UTC and rounded up to whole seconds.
pub(super) fn rfc3339(at: UnixNanos) -> String {
    let secs = at.as_nanos().div_ceil(1_000_000_000);
    let (days, secs) = (secs / 86_400, secs % 86_400);
    // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: years that begin in March, in eras
    // of 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", secs / 3600, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        let check = |nanos: u64, expected: &str| assert_eq!(go(Duration::from_nanos(nanos)), expected);
        check(0, "0s");
        check(1, "1ms");
        check(12_000_000, "12ms");
        check(1_000_000_000, "1s");
        check(8_640_000_000, "8.64s");
        check(50_529_000_000, "50.529s");
        check(60_000_000_000, "1m0s");
        check(360_000_000_000, "6m0s");
        check(3_723_000_000_000, "1h2m3s");
        check(59_999_999_999, "1m0s");
    }

    #[test]
    fn dates_are_written_as_rfc_3339_says() {
        let check = |secs: u64, expected: &str| assert_eq!(rfc3339(UnixNanos::from_secs(secs)), expected);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_767_225_600, "2026-01-01T00:00:00Z");
        check(1_772_049_752, "2026-02-25T20:02:32Z");
        check(4_107_542_399, "2100-02-28T23:59:59Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339(UnixNanos::from_nanos(1)), "1970-01-01T00:00:01Z");
    }
}
