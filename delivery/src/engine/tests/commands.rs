//! What an operator may ask for, and when.

use super::*;
use crate::error::ErrorKind;
use crate::record::{Command, RolloutState};
use crate::strategy::Phase;

const APPROVE: Command = Command::Approve { phase: None, by: None };

fn retry(classes: &[FailureClass]) -> Command {
    Command::Retry { classes: classes.to_vec() }
}

fn refused(engine: &mut Engine, command: &Command, expected: &str) {
    let before = (engine.state(), engine.counts().clone());
    let error = engine.command(command, at(1)).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::State, expected));
    assert_eq!((engine.state(), engine.counts().clone(), told(engine)), (before.0, before.1, vec![]));
}

#[test]
fn a_pause_lets_what_is_in_flight_end() {
    let mut engine = over(&Strategy::immediate(), 3);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.command(&Command::Pause, at(0)).unwrap();
    engine.command(&Command::Pause, at(0)).unwrap();
    assert_eq!(told(&mut engine), ["paused: an operator paused it"], "twice is once");
    assert_eq!(claim(&mut engine, 9, at(0)), [0; 0]);
    push(&mut engine, 0, Moved::Deferred { due: at(5) }, at(0));
    assert_eq!((engine.wake_at(), engine.rollout_state()), (None, RolloutState::Paused));
    engine.command(&Command::Resume, at(9)).unwrap();
    assert_eq!(told(&mut engine), ["resumed"]);
    assert_eq!(claim(&mut engine, 9, at(9)), [0, 1, 2]);
}

#[test]
fn a_pause_with_nothing_left_to_start_is_the_end() {
    let mut engine = over(&Strategy::immediate(), 1);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.command(&Command::Pause, at(0)).unwrap();
    push(&mut engine, 0, Moved::Succeeded, at(0));
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
}

#[test]
fn what_does_not_fit_is_refused_without_effect() {
    let mut engine = over(&Strategy::immediate(), 1);
    refused(&mut engine, &Command::Resume, "the rollout is not paused");
    refused(&mut engine, &Command::SkipPhase, "the rollout has no phases");
    refused(&mut engine, &APPROVE, "no phase waits for approval");
    refused(&mut engine, &retry(&[]), "no device that failed can be tried again");
    push_all(&mut engine, Moved::Succeeded, at(0));
    for command in [Command::Pause, Command::Resume, Command::Cancel, Command::SkipPhase, APPROVE] {
        refused(&mut engine, &command, "the rollout has ended");
    }
    refused(&mut engine, &retry(&[]), "no device that failed can be tried again");

    let mut engine = over(&Strategy::progressive([Phase::percent(100.0).approval()]), 1);
    told(&mut engine);
    refused(&mut engine, &Command::SkipPhase, "phase 1 has not begun");

    let mut engine = over(&Strategy::immediate(), 1);
    engine.command(&Command::Cancel, at(0)).unwrap();
    told(&mut engine);
    for command in [Command::Cancel, Command::Pause, retry(&[])] {
        refused(&mut engine, &command, "the rollout was cancelled");
    }
}

#[test]
fn a_cancel_settles_all_that_is_in_no_hands_and_stops_the_rest() {
    let mut engine = engine(
        &Strategy::on_connect(),
        vec![Facts::pending(), Facts::pending(), Facts::pending(), offline(), Facts::pending()],
    );
    assert_eq!(claim(&mut engine, 3, at(0)), [0, 1, 2]);
    push(&mut engine, 1, Moved::Deferred { due: at(5) }, at(0));
    engine.command(&Command::Cancel, at(0)).unwrap();
    let expected = ["cancelling: an operator cancelled it", "stop [0, 2] cancelled", "[1, 3, 4] cancelled"];
    assert_eq!(told(&mut engine), expected);
    engine.unclaim(Place(0));
    assert_eq!(told(&mut engine), ["[0] cancelled"]);
    engine.beat(Place(3), at(1));
    assert_eq!(claim(&mut engine, 9, at(9)), [0; 0]);
    push(&mut engine, 2, Moved::Deferred { due: at(9) }, at(1));
    assert_eq!(told(&mut engine), ["[2] cancelled"], "later is never");
    assert_eq!(engine.rollout_state(), RolloutState::Cancelled);
}

#[test]
fn a_retry_is_of_some_failures_and_starts_what_has_ended() {
    let mut engine = over(&Strategy::progressive([Phase::percent(50.0), Phase::percent(100.0)]), 4);
    assert_eq!(push_all(&mut engine, FAILED, at(0)).len(), 4);
    told(&mut engine);
    assert_eq!(engine.rollout_state(), RolloutState::Failed);
    refused(&mut engine, &retry(&[FailureClass::Cut]), "no device that failed can be tried again");
    engine.command(&retry(&[FailureClass::Cut, FailureClass::Rejected]), at(1)).unwrap();
    assert_eq!(told(&mut engine), ["retried 4", "reopened [0, 1, 2, 3]"]);
    assert_eq!((engine.rollout_state(), engine.phase()), (RolloutState::Running, Some(2)));
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(1)), [0, 1, 2, 3]);
    assert_eq!(told(&mut engine), ["passed 2"], "the earlier phase was passed, and stays so");
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
}

#[test]
fn who_is_tried_again_is_not_skipped_as_offline() {
    let failed = Facts::new(DeviceState::Failed, Some(FailureClass::Unreachable), 0);
    let mut engine = engine(&Strategy::immediate(), vec![Facts { offline: true, ..failed }]);
    engine.command(&retry(&[]), at(0)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(0)), [0]);
}

#[test]
fn a_retry_does_not_end_a_pause_by_an_operator() {
    let mut engine = over(&Strategy::immediate(), 2);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    push(&mut engine, 0, FAILED, at(0));
    engine.command(&Command::Pause, at(0)).unwrap();
    engine.command(&retry(&[]), at(0)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(0)), [0; 0]);
    engine.command(&Command::Resume, at(0)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1]);
}
