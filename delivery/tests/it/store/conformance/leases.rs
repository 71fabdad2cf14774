//! Who drives.

use steadfast_delivery::DeviceState::{Pending, Pushing};
use steadfast_delivery::{ErrorKind, Holder, TargetState};

use super::{Shared, kind, status};
use crate::store::kit::{NOW, Pen, TTL, driven, holder, new};
use crate::support::devices;

pub(super) async fn one_driver_at_a_time(store: Shared) {
    let lease = driven(&*store, "r1", 1).await;
    assert_eq!((lease.rollout.as_str(), lease.number, &lease.holder), ("r1", 1, &holder("t1")));
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().driver, Some((holder("t1"), NOW + TTL)));
    let (refused, text) = kind(store.acquire("r1", &holder("t2"), NOW + 12_000, TTL).await);
    assert_eq!(refused, ErrorKind::Driven);
    assert_eq!(text, "rollout `r1` is driven by process 7 on elsewhere, last heard of 12.0 s ago");
    store.renew(&lease, NOW + 20_000, TTL).await.unwrap();
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().driver, Some((holder("t1"), NOW + 50_000)));
    assert!(store.acquire("r1", &holder("t2"), NOW + 49_999, TTL).await.is_err());
    let again = store.acquire("r1", &holder("t1"), NOW + 21_000, TTL).await.unwrap();
    assert_eq!(again.number, 2, "the same driver, which may not have heard that it has it");
    assert_eq!(kind(store.renew(&lease, NOW, TTL).await).0, ErrorKind::LeaseLost);
}

pub(super) async fn a_lease_that_is_over_or_given_back_is_anybodys(store: Shared) {
    let first = driven(&*store, "r1", 1).await;
    store.renew(&first, NOW + TTL + 1, TTL).await.unwrap();
    let second = store.acquire("r1", &holder("t2"), NOW + 2 * TTL + 1, TTL).await.unwrap();
    assert_eq!(second.number, 2);
    let (lost, text) = kind(store.renew(&first, NOW, TTL).await);
    assert_eq!((lost, text.as_str()), (ErrorKind::LeaseLost, "rollout `r1` was taken over by process 7 on elsewhere"));
    store.release(&first).await.unwrap();
    assert!(store.rollout("r1").await.unwrap().unwrap().driver.is_some(), "not his to give back");
    store.release(&second).await.unwrap();
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().driver, None);
    assert_eq!(kind(store.renew(&second, NOW, TTL).await).0, ErrorKind::LeaseLost);
    assert_eq!(store.acquire("r1", &holder("t1"), NOW, TTL).await.unwrap().number, 3);
}

pub(super) async fn who_lost_the_lease_writes_nothing(store: Shared) {
    let first = driven(&*store, "r1", 2).await;
    let mut pen = Pen::new(2);
    let begun = pen.moved(0, Pending, Pushing);
    store.acquire("r1", &holder("t2"), NOW + TTL, TTL).await.unwrap();
    assert_eq!(kind(store.commit(&first, vec![begun]).await).0, ErrorKind::LeaseLost);
    assert_eq!(kind(store.commit(&first, Vec::new()).await).0, ErrorKind::LeaseLost);
    assert_eq!(kind(store.join(&first, devices(1)).await).0, ErrorKind::LeaseLost);
    assert_eq!(store.scan("r1").await.unwrap(), vec![TargetState::new(Pending, None, 0); 2]);
    assert_eq!((status(&*store, "r1").await.pending, store.events("r1", 0, 9).await.unwrap().len()), (2, 0));
}

pub(super) async fn a_driver_that_died_here_is_replaced_at_once(store: Shared) {
    store.create(new("r1", 1)).await.unwrap();
    let me = Holder::this_process();
    store.acquire("r1", &me, NOW, TTL).await.unwrap();
    let (refused, text) = kind(store.acquire("r1", &holder("t2"), NOW, TTL).await);
    assert_eq!(refused, ErrorKind::Driven);
    assert!(text.starts_with(&format!("rollout `r1` is driven by process {} on ", std::process::id())), "{text}");
    store.create(new("r2", 1)).await.unwrap();
    let mut gone = me;
    gone.started += 1;
    store.acquire("r2", &gone, NOW, TTL).await.unwrap();
    let taken = store.acquire("r2", &holder("t2"), NOW, TTL).await;
    assert_eq!(taken.is_ok(), cfg!(target_os = "linux"), "elsewhere nobody can know");
}
