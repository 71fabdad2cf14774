//! States, events and outcomes.

use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::DeviceState::{Deferred, Failed, Pending, Pushing, Skipped, Succeeded, Verifying};
use steadfast_delivery::{Change, ErrorKind, EventKind, FailureClass, Outcome, Place, TargetState};

use super::{Shared, kind, status};
use crate::store::kit::{NOW, Pen, driven};

pub(super) async fn states_and_events_are_written_together(store: Shared) {
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

pub(super) async fn events_are_numbered_without_gaps(store: Shared) {
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

pub(super) async fn a_device_leaves_the_state_it_is_in(store: Shared) {
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

pub(super) async fn what_the_last_change_says_is_what_is_kept(store: Shared) {
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

pub(super) async fn failures_stay_in_the_log_after_a_retry(store: Shared) {
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

pub(super) async fn outcomes_are_told_in_pages(store: Shared) {
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
