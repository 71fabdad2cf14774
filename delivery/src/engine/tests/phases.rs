//! A phase after the other.

use std::time::Duration;

use super::*;
use crate::error::ErrorKind;
use crate::record::{Command, Hold, RolloutState};
use crate::strategy::{Gate, OnFailure, Phase, WhenOffline};

fn soaked(percent: f64, seconds: u64) -> Phase {
    Phase::percent(percent).soak(Duration::from_secs(seconds))
}

fn gated(percent: f64, what: OnFailure) -> Phase {
    Phase::percent(percent).gate(Gate::success_at_least(95.0)).on_failure(what)
}

const APPROVE: Command = Command::Approve { phase: None, by: None };
const RETRY: Command = Command::Retry { classes: Vec::new() };

#[test]
fn shares_are_cumulative_and_each_phase_is_watched() {
    let mut engine = over(&Strategy::progressive([soaked(10.0, 60), soaked(50.0, 0), soaked(100.0, 5)]), 200);
    assert_eq!(told(&mut engine), ["phase 1 of 20"]);
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(1)), (0..20).collect::<Vec<_>>());
    assert_eq!(told(&mut engine), ["soak 1 to 61"]);
    assert_eq!(engine.hold(), Some(Hold::Soaking { phase: 1, until_ms: (START + 61) * 1000 }));
    assert_eq!((engine.wake_at(), engine.phase()), (Some(at(61)), Some(1)));
    engine.tick(at(60));
    assert_eq!(told(&mut engine), [""; 0]);
    engine.tick(at(61));
    assert_eq!(told(&mut engine), ["passed 1", "phase 2 of 80"]);
    assert_eq!(engine.phase(), Some(2));
    assert_eq!(claim(&mut engine, 500, at(61)).len(), 80);
    (20..100).for_each(|place| push(&mut engine, place, Moved::Succeeded, at(62)));
    assert_eq!(told(&mut engine), ["passed 2", "phase 3 of 100"]);
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(63)).len(), 100);
    assert_eq!(told(&mut engine), ["soak 3 to 68"]);
    assert!(!engine.is_done(), "the last phase is watched, too");
    engine.tick(at(68));
    assert_eq!(told(&mut engine), ["passed 3"]);
    assert_eq!(engine.rollout_state(), RolloutState::Completed);
    let counts: Vec<u64> =
        (1..=3).map(|phase| engine.phase_counts(phase).unwrap().of(DeviceState::Succeeded)).collect();
    assert_eq!(counts, [20, 80, 100]);
    assert_eq!((engine.phase_counts(0), engine.phase_counts(4)), (None, None));
}

#[test]
fn a_phase_without_devices_passes_at_once() {
    let gate = |percent| gated(percent, OnFailure::Pause).approval().soak(Duration::from_secs(9));
    let mut engine = over(&Strategy::progressive([Phase::percent(1.0), gate(5.0), gate(20.0), soaked(100.0, 0)]), 2);
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [0, 1]);
    let expected = [
        "phase 1 of 1",
        "passed 1",
        "phase 2 of 0",
        "passed 2",
        "phase 3 of 0",
        "passed 3",
        "phase 4 of 1",
        "passed 4",
    ];
    assert_eq!(told(&mut engine), expected);
}

#[test]
fn a_gate_stops_a_phase_as_soon_as_it_cannot_be_passed() {
    let mut engine = over(&Strategy::progressive([gated(50.0, OnFailure::Pause), Phase::percent(100.0)]), 24);
    assert_eq!(claim(&mut engine, 3, at(0)), [0, 1, 2]);
    push(&mut engine, 0, Moved::Succeeded, at(0));
    told(&mut engine);
    push(&mut engine, 1, FAILED, at(0));
    let reason = "1 of 2 devices succeeded (50.0 %), 11 of 12 at best (91.7 %), asked at least 95 %";
    assert_eq!(told(&mut engine), [format!("gate 1: {reason}"), format!("paused: phase 1: {reason}")]);
    assert_eq!((engine.rollout_state(), engine.hold()), (RolloutState::Paused, Some(Hold::Paused)));
    push(&mut engine, 2, Moved::Succeeded, at(1));
    assert_eq!(claim(&mut engine, 9, at(1)), [0; 0]);
    // Whoever resumes overrules it: the rest of the phase, and the next.
    engine.command(&Command::Resume, at(2)).unwrap();
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(2)), (3..24).collect::<Vec<_>>());
    assert_eq!(told(&mut engine), ["resumed", "skipped 1", "phase 2 of 12", "passed 2"]);
    assert_eq!(engine.rollout_state(), RolloutState::Failed);
}

#[test]
fn whoever_resumes_when_a_phase_was_watched_goes_on_to_the_next() {
    let phase = soaked(50.0, 10).gate(Gate::at_most_failed(0).min_sample(2));
    let mut engine = engine(
        &Strategy::progressive([phase, Phase::percent(100.0)]),
        vec![Facts::pending(), offline(), Facts::pending()],
    );
    told(&mut engine);
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [0]);
    let reason = "1 device tried at best, asked at least 2";
    assert_eq!(
        told(&mut engine),
        ["[1] skipped".into(), format!("gate 1: {reason}"), format!("paused: phase 1: {reason}")]
    );
    engine.command(&Command::Resume, at(1)).unwrap();
    assert_eq!(told(&mut engine), ["resumed", "soak 1 to 11"], "it was not watched yet");
    engine.tick(at(11));
    assert_eq!(told(&mut engine), ["skipped 1", "phase 2 of 1"]);
}

#[test]
fn a_retry_reads_the_gate_anew() {
    let mut engine = over(&Strategy::progressive([gated(50.0, OnFailure::Pause), Phase::percent(100.0)]), 4);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1]);
    push(&mut engine, 0, Moved::Succeeded, at(0));
    push(&mut engine, 1, FAILED, at(0));
    told(&mut engine);
    engine.command(&RETRY, at(1)).unwrap();
    assert_eq!(told(&mut engine), ["retried 1", "reopened [1]", "resumed"]);
    assert_eq!(claim(&mut engine, 9, at(1)), [1]);
    push(&mut engine, 1, FAILED, at(1));
    assert_eq!(engine.rollout_state(), RolloutState::Paused, "and it is not passed again");
    engine.command(&RETRY, at(2)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(2)), [1]);
    told(&mut engine);
    push(&mut engine, 1, Moved::Succeeded, at(2));
    assert_eq!(told(&mut engine), ["passed 1", "phase 2 of 2"]);
}

#[test]
fn a_gate_may_cancel_what_is_left() {
    let mut engine = over(&Strategy::progressive([gated(50.0, OnFailure::Cancel), Phase::percent(100.0)]), 4);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1]);
    told(&mut engine);
    push(&mut engine, 0, FAILED, at(0));
    let reason = "0 of 1 device succeeded (0.0 %), 1 of 2 at best (50.0 %), asked at least 95 %";
    let expected = [
        format!("gate 1: {reason}"),
        format!("cancelling: phase 1: {reason}"),
        String::from("stop [1] cancelled"),
        String::from("[2, 3] cancelled"),
    ];
    assert_eq!(told(&mut engine), expected);
    assert_eq!((engine.rollout_state(), engine.hold(), engine.wake_at()), (RolloutState::Running, None, None));
    push(&mut engine, 1, Moved::Succeeded, at(0));
    assert_eq!(engine.rollout_state(), RolloutState::Cancelled);
}

#[test]
fn a_rollback_is_of_those_that_were_pushed_to() {
    let failing = gated(50.0, OnFailure::RollBack);
    let mut engine = engine(&Strategy::progressive([failing, Phase::percent(100.0)]), vec![Facts::pending(); 10]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1, 2, 3, 4]);
    push(&mut engine, 0, Moved::Succeeded, at(0));
    push(&mut engine, 1, Moved::Deferred { due: at(9) }, at(0));
    engine.moved(Place(2), Moved::Pushing, at(0));
    engine.moved(Place(4), Moved::Verifying, at(0));
    push(&mut engine, 3, FAILED, at(0));
    assert!(told(&mut engine).contains(&"stop [2, 4] cancelled".into()));
    engine.moved(Place(2), Moved::Cancelled, at(1));
    assert_eq!(told(&mut engine), [""; 0], "not before all are done");
    engine.moved(Place(4), Moved::Cancelled, at(1));
    assert_eq!(told(&mut engine), ["roll back [0, 1, 2, 3]"], "4 was only asked");
    assert_eq!(engine.rollout_state(), RolloutState::Cancelled);
    assert_eq!(engine.command(&RETRY, at(1)).unwrap_err().to_string(), "the rollout was cancelled");
}

#[test]
fn the_gate_of_the_last_phase_decides_what_it_came_to() {
    for (what, words) in
        [(OnFailure::Pause, vec![]), (OnFailure::Cancel, vec![]), (OnFailure::RollBack, vec!["roll back [0]"])]
    {
        let gate = Gate::success_at_least(95.0).of(crate::strategy::Denominator::All);
        let phase = Phase::percent(100.0).gate(gate).on_failure(what);
        let mut engine = engine(&Strategy::progressive([phase]), vec![Facts::pending(), offline()]);
        assert_eq!(claim(&mut engine, 1, at(0)), [0]);
        push(&mut engine, 0, Moved::Succeeded, at(0));
        assert_eq!(claim(&mut engine, 1, at(0)), [0; 0]);
        assert_eq!(engine.rollout_state(), RolloutState::Failed, "no device failed, and it did");
        let gate = "gate 1: 1 of 2 devices succeeded (50.0 %), asked at least 95 %";
        assert_eq!(told(&mut engine), [&["phase 1 of 2", "[1] skipped", gate][..], &words[..]].concat());
    }
}

#[test]
fn somebody_must_approve() {
    let mut engine =
        over(&Strategy::progressive([Phase::percent(50.0).approval(), Phase::percent(100.0).approval()]), 2);
    assert_eq!(told(&mut engine), ["phase 1?"]);
    assert_eq!((engine.hold(), engine.phase()), (Some(Hold::AwaitingApproval { phase: 1 }), None));
    assert_eq!(engine.rollout_state(), RolloutState::Running);
    let wrong = Command::Approve { phase: Some(2), by: None };
    assert_eq!(engine.command(&wrong, at(0)).unwrap_err().to_string(), "phase 1 waits for approval, not phase 2");
    engine.command(&Command::Approve { phase: Some(1), by: Some("Ada".into()) }, at(0)).unwrap();
    assert_eq!(told(&mut engine), ["phase 1 by Some(\"Ada\")", "phase 1 of 1"]);
    assert_eq!(engine.command(&APPROVE, at(0)).unwrap_err().to_string(), "no phase waits for approval");
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [0]);
    assert_eq!(told(&mut engine), ["passed 1", "phase 2?"]);
    engine.command(&Command::Pause, at(0)).unwrap();
    engine.command(&APPROVE, at(0)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(0)), [0; 0], "approved, and paused");
    engine.command(&Command::Resume, at(0)).unwrap();
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [1]);
    assert!(engine.is_done());
}

#[test]
fn the_devices_of_a_skipped_phase_are_still_worked_on() {
    let mut engine = over(&Strategy::progressive([gated(50.0, OnFailure::Cancel), soaked(100.0, 60)]), 8);
    assert_eq!(claim(&mut engine, 2, at(0)), [0, 1]);
    told(&mut engine);
    engine.command(&Command::SkipPhase, at(0)).unwrap();
    assert_eq!(told(&mut engine), ["skipped 1", "phase 2 of 4"]);
    assert_eq!(claim(&mut engine, 3, at(0)), [2, 3, 4]);
    (0..4).for_each(|place| push(&mut engine, place, FAILED, at(0)));
    assert_eq!(engine.rollout_state(), RolloutState::Running, "its gate is not read any more");
    push(&mut engine, 4, Moved::Succeeded, at(0));
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [5, 6, 7]);
    assert_eq!(told(&mut engine), ["soak 2 to 60"]);
    engine.command(&Command::SkipPhase, at(1)).unwrap();
    assert_eq!(told(&mut engine), ["skipped 2"]);
    assert_eq!(engine.rollout_state(), RolloutState::Failed);
}

#[test]
fn who_is_waited_for_does_not_keep_the_next_phase_once_the_gate_has_its_sample() {
    let first = Phase::percent(50.0).gate(Gate::at_most_failed(0).min_sample(2));
    let strategy = Strategy::progressive([first, Phase::percent(100.0)]).offline(WhenOffline::Wait);
    let facts = vec![offline(), Facts::pending(), offline(), Facts::pending(), Facts::pending(), Facts::pending()];
    let mut engine = engine(&strategy, facts);
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [1]);
    assert_eq!(engine.hold(), Some(Hold::AwaitingDevices), "one is too few");
    engine.beat(Place(2), at(1));
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(1)), [2, 3, 4, 5]);
    assert_eq!(told(&mut engine), ["phase 1 of 3", "passed 1", "phase 2 of 3"]);
    assert_eq!(engine.hold(), Some(Hold::AwaitingDevices), "the end waits for all");
    engine.beat(Place(0), at(2));
    assert_eq!(push_all(&mut engine, FAILED, at(2)), [0]);
    assert_eq!(engine.rollout_state(), RolloutState::Failed, "its phase was passed without it");
}

#[test]
fn who_is_waited_for_keeps_no_phase_without_gates() {
    let strategy = Strategy::progressive([Phase::percent(50.0), Phase::percent(100.0)]).offline(WhenOffline::Wait);
    let mut engine = engine(&strategy, vec![offline(), Facts::pending()]);
    assert_eq!(claim(&mut engine, 9, at(0)), [1]);
    assert_eq!(told(&mut engine), ["phase 1 of 1", "passed 1", "phase 2 of 1"]);
}

#[test]
fn a_clock_that_goes_back_does_not_shorten_what_is_watched() {
    let mut engine = over(&Strategy::progressive([soaked(50.0, 60), Phase::percent(100.0)]), 2);
    push_all(&mut engine, Moved::Succeeded, at(100));
    told(&mut engine);
    engine.tick(at(10));
    assert_eq!(engine.wake_at(), Some(at(70)), "all of it, from now on");
    engine.tick(at(69));
    assert_eq!(told(&mut engine), [""; 0]);
    engine.tick(at(70));
    assert_eq!(told(&mut engine), ["passed 1", "phase 2 of 1"]);
}

#[test]
fn a_late_joiner_is_of_the_last_phase() {
    let mut engine = over(&Strategy::progressive([Phase::percent(50.0), soaked(100.0, 60)]), 2);
    assert_eq!(engine.join(&Facts::pending(), at(0)).unwrap(), Place(2));
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(0)), [0, 1, 2]);
    assert_eq!(told(&mut engine), ["phase 1 of 1", "passed 1", "phase 2 of 2", "soak 2 to 60"]);
    assert_eq!(engine.join(&Facts::pending(), at(30)).unwrap(), Place(3));
    engine.tick(at(60));
    assert_eq!(told(&mut engine), [""; 0], "the phase is not over");
    assert_eq!(push_all(&mut engine, Moved::Succeeded, at(61)), [3]);
    assert_eq!(told(&mut engine), ["soak 2 to 121"]);
    engine.tick(at(121));
    assert!(engine.is_done());
    assert_eq!(engine.join(&Facts::pending(), at(122)).unwrap_err().kind(), ErrorKind::State);
}

#[test]
fn phases_that_make_no_sense_are_refused() {
    let check = |percents: &[f64], expected: &str| {
        let strategy = Strategy::progressive(percents.iter().copied().map(Phase::percent));
        let refused = Engine::new(&strategy, [Facts::pending()], None, None, at(0)).unwrap_err();
        assert_eq!((refused.kind(), refused.to_string().as_str()), (ErrorKind::Plan, expected));
    };
    check(&[50.0], "the last phase reaches 50 %: it must reach 100 %");
    check(&[50.0, 50.0], "phase 2 reaches 50 %: give more than the 50 % of before, at most 100");
    check(&[50.0, 101.0], "phase 2 reaches 101 %: give more than the 50 % of before, at most 100");
    check(&[0.0], "phase 1 reaches 0 %: give more than the 0 % of before, at most 100");
    check(&[f64::NAN], "phase 1 reaches NaN %: give more than the 0 % of before, at most 100");
}
