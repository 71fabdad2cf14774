//! Heartbeats, on a manual clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::FleetSim;

use super::{digest, push};
use crate::client::until;

#[tokio::test]
async fn devices_that_are_there_beat_and_those_that_come_beat_at_once() {
    let (clock, beats) = (ManualClock::new(), Arc::new(Mutex::new(Vec::new())));
    let sink = Arc::clone(&beats);
    let fleet = FleetSim::builder(3)
        .version("1")
        .offline("dev-000003")
        .reboot(Duration::from_secs(90))
        .heartbeats(Duration::from_secs(60), move |beat| sink.lock().unwrap().push((beat.id, beat.version)))
        .timer(shared(clock.clone()))
        .start()
        .await
        .unwrap();
    let heard = |expected: &[(&str, &str)]| {
        let beats: Vec<_> = std::mem::take(&mut *beats.lock().unwrap());
        let beats: Vec<_> = beats.iter().map(|(id, version)| (&**id, &**version)).collect();
        assert_eq!(beats, expected);
    };
    until(|| clock.waiting() == 1).await;
    heard(&[]);
    let minute = async || {
        clock.advance(Duration::from_secs(60));
        until(|| clock.waiting() == 1).await;
    };
    minute().await;
    heard(&[("dev-000001", "1"), ("dev-000002", "1")]);
    fleet.bring_online("dev-000003").unwrap();
    heard(&[("dev-000003", "1")]);
    assert_eq!(push(&fleet.addresses()[0], "2", Some(&digest("x")), "x").await.status, 200);
    minute().await;
    heard(&[("dev-000002", "1"), ("dev-000003", "1")]);
    fleet.take_offline("dev-000002");
    minute().await;
    heard(&[("dev-000001", "2"), ("dev-000003", "1")]);
    drop(fleet);
    until(|| clock.waiting() == 0).await;
}
