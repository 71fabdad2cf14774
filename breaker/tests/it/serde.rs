//! Rules in configuration files.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Rate, Rule};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn what_is_left_out_is_as_by_default() {
    assert_eq!(toml::from_str::<Rule>("").unwrap(), Rule::new());
    let text = "failures = 3\nopen_for = \"1m 30s\"";
    assert_eq!(toml::from_str::<Rule>(text).unwrap(), Rule::new().failures(3).open_for(secs(90)));
}

#[test]
fn every_trip_can_be_written() {
    let consecutive = "trip = \"consecutive\"\nfailures = 7";
    assert_eq!(toml::from_str::<Rule>(consecutive).unwrap(), Rule::new().consecutive(7));
    let rate = r#"
        ramp = "10s"
        growth = { factor = 1.5, cap = "5m" }
        [trip.rate]
        failure = 0.5
        slow = { rate = 0.8, after = "2s" }
        over = { time = "30s" }
        min_calls = 10
    "#;
    let expected = Rate::failures(0.5).or_slow(0.8, secs(2)).over_time(secs(30)).min_calls(10);
    let expected = Rule::new().rate(expected).ramp(secs(10)).open_growth(1.5, secs(300));
    assert_eq!(toml::from_str::<Rule>(rate).unwrap(), expected);
    let calls = "[trip.rate]\nfailure = 0.25\nover = { calls = 200 }";
    assert_eq!(toml::from_str::<Rule>(calls).unwrap(), Rule::new().rate(Rate::failures(0.25).over_calls(200)));
    let slow = "[trip.rate]\nslow = { rate = 1.0, after = \"1s\" }";
    assert_eq!(toml::from_str::<Rule>(slow).unwrap(), Rule::new().rate(Rate::slow(1.0, secs(1))));
}

#[test]
fn what_cannot_work_is_an_error_that_names_the_field() {
    fn check(text: &str, word: &str) {
        let error = toml::from_str::<Rule>(text).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    check("failures = 0", "failures");
    check("failure = 3", "failure");
    check("window = \"0s\"", "window");
    check("window = 60", "duration");
    check("trip = \"sometimes\"", "sometimes");
    check("[trip.rate]\nfailure = 1.5", "rate.failure");
    check("[trip.rate]\nmin_calls = 20", "rate must judge failure or slow");
    check("[trip.rate]\nfailure = 0.5\nminimum = 20", "minimum");
    check("[trip.rate]\nfailure = 0.5\nover = { calls = 5 }", "min_calls");
    check("growth = { factor = 0.5, cap = \"1m\" }", "growth.factor");
}

proptest! {
    #[test]
    fn a_rule_that_is_written_reads_the_same(
        failures in 1u32..1000,
        millis in 1u64..100_000_000,
        trip in 0..4,
        share in (1u32..=100).prop_map(|percent| f64::from(percent) / 100.0),
        grows in any::<bool>(),
    ) {
        let time = Duration::from_millis(millis);
        let rule = Rule::new().failures(failures).window(time).open_for(time).ramp(time).probe_timeout(time).probes(9);
        let rule = match trip {
            0 => rule,
            1 => rule.consecutive(failures),
            2 => rule.rate(Rate::failures(share).over_time(time).min_calls(failures)),
            _ => rule.rate(Rate::slow(share, time).over_calls(failures).min_calls(failures)),
        };
        let rule = if grows { rule.open_growth(2.0 * share.max(0.5), time * 2) } else { rule };
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule, "{}", json);
    }
}
