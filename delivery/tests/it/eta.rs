//! The time that is told to be left of a rollout that is driven.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::{Artifact, Hold, Later, Phase, Plan, Rollout, RolloutState, Strategy};

use crate::support::{Fake, devices, until};

#[tokio::test]
async fn the_eta_counts_the_phases_to_come_with_their_soaks() {
    let clock = ManualClock::new();
    let strategy = Strategy::progressive([Phase::percent(50.0).soak(Duration::from_secs(3600)), Phase::percent(100.0)]);
    let plan =
        Plan::builder(Artifact::from_bytes("x")).version("2").devices(devices(4)).strategy(strategy).build().unwrap();
    let rollout = Rollout::builder(plan, Fake::new(|_, _, _| Ok(()))).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| handle.status().hold.is_some() && clock.waiting() > 0).await;
    assert_eq!(handle.progress().eta.p50, Some(Duration::from_secs(3600)), "devices take no time, the soak an hour");
    assert_eq!(handle.progress().bytes_confirmed, 2);
    clock.advance(Duration::from_secs(1800));
    let progress = handle.progress();
    assert_eq!((progress.eta.p50, progress.eta.later), (Some(Duration::from_secs(1800)), None));
    handle.pause();
    until(|| handle.status().state == RolloutState::Paused).await;
    let eta = handle.progress().eta;
    assert_eq!((eta.p50, eta.p90, eta.later), (None, None, Some(Later::Paused)));
    handle.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.status.eta_s.p50, Some(Duration::ZERO));
}

#[tokio::test]
async fn the_eta_waits_for_the_window_to_open_again() {
    let clock = ManualClock::new();
    let strategy =
        Strategy::progressive([Phase::percent(50.0).soak(Duration::from_secs(3 * 3600)), Phase::percent(100.0)])
            .window("02:00-04:00".parse().unwrap());
    let plan =
        Plan::builder(Artifact::from_bytes("x")).version("2").devices(devices(4)).strategy(strategy).build().unwrap();
    let rollout = Rollout::builder(plan, Fake::new(|_, _, _| Ok(()))).timer(shared(clock.clone()));
    let rollout = rollout.wall(Arc::new(clock.clone())).build();
    let handle = rollout.handle();
    let running = tokio::spawn(rollout.execute());
    until(|| matches!(handle.status().hold, Some(Hold::WindowClosed { .. })) && clock.waiting() > 0).await;
    clock.advance(Duration::from_secs(2 * 3600));
    until(|| matches!(handle.status().hold, Some(Hold::Soaking { .. })) && clock.waiting() > 0).await;
    let eta = handle.progress().eta;
    assert_eq!(
        (eta.p50, eta.later),
        (Some(Duration::from_secs(24 * 3600)), None),
        "watched until 05:00, then tomorrow"
    );
    handle.cancel();
    running.await.unwrap().unwrap();
}
