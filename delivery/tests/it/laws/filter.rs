//! The laws of filters.

use std::collections::BTreeSet;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use steadfast_clock::UnixNanos;
use steadfast_delivery::{Device, DeviceStatus, Filter, Version};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![2 => "[a-c*]{1,3}", 1 => ".{0,5}", 1 => "[ab,|\"\\\\=<>u{} \n]{0,6}"]
}

fn filter() -> impl Strategy<Value = Filter> {
    let status = prop_oneof![Just(DeviceStatus::Online), Just(DeviceStatus::Offline), Just(DeviceStatus::Unknown)];
    let who =
        (btree_set(text(), 0..3), vec(status, 0..3), vec(text(), 0..3), btree_map(text(), vec(text(), 1..3), 0..3));
    let time = || option::of(any::<u64>().prop_map(UnixNanos::from_nanos));
    let what = (option::of(text()), option::of(text()), time(), time(), option::of(any::<u64>()), any::<u64>());
    (who, what).prop_map(|((ids, status, location, tags), (least, below, after, before, limit, offset))| {
        let mut filter = Filter::new().offset(offset);
        (filter.ids, filter.status, filter.location, filter.tags) = (ids, status, location, tags);
        (filter.at_least, filter.below) = (least.map(Version::new), below.map(Version::new));
        (filter.seen_after, filter.seen_before, filter.limit) = (after, before, limit);
        filter
    })
}

proptest! {
    /// A filter is read from its text as it was written, and the text is one line; the same holds for JSON.
    #[test]
    fn a_filter_survives_its_text(filter in filter()) {
        let text = filter.to_string();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(&text.parse::<Filter>().unwrap(), &filter, "{}", text);
        let json = serde_json::to_string(&filter).unwrap();
        prop_assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), filter);
    }

    /// No text makes a filter panic, and what is read is read back from what it prints.
    #[test]
    fn any_text_is_read_or_refused(text in "([a-z.]{0,6}[=<>,|\"\\\\ .]{0,3}){0,4}|.{0,20}") {
        if let Ok(filter) = text.parse::<Filter>() {
            prop_assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
        }
    }

    /// A device is left out exactly if there is a reason to tell, and those that are selected are, in their order, those
    /// that match without the first and the last.
    #[test]
    fn selection_is_matching_within_bounds(
        ids in btree_set("[a-h]", 0..8),
        wanted in btree_set("[a-h]", 0..8),
        offset in 0usize..9,
        limit in option::of(0usize..9),
    ) {
        let devices: Vec<Device> = ids.iter().map(|id| Device::new(id.as_str(), "http://h").unwrap()).collect();
        let mut filter = wanted.iter().fold(Filter::new(), |filter, id| filter.id(id.as_str())).offset(offset as u64);
        filter.limit = limit.map(|limit| limit as u64);
        let meant = |id: &&String| wanted.is_empty() || wanted.contains(*id);
        let expected: Vec<&String> = ids.iter().filter(meant).skip(offset).take(limit.unwrap_or(9)).collect();
        let selected: Vec<&str> = filter.select(&devices).map(Device::id).collect();
        prop_assert_eq!(selected, expected);
        let explained: BTreeSet<&str> = devices.iter().filter(|d| filter.explain(d).is_none()).map(Device::id).collect();
        prop_assert_eq!(explained, ids.iter().filter(meant).map(String::as_str).collect::<BTreeSet<_>>());
    }
}
