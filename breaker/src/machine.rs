//! The pure breaker: states, window, probes and generations, with the time as an argument.

mod hand;
mod phase;
mod status;

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use steadfast_clock::Nanos;

use self::phase::Phase;
use crate::probes::Probes;
use crate::ramp::Ramp;
use crate::window::{Call, Window};
use crate::{ConfigError, OpenTime, Outcome, Reason, Rejected, Rule, State, Ticket, Transition};

/// A circuit breaker without clock, lock or I/O; what `CircuitBreaker` shares between threads.
///
/// `now` should come from one monotonic clock. Should it step back, nothing lasts longer for it: an open breaker
/// rejects for at most its open time more, a failure counts for at most `window` more. In a rate over time a call
/// counts by what the clock says; a step back by more than two windows forgets the calls that are ahead.
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
#[derive(Clone)]
pub struct Machine {
    rule: Rule,
    open_time: Option<Arc<dyn OpenTime>>,
    phase: Phase,
    /// How many changes of state there have been. A ticket of another generation is history.
    generation: u64,
    openings: u64,
    /// Openings by the rule since it was last closed.
    in_a_row: u32,
    window: Window,
    probes: Probes,
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
            open_time: None,
            phase: Phase::Closed { held: false },
            generation: 0,
            openings: 0,
            in_a_row: 0,
            window: Window::new(&rule),
            probes: Probes::new(rule.probes, rule.probe_timeout),
        })
    }

    /// Stays open as long as `schedule` says, instead of the rule's `open_for` and its growth.
    #[must_use]
    pub fn open_time(mut self, schedule: impl OpenTime + 'static) -> Self {
        self.open_time = Some(Arc::new(schedule));
        self
    }

    /// Decides on one call, and tells whether that changed the state: an open breaker whose time is up becomes
    /// half-open with the first call that asks, one whose ramp is over closed.
    ///
    /// # Errors
    ///
    /// [`Rejected`] while open, while half-open with all probes out, and for a share of the calls in the ramp.
    pub fn admit(&mut self, now: Nanos) -> (Result<Ticket, Rejected>, Option<Transition>) {
        let change = match self.advance(now) {
            Ok(change) => change,
            Err(rejected) => return (Err(rejected), None),
        };
        let admitted = match &mut self.phase {
            Phase::Probing { .. } => match self.probes.take(now) {
                Some(number) => Ok(Ticket::new(self.generation, Some(number))),
                None => Err(Rejected::new(State::HalfOpen, None)),
            },
            Phase::Ramp(ramp) => {
                let left = ramp.left(self.rule.ramp, now);
                let share = ramp.admits(self.rule.ramp, now);
                share.then(|| Ticket::new(self.generation, None)).ok_or(Rejected::new(State::HalfOpen, Some(left)))
            }
            _ => Ok(Ticket::new(self.generation, None)),
        };
        (admitted, change)
    }

    /// Enters the phase that the time alone brings about; refuses while open.
    fn advance(&mut self, now: Nanos) -> Result<Option<Transition>, Rejected> {
        match &mut self.phase {
            Phase::Open { held: true, .. } => Err(Rejected::new(State::Open, None)),
            Phase::Open { since, lasting, .. } => {
                *since = (*since).min(now);
                let left = lasting.saturating_sub(now.since(*since));
                if !left.is_zero() {
                    return Err(Rejected::new(State::Open, Some(left)));
                }
                Ok(Some(self.change(Phase::Probing { successes: 0 }, Reason::OpenElapsed, now)))
            }
            Phase::Ramp(ramp) => {
                let over = ramp.advance(self.rule.ramp, now).is_zero();
                Ok(over.then(|| self.change(Phase::Closed { held: false }, Reason::RampDone, now)))
            }
            _ => Ok(None),
        }
    }

    /// Takes the outcome of an admitted call, and tells whether that changed the state.
    ///
    /// The result of a call from before the last change of state changes nothing. A probe that outlived
    /// `probe_timeout` has lost its place, but its result counts as long as the same half-open period lasts. `busy` is
    /// the time that the call took; only a rule on slowness reads it.
    #[expect(clippy::needless_pass_by_value, reason = "settling uses the ticket up")]
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome, busy: Duration, now: Nanos) -> Option<Transition> {
        self.settle_beside(&ticket, outcome, busy, 0, now)
    }

    /// The same, when `beside` successes of the window are counted elsewhere.
    pub(crate) fn settle_beside(
        &mut self,
        ticket: &Ticket,
        outcome: Outcome,
        busy: Duration,
        beside: u64,
        now: Nanos,
    ) -> Option<Transition> {
        if ticket.generation() != self.generation {
            return None;
        }
        if let Some(number) = ticket.probe() {
            self.probes.free(number);
        }
        let failed = match outcome {
            Outcome::Failure => true,
            Outcome::Success => false,
            Outcome::Ignored | Outcome::Abandoned => return None,
        };
        let call = Call { failed, slow: self.rule.slow_after().is_some_and(|after| busy >= after) };
        let bad = call.failed || call.slow;
        match &mut self.phase {
            Phase::Probing { .. } if bad => Some(self.open(Reason::ProbeFailed, now)),
            Phase::Probing { successes } => {
                *successes += 1;
                let enough = *successes >= self.rule.successes;
                enough.then(|| self.recover(now))
            }
            Phase::Closed { .. } | Phase::Ramp(_) if !bad => {
                self.window.success(now);
                None
            }
            Phase::Closed { .. } | Phase::Ramp(_) => {
                let reason = self.window.record(call, beside, now)?;
                (!self.phase.is_held()).then(|| self.open(reason, now))
            }
            Phase::Open { .. } | Phase::Disabled => None,
        }
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

    /// Opens by rule.
    fn open(&mut self, reason: Reason, now: Nanos) -> Transition {
        self.in_a_row = self.in_a_row.saturating_add(1);
        let lasting = match (&self.open_time, &self.rule.growth) {
            (Some(schedule), _) => schedule.open_for(self.in_a_row).max(Duration::from_nanos(1)),
            (None, Some(growth)) => growth.open_for(self.rule.open_for, self.in_a_row),
            (None, None) => self.rule.open_for,
        };
        self.change(Phase::Open { since: now, lasting, held: false }, reason, now)
    }

    /// The probes succeeded.
    fn recover(&mut self, now: Nanos) -> Transition {
        let phase = match self.rule.ramp {
            Duration::ZERO => Phase::Closed { held: false },
            _ => Phase::Ramp(Ramp::new(now)),
        };
        self.change(phase, Reason::ProbesSucceeded, now)
    }

    /// Enters `phase` with nothing carried over from the one before.
    fn change(&mut self, phase: Phase, reason: Reason, now: Nanos) -> Transition {
        let from = self.phase.state();
        self.phase = phase;
        self.generation += 1;
        self.window.clear();
        self.probes.clear();
        match phase {
            Phase::Open { .. } => self.openings += 1,
            Phase::Closed { .. } | Phase::Disabled => self.in_a_row = 0,
            Phase::Probing { .. } | Phase::Ramp(_) => {}
        }
        Transition::new(from, phase.state(), now, reason, self.generation)
    }
}

/// What a shared breaker asks, to find its ways past the lock.
#[cfg(all(feature = "std", target_has_atomic = "64"))]
impl Machine {
    /// Whether every call is admitted.
    pub(crate) const fn admits_all(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. } | Phase::Disabled)
    }

    /// Whether a success would end a row of failures.
    pub(crate) const fn has_streak(&self) -> bool {
        self.window.has_streak()
    }

    /// Adds a success that was not slow, of a call admitted while closed, under a rule that asks no time of it.
    pub(crate) fn timeless_success(&mut self, ticket: &Ticket) {
        if ticket.generation() == self.generation && matches!(self.phase, Phase::Closed { .. }) {
            self.window.success(Nanos::ZERO);
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("phase", &self.phase)
            .field("generation", &self.generation)
            .field("openings", &self.openings)
            .field("window", &self.window)
            .field("probes", &self.probes)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}
