//! Which device is next.

use super::*;
use crate::record::{Hold, RolloutState};
use crate::strategy::WhenOffline;

#[test]
fn immediate_is_in_order_and_skips_who_is_offline() {
    let mut engine = engine(&Strategy::immediate(), vec![Facts::pending(), offline(), Facts::pending()]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    assert_eq!(claim(&mut engine, 9, at(0)), [2]);
    assert_eq!(told(&mut engine), ["[1] skipped"]);
    push(&mut engine, 0, Moved::Succeeded, at(1));
    assert_eq!(engine.rollout_state(), RolloutState::Running);
    assert!(!engine.is_done());
    push(&mut engine, 2, Moved::Succeeded, at(2));
    assert!(engine.is_done());
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
    assert_eq!((engine.phase(), told(&mut engine)), (None, vec![]), "there are no words about phases");
}

#[test]
fn one_failure_makes_it_failed() {
    let mut engine = over(&Strategy::immediate(), 2);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1]);
    push(&mut engine, 1, FAILED, at(1));
    push(&mut engine, 0, Moved::Succeeded, at(1));
    assert_eq!(engine.rollout_state(), RolloutState::Failed);
    assert_eq!(engine.counts().of(DeviceState::Failed), 1);
}

#[test]
fn nobody_is_done_at_once() {
    let engine = over(&Strategy::immediate(), 0);
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
}

#[test]
fn the_deferred_come_back_first_in_the_order_of_their_times() {
    let mut engine = over(&Strategy::immediate(), 5);
    assert_eq!(claim(&mut engine, 3, at(0)), [0, 1, 2]);
    push(&mut engine, 0, Moved::Deferred { due: at(20) }, at(0));
    push(&mut engine, 1, Moved::Deferred { due: at(10) }, at(0));
    push(&mut engine, 2, Moved::Deferred { due: at(10) }, at(0));
    assert_eq!(engine.counts().of(DeviceState::Deferred), 3);
    assert_eq!(engine.wake_at(), Some(at(10)));
    assert_eq!(claim(&mut engine, 1, at(9)), [3]);
    assert_eq!(claim(&mut engine, 9, at(20)), [1, 2, 0, 4]);
    assert_eq!(engine.wake_at(), None);
}

#[test]
fn who_is_given_back_is_the_first_of_its_like() {
    let mut engine = over(&Strategy::immediate(), 4);
    assert_eq!(claim(&mut engine, 2, at(0)), [0, 1]);
    engine.unclaim(Place(0));
    engine.unclaim(Place(0));
    engine.unclaim(Place(3));
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 2, 3]);
    push(&mut engine, 1, Moved::Pending, at(0));
    assert_eq!(engine.counts().of(DeviceState::Pending), 4);
    assert_eq!(claim(&mut engine, 9, at(0)), [1]);
    push(&mut engine, 1, Moved::Deferred { due: at(5) }, at(0));
    push(&mut engine, 2, Moved::Deferred { due: at(6) }, at(0));
    assert_eq!(claim(&mut engine, 9, at(6)), [1, 2]);
    engine.unclaim(Place(2));
    engine.unclaim(Place(1));
    assert_eq!(engine.counts().of(DeviceState::Deferred), 2);
    assert_eq!(claim(&mut engine, 9, at(0)), [1, 2], "a deferral that was over stays so, whatever the clock says");
}

#[test]
fn a_final_state_is_final_and_who_is_not_claimed_does_not_move() {
    let mut engine = over(&Strategy::immediate(), 2);
    engine.moved(Place(1), Moved::Succeeded, at(0));
    engine.moved(Place(9), Moved::Succeeded, at(0));
    engine.beat(Place(9), at(0));
    assert_eq!(engine.counts().of(DeviceState::Pending), 2);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    push(&mut engine, 0, Moved::Succeeded, at(0));
    push(&mut engine, 0, FAILED, at(0));
    assert_eq!((engine.counts().of(DeviceState::Succeeded), engine.counts().of(DeviceState::Failed)), (1, 0));
    assert_eq!(claim(&mut engine, 9, at(0)), [1]);
}

#[test]
fn on_connect_waits_for_a_sign_of_life_without_polling() {
    let mut engine = engine(&Strategy::on_connect(), vec![offline(), offline(), Facts::pending()]);
    assert_eq!(claim(&mut engine, 9, at(0)), [2]);
    push(&mut engine, 2, Moved::Succeeded, at(0));
    assert_eq!(claim(&mut engine, 9, at(0)), [0; 0]);
    assert_eq!((engine.hold(), engine.wake_at()), (Some(Hold::AwaitingDevices), None));
    engine.beat(Place(1), at(1));
    engine.beat(Place(1), at(1));
    assert_eq!(engine.hold(), None);
    assert_eq!(claim(&mut engine, 9, at(1)), [1]);
    assert_eq!(engine.hold(), Some(Hold::AwaitingDevices), "the other one is not there yet");
    push(&mut engine, 1, Moved::Succeeded, at(1));
    assert!(!engine.is_done());
    engine.beat(Place(0), at(2));
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(2)), [0]);
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
}

#[test]
fn who_is_heard_from_before_its_turn_is_not_skipped() {
    let mut engine = engine(&Strategy::immediate().offline(WhenOffline::Skip), vec![Facts::pending(), offline()]);
    assert_eq!(claim(&mut engine, 1, at(0)), [0]);
    engine.beat(Place(1), at(0));
    assert_eq!(claim(&mut engine, 1, at(0)), [1]);
}

#[test]
fn nothing_starts_before_its_time() {
    let mut engine = over(&Strategy::immediate().not_before_ms((START + 60) * 1000), 1);
    assert_eq!(claim(&mut engine, 9, at(59)), [0; 0]);
    assert_eq!(engine.rollout_state(), RolloutState::Scheduled);
    assert_eq!(engine.hold(), Some(Hold::Scheduled { until_ms: (START + 60) * 1000 }));
    assert_eq!(engine.wake_at(), Some(at(60)));
    engine.tick(at(60));
    assert_eq!((engine.rollout_state(), engine.hold()), (RolloutState::Running, None));
    assert_eq!(claim(&mut engine, 9, at(30)), [0], "the clock went back: it has started all the same");
}
