//! Durations in configuration: what is read, what is refused, what is written.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Settings {
    #[serde(with = "steadfast_clock::human")]
    pub(crate) wait: Duration,
}

fn read(text: &str) -> Result<Duration, String> {
    let json = serde_json::json!({ "wait": text }).to_string();
    serde_json::from_str::<Settings>(&json).map(|settings| settings.wait).map_err(|error| error.to_string())
}

#[test]
fn durations_are_read_with_their_units() {
    let check = |text, expected| assert_eq!(read(text).unwrap(), expected, "{text}");
    check("250ms", Duration::from_millis(250));
    check("30s", Duration::from_secs(30));
    check("1m 30s", Duration::from_secs(90));
    check("2h", Duration::from_secs(7200));
    check("0", Duration::ZERO);
    check("15ns", Duration::from_nanos(15));
}

#[test]
fn what_is_no_duration_is_refused_and_quoted() {
    for text in ["", "soon", "5", "-1s", "3 parsecs", "1e3s", "99999999999999999999s"] {
        let error = read(text).unwrap_err();
        assert!(error.contains(&format!("duration {text:?}: ")), "{error}");
    }
}

#[test]
fn a_number_is_refused_and_told_how_to_write_it() {
    let error = serde_json::from_str::<Settings>(r#"{ "wait": 5 }"#).unwrap_err().to_string();
    assert!(error.contains("a duration with its unit, such as \"250ms\""), "{error}");
}

#[test]
fn what_is_written_is_for_people() {
    let written = |wait| serde_json::to_string(&Settings { wait }).unwrap();
    assert_eq!(written(Duration::from_secs(90)), r#"{"wait":"1m 30s"}"#);
    assert_eq!(written(Duration::ZERO), r#"{"wait":"0s"}"#);
}
