//! Rollouts as a whole.

use serde_json::{Value, json};
use steadfast_delivery::DeviceState::{Pending, Pushing};
use steadfast_delivery::{
    Change, Command, ErrorKind, EventKind, Heartbeat, Hold, Lease, Place, RolloutChange, RolloutState, TargetState,
};

use super::{Shared, kind, status};
use crate::store::kit::{NOW, Pen, TTL, driven, holder, new, spec};
use crate::support::{device, devices};

pub(super) async fn a_new_rollout_is_all_pending(store: Shared) {
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

pub(super) async fn an_id_is_given_once(store: Shared) {
    store.create(new("r1", 2)).await.unwrap();
    let (refused, text) = kind(store.create(new("r1", 5)).await);
    assert_eq!((refused, text.as_str()), (ErrorKind::Exists, "there is a rollout `r1` already"));
    assert_eq!(status(&*store, "r1").await.total, 2);
    assert_eq!(store.scan("r1").await.unwrap().len(), 2);
}

pub(super) async fn what_is_not_there_is_not_found(store: Shared) {
    let missing = (ErrorKind::NotFound, String::from("there is no rollout `r9`"));
    let lease = Lease::new("r9", 1, holder("t1"));
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

pub(super) async fn the_latest_rollout_comes_first(store: Shared) {
    for (id, at_ms) in [("b", NOW + 5), ("a", NOW + 9), ("c", NOW), ("d", NOW + 5)] {
        let mut rollout = new(id, 1);
        rollout.at_ms = at_ms;
        store.create(rollout).await.unwrap();
    }
    let ids: Vec<_> = store.rollouts().await.unwrap().into_iter().map(|record| record.id).collect();
    assert_eq!(ids, ["a", "d", "b", "c"]);
}

pub(super) async fn late_joiners_come_last(store: Shared) {
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

pub(super) async fn commands_wait_for_whoever_drives(store: Shared) {
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

pub(super) async fn every_write_is_another_version(store: Shared) {
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

pub(super) async fn a_rollout_goes_on(store: Shared) {
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
