//! A naive breaker that keeps everything it ever saw and counts it anew each time.

use std::time::Duration;

use steadfast_breaker::{Mode, Outcome, Over, Rate, Rejected, Rule, State, Trip};

/// Plain bookkeeping: every call, every probe, nothing thrown away before a change of state.
#[derive(Debug)]
pub(super) struct Reference {
    rule: Rule,
    /// The shares of the rule's rates, in tenths: whole numbers compare without doubt.
    tenths: (u64, u64),
    at: At,
    pub(super) era: u64,
    pub(super) in_a_row: u32,
    calls: Vec<Ended>,
    /// Number and time of the probes out.
    probes: Vec<(u64, u64)>,
    next: u64,
    pub(super) successes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Closed,
    ForcedClosed,
    Open {
        since: u64,
        lasting: u64,
    },
    ForcedOpen,
    Disabled,
    Probing,
    /// The shares that all who asked brought along, in 2⁻³² of a call.
    Ramp {
        since: u64,
        brought: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    at: u64,
    failed: bool,
    slow: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) era: u64,
    pub(super) probe: Option<u64>,
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

impl Reference {
    pub(super) fn new(rule: Rule, tenths: (u64, u64)) -> Self {
        let (calls, probes) = (Vec::new(), Vec::new());
        Self { rule, tenths, at: At::Closed, era: 0, in_a_row: 0, calls, probes, next: 0, successes: 0 }
    }

    fn enter(&mut self, at: At) {
        self.at = at;
        self.era += 1;
        self.calls.clear();
        self.probes.clear();
        self.successes = 0;
        if matches!(at, At::Closed | At::ForcedClosed | At::Disabled) {
            self.in_a_row = 0;
        }
    }

    fn open(&mut self, now: u64) {
        self.in_a_row += 1;
        let mut lasting = nanos(self.rule.open_for);
        if let Some(growth) = self.rule.growth {
            for _ in 1..self.in_a_row {
                lasting = (lasting * 2).min(nanos(growth.cap));
            }
        }
        self.enter(At::Open { since: now, lasting });
    }

    pub(super) fn by_hand(&mut self, mode: Mode) {
        self.enter(match mode {
            Mode::ForcedOpen => At::ForcedOpen,
            Mode::ForcedClosed => At::ForcedClosed,
            Mode::Disabled => At::Disabled,
            _ => At::Closed,
        });
    }

    pub(super) fn admit(&mut self, now: u64) -> Result<Call, Rejected> {
        let ramp = nanos(self.rule.ramp);
        match self.at {
            At::ForcedOpen => return Err(Rejected::new(State::Open, None)),
            At::Open { since, lasting } if now < since + lasting => {
                return Err(Rejected::new(State::Open, Some(Duration::from_nanos(since + lasting - now))));
            }
            At::Open { .. } => self.enter(At::Probing),
            At::Ramp { since, .. } if now >= since + ramp => self.enter(At::Closed),
            _ => {}
        }
        match &mut self.at {
            At::Probing => {
                if self.out(now) >= usize::try_from(self.rule.probes).unwrap() {
                    return Err(Rejected::new(State::HalfOpen, None));
                }
                self.next += 1;
                self.probes.push((self.next, now));
                Ok(Call { era: self.era, probe: Some(self.next) })
            }
            At::Ramp { since, brought } => {
                let tenth = (1 << 32) / 10;
                let share = tenth + ((1 << 32) - tenth) * (now - *since) / ramp;
                let before = *brought >> 32;
                *brought += share;
                if *brought >> 32 == before {
                    return Err(Rejected::new(State::HalfOpen, Some(Duration::from_nanos(*since + ramp - now))));
                }
                Ok(Call { era: self.era, probe: None })
            }
            _ => Ok(Call { era: self.era, probe: None }),
        }
    }

    pub(super) fn settle(&mut self, call: Call, outcome: Outcome, busy: Duration, now: u64) {
        if call.era != self.era {
            return;
        }
        self.probes.retain(|(number, _)| Some(*number) != call.probe);
        let failed = outcome == Outcome::Failure;
        if !failed && outcome != Outcome::Success {
            return;
        }
        let slow = match self.rule.trip {
            Trip::Rate(Rate { slow: Some(slow), .. }) => busy >= slow.after,
            _ => false,
        };
        match self.at {
            At::Probing if failed || slow => self.open(now),
            At::Probing => {
                self.successes += 1;
                if self.successes == self.rule.successes {
                    let ramp = At::Ramp { since: now, brought: (1 << 32) - (1 << 32) / 10 };
                    self.enter(if self.rule.ramp.is_zero() { At::Closed } else { ramp });
                }
            }
            At::Closed | At::ForcedClosed | At::Ramp { .. } => {
                self.calls.push(Ended { at: now, failed, slow });
                if (failed || slow) && self.at != At::ForcedClosed && self.trips(now) {
                    self.open(now);
                }
            }
            _ => {}
        }
    }

    fn trips(&self, now: u64) -> bool {
        let (calls, failed, slow) = self.counting(now);
        match self.rule.trip {
            Trip::Rate(rate) => {
                let judged = calls >= u64::from(rate.min_calls);
                let by_failures = rate.failure.is_some() && failed * 10 >= self.tenths.0 * calls;
                let by_slowness = rate.slow.is_some() && slow * 10 >= self.tenths.1 * calls;
                judged && (by_failures || by_slowness)
            }
            _ => failed >= u64::from(self.rule.failures),
        }
    }

    /// Calls of a rate, failures and slow calls that count now.
    pub(super) fn counting(&self, now: u64) -> (u64, u64, u64) {
        let len = self.calls.len();
        let (rated, counted) = match self.rule.trip {
            Trip::Failures => {
                let young = |call: &&Ended| call.failed && now - call.at < nanos(self.rule.window);
                let failures = self.calls.iter().filter(young).count();
                // So many open it, unless it is closed by hand; more are not kept.
                return (0, u64::try_from(failures).unwrap().min(self.rule.failures.into()), 0);
            }
            Trip::Consecutive => {
                let row = self.calls.iter().rev().take_while(|call| call.failed).count();
                (false, self.calls[len - row..].to_vec())
            }
            Trip::Rate(Rate { over: Over::Calls(newest), .. }) => {
                (true, self.calls[len.saturating_sub(usize::try_from(newest).unwrap())..].to_vec())
            }
            Trip::Rate(Rate { over: Over::Time(window), .. }) => {
                let bucket = nanos(window) / 16;
                let counts = |call: &&Ended| call.at / bucket + 16 > now / bucket;
                (true, self.calls.iter().filter(counts).copied().collect())
            }
            _ => unreachable!("all trips are above"),
        };
        let count = |of: fn(&&Ended) -> bool| u64::try_from(counted.iter().filter(of).count()).unwrap();
        (if rated { count(|_| true) } else { 0 }, count(|call| call.failed), count(|call| call.slow))
    }

    pub(super) fn out(&self, now: u64) -> usize {
        self.probes.iter().filter(|(_, at)| now - *at < nanos(self.rule.probe_timeout)).count()
    }

    /// The state before anything that the time alone brings about.
    pub(super) fn entered(&self) -> State {
        match self.at {
            At::Closed | At::ForcedClosed | At::Disabled => State::Closed,
            At::Open { .. } | At::ForcedOpen => State::Open,
            At::Probing | At::Ramp { .. } => State::HalfOpen,
        }
    }

    pub(super) fn state(&self, now: u64) -> State {
        match self.at {
            At::Open { since, lasting } if now >= since + lasting => State::HalfOpen,
            At::Ramp { since, .. } if now >= since + nanos(self.rule.ramp) => State::Closed,
            _ => self.entered(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        match self.at {
            At::ForcedOpen => Mode::ForcedOpen,
            At::ForcedClosed => Mode::ForcedClosed,
            At::Disabled => Mode::Disabled,
            _ => Mode::Ruled,
        }
    }
}
