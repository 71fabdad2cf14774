//! The inventory.

use steadfast_clock::UnixNanos;
use steadfast_delivery::{Device, DeviceStatus, ErrorKind, Heartbeat, Imported};

use super::{Shared, kind};
use crate::store::kit::NOW;
use crate::support::{device, devices};

pub(super) async fn an_import_adds_and_replaces(store: Shared) {
    assert_eq!(store.import(devices(3)).await.unwrap(), Imported::new(3, 0, 0));
    let mut fleet = devices(4);
    fleet[1].tags.insert("region".into(), "eu".into());
    assert_eq!(store.import(fleet.clone()).await.unwrap(), Imported::new(1, 1, 2));
    assert_eq!(store.device("d1").await.unwrap().as_ref(), Some(&fleet[1]));
    let twice = vec![device("e", "http://127.0.0.1:1"), device("e", "http://127.0.0.1:2")];
    assert_eq!(store.import(twice).await.unwrap(), Imported::new(1, 1, 0), "the last one counts");
    assert_eq!(store.device("e").await.unwrap().unwrap().address().port(), Some(2));
}

pub(super) async fn the_inventory_is_read_in_pages(store: Shared) {
    let ids = ["b", "a", "ä", "C", "aa"];
    store.import(ids.iter().map(|id| device(id, "http://127.0.0.1:9")).collect()).await.unwrap();
    let page = |devices: Vec<Device>| devices.iter().map(|device| device.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(page(store.devices(None, 99).await.unwrap()), ["C", "a", "aa", "b", "ä"], "as bytes");
    assert_eq!(page(store.devices(None, 2).await.unwrap()), ["C", "a"]);
    assert_eq!(page(store.devices(Some("a"), 2).await.unwrap()), ["aa", "b"]);
    assert_eq!(page(store.devices(Some("ab"), 1).await.unwrap()), ["b"]);
    assert!(store.devices(Some("ä"), 9).await.unwrap().is_empty() && store.devices(None, 0).await.unwrap().is_empty());
}

pub(super) async fn heartbeats_bring_devices_online(store: Shared) {
    let mut fleet = devices(2);
    fleet[0].status = DeviceStatus::Offline;
    fleet[0].name = Some("till".into());
    store.import(fleet).await.unwrap();
    let mut beat = Heartbeat::new("d0", NOW);
    (beat.address, beat.firmware_version) = (Some("http://10.0.0.7".into()), Some("1.9".into()));
    let again = Heartbeat::new("d0", NOW + 1);
    let beats = vec![beat.clone(), Heartbeat::new("who", NOW), again.clone(), Heartbeat::new("d1", NOW)];
    assert_eq!(store.heartbeat(beats).await.unwrap(), ["who"]);
    let heard = store.device("d0").await.unwrap().unwrap();
    assert_eq!(heard.last_seen, Some(UnixNanos::from_nanos((NOW + 1) * 1_000_000)));
    assert_eq!((heard.status, heard.name.as_deref()), (DeviceStatus::Online, Some("till")));
    assert_eq!((heard.address().as_str(), heard.firmware_version.as_deref()), ("http://10.0.0.7/", Some("1.9")));
    let noted = store.heartbeats(0, 9).await.unwrap();
    assert_eq!(noted, [(1, beat), (2, again.clone()), (3, Heartbeat::new("d1", NOW))]);
    assert_eq!(store.heartbeats(1, 1).await.unwrap(), [(2, again)]);
    assert!(store.heartbeats(3, 9).await.unwrap().is_empty());
    let mut unusable = Heartbeat::new("d1", NOW + 2);
    unusable.address = Some("ftp://d1".into());
    let (refused, text) = kind(store.heartbeat(vec![Heartbeat::new("d0", NOW + 2), unusable]).await);
    assert_eq!(refused, ErrorKind::Device);
    assert!(text.contains("address of device `d1`: unsupported scheme `ftp`"), "{text}");
    assert!(store.heartbeats(3, 9).await.unwrap().is_empty(), "nothing was noted");
}

pub(super) async fn only_the_newest_heartbeats_are_kept(store: Shared) {
    store.import(devices(1)).await.unwrap();
    for _ in 0..3 {
        store.heartbeat(vec![Heartbeat::new("d0", NOW); 40_000]).await.unwrap();
    }
    let kept = store.heartbeats(0, usize::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[0].0, kept[99_999].0), (100_000, 20_001, 120_000));
}
