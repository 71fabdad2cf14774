//! Maintenance windows, case by case.

use std::time::Duration;

use jiff::Timestamp;
use steadfast_clock::UnixNanos;
use steadfast_delivery::{
    AtEnd, ErrorKind, Leftover, Opening, Start, Window, WindowRule, WindowState, WindowZone, Zone,
};

fn at(text: &str) -> UnixNanos {
    let at: Timestamp = text.parse().unwrap();
    UnixNanos::from_nanos(u64::try_from(at.as_nanosecond()).unwrap())
}

fn told(at: UnixNanos) -> String {
    Timestamp::from_nanosecond(i128::from(at.as_nanos())).unwrap().to_string()
}

fn window(text: &str) -> Window {
    text.parse().unwrap()
}

/// The first openings from a time on, as `start/end`.
fn openings(text: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let zone = Zone::new(zone).unwrap();
    let print = |opening: Opening| format!("{}/{}", told(opening.start), opening.end.map(told).unwrap_or_default());
    window(text).openings(at(from), &zone).take(count).map(print).collect()
}

#[test]
fn a_window_opens_when_its_rules_say() {
    fn check(text: &str, from: &str, expected: &[&str]) {
        assert_eq!(openings(text, "UTC", from, expected.len()), expected, "{text}");
    }
    // 2026-01-02 is a Friday.
    let friday = "2026-01-02T12:00:00Z";
    check("02:00-04:00", friday, &["2026-01-03T02:00:00Z/2026-01-03T04:00:00Z"]);
    check(
        "02:00-04:00 mon-fri",
        friday,
        &["2026-01-05T02:00:00Z/2026-01-05T04:00:00Z", "2026-01-06T02:00:00Z/2026-01-06T04:00:00Z"],
    );
    check("22:00-04:00 fri", friday, &["2026-01-02T22:00:00Z/2026-01-03T04:00:00Z"]);
    check(
        "22:00-24:00 sat,sun; 00:00-1:30 sun,mon",
        friday,
        &[
            "2026-01-03T22:00:00Z/2026-01-04T01:30:00Z",
            "2026-01-04T22:00:00Z/2026-01-05T01:30:00Z",
            "2026-01-10T22:00:00Z/2026-01-11T01:30:00Z",
        ],
    );
    check(
        "00:00-24:00 fri-mon",
        friday,
        &["2026-01-02T12:00:00Z/2026-01-06T00:00:00Z", "2026-01-09T00:00:00Z/2026-01-13T00:00:00Z"],
    );
    check("0 2 * * sat for 2h", friday, &["2026-01-03T02:00:00Z/2026-01-03T04:00:00Z"]);
    check(
        "*/30 2,4-5 * jan 0,7 for 15m",
        friday,
        &[
            "2026-01-04T02:00:00Z/2026-01-04T02:15:00Z",
            "2026-01-04T02:30:00Z/2026-01-04T02:45:00Z",
            "2026-01-04T04:00:00Z/2026-01-04T04:15:00Z",
        ],
    );
    check("0 2 1-7 * sat for 1h", friday, &["2026-01-03T02:00:00Z/2026-01-03T03:00:00Z"]);
    check(
        "0 2 13 * fri for 1h",
        friday,
        &["2026-01-09T02:00:00Z/2026-01-09T03:00:00Z", "2026-01-13T02:00:00Z/2026-01-13T03:00:00Z"],
    );
    check("0 0 29 2 * for 1d", friday, &["2028-02-29T00:00:00Z/2028-03-01T00:00:00Z"]);
    check("0 0 29 feb * for 1d", "2096-03-01T00:00:00Z", &["2104-02-29T00:00:00Z/2104-03-01T00:00:00Z"]);
    check("0 2,3 * * * for 90m", friday, &["2026-01-03T02:00:00Z/2026-01-03T04:30:00Z"]);
    check("00:00-24:00", friday, &["2026-01-02T12:00:00Z/"]);
    check("* * * * * for 1m", friday, &["2026-01-02T12:00:00Z/"]);
    check("0 0 1 * * for 31d", "2026-02-10T00:00:00Z", &["2026-02-10T00:00:00Z/"]);
    check("0 0 1 2 * for 31d", "2026-02-10T00:00:00Z", &["2026-02-10T00:00:00Z/2026-03-04T00:00:00Z"]);
}

#[test]
fn a_window_that_opens_once_is_over_then() {
    let of = |text| openings(text, "Asia/Kathmandu", "2026-01-01T00:00:00Z", 9);
    assert_eq!(of("2026-02-01T02:00 for 4h"), ["2026-01-31T20:15:00Z/2026-02-01T00:15:00Z"]);
    assert_eq!(of("2026-02-01T02:00:30+02:00 for 40d"), ["2026-02-01T00:00:30Z/2026-03-13T00:00:30Z"]);
    assert_eq!(of("2026-02-01t02:00z for 1m 30s"), ["2026-02-01T02:00:00Z/2026-02-01T02:01:30Z"]);
    assert_eq!(of("2025-02-01T02:00 for 4h"), [""; 0]);
    let state = window("2025-02-01T02:00 for 4h").state_at(at("2026-01-01T00:00:00Z"), &Zone::utc());
    assert_eq!(state, WindowState::Closed { next: None });
}

#[test]
fn clocks_that_are_changed_move_starts_and_ends_as_stated() {
    fn check(text: &str, zone: &str, from: &str, expected: &[&str]) {
        assert_eq!(openings(text, zone, from, expected.len()), expected, "{text} in {zone}");
    }
    // Berlin skips 02:00-03:00 on 2026-03-29, at 01:00Z.
    let spring = "2026-03-28T12:00:00Z";
    check(
        "02:00-04:00",
        "Europe/Berlin",
        spring,
        &["2026-03-29T01:00:00Z/2026-03-29T02:00:00Z", "2026-03-30T00:00:00Z/2026-03-30T02:00:00Z"],
    );
    check("0 2 * * * for 2h", "Europe/Berlin", spring, &["2026-03-29T01:00:00Z/2026-03-29T03:00:00Z"]);
    check("30 2 * * * for 2h", "Europe/Berlin", spring, &["2026-03-29T01:00:00Z/2026-03-29T03:00:00Z"]);
    check("02:15-02:45", "Europe/Berlin", spring, &["2026-03-30T00:15:00Z/2026-03-30T00:45:00Z"]);
    check("01:30-02:30", "Europe/Berlin", spring, &["2026-03-29T00:30:00Z/2026-03-29T01:00:00Z"]);
    // Berlin shows 02:00-03:00 twice on 2026-10-25, from 00:00Z and from 01:00Z.
    let autumn = "2026-10-24T12:00:00Z";
    check("02:30-04:00", "Europe/Berlin", autumn, &["2026-10-25T00:30:00Z/2026-10-25T03:00:00Z"]);
    check("01:00-02:30", "Europe/Berlin", autumn, &["2026-10-24T23:00:00Z/2026-10-25T00:30:00Z"]);
    check(
        "30 2 * * * for 2h",
        "Europe/Berlin",
        autumn,
        &["2026-10-25T00:30:00Z/2026-10-25T02:30:00Z", "2026-10-26T01:30:00Z/2026-10-26T03:30:00Z"],
    );
    // While the hour comes for the second time, the window of its first time is over.
    check("02:10-02:20", "Europe/Berlin", "2026-10-25T01:05:00Z", &["2026-10-26T01:10:00Z/2026-10-26T01:20:00Z"]);
    check(
        "50 2 * * * for 30m",
        "Europe/Berlin",
        "2026-10-25T01:05:00Z",
        &["2026-10-25T01:05:00Z/2026-10-25T01:20:00Z"],
    );
    // Lord Howe Island changes its clocks by half an hour.
    check("02:00-03:00", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", &["2026-10-03T15:30:00Z/2026-10-03T16:00:00Z"]);
    check("01:45-02:00", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", &["2026-04-04T14:45:00Z/2026-04-04T15:30:00Z"]);
    // There was no 2011-12-30 in Samoa.
    let samoa = "2011-12-29T15:00:00Z";
    check("02:00-04:00", "Pacific/Apia", samoa, &["2011-12-30T12:00:00Z/2011-12-30T14:00:00Z"]);
    check(
        "0 2 * * * for 1h",
        "Pacific/Apia",
        samoa,
        &["2011-12-30T10:00:00Z/2011-12-30T11:00:00Z", "2011-12-30T12:00:00Z/2011-12-30T13:00:00Z"],
    );
    check("2011-12-30T10:00 for 2h", "Pacific/Apia", samoa, &["2011-12-30T10:00:00Z/2011-12-30T12:00:00Z"]);
}

#[test]
fn nothing_is_started_that_cannot_be_done() {
    let utc = Zone::utc();
    let window = window("02:00-04:00").reserve(Duration::from_secs(600));
    let minutes = |n: u64| Duration::from_secs(n * 60);
    let check = |now: &str, takes: Duration, expected: Start| {
        assert_eq!(window.start_at(at(now), &utc, takes), expected, "{now} {takes:?}");
    };
    let tomorrow = Start::At { at: at("2026-01-02T02:00:00Z") };
    check("2026-01-01T01:59:59Z", minutes(0), Start::At { at: at("2026-01-01T02:00:00Z") });
    check("2026-01-01T02:00:00Z", minutes(0), Start::Now { last: Some(at("2026-01-01T03:50:00Z")) });
    check("2026-01-01T03:00:00Z", minutes(30), Start::Now { last: Some(at("2026-01-01T03:30:00Z")) });
    check("2026-01-01T03:30:00Z", minutes(30), Start::Now { last: Some(at("2026-01-01T03:30:00Z")) });
    check("2026-01-01T03:30:01Z", minutes(30), tomorrow);
    check("2026-01-01T03:50:00.000000001Z", minutes(0), tomorrow);
    check("2026-01-01T02:00:00Z", minutes(120), Start::Now { last: Some(at("2026-01-01T02:00:00Z")) });
    check("2026-01-01T02:00:00Z", minutes(121), Start::TooShort { longest: minutes(120) });
    let once: Window = "2026-01-01T02:00 for 2h".parse().unwrap();
    assert_eq!(
        once.start_at(at("2026-01-01T00:00:00Z"), &utc, minutes(121)),
        Start::TooShort { longest: minutes(120) }
    );
    assert_eq!(once.start_at(at("2026-01-01T03:00:00Z"), &utc, minutes(61)), Start::Over);
    assert_eq!(once.start_at(at("2026-01-01T05:00:00Z"), &utc, minutes(1)), Start::Over);
    let always: Window = "00:00-24:00".parse().unwrap();
    assert_eq!(always.start_at(at("2026-01-01T03:00:00Z"), &utc, minutes(9999)), Start::Now { last: None });
}

#[test]
fn a_device_goes_by_its_own_clock_if_the_window_says_so() {
    let window = window("02:00-04:00");
    assert_eq!(window.zone_for(None).unwrap().name(), "UTC");
    assert_eq!(window.zone_for(Some("Europe/Berlin")).unwrap().name(), "Europe/Berlin");
    let error = window.zone_for(Some("Europe/Berln")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Window);
    assert_eq!(error.to_string(), "no time zone `Europe/Berln`: give a name like Europe/Berlin or UTC");
    let fixed = window.zone(WindowZone::Fixed(Zone::new("Asia/Tokyo").unwrap()));
    assert_eq!(fixed.zone_for(Some("Europe/Berln")).unwrap().name(), "Asia/Tokyo");
}

#[test]
fn a_rule_that_cannot_be_read_or_never_opens_is_refused() {
    fn check(text: &str, expected: &str) {
        let error = text.parse::<Window>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Window);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    check("", "how long is missing: `for 2h`; give one like `02:00-04:00 mon-fri`");
    check("02:00-04:00;", "window ``: how long is missing");
    check("02:00", "two times are needed");
    check("02:00-02:00", "a whole day is 00:00-24:00");
    check("24:00-02:00", "it begins at 00:00");
    check("02:00-25:00", "`25:00` is no time of day");
    check("02:00-4:60", "`4:60` is no time of day");
    check("02:00-+4:00", "`+4:00` is no time of day");
    check("02:00-04:00 mon fri", "days are one word");
    check("02:00-04:00 monday", "`monday` is not within 0-7 or a name like sun");
    check("0 2 * * for 2h", "cron has five fields, here are 4");
    check("0 2 * * * *  for 2h", "cron has five fields, here are 6");
    check("0 2 * * *", "how long is missing");
    check("0 2 * * * for", "length ``");
    check("0 2 * * * for two hours", "length `two hours`");
    check("0 2 * * * for 2", "length `2`");
    check("0 2 * * * for 0s", "it may be 1 s to 31 days long");
    check("0 2 * * * for 32d", "it may be 1 s to 31 days long");
    check("60 2 * * * for 2h", "minute `60`: `60` is not within 0-59");
    check("0 5-2 * * * for 2h", "hour `5-2`: `5-2` goes backwards");
    check("0 */0 * * * for 2h", "hour `*/0`: `0` is no step");
    check("0 2 L * * for 2h", "day of month `l`: `l` is not within 1-31");
    check("0 2 * foo * for 2h", "month `foo`: `foo` is not within 1-12 or a name like jan");
    check("0 2 30 2 * for 2h", "there is no such date: it never opens");
    check("0 2 31 4,6,9,11 * for 2h", "there is no such date");
    check("2026-12-01T02:00", "how long is missing");
    check("2026-13-01T02:00 for 2h", "`2026-13-01t02:00` is no time");
    check("2026-12-01T02:00 mon for 2h", "one time and a length are needed");
    check("1826-12-01T02:00 for 2h", "is no time");
    check("1826-12-01T02:00Z for 2h", "before 1970");
    check("a\nb:-", "window `a b:-`: how long is missing");
    assert_eq!(Window::new([]).unwrap_err().kind(), ErrorKind::Window);
}

#[test]
fn a_window_in_a_file_says_everything() {
    let window: Window = serde_json::from_str(
        r#"{ "open": "02:00-04:00  Mon-Fri; 2026-12-01T02:00Z for 4h", "zone": "device", "default_zone": "Europe/Berlin",
             "at_end": "stop", "leftover": "fail", "reserve_s": 600 }"#,
    )
    .unwrap();
    assert_eq!(window.to_string(), "02:00-04:00 mon-fri; 2026-12-01T02:00Z for 4h");
    assert_eq!(
        (window.at_end, window.leftover, window.reserve),
        (AtEnd::Stop, Leftover::Fail, Duration::from_secs(600))
    );
    assert_eq!(window.rules().iter().map(WindowRule::to_string).collect::<Vec<_>>().len(), 2);
    let back: Window = serde_json::from_str(&serde_json::to_string(&window).unwrap()).unwrap();
    assert_eq!(back, window);
    let short: Window = serde_json::from_str(r#"{ "open": "02:00-04:00", "zone": "UTC" }"#).unwrap();
    assert_eq!(short.zone, WindowZone::Fixed(Zone::utc()));
    fn refused(json: &str, expected: &str) {
        let error = serde_json::from_str::<Window>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    refused(r#"{ "open": "2-4" }"#, "how long is missing");
    refused(r#"{ "open": "02:00-04:00", "zones": "UTC" }"#, "unknown field `zones`");
    refused(r#"{ "open": "02:00-04:00", "zone": "Mars/Base" }"#, "no time zone `Mars/Base`");
    refused(r#"{ "open": "02:00-04:00", "zone": "UTC", "default_zone": "UTC" }"#, "only with zone = \"device\"");
    refused(r#"{ "open": "02:00-04:00", "reserve_s": -1 }"#, "negative");
}
