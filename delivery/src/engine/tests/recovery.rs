//! A machine goes on where another one stopped.

use std::time::Duration;

use super::*;
use crate::engine::EngineState;
use crate::record::RolloutState;
use crate::strategy::{Gate, OnFailure, Phase};

fn known(states: &[DeviceState]) -> Vec<Facts> {
    states.iter().map(|state| Facts::new(*state, None, (START + 10) * 1000)).collect()
}

fn later(strategy: &Strategy, states: &[DeviceState], saved: &EngineState, now: UnixNanos) -> Engine {
    let json = serde_json::to_string(saved).unwrap();
    let read: EngineState = serde_json::from_str(&json).unwrap();
    assert_eq!(read, *saved);
    Engine::new(strategy, known(states), None, Some(read), now).unwrap()
}

use DeviceState::{Cancelled, Deferred, Failed, Pending, Pushing, Skipped, Succeeded, Verifying};

#[test]
fn those_in_flight_are_first_and_are_told_apart() {
    let strategy = Strategy::immediate();
    let saved = over(&strategy, 7).state();
    let states = [Succeeded, Pending, Deferred, Pushing, Failed, Verifying, Skipped];
    let mut engine = later(&strategy, &states, &saved, at(20));
    assert_eq!(engine.counts().in_flight(), 2);
    assert_eq!(claim(&mut engine, 1, at(20)), [3]);
    engine.unclaim(Place(3));
    assert_eq!(claim(&mut engine, 9, at(20)), [3, 5, 2, 1]);
    assert!(engine.was_in_flight(Place(3)) && engine.was_in_flight(Place(5)));
    assert!(!engine.was_in_flight(Place(2)) && !engine.was_in_flight(Place(9)));
    engine.moved(Place(3), Moved::Verifying, at(20));
    assert!(!engine.was_in_flight(Place(3)), "that is now this one's doing");
}

#[test]
fn a_pause_and_a_soak_outlive_the_process() {
    let strategy = Strategy::progressive([Phase::percent(50.0).soak(Duration::from_secs(60)), Phase::percent(100.0)]);
    let mut first = over(&strategy, 2);
    push_all(&mut first, Moved::Succeeded, at(0));
    let mut engine = later(&strategy, &[Succeeded, Pending], &first.state(), at(30));
    assert_eq!((told(&mut engine), engine.wake_at()), (vec![], Some(at(60))), "nothing is told twice");
    engine.command(&crate::record::Command::Pause, at(30)).unwrap();
    let mut engine = later(&strategy, &[Succeeded, Pending], &engine.state(), at(90));
    assert_eq!(engine.rollout_state(), RolloutState::Paused);
    assert_eq!(claim(&mut engine, 9, at(90)), [0; 0]);
    engine.command(&crate::record::Command::Resume, at(90)).unwrap();
    assert_eq!(told(&mut engine), ["resumed", "passed 1", "phase 2 of 1"]);
}

#[test]
fn what_was_not_kept_is_found_out_again() {
    let gate = Gate::at_most_failed(0);
    let strategy = Strategy::progressive([Phase::percent(50.0).gate(gate), Phase::percent(100.0)]);
    let saved = over(&strategy, 4).state();
    let mut engine = later(&strategy, &[Failed, Succeeded, Pending, Pending], &saved, at(1));
    let reason = "1 device failed, asked at most 0";
    assert_eq!(told(&mut engine), [format!("gate 1: {reason}"), format!("paused: phase 1: {reason}")]);
}

#[test]
fn a_device_of_a_phase_whose_beginning_was_not_kept_waits_for_it() {
    let strategy = Strategy::progressive([Phase::percent(50.0), Phase::percent(100.0)]);
    let saved = over(&strategy, 4).state();
    let mut engine = later(&strategy, &[Succeeded, Pending, Pushing, Deferred], &saved, at(20));
    assert_eq!(claim(&mut engine, 9, at(20)), [1]);
    push(&mut engine, 1, Moved::Succeeded, at(20));
    assert_eq!(claim(&mut engine, 9, at(20)), [2, 3]);
    assert!(engine.was_in_flight(Place(2)));
}

#[test]
fn a_cancel_is_carried_to_its_end() {
    let strategy = Strategy::immediate();
    let mut first = over(&strategy, 3);
    claim(&mut first, 1, at(0));
    first.command(&crate::record::Command::Cancel, at(0)).unwrap();
    let mut engine = later(&strategy, &[Pushing, Cancelled, Pending], &first.state(), at(1));
    assert_eq!(told(&mut engine), ["[0, 2] cancelled"]);
    assert_eq!(engine.rollout_state(), RolloutState::Cancelled);
}

#[test]
fn a_rollback_is_told_again() {
    let gate = Gate::at_most_failed(0);
    let strategy = Strategy::progressive([Phase::percent(100.0).gate(gate).on_failure(OnFailure::RollBack)]);
    let mut first = over(&strategy, 3);
    assert_eq!(claim(&mut first, 2, at(0)), [0, 1]);
    push(&mut first, 0, Moved::Succeeded, at(0));
    push(&mut first, 1, FAILED, at(0));
    assert_eq!(told(&mut first).last().unwrap(), "roll back [0, 1]");
    let mut engine = later(&strategy, &[Succeeded, Failed, Cancelled], &first.state(), at(1));
    assert_eq!(told(&mut engine), ["roll back [0, 1]"]);
    assert!(engine.is_done());
}

#[test]
fn an_end_that_does_not_fit_the_devices_is_taken_back() {
    let strategy = Strategy::immediate();
    let mut first = over(&strategy, 2);
    push_all(&mut first, FAILED, at(0));
    let mut engine = later(&strategy, &[Failed, Pending], &first.state(), at(1));
    assert!(!engine.is_done());
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(1)), [1]);
    assert_eq!(engine.rollout_state(), RolloutState::Failed);
}

#[test]
fn shares_are_of_those_that_were_there_at_the_start() {
    let strategy = Strategy::progressive([Phase::percent(50.0), Phase::percent(100.0)]);
    let saved = over(&strategy, 2).state();
    let engine = later(&strategy, &[Pending; 6], &saved, at(0));
    let sizes: Vec<u64> = (1..=2).map(|phase| engine.phase_counts(phase).unwrap().total()).collect();
    assert_eq!(sizes, [1, 5]);
}

#[test]
fn whatever_is_saved_and_known_a_machine_is_made_of_it() {
    let strategy = Strategy::progressive([Phase::percent(50.0), Phase::percent(100.0)]);
    for json in ["{}", r#"{"planned": 4000000000, "phase": 77, "started": 18446744073709551615}"#] {
        let saved: EngineState = serde_json::from_str(json).unwrap();
        let mut engine = Engine::new(&strategy, known(&[Pending; 3]), None, Some(saved), at(0)).unwrap();
        push_all(&mut engine, Moved::Succeeded, at(0));
        assert!(engine.is_done(), "{json}");
    }
}
