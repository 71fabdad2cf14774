//! `Retry-After` and `retry-after-ms`.

use std::time::Duration;

use steadfast_backoff::retry_after::{parse, parse_ms};
use steadfast_clock::UnixNanos;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: UnixNanos = UnixNanos::from_secs(784_111_777);

#[test]
fn seconds() {
    let check = |value: &str, expected| assert_eq!(parse(value, NOW), expected, "{value:?}");
    check("0", Some(Duration::ZERO));
    check("1", Some(Duration::from_secs(1)));
    check(" 120\t", Some(Duration::from_secs(120)));
    check("007", Some(Duration::from_secs(7)));
    check("1.5", Some(Duration::from_millis(1500)));
    check("0.0000000019", Some(Duration::from_nanos(1)));
    check("18446744073709551615", Some(Duration::from_secs(u64::MAX)));
    check("18446744073709551616", Some(Duration::MAX));
    check(&"9".repeat(10_000), Some(Duration::MAX));
    for bad in ["", " ", "-1", "+1", "1e3", "1s", "1.", ".5", "1.2.3", "1,5", "٣", "NaN", "inf", "soon", "5, 5"] {
        check(bad, None);
    }
}

#[test]
fn milliseconds() {
    let check = |value: &str, expected| assert_eq!(parse_ms(value), expected, "{value:?}");
    check("1500", Some(Duration::from_millis(1500)));
    check("0", Some(Duration::ZERO));
    check("12.5", Some(Duration::from_micros(12_500)));
    check("0.0000019", Some(Duration::from_nanos(1)));
    check(&"9".repeat(10_000), Some(Duration::MAX));
    for bad in ["", "-1", "1ms", "Sun, 06 Nov 1994 08:50:00 GMT"] {
        check(bad, None);
    }
}

#[cfg(feature = "std")]
#[test]
fn dates() {
    let check = |value, secs| assert_eq!(parse(value, NOW), Some(Duration::from_secs(secs)), "{value:?}");
    check("Sun, 06 Nov 1994 08:50:00 GMT", 23);
    check("Sunday, 06-Nov-94 08:50:00 GMT", 23);
    check("Sun Nov  6 08:50:00 1994", 23);
    check("Sun, 06 Nov 1994 08:49:37 GMT", 0);
    check("Sun, 06 Nov 1994 08:00:00 GMT", 0);
    check("Thu, 01 Jan 1970 00:00:00 GMT", 0);
    check("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799 - 784_111_777);
    assert_eq!(parse("Sun, 31 Nov 1994 08:50:00 GMT", NOW), None);
}

#[cfg(feature = "std")]
#[test]
fn a_date_is_relative_to_a_point_between_seconds() {
    let now = NOW.saturating_add(Duration::from_millis(400));
    assert_eq!(parse("Sun, 06 Nov 1994 08:49:38 GMT", now), Some(Duration::from_millis(600)));
}
