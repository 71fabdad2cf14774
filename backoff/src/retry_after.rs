//! Reading how long a server asks us to wait: `Retry-After` and `retry-after-ms`.

use core::time::Duration;

use steadfast_clock::UnixNanos;

/// The wait in a `Retry-After` header (RFC 9110, section 10.2.3): seconds, or with the feature `std` an HTTP date.
///
/// A date is read relative to `now`, which is best the response's own `Date`, so that a wrong clock on either side does
/// not matter; a date in the past is zero. Seconds may have decimals, which some servers send; numbers too large to tell
/// saturate. `None` when the value is neither, also for a negative number.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::retry_after;
/// use steadfast_clock::UnixNanos;
///
/// let now = UnixNanos::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
/// assert_eq!(retry_after::parse("120", now), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after::parse("Sun, 06 Nov 1994 08:50:00 GMT", now), Some(Duration::from_secs(23)));
/// assert_eq!(retry_after::parse("soon", now), None);
/// ```
#[must_use]
pub fn parse(value: &str, now: UnixNanos) -> Option<Duration> {
    let value = value.trim();
    decimal(value, NANOS_PER_SEC).or_else(|| date(value, now))
}

/// The wait in a `retry-after-ms` header, which OpenAI and Azure send: milliseconds, decimals allowed.
///
/// Numbers too large to tell saturate. `None` when the value is not a number, also for a negative one.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::retry_after;
///
/// assert_eq!(retry_after::parse_ms("1500"), Some(Duration::from_millis(1500)));
/// assert_eq!(retry_after::parse_ms("0.5"), Some(Duration::from_micros(500)));
/// assert_eq!(retry_after::parse_ms("-1"), None);
/// ```
#[must_use]
pub fn parse_ms(value: &str) -> Option<Duration> {
    decimal(value.trim(), NANOS_PER_MILLI)
}

/// The wait that the headers of an answer ask for: its `retry-after-ms`, else its `Retry-After`.
///
/// `headers` are names, in any case, and values. A date is read relative to the answer's own `Date`, and to `now` where
/// there is none that can be read.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::retry_after;
/// use steadfast_clock::UnixNanos;
///
/// let headers = [("Content-Type", "text/plain"), ("Retry-After", "120")];
/// assert_eq!(retry_after::hint(headers, UnixNanos::EPOCH), Some(Duration::from_secs(120)));
/// ```
#[must_use]
pub fn hint<'h>(headers: impl IntoIterator<Item = (&'h str, &'h str)>, now: UnixNanos) -> Option<Duration> {
    let (mut after, mut after_ms, mut sent) = (None, None, None);
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("retry-after-ms") {
            after_ms = after_ms.or_else(|| parse_ms(value));
        } else if name.eq_ignore_ascii_case("retry-after") {
            after = after.or(Some(value));
        } else if name.eq_ignore_ascii_case("date") {
            // A date, read relative to the epoch, is the time since the epoch.
            sent = sent.or_else(|| date(value.trim(), UnixNanos::EPOCH));
        }
    }
    let now = sent.map_or(now, |sent| UnixNanos::EPOCH.saturating_add(sent));
    after_ms.or_else(|| parse(after?, now))
}

const NANOS_PER_SEC: u128 = 1_000_000_000;
const NANOS_PER_MILLI: u128 = 1_000_000;

/// A plain decimal number (digits, at most one point, digits on both sides of it) of units of `unit` nanoseconds.
/// Digits below a nanosecond are dropped.
fn decimal(value: &str, unit: u128) -> Option<Duration> {
    let (whole, fraction) = match value.split_once('.') {
        Some((whole, fraction)) => (digits(whole)?, digits(fraction)?),
        None => (digits(value)?, ""),
    };
    let mut nanos = 0u128;
    for digit in whole.bytes() {
        nanos = nanos.saturating_mul(10).saturating_add(u128::from(digit - b'0') * unit);
    }
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        nanos = nanos.saturating_add(u128::from(digit - b'0') * place);
    }
    Some(duration(nanos))
}

/// The text itself when it is digits and nothing else.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn duration(nanos: u128) -> Duration {
    let subsec = u32::try_from(nanos % NANOS_PER_SEC).unwrap_or(0);
    match u64::try_from(nanos / NANOS_PER_SEC) {
        Ok(secs) => Duration::new(secs, subsec),
        Err(_) => Duration::MAX,
    }
}

#[cfg(feature = "std")]
fn date(value: &str, now: UnixNanos) -> Option<Duration> {
    let date = httpdate::parse_http_date(value).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since_epoch.saturating_sub(Duration::from_nanos(now.as_nanos())))
}

#[cfg(not(feature = "std"))]
fn date(_value: &str, _now: UnixNanos) -> Option<Duration> {
    None
}
