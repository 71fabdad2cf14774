//! The machine against a naive reference that keeps everything it ever saw.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_breaker::{Machine, Outcome, Rejected, Rule, State, Ticket};
use steadfast_clock::Nanos;

/// Plain bookkeeping: every failure, every probe, nothing thrown away before a change of state.
struct Model {
    rule: Rule,
    state: State,
    era: u64,
    opened: u64,
    failures: Vec<u64>,
    /// Number and time of the probes out.
    probes: Vec<(u64, u64)>,
    successes: u32,
    next: u64,
}

#[derive(Clone, Copy)]
struct Call {
    era: u64,
    probe: Option<u64>,
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

impl Model {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
        self.failures.clear();
        self.probes.clear();
        self.successes = 0;
    }

    fn admit(&mut self, now: u64) -> Result<Call, Rejected> {
        if self.state == State::Open {
            let end = self.opened + nanos(self.rule.open_for);
            if now < end {
                return Err(Rejected::new(State::Open, Some(Duration::from_nanos(end - now))));
            }
            self.enter(State::HalfOpen);
        }
        if self.state == State::Closed {
            return Ok(Call { era: self.era, probe: None });
        }
        if self.out(now) >= usize::try_from(self.rule.probes).unwrap() {
            return Err(Rejected::new(State::HalfOpen, None));
        }
        self.next += 1;
        self.probes.push((self.next, now));
        Ok(Call { era: self.era, probe: Some(self.next) })
    }

    fn settle(&mut self, call: Call, outcome: Outcome, now: u64) {
        if call.era != self.era {
            return;
        }
        self.probes.retain(|(number, _)| Some(*number) != call.probe);
        match (self.state, outcome) {
            (State::Closed, Outcome::Failure) => {
                self.failures.push(now);
                if self.counting(now) >= usize::try_from(self.rule.failures).unwrap() {
                    self.enter(State::Open);
                    self.opened = now;
                }
            }
            (State::HalfOpen, Outcome::Failure) => {
                self.enter(State::Open);
                self.opened = now;
            }
            (State::HalfOpen, Outcome::Success) => {
                self.successes += 1;
                if self.successes == self.rule.successes {
                    self.enter(State::Closed);
                }
            }
            _ => {}
        }
    }

    fn counting(&self, now: u64) -> usize {
        self.failures.iter().filter(|at| now - **at < nanos(self.rule.window)).count()
    }

    fn out(&self, now: u64) -> usize {
        self.probes.iter().filter(|(_, at)| now - *at < nanos(self.rule.probe_timeout)).count()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Admit,
    /// Settles one of the calls under way.
    Settle(prop::sample::Index, Outcome),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Failure),
        3 => Just(Outcome::Success),
        1 => Just(Outcome::Ignored),
        1 => Just(Outcome::Abandoned),
    ];
    prop_oneof![
        1 => (0u64..8).prop_map(Step::Pass),
        3 => Just(Step::Admit),
        3 => (any::<prop::sample::Index>(), outcome).prop_map(|(which, outcome)| Step::Settle(which, outcome)),
    ]
}

proptest! {
    /// After every step of any history the machine says what the naive reference says.
    #[test]
    fn the_machine_does_what_the_reference_does(
        failures in 1u32..5,
        window in 1u64..20,
        open_for in 1u64..20,
        probes in 1u32..4,
        successes in 1u32..4,
        probe_timeout in 1u64..20,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let rule = Rule::new()
            .failures(failures)
            .window(Duration::from_nanos(window))
            .open_for(Duration::from_nanos(open_for))
            .probes(probes)
            .successes(successes)
            .probe_timeout(Duration::from_nanos(probe_timeout));
        let mut machine = Machine::new(rule).unwrap();
        let mut model = Model {
            rule, state: State::Closed, era: 0, opened: 0, failures: Vec::new(), probes: Vec::new(), successes: 0, next: 0,
        };
        let mut calls: Vec<(Ticket, Call)> = Vec::new();
        let mut now = 1000;
        for step in steps {
            let before = (model.era, model.state);
            let change = match step {
                Step::Pass(by) => {
                    now += by;
                    None
                }
                Step::Admit => {
                    let (ours, change) = machine.admit(Nanos::from_nanos(now));
                    match (ours, model.admit(now)) {
                        (Ok(ticket), Ok(call)) => {
                            prop_assert_eq!(ticket.is_probe(), call.probe.is_some());
                            calls.push((ticket, call));
                        }
                        (Err(ours), Err(theirs)) => prop_assert_eq!(ours, theirs),
                        (ours, theirs) => prop_assert!(false, "{:?} but {:?}", ours, theirs.map(|_| "admitted")),
                    }
                    change
                }
                Step::Settle(which, outcome) if !calls.is_empty() => {
                    let (ticket, call) = calls.swap_remove(which.index(calls.len()));
                    model.settle(call, outcome, now);
                    machine.settle(ticket, outcome, Duration::ZERO, Nanos::from_nanos(now))
                }
                Step::Settle(..) => None,
            };
            prop_assert_eq!(change.is_some(), model.era != before.0);
            if let Some(change) = change {
                prop_assert_eq!((change.from, change.to, change.generation), (before.1, model.state, model.era));
            }
            let status = machine.status(Nanos::from_nanos(now));
            let due = model.state == State::Open && now >= model.opened + open_for;
            prop_assert_eq!(status.state, if due { State::HalfOpen } else { model.state });
            prop_assert_eq!(usize::try_from(status.failures).unwrap(), model.counting(now));
            prop_assert_eq!(usize::try_from(status.probes).unwrap(), model.out(now));
            prop_assert_eq!(status.successes, model.successes);
        }
    }
}
