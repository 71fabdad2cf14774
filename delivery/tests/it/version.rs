//! The order of versions, case by case.

use steadfast_delivery::Version;

#[test]
fn versions_compare_as_people_mean_them() {
    /// Each text is before the one after it.
    fn check(ascending: &[&str]) {
        for pair in ascending.windows(2) {
            let (a, b) = (Version::new(pair[0]), Version::new(pair[1]));
            assert!(a < b && a != b, "{a} < {b}");
        }
    }
    check(&["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]);
    check(&["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.9", "1.10", "1.10.1", "2"]);
    check(&["4.2.0.9", "4.2.0.10-beta", "4.2.0.10", "4.2.1"]);
    check(&["2026.9.1", "2026.11.22", "2026.11.22.1", "2027.1.1"]);
    check(&["2026-09-01", "2026-11-22", "2026-12-01"]);
    check(&["2.1~7", "2.1dev", "2.1-rc1", "2.1", "2.1k", "2.1.1", "2.1-3"]);
    check(&["2.1rc2", "2.1rc10", "2.1"]);
    check(&["1.0.2", "1.0.2a", "1.0.2k", "1.0.2.1"]);
    check(&["", "build 7", "build 10", "unknown", "0", "0.0.1", "1"]);
    check(&["18446744073709551615", "18446744073709551616", "99999999999999999999999"]);
    check(&["1.2-r3", "1.2", "1.2_p1", "1.2_p2"]);
}

#[test]
fn what_does_not_count_makes_no_difference() {
    fn check(a: &str, b: &str) {
        assert_eq!(Version::new(a), Version::new(b));
    }
    check("v1.2", "1.2.0");
    check("V1.2.0.0", " 1.2 ");
    check("1.2.3+build.5", "1.2.3+build.6");
    check("2026.01.05", "2026.1.5");
    check("1.0-rc.1", "1.0.0-rc.1");
    check("2.1RC1", "2.1rc1");
    check("0", "0.0");
    check("FW-1.2", "fw 1.2.0");
}

#[test]
fn a_pre_release_says_so() {
    for (text, expected) in
        [("1.0.0-rc.1", true), ("2.1beta3", true), ("2.1", false), ("2026-11-22", false), ("1.0.2k", false)]
    {
        assert_eq!(Version::new(text).is_prerelease(), expected, "{text}");
    }
}

#[test]
fn a_version_reads_and_writes_as_its_text() {
    let version: Version = serde_json::from_str("\"v1.02\"").unwrap();
    assert_eq!((version.as_str(), version.to_string()), ("v1.02", String::from("v1.02")));
    assert_eq!(serde_json::to_string(&version).unwrap(), "\"v1.02\"");
    assert_eq!(format!("{version:?}"), "Version(\"v1.02\")");
}
