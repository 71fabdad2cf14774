//! Quotas in configuration files.

use std::time::Duration;

use steadfast_ratelimit::Quota;

#[test]
fn a_quota_reads_as_it_is_written() {
    fn check(text: &str, expected: Quota) {
        let quota: Quota = toml::from_str(text).unwrap();
        assert_eq!(quota, expected);
        let json = serde_json::to_string(&quota).unwrap();
        assert_eq!(serde_json::from_str::<Quota>(&json).unwrap(), quota);
    }
    check("permits = 60\nper = \"1m\"\nburst = 5", Quota::per_minute(60).unwrap().burst(5).unwrap());
    check("permits = 60\nper = \"1m\"", Quota::per_minute(60).unwrap());
    check("permits = 3\nper = \"1m 30s\"", Quota::new(3, Duration::from_secs(90)).unwrap());
    check(
        "permits = 7\nper = \"250ms\"\nburst = 70",
        Quota::new(7, Duration::from_millis(250)).unwrap().burst(70).unwrap(),
    );
    let json = serde_json::to_string(&Quota::per_minute(60).unwrap().burst(5).unwrap()).unwrap();
    assert_eq!(json, r#"{"permits":60,"per":"1m","burst":5}"#);
}

#[test]
fn what_cannot_work_is_refused_by_the_name_of_its_field() {
    fn check(text: &str, expected: &str) {
        let error = toml::from_str::<Quota>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    check("permits = 0\nper = \"1m\"", "`permits`: quota: permits must be at least 1");
    check("permits = 1\nper = \"0s\"", "`per`: quota: the period must be above zero");
    check("permits = 1\nper = \"1m\"\nburst = 0", "`burst`: quota: burst must be at least 1");
    check("permits = 11\nper = \"1ns\"", "`permits`");
    check("permits = 1\nper = \"600years\"", "`per`");
    check("permits = 1\nper = \"1year\"\nburst = 100", "`burst`");
    check("permits = 1\nper = 60", "duration");
    check("permits = 1", "per");
    check("permits = 1\nper = \"1m\"\nbrust = 3", "brust");
}
