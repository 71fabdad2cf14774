//! Numbers as people write them.

use std::time::Duration;

/// `1,234,567`
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The share of `part` in `total` in whole percent, rounded down: all is said of all only.
pub(super) fn percent(part: u64, total: u64) -> String {
    match (u128::from(part) * 100).checked_div(u128::from(total)) {
        Some(percent) => format!("{percent} %"),
        None => "-".to_owned(),
    }
}

/// `2 of 3 (66 %)`
pub(super) fn share(part: u64, total: u64) -> String {
    if total == 0 { "-".to_owned() } else { format!("{} of {} ({})", count(part), count(total), percent(part, total)) }
}

/// Bytes in the largest binary unit of which there is one, with three digits, rounded down.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = bytes.max(1).ilog2() / 10;
    match power.checked_sub(1) {
        None => format!("{bytes} B"),
        Some(unit) => format!("{} {}", three_digits(bytes.into(), 1 << (10 * power)), UNITS[unit as usize]),
    }
}

/// A duration in the unit of which there is one, with three digits, rounded down; from a minute on in two whole units.
pub(super) fn time(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let seconds = duration.as_secs();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} µs", three_digits(nanos, 1_000)),
        1_000_000..1_000_000_000 => format!("{} ms", three_digits(nanos, 1_000_000)),
        1_000_000_000..60_000_000_000 => format!("{} s", three_digits(nanos, 1_000_000_000)),
        _ if seconds < 3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// Millionths as units.
pub(super) fn money(micros: u64) -> String {
    format!("{}.{:06}", count(micros / 1_000_000), micros % 1_000_000)
}

/// `n / unit` with as many decimals as make three digits: 1.23, 12.3, 123.
fn three_digits(n: u128, unit: u128) -> String {
    let (whole, rest) = (n / unit, n % unit);
    match whole {
        0..10 => format!("{whole}.{:02}", rest * 100 / unit),
        10..100 => format!("{whole}.{}", rest * 10 / unit),
        _ => whole.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_apart() {
        fn check(n: u64, text: &str) {
            assert_eq!(count(n), text);
        }
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
        check(u64::MAX, "18,446,744,073,709,551,615");
    }

    #[test]
    fn percentages_are_rounded_down() {
        fn check(part: u64, total: u64, text: &str) {
            assert_eq!(percent(part, total), text);
        }
        check(0, 0, "-");
        check(0, 3, "0 %");
        check(2, 3, "66 %");
        check(u64::MAX - 1, u64::MAX, "99 %");
        check(u64::MAX, u64::MAX, "100 %");
    }

    #[test]
    fn sizes_take_the_largest_unit_of_which_there_is_one() {
        fn check(bytes: u64, text: &str) {
            assert_eq!(size(bytes), text);
        }
        check(0, "0 B");
        check(1_023, "1023 B");
        check(1_024, "1.00 KiB");
        check(1_536, "1.50 KiB");
        check(20 << 20, "20.0 MiB");
        check((1 << 30) - 1, "1023 MiB");
        check(u64::MAX, "15.9 EiB");
    }

    #[test]
    fn durations_take_the_unit_of_which_there_is_one() {
        fn check(nanos: u64, text: &str) {
            assert_eq!(time(Duration::from_nanos(nanos)), text);
        }
        check(0, "0 ns");
        check(999, "999 ns");
        check(1_000, "1.00 µs");
        check(20_161_535, "20.1 ms");
        check(999_999_999, "999 ms");
        check(1_500_000_000, "1.50 s");
        check(59_999_999_999, "59.9 s");
        check(90_000_000_000, "1m 30s");
        check(7_500_000_000_000, "2h 5m");
        check(180_000_000_000_000, "2d 2h");
        check(u64::MAX, "213503d 23h");
    }

    #[test]
    fn money_is_told_in_units() {
        assert_eq!(money(4_200), "0.004200");
        assert_eq!(money(1_234_000_001), "1,234.000001");
    }
}
