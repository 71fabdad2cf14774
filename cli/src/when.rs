//! Points in time and spans as people read and write them.

use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use steadfast_clock::{Clock, System, Timer, TokioTimer, Wall};

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    System::new().wall().as_nanos() / 1_000_000
}

/// A point in time of the user's clock: `14:05` today, else with its day.
pub(crate) fn local(at_ms: u64) -> String {
    told(at_ms, now_ms(), &TimeZone::system())
}

fn told(at_ms: u64, now_ms: u64, zone: &TimeZone) -> String {
    let (Some(at), Some(now)) = (zoned(at_ms, zone), zoned(now_ms, zone)) else { return String::from("?") };
    let format = match () {
        // Minutes do not tell anything of what is about to happen.
        () if at.date() == now.date() && at_ms.abs_diff(now_ms) < 120_000 => "%H:%M:%S",
        () if at.date() == now.date() => "%H:%M",
        () => "%Y-%m-%d %H:%M",
    };
    at.strftime(format).to_string()
}

fn zoned(at_ms: u64, zone: &TimeZone) -> Option<Zoned> {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?;
    Some(at.to_zoned(zone.clone()))
}

/// How long ago something was, in its largest unit.
pub(crate) fn age(age: Duration) -> String {
    match age.as_secs() {
        secs @ 0..60 => format!("{secs} s"),
        secs @ 60..3600 => format!("{} min", secs / 60),
        secs @ 3600..172_800 => format!("{} h", secs / 3600),
        secs => format!("{} days", secs / 86_400),
    }
}

/// What is left of a wait, in its two largest units: `3 s`, `4 min 10 s`, `2 h 5 min`, `3 days 4 h`.
pub(crate) fn left(left: Duration) -> String {
    let secs = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let two = |large: u64, unit: &str, small: u64, less: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {less}"),
    };
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => two(secs / 60, "min", secs % 60, "s"),
        3600..172_800 => two(secs / 3600, "h", secs % 3600 / 60, "min"),
        _ => two(secs / 86_400, "days", secs % 86_400 / 3600, "h"),
    }
}

/// Does nothing for a while.
pub(crate) async fn rest(span: Duration) {
    let timer = TokioTimer::new();
    timer.sleep_until(timer.now().saturating_add(span)).await;
}

/// A point in time with its offset from UTC, such as `2026-12-01T02:00:00+01:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// Milliseconds since 1970.
    pub(crate) ms: u64,
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hint = "give a time with its offset from UTC, such as 2026-12-01T02:00:00+01:00";
        let at: Timestamp = text.parse().map_err(|_| format!("`{text}` is no RFC 3339 time: {hint}"))?;
        let ms = u64::try_from(at.as_millisecond()).map_err(|_| format!("`{text}` is before 1970"))?;
        Ok(Self { ms })
    }
}

/// A span such as `90s`, `24h` or `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|error| format!("`{text}` is no span of time ({error}): give one such as 30s, 24h or 1h 30m"))
    }
}

/// Reads what has a text in a file from that text.
pub(crate) fn text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let check = |secs, expected| assert_eq!(age(Duration::from_secs(secs)), expected);
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(239, "3 min");
        check(3_599, "59 min");
        check(3_600, "1 h");
        check(172_799, "47 h");
        check(172_800, "2 days");
    }

    #[test]
    fn what_is_left_is_told_in_two_units() {
        let check = |ms, expected| assert_eq!(left(Duration::from_millis(ms)), expected);
        check(0, "0 s");
        check(2_100, "3 s");
        check(60_000, "1 min");
        check(250_000, "4 min 10 s");
        check(7_500_000, "2 h 5 min");
        check(273_600_000, "3 days 4 h");
    }

    #[test]
    fn times_are_told_by_the_clock_on_the_wall() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<At>().unwrap().ms;
        let now = at("2026-11-22T13:05:00Z");
        let check = |text: &str, expected: &str| assert_eq!(told(at(text), now, &zone), expected, "{text}");
        check("2026-11-22T13:06:07Z", "14:06:07");
        check("2026-11-22T13:30:00Z", "14:30");
        check("2026-11-22T23:30:00Z", "2026-11-23 00:30");
        check("2026-11-22T14:05:00+01:00", "14:05:00");
        for text in ["tomorrow", "2026-11-22T13:05:00", "1969-01-01T00:00:00Z"] {
            assert!(text.parse::<At>().is_err(), "{text}");
        }
        assert_eq!("1h 30m".parse(), Ok(Span(Duration::from_secs(5_400))));
        assert!("24".parse::<Span>().unwrap_err().contains("such as 30s"));
    }
}
