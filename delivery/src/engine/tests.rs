//! The machine, step by step and at random.

#![expect(clippy::cast_possible_truncation, reason = "the numbers of tests are small")]

mod drive;
mod gates;
mod laws;
mod naive;
mod world;

use super::{Effect, Engine, Facts, Moved};
use crate::record::{Command, DeviceState, Hold, RolloutState};
use crate::store::Place;
use crate::strategy::{Strategy, WhenOffline};

use steadfast_clock::UnixNanos;
use world::at;

fn engine(strategy: &Strategy, facts: Vec<Facts>) -> Engine {
    Engine::new(strategy, facts, None, None, at(0)).unwrap()
}

fn claim(engine: &mut Engine, most: usize, now: UnixNanos) -> Vec<u32> {
    let mut places = Vec::new();
    engine.claim(most, now, &mut places);
    places.into_iter().map(|place| place.0).collect()
}

fn offline() -> Facts {
    Facts { offline: true, ..Facts::pending() }
}

#[test]
fn a_slot_is_small() {
    assert_eq!(size_of::<super::slot::Slot>(), 16);
}

#[test]
fn devices_are_claimed_in_order_and_offline_ones_are_skipped() {
    let mut engine = engine(&Strategy::immediate(), vec![Facts::pending(), offline(), Facts::pending()]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    assert_eq!(claim(&mut engine, 9, at(0)), [2]);
    let skipped = Effect::Settle { places: vec![Place(1)], to: DeviceState::Skipped };
    assert_eq!(engine.effects(), [skipped]);
    engine.moved(Place(0), Moved::Pushing, at(1));
    engine.moved(Place(0), Moved::Succeeded, at(2));
    assert_eq!(engine.rollout_state(), RolloutState::Running);
    engine.moved(Place(2), Moved::Pushing, at(2));
    engine.moved(Place(2), Moved::Succeeded, at(3));
    assert!(engine.is_done());
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
}

#[test]
fn the_deferred_come_back_first() {
    let mut engine = engine(&Strategy::immediate(), vec![Facts::pending(); 3]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.moved(Place(0), Moved::Pushing, at(0));
    engine.moved(Place(0), Moved::Deferred { due: at(10) }, at(0));
    assert_eq!(engine.wake_at(), Some(at(10)));
    assert_eq!(claim(&mut engine, 1, at(9)), [1]);
    assert_eq!(claim(&mut engine, 2, at(10)), [0, 2]);
    engine.unclaim(Place(0));
    assert_eq!(claim(&mut engine, 2, at(10)), [0]);
}

#[test]
fn a_cancel_settles_all_that_is_in_no_hands_and_stops_the_rest() {
    let mut engine = engine(&Strategy::immediate(), vec![Facts::pending(); 3]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.command(&Command::Cancel, at(0)).unwrap();
    let effects = engine.effects();
    assert!(effects.contains(&Effect::StopInFlight { places: vec![Place(0)], then: DeviceState::Cancelled }));
    assert!(effects.contains(&Effect::Settle { places: vec![Place(1), Place(2)], to: DeviceState::Cancelled }));
    assert!(!engine.is_done());
    engine.moved(Place(0), Moved::Cancelled, at(1));
    assert_eq!(engine.rollout_state(), RolloutState::Cancelled);
}

#[test]
fn who_is_waited_for_is_claimed_when_heard_from() {
    let strategy = Strategy::immediate().offline(WhenOffline::Wait);
    let mut engine = engine(&strategy, vec![offline(), offline()]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0; 0]);
    assert_eq!(engine.hold(), Some(Hold::AwaitingDevices));
    engine.beat(Place(1), at(1));
    assert_eq!(engine.hold(), None);
    assert_eq!(claim(&mut engine, 9, at(1)), [1]);
}
