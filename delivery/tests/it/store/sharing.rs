//! One file, several tasks and several stores, as several processes would have it.

use std::sync::Arc;

use futures_util::FutureExt as _;
use rusqlite::Connection;
use steadfast_delivery::DeviceState::{Pending, Pushing, Succeeded};
use steadfast_delivery::{Command, ErrorKind, Heartbeat, Place, SqliteStore, Store};

use super::kit::{NOW, Pen, TTL, driven, holder, new, scratch};
use crate::support::devices;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_writes_at_once_and_nothing_is_lost() {
    let folder = scratch();
    let path = folder.path().join("rollouts.db");
    let stores = [SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap()];
    let mut tasks = Vec::new();
    for (task, store) in (0..6).zip(stores.iter().cycle()) {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let id = format!("r{task}");
            let lease = driven(&store, &id, 30).await;
            let mut pen = Pen::new(30);
            for place in 0..30 {
                store.commit(&lease, vec![pen.moved(place, Pending, Pushing)]).await.unwrap();
                store.send(&id, Command::Pause, NOW).await.unwrap();
                store.renew(&lease, NOW + u64::from(place), TTL).await.unwrap();
                store.commit(&lease, vec![pen.moved(place, Pushing, Succeeded)]).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for store in stores {
        for task in 0..6 {
            let id = format!("r{task}");
            let record = store.rollout(&id).await.unwrap().unwrap();
            assert_eq!((record.status.succeeded, record.last_seq), (30, 60));
            assert_eq!(store.events(&id, 0, 99).await.unwrap().len(), 60);
            assert_eq!(store.commands(&id, 0).await.unwrap().len(), 30);
        }
    }
}

#[tokio::test]
async fn commits_that_wait_together_take_effect_in_order() {
    let folder = scratch();
    let store = SqliteStore::open(folder.path().join("rollouts.db")).await.unwrap();
    let lease = driven(&store, "r1", 200).await;
    let mut pen = Pen::new(200);
    let batches: Vec<_> = (0..200).map(|place| vec![pen.moved(place, Pending, Pushing)]).collect();
    let commits = batches.into_iter().map(|batch| store.commit(&lease, batch));
    for committed in futures_util::future::join_all(commits).await {
        committed.unwrap();
    }
    assert_eq!(store.rollout("r1").await.unwrap().unwrap().status.in_flight, 200);
}

#[tokio::test]
async fn what_one_process_does_the_other_sees() {
    let folder = scratch();
    let path = folder.path().join("rollouts.db");
    let (one, two) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
    let lease = driven(&one, "r1", 2).await;
    assert_eq!(two.acquire("r1", &holder("t2"), NOW, TTL).await.unwrap_err().kind(), ErrorKind::Driven);
    let before = (one.version().await.unwrap(), two.version().await.unwrap());
    two.send("r1", Command::Pause, NOW).await.unwrap();
    two.import(devices(1)).await.unwrap();
    two.heartbeat(vec![Heartbeat::new("d0", NOW)]).await.unwrap();
    let after = (one.version().await.unwrap(), two.version().await.unwrap());
    assert!(before.0 != after.0 && before.1 != after.1);
    assert_eq!((one.version().await.unwrap(), two.version().await.unwrap()), after);
    assert_eq!(one.commands("r1", 0).await.unwrap().len(), 1);
    assert_eq!(one.heartbeats(0, 9).await.unwrap().len(), 1);
    // The other one takes over: who was too slow writes nothing any more.
    let taken = two.acquire("r1", &holder("t2"), NOW + TTL, TTL).await.unwrap();
    let mut pen = Pen::new(2);
    let change = pen.moved(0, Pending, Pushing);
    assert_eq!(one.commit(&lease, vec![change.clone()]).await.unwrap_err().kind(), ErrorKind::LeaseLost);
    two.commit(&taken, vec![change]).await.unwrap();
    assert_eq!(one.scan("r1").await.unwrap()[0].state, Pushing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_is_made_by_many_at_once() {
    let folder = scratch();
    let path = Arc::new(folder.path().join("rollouts.db"));
    let opening = (0..8).map(|task| {
        let path = Arc::clone(&path);
        tokio::spawn(async move {
            let store = SqliteStore::open(path.as_path()).await.unwrap();
            store.create(new(&format!("r{task}"), 1)).await.unwrap();
        })
    });
    for opened in futures_util::future::join_all(opening).await {
        opened.unwrap();
    }
    let store = SqliteStore::open(path.as_path()).await.unwrap();
    assert_eq!(store.rollouts().await.unwrap().len(), 8);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_done_whole_or_not_at_all() {
    let folder = scratch();
    let store = SqliteStore::open(folder.path().join("rollouts.db")).await.unwrap();
    let lease = driven(&store, "r1", 50).await;
    let mut pen = Pen::new(50);
    let batch = (0..50).map(|place| pen.moved(place, Pending, Pushing)).collect();
    // Polled once, and dropped.
    store.commit(&lease, batch).now_or_never();
    let record = store.rollout("r1").await.unwrap().unwrap();
    assert!(matches!((record.last_seq, record.status.in_flight), (0, 0) | (50, 50)));
    assert_eq!(store.place_of("r1", "d7").await.unwrap(), Some(Place(7)));
}

#[tokio::test]
async fn people_can_read_the_log() {
    let folder = scratch();
    let path = folder.path().join("rollouts.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = driven(&store, "r1", 2).await;
    let mut pen = Pen::new(2);
    store.commit(&lease, vec![pen.moved(1, Pending, Pushing), pen.moved(1, Pushing, Succeeded)]).await.unwrap();
    let file = Connection::open(&path).unwrap();
    let mut log =
        file.prepare("SELECT rollout, number, at, device, \"from\", \"to\" FROM log ORDER BY number").unwrap();
    let rows =
        log.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)));
    let rows: Vec<(String, u64, String, String, String, String)> = rows.unwrap().map(Result::unwrap).collect();
    let row = |number: u64, from: &str, to: &str| {
        let at = format!("2026-01-01 00:00:00.00{number}");
        (String::from("r1"), number, at, String::from("d1"), String::from(from), String::from(to))
    };
    assert_eq!(rows, [row(1, "pending", "pushing"), row(2, "pushing", "succeeded")]);
}
