//! Devices are started while their window is open, and only if they can be done.

use std::time::Duration;

use super::world::Hours;
use super::*;
use crate::engine::Zone;
use crate::record::{Hold, RolloutState};

/// Open from 0 to 20 in zone 0, 30 to 50 in zone 1, 60 to 80 in zone 2, and so on every 90 seconds.
const HOURS: Hours = Hours { period: 90, open: 20, last: None, reserve: 0, stops: false, only_first: false };

fn within(hours: Hours, zones: &[u16]) -> Engine {
    let facts = zones.iter().map(|zone| Facts { zone: Zone(*zone), ..Facts::pending() });
    Engine::new(&Strategy::immediate(), facts, Some(Box::new(hours)), None, at(0)).unwrap()
}

fn closed(until: u64) -> Option<Hold> {
    Some(Hold::WindowClosed { until_ms: Some((START + until) * 1000) })
}

#[test]
fn each_zone_in_its_own_time() {
    let mut engine = within(HOURS, &[1, 0, 1, 0, 2]);
    assert_eq!(claim(&mut engine, 1, at(0)), [1]);
    assert_eq!(claim(&mut engine, 9, at(0)), [3]);
    assert_eq!((engine.hold(), engine.wake_at()), (closed(30), Some(at(20))));
    assert_eq!(claim(&mut engine, 9, at(29)), [0; 0]);
    assert_eq!((engine.hold(), engine.wake_at()), (closed(30), Some(at(30))));
    assert_eq!(claim(&mut engine, 9, at(30)), [0, 2]);
    assert_eq!(engine.hold(), closed(60));
    assert_eq!(claim(&mut engine, 9, at(60)), [4]);
    assert_eq!(engine.hold(), None);
}

#[test]
fn nothing_is_started_that_cannot_be_done() {
    let mut engine = within(HOURS, &[0; 4]);
    engine.set_estimate(Duration::from_secs(15));
    assert_eq!(claim(&mut engine, 1, at(5)), [0]);
    assert_eq!(claim(&mut engine, 1, at(6)), [0; 0]);
    assert_eq!((engine.hold(), engine.wake_at()), (closed(90), Some(at(20))));
    engine.set_estimate(Duration::from_secs(10));
    assert_eq!(claim(&mut engine, 1, at(10)), [1]);
    engine.set_estimate(Duration::ZERO);
    assert_eq!(claim(&mut engine, 1, at(19)), [2]);
    assert_eq!(claim(&mut engine, 1, at(20)), [0; 0], "it is closed from its end on");

    let mut engine = within(Hours { reserve: 12, ..HOURS }, &[0; 4]);
    engine.set_estimate(Duration::from_secs(1));
    assert_eq!(claim(&mut engine, 1, at(8)), [0]);
    assert_eq!(claim(&mut engine, 1, at(9)), [0; 0], "the reserve counts where it is longer");
}

#[test]
fn what_runs_at_the_end_is_finished_or_stopped() {
    let mut engine = within(HOURS, &[0]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0]);
    engine.tick(at(25));
    assert_eq!(told(&mut engine), [""; 0]);

    let mut engine = within(Hours { stops: true, ..HOURS }, &[0, 0, 1]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1]);
    engine.moved(Place(0), Moved::Pushing, at(1));
    assert_eq!(engine.wake_at(), Some(at(20)));
    engine.tick(at(20));
    assert_eq!(told(&mut engine), ["stop [0, 1] pending"]);
    engine.moved(Place(0), Moved::Pending, at(21));
    engine.unclaim(Place(1));
    assert_eq!(claim(&mut engine, 9, at(21)), [0; 0]);
    engine.tick(at(22));
    assert_eq!(told(&mut engine), [""; 0], "once is enough");
    assert_eq!(claim(&mut engine, 9, at(30)), [2]);
    assert_eq!(claim(&mut engine, 9, at(90)), [0, 1]);
    assert_eq!(told(&mut engine), ["stop [2] pending"], "time went past the end of the other zone, too");
    // Past the end, and into the next opening.
    engine.tick(at(181));
    assert_eq!(told(&mut engine), ["stop [0, 1] pending"]);
}

#[test]
fn who_has_no_window_any_more_fails() {
    let mut engine = within(Hours { last: Some(10), stops: true, ..HOURS }, &[0, 0, 1]);
    assert_eq!(told(&mut engine), ["[2] failed"], "it opens at 30, and after 10 nothing does");
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.tick(at(20));
    assert_eq!(told(&mut engine), ["stop [0] pending", "[1] failed"]);
    engine.moved(Place(0), Moved::Pending, at(21));
    assert_eq!(told(&mut engine), ["[0] failed"]);
    assert_eq!(engine.rollout_state(), RolloutState::Failed);
    let retry = crate::record::Command::Retry { classes: vec![FailureClass::TimedOut] };
    let refused = engine.command(&retry, at(22)).unwrap_err();
    assert_eq!(refused.to_string(), "no device that failed can be tried again");
}

#[test]
fn one_opening_may_be_all_there_is() {
    let mut engine = within(Hours { only_first: true, ..HOURS }, &[0, 0, 1, 1]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.tick(at(20));
    assert_eq!(told(&mut engine), ["[1] failed"]);
    push(&mut engine, 0, Moved::Succeeded, at(21));
    assert_eq!(claim(&mut engine, 1, at(31)), [2]);
    assert_eq!(engine.wake_at(), Some(at(50)));
    // It is the opening after the start that counts, also for a later process.
    let facts = [DeviceState::Succeeded, DeviceState::Failed, DeviceState::Pending, DeviceState::Pending];
    let facts = facts
        .into_iter()
        .zip([0, 0, 1, 1])
        .map(|(state, zone)| Facts { zone: Zone(zone), ..Facts::new(state, None, 0) });
    let hours = Hours { only_first: true, ..HOURS };
    let state = Some(engine.state());
    let mut later = Engine::new(&Strategy::immediate(), facts, Some(Box::new(hours)), state, at(125)).unwrap();
    assert_eq!(told(&mut later), ["[2, 3] failed"], "it is open again, and was before");
    assert_eq!(later.rollout_state(), RolloutState::Failed);
}

#[test]
fn windows_count_from_the_start() {
    let strategy = Strategy::immediate().not_before_ms((START + 40) * 1000);
    let hours = Hours { only_first: true, ..HOURS };
    let mut engine = Engine::new(&strategy, [Facts::pending()], Some(Box::new(hours)), None, at(0)).unwrap();
    engine.tick(at(40));
    assert_eq!(claim(&mut engine, 9, at(40)), [0; 0]);
    assert_eq!(engine.hold(), closed(90));
    assert_eq!(claim(&mut engine, 9, at(95)), [0]);
}

#[test]
fn a_clock_that_goes_back_closes_what_was_open() {
    let mut engine = within(HOURS, &[1, 1, 1]);
    assert_eq!(claim(&mut engine, 1, at(35)), [0]);
    assert_eq!(claim(&mut engine, 1, at(25)), [0; 0]);
    assert_eq!(claim(&mut engine, 1, at(30)), [1]);
}

#[test]
fn a_deferral_that_is_over_waits_for_the_window() {
    let mut engine = within(HOURS, &[0, 0]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    push(&mut engine, 0, Moved::Deferred { due: at(30) }, at(5));
    assert_eq!(claim(&mut engine, 9, at(31)), [0; 0]);
    assert_eq!(engine.counts().of(DeviceState::Deferred), 1);
    assert_eq!(claim(&mut engine, 9, at(90)), [0, 1]);
}
