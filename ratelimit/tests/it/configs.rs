//! Keyed, adaptive and calendar limits in configuration files.

use serde::Serialize;
use serde::de::DeserializeOwned;
use steadfast_ratelimit::{Aimd, KeyedConfig, Quota};

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) -> T {
    let value: T = toml::from_str(text).unwrap();
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value);
    value
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str, expected: &str) {
    let error = toml::from_str::<T>(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_table_reads_as_it_is_written() {
    let config: KeyedConfig = round_trip("keys = 1000\nquota = { permits = 10, per = \"1s\", burst = 5 }");
    assert_eq!(config.quota, Quota::per_second(10).unwrap().burst(5).unwrap());
    assert!(config.build::<str>().slots() >= 2000);
    refused::<KeyedConfig>("keys = 0\nquota = { permits = 10, per = \"1s\" }", "keys");
    refused::<KeyedConfig>("keys = 1\nquota = { permits = 0, per = \"1s\" }", "permits");
    refused::<KeyedConfig>("keys = 1\nkey = 2\nquota = { permits = 1, per = \"1s\" }", "key");
}

#[test]
fn an_adaptive_limit_reads_as_it_is_written() {
    assert_eq!(round_trip::<Aimd>("min = 1\nmax = 9"), Aimd::new(1, 9).unwrap());
    let full = Aimd::new(1, 9).unwrap().start(3).unwrap().increase(2).unwrap().decrease_to(0.5).unwrap();
    assert_eq!(round_trip::<Aimd>("min = 1\nmax = 9\nstart = 3\nincrease = 2\ndecrease_to = 0.5"), full);
    refused::<Aimd>("min = 0\nmax = 9", "min must");
    refused::<Aimd>("min = 3\nmax = 2", "max 2");
    refused::<Aimd>("min = 1\nmax = 2\nstart = 3", "start 3");
    refused::<Aimd>("min = 1\nmax = 2\nincrease = 0", "increase must");
    refused::<Aimd>("min = 1\nmax = 2\ndecrease_to = 1.0", "decrease_to 1");
    refused::<Aimd>("min = 1\nmax = 2\ndecrease = 0.5", "decrease");
}

#[cfg(feature = "calendar")]
#[test]
fn a_calendar_budget_reads_as_it_is_written() {
    use steadfast_ratelimit::{CalendarConfig, Period};
    let config: CalendarConfig = round_trip("budget = 500\nper = \"month\"\nzone = \"Europe/Berlin\"");
    let built = config.build().unwrap();
    assert_eq!((built.budget(), built.period(), built.zone()), (500, Period::Month, "Europe/Berlin"));
    refused::<CalendarConfig>("budget = 0\nper = \"day\"\nzone = \"UTC\"", "budget must");
    refused::<CalendarConfig>("budget = 1\nper = \"day\"\nzone = \"Nowhere\"", "zone \"Nowhere\"");
    refused::<CalendarConfig>("budget = 1\nper = \"week\"\nzone = \"UTC\"", "week");
    refused::<CalendarConfig>("budget = 1\nper = \"day\"\nzone = \"UTC\"\nname = \"x\"", "name");
}
