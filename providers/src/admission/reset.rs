//! When a limit is back to what it was, in every form that vendors write it in.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::date::rfc3339;
use super::duration::{decimal, go_duration, saturated};

/// What is said to be farther away is no limit of a month, a day or a minute.
const FARTHEST: Duration = Duration::from_secs(32 * 86_400);

/// The time until a limit resets: a duration of Go, a date of RFC 3339, seconds, or seconds or milliseconds since 1970.
///
/// Dates are read relative to `now`, which is best the answer's own `Date`; those in the past are zero. `None` for
/// everything else, and for what is more than 32 days away.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::UnixNanos;
/// use steadfast_providers::admission::reset_in;
///
/// let now = UnixNanos::from_secs(1_772_049_740); // 2026-02-25T20:02:20Z
/// let twelve = Some(Duration::from_secs(12));
/// for told in ["12s", "2026-02-25T20:02:32Z", "12", "1772049752", "1772049752000"] {
///     assert_eq!(reset_in(told, now), twelve, "{told}");
/// }
/// assert_eq!(reset_in("tomorrow", now), None);
/// ```
#[must_use]
pub fn reset_in(value: &str, now: UnixNanos) -> Option<Duration> {
    let value = value.trim();
    let until = |at: UnixNanos| Duration::from_nanos(at.as_nanos().saturating_sub(now.as_nanos()));
    let after = match decimal(value, 1_000_000_000) {
        Some(nanos) => match nanos / 1_000_000_000 {
            0..1_000_000_000 => saturated(nanos),
            // Told since 1970: by seconds, as from 2001 on, or by milliseconds.
            1_000_000_000..100_000_000_000 => until(UnixNanos::from_nanos(u64::try_from(nanos).ok()?)),
            _ => until(UnixNanos::from_nanos(u64::try_from(nanos / 1_000).ok()?)),
        },
        None => go_duration(value).or_else(|| rfc3339(value).map(until))?,
    };
    (after <= FARTHEST).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_past_is_now_and_what_is_far_is_nothing() {
        let now = UnixNanos::from_secs(1_772_049_740);
        for past in ["2026-02-25T20:02:19Z", "1772049739", "1772049739000", "0", "0s"] {
            assert_eq!(reset_in(past, now), Some(Duration::ZERO), "{past}");
        }
        for far in
            ["2026-06-25T20:02:19Z", "999999999", "9999h", "9999999999", "340282366920938463463374607431768211455"]
        {
            assert_eq!(reset_in(far, now), None, "{far}");
        }
        for bad in ["", "-1", "1.2.3", "NaN", "inf", "0x10", "12 s"] {
            assert_eq!(reset_in(bad, now), None, "{bad}");
        }
        assert_eq!(reset_in("0.5", now), Some(Duration::from_millis(500)));
    }
}
