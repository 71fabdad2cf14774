//! The laws of header values.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::retry_after;
use steadfast_clock::UnixNanos;

proptest! {
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
