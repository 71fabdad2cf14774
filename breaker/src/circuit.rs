//! The shared breaker: a [`Machine`] behind a lock, with a lock-free way past it while closed.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steadfast_clock::{Clock, Nanos};

use crate::{
    Breaker, ConfigError, Machine, Observer, Outcome, OwnedPermit, Permit, Rejected, Rule, State, Status, Ticket,
    Transition,
};

/// A circuit breaker for many threads. Share it by reference or in an [`Arc`].
///
/// While closed, admitting a call and settling a success take no lock; failures, and everything while open or
/// half-open, take a short one. Every outcome that was settled before an admission is known to it.
///
/// ```
/// use steadfast_breaker::{CircuitBreaker, Rule, State};
/// use steadfast_clock::{Clock, ManualClock};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::new(Rule::new().failures(2))?;
/// breaker.permit(&clock)?.success();
/// for _ in 0..2 {
///     breaker.permit(&clock)?.failure();
/// }
/// assert_eq!(breaker.state(clock.now()), State::Open);
/// # Ok(())
/// # }
/// ```
pub struct CircuitBreaker<O = ()> {
    /// The machine's generation while it is closed, otherwise [`SHUT`]. Written only with the lock held.
    gate: AtomicU64,
    machine: Mutex<Machine>,
    observer: O,
}

/// No generation: changes of state cannot be that many.
const SHUT: u64 = u64::MAX;

impl CircuitBreaker {
    /// A closed breaker that nobody observes.
    ///
    /// # Errors
    ///
    /// When the rule cannot work, see [`Rule::check`].
    pub fn new(rule: Rule) -> Result<Self, ConfigError> {
        Self::with_observer(rule, ())
    }
}

impl<O> CircuitBreaker<O> {
    /// A closed breaker whose changes of state `observer` hears of.
    ///
    /// # Errors
    ///
    /// When the rule cannot work, see [`Rule::check`].
    pub fn with_observer(rule: Rule, observer: O) -> Result<Self, ConfigError> {
        let machine = Machine::new(rule)?;
        Ok(Self { gate: AtomicU64::new(machine.generation()), machine: Mutex::new(machine), observer })
    }

    /// The state that a call at `now` would meet: an open breaker whose time is up is half-open.
    #[must_use]
    pub fn state(&self, now: Nanos) -> State {
        self.lock().state(now)
    }

    /// The state that a call at `now` would meet, and the numbers behind it.
    #[must_use]
    pub fn status(&self, now: Nanos) -> Status {
        self.lock().status(now)
    }

    /// Whether forgetting this breaker would lose nothing: it is closed and no failure counts.
    #[must_use]
    pub fn is_idle(&self, now: Nanos) -> bool {
        self.lock().is_idle(now)
    }

    /// The rule it was made of.
    #[must_use]
    pub fn rule(&self) -> Rule {
        *self.lock().rule()
    }

    /// Who hears of changes of state.
    #[must_use]
    pub const fn observer(&self) -> &O {
        &self.observer
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        // Nothing that runs under the lock panics, and the machine is whole between any two statements that could.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Observer> CircuitBreaker<O> {
    /// Admits one call, as a guard: say how it ended, or drop it to abandon the call.
    ///
    /// # Errors
    ///
    /// [`Rejected`] while open, and while half-open with all probes out.
    pub fn permit<'a>(&'a self, clock: &'a (impl Clock + Sync)) -> Result<Permit<'a>, Rejected> {
        Permit::new(self, clock)
    }

    /// Admits one call, as a guard that borrows nothing and can move to another task. `clock` is cheap to clone: a
    /// system clock, a shared timer.
    ///
    /// # Errors
    ///
    /// [`Rejected`] while open, and while half-open with all probes out.
    pub fn permit_owned<C: Clock>(self: &Arc<Self>, clock: C) -> Result<OwnedPermit<C>, Rejected>
    where
        O: 'static,
    {
        OwnedPermit::new(Arc::<Self>::clone(self), clock)
    }

    /// Lets callers in or stops them, before the lock is released.
    fn set_gate(&self, machine: &Machine, change: &Transition) {
        let gate = if change.to == State::Closed { machine.generation() } else { SHUT };
        self.gate.store(gate, Ordering::Release);
    }

    /// Tells the observer, after the lock was released.
    fn tell(&self, change: Option<Transition>) {
        if let Some(change) = change {
            self.observer.on(&change);
        }
    }
}

impl<O: Observer> Breaker for CircuitBreaker<O> {
    fn admit(&self, now: Nanos) -> Result<Ticket, Rejected> {
        let gate = self.gate.load(Ordering::Acquire);
        if gate != SHUT {
            return Ok(Ticket::new(gate, None));
        }
        let mut machine = self.lock();
        let (admitted, change) = machine.admit(now);
        if let Some(change) = &change {
            self.set_gate(&machine, change);
        }
        drop(machine);
        self.tell(change);
        admitted
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome, busy: Duration, now: Nanos) {
        if !ticket.is_probe() && outcome != Outcome::Failure {
            // While closed only failures are remembered, and afterwards such a ticket is history.
            return;
        }
        let mut machine = self.lock();
        let change = machine.settle(ticket, outcome, busy, now);
        if let Some(change) = &change {
            self.set_gate(&machine, change);
        }
        drop(machine);
        self.tell(change);
    }
}

impl<O> fmt::Debug for CircuitBreaker<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("machine", &*self.lock()).finish_non_exhaustive()
    }
}
