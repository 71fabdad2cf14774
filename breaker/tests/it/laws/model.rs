//! The machine and the shared breaker against the naive reference.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{
    Breaker, CircuitBreaker, Machine, Mode, Observer, Outcome, Rate, Rule, State, Ticket, Transition,
};
use steadfast_clock::Nanos;

use super::reference::{Call, Reference};

/// A sixteenth of the shortest window.
const UNIT: u64 = 100_000;

fn units(n: u64) -> Duration {
    Duration::from_nanos(n * UNIT)
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Admit,
    /// Settles one of the calls under way, which took so many units.
    Settle(prop::sample::Index, Outcome, u64),
    ByHand(Mode),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        6 => Just(Outcome::Failure),
        9 => Just(Outcome::Success),
        1 => Just(Outcome::Ignored),
        1 => Just(Outcome::Abandoned),
    ];
    let hand = prop_oneof![Just(Mode::ForcedOpen), Just(Mode::ForcedClosed), Just(Mode::Disabled), Just(Mode::Ruled)];
    prop_oneof![
        20 => prop_oneof![4 => 0..3 * UNIT, 1 => 0..12 * UNIT].prop_map(Step::Pass),
        60 => Just(Step::Admit),
        60 => (any::<prop::sample::Index>(), outcome, 0u64..7).prop_map(|(which, o, busy)| Step::Settle(which, o, busy)),
        1 => hand.prop_map(Step::ByHand),
    ]
}

/// Any rule, with the shares of its rates in tenths.
fn rule() -> impl Strategy<Value = (Rule, (u64, u64))> {
    let share = (1u32..=10).prop_map(|tenths| f64::from(tenths) / 10.0);
    let rate = (share.clone(), share, 0..3, 1u32..12, prop_oneof![Just(0), 1u64..4]).prop_map(
        |(failure, slow, judged, calls, windows)| {
            let rate = match judged {
                0 => Rate::failures(failure),
                1 => Rate::slow(slow, units(5)),
                _ => Rate::failures(failure).or_slow(slow, units(5)),
            };
            let over = if windows == 0 { rate.over_calls(calls) } else { rate.over_time(units(16 * windows)) };
            (over.min_calls(calls.div_ceil(2)), failure, slow)
        },
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to 10")]
    let tenths = |share: f64| (share * 10.0).round() as u64;
    let rule = (1u32..5, 1u64..20, 1u64..20, 1u32..4, 1u32..4, 1u64..20);
    (rule, any::<bool>(), prop_oneof![Just(0), 1u64..40], 0..4, rate).prop_map(
        move |((failures, window, open_for, probes, successes, timeout), grows, ramp, trip, (rate, failure, slow))| {
            let rule = Rule::new()
                .failures(failures)
                .window(units(window))
                .open_for(units(open_for))
                .probes(probes)
                .successes(successes)
                .probe_timeout(units(timeout))
                .ramp(units(ramp));
            let rule = if grows { rule.open_growth(2.0, units(50)) } else { rule };
            let rule = match trip {
                0 => rule,
                1 => rule.consecutive(failures),
                _ => rule.rate(rate),
            };
            (rule, (tenths(failure), tenths(slow)))
        },
    )
}

/// What the shared breaker told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Option<Transition>>>);

impl Observer for Heard {
    fn on(&self, transition: &Transition) {
        *self.0.lock().unwrap() = Some(*transition);
    }
}

proptest! {
    /// After every step of any history, under any rule, the machine and the shared breaker say what the naive
    /// reference says, which counts all outcomes anew each time.
    #[test]
    fn machine_and_shared_breaker_do_what_the_reference_does(
        (rule, tenths) in rule(),
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let mut machine = Machine::new(rule).unwrap();
        let heard = Heard::default();
        let shared = CircuitBreaker::with_observer(rule, heard.clone()).unwrap();
        let mut reference = Reference::new(rule, tenths);
        let mut calls: Vec<(Ticket, Ticket, Call)> = Vec::new();
        let mut now = 1000 * UNIT;
        for step in steps {
            let before = (reference.era, reference.entered());
            let at = Nanos::from_nanos(now);
            let change = match step {
                Step::Pass(by) => {
                    now += by;
                    None
                }
                Step::Admit => {
                    let (ours, change) = machine.admit(at);
                    match (ours, shared.admit(at), reference.admit(now)) {
                        (Ok(ours), Ok(shared), Ok(call)) => {
                            prop_assert_eq!(ours.probe().map(u64::from), call.probe);
                            prop_assert_eq!(&ours, &shared);
                            prop_assert_eq!(ours.generation(), call.era);
                            calls.push((ours, shared, call));
                        }
                        (Err(ours), Err(shared), Err(theirs)) => {
                            prop_assert_eq!(ours, theirs);
                            prop_assert_eq!(shared, theirs);
                        }
                        other => prop_assert!(false, "{:?}", other),
                    }
                    change
                }
                Step::Settle(which, outcome, busy) if !calls.is_empty() => {
                    let (ours, theirs, call) = calls.swap_remove(which.index(calls.len()));
                    reference.settle(call, outcome, units(busy), now);
                    shared.settle(theirs, outcome, units(busy), at);
                    machine.settle(ours, outcome, units(busy), at)
                }
                Step::Settle(..) => None,
                Step::ByHand(mode) => {
                    reference.by_hand(mode);
                    match mode {
                        Mode::ForcedOpen => shared.force_open(at),
                        Mode::ForcedClosed => shared.force_closed(at),
                        Mode::Disabled => shared.disable(at),
                        _ => shared.reset(at),
                    }
                    Some(match mode {
                        Mode::ForcedOpen => machine.force_open(at),
                        Mode::ForcedClosed => machine.force_closed(at),
                        Mode::Disabled => machine.disable(at),
                        _ => machine.reset(at),
                    })
                }
            };
            prop_assert_eq!(heard.0.lock().unwrap().take(), change, "the shared breaker tells the same");
            prop_assert_eq!(change.is_some(), reference.era != before.0, "{:?}", change);
            if let Some(change) = change {
                let expected = (before.1, reference.entered(), reference.era);
                prop_assert_eq!((change.from, change.to, change.generation), expected);
            }
            let at = Nanos::from_nanos(now);
            let status = machine.status(at);
            prop_assert_eq!(shared.status(at), status);
            prop_assert_eq!(status.state, reference.state(now));
            prop_assert_eq!(status.mode, reference.mode());
            prop_assert_eq!(status.in_a_row, reference.in_a_row);
            let counting = (status.calls, u64::from(status.failures), u64::from(status.slow));
            prop_assert_eq!(counting, reference.counting(now));
            prop_assert_eq!(usize::try_from(status.probes).unwrap(), reference.out(now));
            prop_assert_eq!(status.successes, reference.successes);
            prop_assert!(!machine.is_idle(at) || (status.state == State::Closed && status.mode == Mode::Ruled));
            prop_assert_eq!(shared.is_idle(at), machine.is_idle(at));
        }
    }
}
