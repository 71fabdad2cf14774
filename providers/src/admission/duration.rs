//! Durations as Go writes them: `6m0s`, `50.529s`, `12ms`.

use std::time::Duration;

/// Reads a duration as Go's `time.ParseDuration` does, which is how OpenAI and its like tell when a limit resets.
///
/// Numbers with a unit each (`h`, `m`, `s`, `ms`, `us`, `µs`, `ns`), decimals allowed; what is below a nanosecond is
/// dropped, what is too large to tell saturates. `None` for everything else, also for a negative one and for a number
/// without a unit other than `0`.
///
/// ```
/// use std::time::Duration;
/// use steadfast_providers::admission::go_duration;
///
/// assert_eq!(go_duration("6m0s"), Some(Duration::from_secs(360)));
/// assert_eq!(go_duration("50.529s"), Some(Duration::from_millis(50_529)));
/// assert_eq!(go_duration("soon"), None);
/// ```
#[must_use]
pub fn go_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos = 0u128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        nanos = nanos.saturating_add(decimal(number, unit_nanos(unit)?)?);
        rest = after;
    }
    (!text.is_empty()).then(|| saturated(nanos))
}

fn unit_nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        // Both of Unicode's micro signs.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ns" => 1,
        _ => return None,
    })
}

/// A number of units in nanoseconds: digits, with at most one point anywhere.
pub(super) fn decimal(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let digit = |byte: u8| u128::from(byte - b'0');
    let whole = whole.bytes().fold(0u128, |sum, byte| sum.saturating_mul(10).saturating_add(digit(byte)));
    let (part, _) = fraction.bytes().fold((0, unit), |(sum, place), byte| {
        let place = place / 10;
        (sum + digit(byte) * place, place)
    });
    Some(whole.saturating_mul(unit).saturating_add(part))
}

pub(super) fn saturated(nanos: u128) -> Duration {
    let subsec = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
    u64::try_from(nanos / 1_000_000_000).map_or(Duration::MAX, |secs| Duration::new(secs, subsec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes() {
        for (text, nanos) in [
            ("12ms", 12_000_000),
            ("1s", 1_000_000_000),
            ("50.529s", 50_529_000_000),
            ("6m0s", 360_000_000_000),
            ("1h2m3s", 3_723_000_000_000),
            ("2m59.56s", 179_560_000_000),
            (" 7.66s ", 7_660_000_000),
            ("0s", 0),
            ("0", 0),
            ("+1s", 1_000_000_000),
            ("1.5us", 1_500),
            ("2\u{b5}s3ns", 2_003),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("0.0000000019s", 1),
        ] {
            assert_eq!(go_duration(text), Some(Duration::from_nanos(nanos)), "{text:?}");
        }
        assert_eq!(go_duration("99999999999999999999999999999999999999h"), Some(Duration::MAX));
    }

    #[test]
    fn everything_else_is_nothing() {
        for text in
            ["", " ", "s", "1", "-1s", "1 s", "1s 2", "1..2s", ".s", "1d", "1S", "1s-", "++1s", "\u{661}s", "1e3s"]
        {
            assert_eq!(go_duration(text), None, "{text:?}");
        }
    }
}
