//! Who is meant by a filter, and why somebody is not.

use steadfast_clock::UnixNanos;
use steadfast_delivery::{Device, DeviceStatus, ErrorKind, Filter};

fn till() -> Device {
    let mut till = Device::new("till-7", "http://10.0.0.7").unwrap();
    till.tags.insert("region".into(), "eu".into());
    till.location = Some("Berlin-Mitte".into());
    till.firmware_version = Some("1.10.0".into());
    till.last_seen = Some(UnixNanos::from_secs(1_767_225_600)); // 2026-01-01
    till
}

#[test]
fn every_clause_keeps_out_whom_it_names_and_tells_why() {
    fn check(filter: &str, device: &Device, expected: Option<&str>) {
        let filter: Filter = filter.parse().unwrap();
        let why = filter.explain(device).map(|why| why.to_string());
        assert_eq!(why.as_deref(), expected, "{filter}");
        assert_eq!(filter.matches(device), expected.is_none());
    }
    let till = till();
    check("", &till, None);
    check("id=till-7|till-8", &till, None);
    check("id=till-8", &till, Some("`id=till-8` does not hold: it is till-7"));
    check("id=1|2|3|4|5|6|7|8|9", &till, Some("`id= one of 9` does not hold: it is till-7"));
    check("status=offline", &till, Some("`status=offline` does not hold: it is unknown"));
    check("status=online", &till, None);
    check("location=Berlin*", &till, None);
    check("location=Paris|K?ln", &till, Some("`location=Paris|K?ln` does not hold: it is Berlin-Mitte"));
    check("tag.region=uk|e*", &till, None);
    check("tag.region=us", &till, Some("`tag.region=us` does not hold: it is eu"));
    check("tag.site=*", &till, Some("`tag.site=*` does not hold: it is not known"));
    check("firmware>=1.9, firmware<1.11", &till, None);
    check("firmware<1.10", &till, Some("`firmware<1.10` does not hold: it is 1.10.0"));
    check("firmware>=1.10.1", &till, Some("`firmware>=1.10.1` does not hold: it is 1.10.0"));
    check("seen>=2026-01-01T00:00:00Z", &till, None);
    check(
        "seen<2026-01-01T01:00:00+01:00",
        &till,
        Some("`seen<2026-01-01T00:00:00Z` does not hold: it is 2026-01-01T00:00:00Z"),
    );
    check(
        "seen>=2026-01-01T00:00:01Z",
        &till,
        Some("`seen>=2026-01-01T00:00:01Z` does not hold: it is 2026-01-01T00:00:00Z"),
    );
}

#[test]
fn what_is_not_known_counts_as_early() {
    let new = Device::new("new", "http://h").unwrap();
    let is = |filter: &str| filter.parse::<Filter>().unwrap().matches(&new);
    assert!(is("firmware<0.0.1") && !is("firmware>=0"));
    assert!(is("seen<1970-01-01T00:00:01Z") && !is("seen>=1970-01-01T00:00:00Z"));
}

#[test]
fn limit_and_offset_count_those_who_match() {
    let devices: Vec<Device> = (0..10)
        .map(|n| {
            let mut device = Device::new(format!("d{n}"), "http://h").unwrap();
            device.status = if n % 2 == 0 { DeviceStatus::Online } else { DeviceStatus::Offline };
            device
        })
        .collect();
    let filter = Filter::new().status(DeviceStatus::Online).offset(1).limit(2);
    let ids: Vec<&str> = filter.select(&devices).map(Device::id).collect();
    assert_eq!(ids, ["d2", "d4"]);
    assert_eq!(Filter::new().offset(u64::MAX).select(&devices).count(), 0);
}

#[test]
fn a_text_that_cannot_be_read_is_refused_with_its_place() {
    fn check(text: &str, expected: &str) {
        let error = text.parse::<Filter>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Filter);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    check("colour=red", "at `colour=red`: unknown key `colour` (keys: id, status,");
    check("status=online,region=eu", "at `region=eu`: unknown key `region`");
    check("till-7", "expected KEY=VALUE");
    check("id=a=b", "needs double quotes");
    check("id=a\nb=c", "needs double quotes");
    check("id=", "a value is missing");
    check("id=a|", "a value is missing");
    check("id=a,", "nothing follows the comma");
    check(",id=a", "expected KEY=VALUE");
    check("id=\"a", "a quote is not closed");
    check("id=\"a\"b", "needs double quotes");
    check("id=a,id=b", "it is given twice; several values are separated by `|`");
    check("tag.a=1,tag.b=2,tag.a=3", "given twice");
    check("tag=eu", "tag.NAME=VALUE");
    check("status=asleep", "unknown variant `asleep`");
    check("firmware=2", "`firmware` takes `>=` (that or later) and `<` (earlier)");
    check("firmware<=2", "`firmware` takes");
    check("id>=2", "`id` takes `=`");
    check("firmware<1|2", "it takes one value");
    check("seen<yesterday", "`yesterday` is no RFC 3339 time");
    check("seen<1969-12-31T23:59:59Z", "before 1970");
    check("limit=many", "`many` is no count");
}

#[test]
fn a_filter_in_a_file_may_give_one_value_for_a_list() {
    let filter: Filter = serde_json::from_str(
        r#"{ "status": "online", "tags": { "region": "eu", "site": ["1", "2"] }, "below": "2.0.0",
             "seen_after": "2026-01-01T00:00:00Z", "limit": 5 }"#,
    )
    .unwrap();
    assert_eq!(
        filter.to_string(),
        "status=online,tag.region=eu,tag.site=1|2,firmware<2.0.0,seen>=2026-01-01T00:00:00Z,limit=5"
    );
    fn refused(json: &str, expected: &str) {
        let error = serde_json::from_str::<Filter>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    refused(r#"{ "tag": {} }"#, "unknown field `tag`");
    refused(r#"{ "status": ["asleep"] }"#, "unknown variant `asleep`");
    refused(r#"{ "ids": 7 }"#, "expected a value or a list of values");
    refused(r#"{ "seen_before": "soon" }"#, "`soon` is no RFC 3339 time");
}

#[test]
fn a_device_that_was_heard_of_is_online() {
    let mut till = till();
    till.status = DeviceStatus::Offline;
    till.heard(UnixNanos::from_secs(1));
    assert_eq!((till.status, till.last_seen), (DeviceStatus::Online, Some(UnixNanos::from_secs(1_767_225_600))));
    till.heard(UnixNanos::from_secs(1_800_000_000));
    assert_eq!(serde_json::to_value(&till).unwrap()["last_seen"], "2027-01-15T08:00:00Z");
    let back: Device = serde_json::from_value(serde_json::to_value(&till).unwrap()).unwrap();
    assert_eq!(back, till);
}
