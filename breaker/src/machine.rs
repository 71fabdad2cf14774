//! The pure breaker: states, window, probes and generations, with the time as an argument.

use core::time::Duration;

use steadfast_clock::Nanos;

use crate::probes::Probes;
use crate::window::Window;
use crate::{ConfigError, Outcome, Reason, Rejected, Rule, State, Status, Ticket, Transition};

/// A circuit breaker without clock, lock or I/O; what `CircuitBreaker` shares between threads.
///
/// `now` should come from one monotonic clock. Should it step back, nothing lasts longer for it: an open breaker
/// rejects for at most `open_for` more, a failure counts for at most `window` more.
///
/// ```
/// use std::time::Duration;
/// use steadfast_breaker::{Machine, Outcome, Reason, Rule, State};
/// use steadfast_clock::Nanos;
///
/// # fn main() -> Result<(), steadfast_breaker::ConfigError> {
/// let mut machine = Machine::new(Rule::new().failures(1))?;
/// let now = Nanos::ZERO;
/// if let (Ok(ticket), None) = machine.admit(now) {
///     let change = machine.settle(ticket, Outcome::Failure, Duration::ZERO, now);
///     assert_eq!(change.map(|change| change.reason), Some(Reason::FailuresInWindow));
/// }
/// assert_eq!(machine.state(now), State::Open);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Machine {
    rule: Rule,
    phase: Phase,
    /// How many changes of state there have been. A ticket of another generation is history.
    generation: u64,
    openings: u64,
    window: Window,
    probes: Probes,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { since: Nanos },
    HalfOpen { successes: u32 },
}

impl Machine {
    /// A closed breaker.
    ///
    /// # Errors
    ///
    /// When the rule cannot work, see [`Rule::check`].
    pub fn new(rule: Rule) -> Result<Self, ConfigError> {
        rule.check()?;
        Ok(Self {
            rule,
            phase: Phase::Closed,
            generation: 0,
            openings: 0,
            window: Window::new(rule.failures, rule.window),
            probes: Probes::new(rule.probes, rule.probe_timeout),
        })
    }

    /// Decides on one call, and tells whether that changed the state: an open breaker whose time is up becomes
    /// half-open with the first call that asks.
    ///
    /// # Errors
    ///
    /// [`Rejected`] while open, and while half-open with all probes out.
    pub fn admit(&mut self, now: Nanos) -> (Result<Ticket, Rejected>, Option<Transition>) {
        let mut change = None;
        if let Phase::Open { since } = &mut self.phase {
            *since = (*since).min(now);
            let left = self.rule.open_for.saturating_sub(now.since(*since));
            if !left.is_zero() {
                return (Err(Rejected::new(State::Open, Some(left))), None);
            }
            change = Some(self.change(Phase::HalfOpen { successes: 0 }, Reason::OpenElapsed, now));
        }
        let admitted = match self.phase {
            Phase::HalfOpen { .. } => match self.probes.take(now) {
                Some(number) => Ok(Ticket::new(self.generation, Some(number))),
                None => Err(Rejected::new(State::HalfOpen, None)),
            },
            Phase::Closed | Phase::Open { .. } => Ok(Ticket::new(self.generation, None)),
        };
        (admitted, change)
    }

    /// Takes the outcome of an admitted call, and tells whether that changed the state.
    ///
    /// The result of a call from before the last change of state changes nothing. A probe that outlived
    /// `probe_timeout` has lost its place, but its result counts as long as the same half-open period lasts. `busy` is
    /// the time that the call took; a rule on failures does not read it.
    #[expect(clippy::needless_pass_by_value, reason = "settling uses the ticket up")]
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome, busy: Duration, now: Nanos) -> Option<Transition> {
        let _ = busy;
        if ticket.generation() != self.generation {
            return None;
        }
        if let Some(number) = ticket.probe() {
            self.probes.free(number);
        }
        match (&mut self.phase, outcome) {
            (Phase::Closed, Outcome::Failure) => {
                let full = self.window.record(now);
                full.then(|| self.change(Phase::Open { since: now }, Reason::FailuresInWindow, now))
            }
            (Phase::HalfOpen { .. }, Outcome::Failure) => {
                Some(self.change(Phase::Open { since: now }, Reason::ProbeFailed, now))
            }
            (Phase::HalfOpen { successes }, Outcome::Success) => {
                *successes += 1;
                let enough = *successes >= self.rule.successes;
                enough.then(|| self.change(Phase::Closed, Reason::ProbesSucceeded, now))
            }
            _ => None,
        }
    }

    /// The state that a call at `now` would meet: an open breaker whose time is up is half-open.
    #[must_use]
    pub fn state(&self, now: Nanos) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { since } if now.since(since) < self.rule.open_for => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// The state that a call at `now` would meet, and the numbers behind it.
    #[must_use]
    pub fn status(&self, now: Nanos) -> Status {
        let mut status = Status {
            state: self.state(now),
            failures: 0,
            probes: 0,
            successes: 0,
            opened_at: None,
            retry_in: None,
            openings: self.openings,
        };
        match self.phase {
            Phase::Closed => status.failures = self.window.count(now),
            Phase::Open { since } if status.state == State::Open => {
                status.opened_at = Some(since);
                status.retry_in = Some(self.rule.open_for.saturating_sub(now.since(since)));
            }
            Phase::Open { .. } => {}
            Phase::HalfOpen { successes } => {
                status.probes = self.probes.count(now);
                status.successes = successes;
            }
        }
        status
    }

    /// Whether forgetting this breaker would lose nothing: it is closed and no failure counts.
    #[must_use]
    pub fn is_idle(&self, now: Nanos) -> bool {
        matches!(self.phase, Phase::Closed) && self.window.count(now) == 0
    }

    /// How many changes of state there have been.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The rule it was made of.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Enters `phase` with nothing carried over from the one before.
    fn change(&mut self, phase: Phase, reason: Reason, now: Nanos) -> Transition {
        let from = self.phase.state();
        self.phase = phase;
        self.generation += 1;
        self.window.clear();
        self.probes.clear();
        if matches!(phase, Phase::Open { .. }) {
            self.openings += 1;
        }
        Transition::new(from, phase.state(), now, reason, self.generation)
    }
}

impl Phase {
    const fn state(self) -> State {
        match self {
            Self::Closed => State::Closed,
            Self::Open { .. } => State::Open,
            Self::HalfOpen { .. } => State::HalfOpen,
        }
    }
}
