//! What every store does alike.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use steadfast_clock::UnixNanos;
use steadfast_delivery::DeviceState::{Deferred, Failed, Pending, Pushing, Skipped, Succeeded, Verifying};
use steadfast_delivery::{
    Change, Command, Device, DeviceStatus, ErrorKind, EventKind, FailureClass, Heartbeat, Hold, Imported, MemoryStore,
    Outcome, Place, RolloutChange, RolloutState, RolloutStatus, Store, TargetState,
};

#[cfg(feature = "sqlite")]
use steadfast_delivery::SqliteStore;

use super::kit::{NOW, Pen, TTL, driven, holder, new, spec};
use crate::support::{device, devices};

/// Runs each check on each store.
macro_rules! suite {
    ($($check:ident)*) => {
        mod memory {
            $(
                #[tokio::test]
                async fn $check() {
                    super::$check(std::sync::Arc::new(super::MemoryStore::new())).await;
                }
            )*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(
                #[tokio::test]
                async fn $check() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = super::SqliteStore::open(folder.path().join("rollouts.db")).await.unwrap();
                    super::$check(std::sync::Arc::new(store)).await;
                }
            )*
        }
    };
}

suite! {
    a_new_rollout_is_all_pending
    an_id_is_given_once
    what_is_not_there_is_not_found
    the_latest_rollout_comes_first
    one_driver_at_a_time
    a_lease_that_is_over_or_given_back_is_anybodys
    who_lost_the_lease_writes_nothing
    a_driver_that_died_here_is_replaced_at_once
    states_and_events_are_written_together
    events_are_numbered_without_gaps
    a_device_leaves_the_state_it_is_in
    what_the_last_change_says_is_what_is_kept
    failures_stay_in_the_log_after_a_retry
    outcomes_are_told_in_pages
    a_rollout_goes_on
    late_joiners_come_last
    commands_wait_for_whoever_drives
    every_write_is_another_version
    an_import_adds_and_replaces
    the_inventory_is_read_in_pages
    heartbeats_bring_devices_online
    only_the_newest_heartbeats_are_kept
}

type Shared = Arc<dyn Store>;

async fn status(store: &dyn Store, id: &str) -> RolloutStatus {
    store.rollout(id).await.unwrap().unwrap().status
}

fn kind<T: std::fmt::Debug>(result: Result<T, steadfast_delivery::Error>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}

async fn a_new_rollout_is_all_pending(store: Shared) {
    store.create(new("r1", 3)).await.unwrap();
    let record = store.rollout("r1").await.unwrap().unwrap();
    assert_eq!((record.id.as_str(), &record.spec), ("r1", &spec()));
    assert_eq!((record.status.state, record.status.total, record.status.pending), (RolloutState::Scheduled, 3, 3));
    assert_eq!((record.created_ms, record.status_at_ms, record.last_seq, record.commands_done), (NOW, NOW, 0, 0));
    assert_eq!((record.engine, record.driver), (Value::Null, None));
    assert_eq!(store.scan("r1").await.unwrap(), vec![TargetState::new(Pending, None, 0); 3]);
    let targets = store.targets("r1", &[Place(2), Place(0)]).await.unwrap();
    let told: Vec<_> = targets.iter().map(|target| (target.place, target.device.id(), target.state)).collect();
    assert_eq!(told, [(Place(2), "d2", Pending), (Place(0), "d0", Pending)]);
    assert_eq!(targets[1].device, devices(1)[0]);
    assert_eq!(store.place_of("r1", "d1").await.unwrap(), Some(Place(1)));
    assert_eq!(store.place_of("r1", "other").await.unwrap(), None);
    assert!(store.events("r1", 0, 10).await.unwrap().is_empty());
    assert!(store.outcomes("r1", Place(0), 10, false).await.unwrap().is_empty());
    store.create(new("empty", 0)).await.unwrap();
    assert!(store.scan("empty").await.unwrap().is_empty());
}

async fn an_id_is_given_once(store: Shared) {
    store.create(new("r1", 2)).await.unwrap();
    let (refused, text) = kind(store.create(new("r1", 5)).await);
    assert_eq!((refused, text.as_str()), (ErrorKind::Exists, "there is a rollout `r1` already"));
    assert_eq!(status(&*store, "r1").await.total, 2);
    assert_eq!(store.scan("r1").await.unwrap().len(), 2);
}

async fn what_is_not_there_is_not_found(store: Shared) {
    let missing = (ErrorKind::NotFound, String::from("there is no rollout `r9`"));
    let lease = steadfast_delivery::Lease::new("r9", 1, holder("t1"));
    assert_eq!(store.rollout("r9").await.unwrap(), None);
    assert_eq!(kind(store.acquire("r9", &holder("t1"), NOW, TTL).await), missing);
    assert_eq!(kind(store.renew(&lease, NOW, TTL).await), missing);
    assert_eq!(kind(store.release(&lease).await), missing);
    assert_eq!(kind(store.scan("r9").await), missing);
    assert_eq!(kind(store.targets("r9", &[Place(0)]).await), missing);
    assert_eq!(kind(store.place_of("r9", "d0").await), missing);
    assert_eq!(kind(store.join(&lease, devices(1)).await), missing);
    assert_eq!(kind(store.commit(&lease, Vec::new()).await), missing);
    assert_eq!(kind(store.events("r9", 0, 1).await), missing);
    assert_eq!(kind(store.outcomes("r9", Place(0), 1, false).await), missing);
    assert_eq!(kind(store.send("r9", Command::Pause, NOW).await), missing);
    assert_eq!(kind(store.commands("r9", 0).await), missing);
    assert_eq!(store.device("d9").await.unwrap(), None);
    store.create(new("r1", 2)).await.unwrap();
    let (refused, text) = kind(store.targets("r1", &[Place(1), Place(2)]).await);
    assert_eq!((refused, text.as_str()), (ErrorKind::NotFound, "rollout `r1` has no device at place 2"));
}

async fn the_latest_rollout_comes_first(store: Shared) {
    for (id, at_ms) in [("b", NOW + 5), ("a", NOW + 9), ("c", NOW), ("d", NOW + 5)] {
        let mut rollout = new(id, 1);
        rollout.at_ms = at_ms;
        store.create(rollout).await.unwrap();
    }
    let ids: Vec<_> = store.rollouts().await.unwrap().into_iter().map(|record| record.id).collect();
    assert_eq!(ids, ["a", "d", "b", "c"]);
}

async fn one_driver_at_a_time(store: Shared) {
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

async fn a_lease_that_is_over_or_given_back_is_anybodys(store: Shared) {
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

async fn who_lost_the_lease_writes_nothing(store: Shared) {
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

async fn a_driver_that_died_here_is_replaced_at_once(store: Shared) {
    store.create(new("r1", 1)).await.unwrap();
    let me = steadfast_delivery::Holder::this_process();
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

async fn states_and_events_are_written_together(store: Shared) {
    let lease = driven(&*store, "r1", 4).await;
    let mut pen = Pen::new(4);
    let mut deferred = pen.device(1, Pending, Deferred);
    (deferred.due_ms, deferred.after_ms, deferred.tried) = (Some(NOW + 60_000), Some(60_000), (0, 1));
    let changes = vec![
        Change::Device(deferred),
        pen.moved(0, Pending, Pushing),
        pen.moved(2, Pending, Skipped),
        pen.moved(0, Pushing, Verifying),
        pen.moved(0, Verifying, Succeeded),
    ];
    store.commit(&lease, changes).await.unwrap();
    let failed = pen.device(3, Pending, Pushing);
    store.commit(&lease, vec![Change::Device(failed)]).await.unwrap();
    let failed = pen.failed(3, Pushing, FailureClass::Tls);
    store.commit(&lease, vec![Change::Device(failed)]).await.unwrap();

    let states = store.scan("r1").await.unwrap();
    let expected = [
        TargetState::new(Succeeded, None, 0),
        TargetState::new(Deferred, None, NOW + 60_000),
        TargetState::new(Skipped, None, 0),
        TargetState::new(Failed, Some(FailureClass::Tls), 0),
    ];
    assert_eq!(states, expected);
    let now = status(&*store, "r1").await;
    assert_eq!((now.total, now.succeeded, now.deferred, now.skipped, now.failed), (4, 1, 1, 1, 1));
    assert_eq!((now.pending, now.in_flight, now.cancelled), (0, 0, 0));

    let events = store.events("r1", 0, 100).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| match &event.kind {
            EventKind::Device { device, from, to, .. } => (event.seq, device.as_str(), *from, *to),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        (1, "d1", Pending, Deferred),
        (2, "d0", Pending, Pushing),
        (3, "d2", Pending, Skipped),
        (4, "d0", Pushing, Verifying),
        (5, "d0", Verifying, Succeeded),
        (6, "d3", Pending, Pushing),
        (7, "d3", Pushing, Failed),
    ];
    assert_eq!(told, expected);
    assert!(events.iter().all(|event| &*event.rollout == "r1" && event.at_ms == NOW + event.seq));
    assert!(
        matches!(&events[0].kind, EventKind::Device { after: Some(after), failure: None, .. } if *after == Duration::from_secs(60))
    );
    assert!(
        matches!(&events[6].kind, EventKind::Device { after: None, failure: Some(failure), .. } if failure.class == FailureClass::Tls)
    );
    let page: Vec<_> = store.events("r1", 3, 2).await.unwrap().into_iter().map(|event| event.seq).collect();
    assert_eq!(page, [4, 5]);
    assert!(store.events("r1", 7, 5).await.unwrap().is_empty());
    assert!(store.events("r1", u64::MAX, 5).await.unwrap().is_empty());
    assert_eq!(store.events("r1", 0, usize::MAX).await.unwrap().len(), 7);
}

async fn events_are_numbered_without_gaps(store: Shared) {
    let lease = driven(&*store, "r1", 3).await;
    let mut pen = Pen::new(3);
    store.commit(&lease, vec![pen.moved(0, Pending, Pushing)]).await.unwrap();
    let again = Change::Device(Pen::new(3).device(1, Pending, Pushing));
    let (refused, text) = kind(store.commit(&lease, vec![again]).await);
    assert_eq!((refused, text.as_str()), (ErrorKind::State, "the next event of rollout `r1` is number 2, not 1"));
    let first = pen.moved(1, Pending, Pushing);
    pen.seq += 1;
    let later = pen.moved(2, Pending, Pushing);
    assert_eq!(kind(store.commit(&lease, vec![first.clone(), later]).await).0, ErrorKind::State);
    let states = store.scan("r1").await.unwrap();
    assert_eq!(states.iter().filter(|target| target.state == Pending).count(), 2, "nothing of it was written");
    assert_eq!(status(&*store, "r1").await.in_flight, 1);
    store.commit(&lease, vec![first]).await.unwrap();
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().last_seq, 2);
}

async fn a_device_leaves_the_state_it_is_in(store: Shared) {
    let lease = driven(&*store, "r1", 2).await;
    let mut pen = Pen::new(2);
    let changes = vec![pen.moved(0, Pending, Pushing), pen.moved(0, Pushing, Succeeded), pen.moved(1, Pushing, Failed)];
    let (refused, text) = kind(store.commit(&lease, changes).await);
    assert_eq!(refused, ErrorKind::State);
    assert_eq!(text, "the device at place 1 of rollout `r1` is not pushing");
    assert_eq!(store.scan("r1").await.unwrap(), vec![TargetState::new(Pending, None, 0); 2]);
    assert_eq!((status(&*store, "r1").await.pending, store.events("r1", 0, 9).await.unwrap().len()), (2, 0));
    let mut pen = Pen::new(9);
    let (refused, text) = kind(store.commit(&lease, vec![pen.moved(2, Pending, Pushing)]).await);
    assert_eq!((refused, text.as_str()), (ErrorKind::NotFound, "rollout `r1` has no device at place 2"));
    // A batch of one step for several devices, one of which is elsewhere.
    let mut pen = Pen::new(2);
    store.commit(&lease, vec![pen.moved(1, Pending, Pushing)]).await.unwrap();
    let range = vec![pen.moved(0, Pending, Pushing), pen.moved(1, Pending, Pushing)];
    assert_eq!(kind(store.commit(&lease, range).await).0, ErrorKind::State);
    assert_eq!((status(&*store, "r1").await.pending, status(&*store, "r1").await.in_flight), (1, 1));
}

async fn what_the_last_change_says_is_what_is_kept(store: Shared) {
    let lease = driven(&*store, "r1", 1).await;
    let mut pen = Pen::new(1);
    let began = vec![pen.moved(0, Pending, Pushing), pen.moved(0, Pushing, Verifying)];
    store.commit(&lease, began).await.unwrap();
    let mut deferred = pen.device(0, Verifying, Deferred);
    (deferred.due_ms, deferred.tried, deferred.first_deferred_ms) = (Some(NOW + 9), (2, 1), Some(NOW));
    deferred.token = Some("https://d0/uploads/7".into());
    store.commit(&lease, vec![Change::Device(deferred)]).await.unwrap();
    let target = store.targets("r1", &[Place(0)]).await.unwrap().remove(0);
    assert_eq!((target.state, target.before), (Deferred, Verifying));
    assert_eq!((target.tried, target.first_deferred_ms), ((2, 1), Some(NOW)));
    assert_eq!(target.token.as_deref(), Some("https://d0/uploads/7"));
    let mut going_on = pen.device(0, Deferred, Pushing);
    (going_on.tried, going_on.first_deferred_ms) = ((3, 1), Some(NOW));
    store.commit(&lease, vec![Change::Device(going_on)]).await.unwrap();
    let target = store.targets("r1", &[Place(0)]).await.unwrap().remove(0);
    assert_eq!((target.state, target.before), (Pushing, Deferred));
    assert_eq!((target.tried, target.first_deferred_ms), ((3, 1), Some(NOW)));
    assert_eq!((target.token, store.scan("r1").await.unwrap()[0].due_ms), (None, 0));
}

async fn failures_stay_in_the_log_after_a_retry(store: Shared) {
    let lease = driven(&*store, "r1", 1).await;
    let mut pen = Pen::new(1);
    let changes = vec![
        pen.moved(0, Pending, Pushing),
        Change::Device(pen.failed(0, Pushing, FailureClass::Cut)),
        pen.moved(0, Failed, Pending),
    ];
    store.commit(&lease, changes).await.unwrap();
    assert_eq!(store.scan("r1").await.unwrap(), [TargetState::new(Pending, None, 0)]);
    assert!(store.outcomes("r1", Place(0), 9, false).await.unwrap().is_empty());
    let changes = vec![pen.moved(0, Pending, Pushing), pen.moved(0, Pushing, Succeeded)];
    store.commit(&lease, changes).await.unwrap();
    assert_eq!(store.outcomes("r1", Place(0), 9, false).await.unwrap(), [(Place(0), Outcome::new("d0", Succeeded))]);
    let events = store.events("r1", 1, 1).await.unwrap();
    assert!(
        matches!(&events[0].kind, EventKind::Device { failure: Some(failure), .. } if failure.class == FailureClass::Cut)
    );
    assert_eq!(status(&*store, "r1").await.failed, 0);
}

async fn outcomes_are_told_in_pages(store: Shared) {
    let lease = driven(&*store, "r1", 6).await;
    let mut pen = Pen::new(6);
    let mut plain = pen.device(5, Pending, Skipped);
    plain.tried = (1, 2);
    let mut told = pen.device(0, Pending, Succeeded);
    let mut outcome = Outcome::new("d0", Succeeded);
    (outcome.bytes_sent, outcome.version, outcome.duration) = (8, Some("2".into()), Duration::from_millis(250));
    told.outcome = Some(Box::new(outcome.clone()));
    let changes = vec![
        Change::Device(plain),
        Change::Device(told),
        Change::Device(pen.failed(3, Pending, FailureClass::Cut)),
        Change::Device(pen.failed(1, Pending, FailureClass::Tls)),
        pen.moved(2, Pending, Pushing),
    ];
    store.commit(&lease, changes).await.unwrap();
    let page = |from, most, failed| {
        let store = Arc::clone(&store);
        async move { store.outcomes("r1", Place(from), most, failed).await.unwrap() }
    };
    let places = |page: &[(Place, Outcome)]| page.iter().map(|(place, _)| place.0).collect::<Vec<_>>();
    let all = page(0, 99, false).await;
    assert_eq!(places(&all), [0, 1, 3, 5]);
    assert_eq!(all[0].1, outcome);
    assert_eq!(all[1].1.failure.as_ref().map(|failure| failure.class), Some(FailureClass::Tls));
    assert_eq!((all[3].1.attempts, all[3].1.deferrals, all[3].1.state), (1, 2, Skipped));
    assert_eq!(places(&page(1, 2, false).await), [1, 3]);
    assert_eq!(places(&page(0, 99, true).await), [1, 3]);
    assert_eq!(places(&page(2, 99, true).await), [3]);
    assert!(page(6, 99, false).await.is_empty() && page(0, 0, false).await.is_empty());
}

async fn a_rollout_goes_on(store: Shared) {
    let lease = driven(&*store, "r1", 2).await;
    let mut pen = Pen::new(2);
    let mut told = status(&*store, "r1").await;
    (told.state, told.bytes_sent, told.rate_per_s) = (RolloutState::Running, 77, Some(1.5));
    (told.phase, told.hold) = (Some(1), Some(Hold::Soaking { phase: 1, until_ms: NOW + 5 }));
    told.pending = 99;
    let started = EventKind::Started { total: 2, version: Some("2.0.0".into()), bytes: 8, sha256: "ab".repeat(32) };
    let engine = json!({ "phase": 1 });
    let changes = vec![
        pen.rollout(started.clone(), told.clone(), engine.clone(), 0),
        pen.moved(0, Pending, Pushing),
        pen.rollout(EventKind::Soaking { phase: 1, until_ms: NOW + 5 }, told.clone(), engine.clone(), 4),
    ];
    store.commit(&lease, changes).await.unwrap();
    let record = store.rollout("r1").await.unwrap().unwrap();
    (told.pending, told.in_flight) = (1, 1);
    assert_eq!(record.status, told, "the counters are the store's own");
    assert_eq!((record.engine, record.commands_done, record.last_seq), (engine, 4, 3));
    assert_eq!(record.status_at_ms, NOW + 3);
    let events = store.events("r1", 0, 9).await.unwrap();
    assert_eq!((&events[0].kind, events[2].seq), (&started, 3));
    // Figures alone are no event.
    told.bytes_sent = 78;
    let figures = RolloutChange::new(None, NOW + 9, told.clone(), Value::Null, 4);
    store.commit(&lease, vec![Change::Rollout(Box::new(figures))]).await.unwrap();
    let record = store.rollout("r1").await.unwrap().unwrap();
    assert_eq!((record.status, record.last_seq, record.status_at_ms, record.engine), (told, 3, NOW + 9, Value::Null));
}

async fn late_joiners_come_last(store: Shared) {
    let lease = driven(&*store, "r1", 2).await;
    assert_eq!(store.place_of("r1", "d1").await.unwrap(), Some(Place(1)));
    let joined = vec![device("a", "http://127.0.0.1:9"), device("z", "http://127.0.0.1:9")];
    assert_eq!(store.join(&lease, joined).await.unwrap(), Place(2));
    assert_eq!(store.join(&lease, Vec::new()).await.unwrap(), Place(4));
    assert_eq!((status(&*store, "r1").await.total, status(&*store, "r1").await.pending), (4, 4));
    for (id, place) in [("d0", 0), ("d1", 1), ("a", 2), ("z", 3)] {
        assert_eq!(store.place_of("r1", id).await.unwrap(), Some(Place(place)));
        assert_eq!(store.targets("r1", &[Place(place)]).await.unwrap()[0].device.id(), id);
    }
    assert_eq!(store.scan("r1").await.unwrap().len(), 4);
}

async fn commands_wait_for_whoever_drives(store: Shared) {
    driven(&*store, "r1", 1).await;
    let approve = Command::Approve { phase: Some(2), by: Some("ann".into()) };
    assert_eq!(store.send("r1", Command::Pause, NOW).await.unwrap(), 1);
    assert_eq!(store.send("r1", approve.clone(), NOW + 1).await.unwrap(), 2);
    store.create(new("r2", 1)).await.unwrap();
    assert_eq!(store.send("r2", Command::Cancel, NOW).await.unwrap(), 1);
    let sent = store.commands("r1", 0).await.unwrap();
    let told: Vec<_> = sent.into_iter().map(|sent| (sent.number, sent.at_ms, sent.command)).collect();
    assert_eq!(told, [(1, NOW, Command::Pause), (2, NOW + 1, approve)]);
    assert_eq!(store.commands("r1", 1).await.unwrap().len(), 1);
    assert!(store.commands("r1", 2).await.unwrap().is_empty());
    assert!(store.commands("r1", u64::MAX).await.unwrap().is_empty());
}

async fn every_write_is_another_version(store: Shared) {
    let mut last = store.version().await.unwrap();
    assert_eq!(store.version().await.unwrap(), last, "reading changes nothing");
    let lease = driven(&*store, "r1", 2).await;
    let mut pen = Pen::new(2);
    let mut is_another = async |what: &str| {
        let now = store.version().await.unwrap();
        assert_ne!(std::mem::replace(&mut last, now), now, "{what}");
    };
    is_another("a rollout").await;
    store.renew(&lease, NOW + 1, TTL).await.unwrap();
    is_another("a lease").await;
    store.commit(&lease, vec![pen.moved(0, Pending, Pushing)]).await.unwrap();
    is_another("a commit").await;
    store.send("r1", Command::Pause, NOW).await.unwrap();
    is_another("a command").await;
    store.import(devices(2)).await.unwrap();
    is_another("an import").await;
    store.heartbeat(vec![Heartbeat::new("d0", NOW)]).await.unwrap();
    is_another("a heartbeat").await;
    store.scan("r1").await.unwrap();
    assert_eq!(store.version().await.unwrap(), last);
}

async fn an_import_adds_and_replaces(store: Shared) {
    assert_eq!(store.import(devices(3)).await.unwrap(), Imported::new(3, 0, 0));
    let mut fleet = devices(4);
    fleet[1].tags.insert("region".into(), "eu".into());
    assert_eq!(store.import(fleet.clone()).await.unwrap(), Imported::new(1, 1, 2));
    assert_eq!(store.device("d1").await.unwrap().as_ref(), Some(&fleet[1]));
    let twice = vec![device("e", "http://127.0.0.1:1"), device("e", "http://127.0.0.1:2")];
    assert_eq!(store.import(twice).await.unwrap(), Imported::new(1, 1, 0), "the last one counts");
    assert_eq!(store.device("e").await.unwrap().unwrap().address().port(), Some(2));
}

async fn the_inventory_is_read_in_pages(store: Shared) {
    let ids = ["b", "a", "ä", "C", "aa"];
    store.import(ids.iter().map(|id| device(id, "http://127.0.0.1:9")).collect()).await.unwrap();
    let page = |devices: Vec<Device>| devices.iter().map(|device| device.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(page(store.devices(None, 99).await.unwrap()), ["C", "a", "aa", "b", "ä"], "as bytes");
    assert_eq!(page(store.devices(None, 2).await.unwrap()), ["C", "a"]);
    assert_eq!(page(store.devices(Some("a"), 2).await.unwrap()), ["aa", "b"]);
    assert_eq!(page(store.devices(Some("ab"), 1).await.unwrap()), ["b"]);
    assert!(store.devices(Some("ä"), 9).await.unwrap().is_empty() && store.devices(None, 0).await.unwrap().is_empty());
}

async fn heartbeats_bring_devices_online(store: Shared) {
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

async fn only_the_newest_heartbeats_are_kept(store: Shared) {
    store.import(devices(1)).await.unwrap();
    for _ in 0..3 {
        store.heartbeat(vec![Heartbeat::new("d0", NOW); 40_000]).await.unwrap();
    }
    let kept = store.heartbeats(0, usize::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[0].0, kept[99_999].0), (100_000, 20_001, 120_000));
}
