//! The shared breaker: a [`Machine`] behind a lock, with ways past it while closed.

mod admit;
mod call;
mod hand;
mod plan;
mod settle;
mod shards;
mod stripe;

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, PoisonError};

use steadfast_clock::{Clock, Nanos};

pub use self::call::CallError;
use self::plan::Plan;
use self::shards::Shards;
use crate::sync::{AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::{
    Breaker, ConfigError, Machine, Observer, OpenTime, Outcome, OwnedPermit, Permit, Rejected, Rule, State, Status,
    Ticket, Transition,
};

/// A circuit breaker for many threads. Share it by reference or in an [`Arc`].
///
/// While closed, admitting a call is one atomic load, and settling a success takes no lock and as little as nothing:
/// see the table. Failures, and everything while open or half-open, take a short lock. Every outcome that was settled
/// before an admission is known to it.
///
/// | what opens it | a success while closed | the clock is read |
/// |---|---|---|
/// | failures in a window | nothing | at failures |
/// | failures in a row | one load; after a failure the lock | at failures |
/// | a rate over time | one compare-and-swap on the thread's own counters | when settled |
/// | a rate over calls | the lock | at failures |
///
/// Where slowness is judged the clock is read at admission and when settled; while open or half-open, always.
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
    /// The machine's generation while it admits every call, otherwise [`SHUT`]. Written only with the lock held.
    gate: AtomicU64,
    /// Whether failures in a row count, so that a success has something to end. Written only with the lock held.
    streak: AtomicBool,
    /// What the rule asks of a success while closed.
    plan: Plan,
    /// From when on a call is slow; `None` when nobody judges that.
    slow_after: Option<Duration>,
    /// Of a rate over time: the successes that the machine does not know.
    shards: Option<Shards>,
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
        Ok(Self::from_machine(Machine::new(rule)?, observer))
    }

    /// Shares a machine, whatever its state.
    #[must_use]
    pub fn from_machine(machine: Machine, observer: O) -> Self {
        let rule = machine.rule();
        let breaker = Self {
            gate: AtomicU64::new(SHUT),
            streak: AtomicBool::new(false),
            plan: Plan::of(rule),
            slow_after: rule.slow_after(),
            shards: Shards::of(rule),
            machine: Mutex::new(machine),
            observer,
        };
        breaker.publish(&breaker.lock());
        breaker
    }

    /// Stays open as long as `schedule` says, instead of the rule's `open_for` and its growth.
    #[must_use]
    pub fn open_time(self, schedule: impl OpenTime + 'static) -> Self {
        let mut machine = self.lock();
        *machine = machine.clone().open_time(schedule);
        drop(machine);
        self
    }

    /// The state that a call at `now` would meet: an open breaker whose time is up is half-open, one whose ramp is over
    /// closed.
    #[must_use]
    pub fn state(&self, now: Nanos) -> State {
        self.lock().state(now)
    }

    /// The state that a call at `now` would meet, and the numbers behind it.
    #[must_use]
    pub fn status(&self, now: Nanos) -> Status {
        let machine = self.lock();
        machine.status_beside(self.beside(&machine, now), now)
    }

    /// Whether forgetting this breaker would lose nothing that could open it: it is closed by its rule, and neither a
    /// failure nor a slow call counts.
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

    /// The successes that count at `now` and that the machine does not know.
    fn beside(&self, machine: &Machine, now: Nanos) -> u64 {
        self.shards.as_ref().map_or(0, |shards| shards.sum(machine.generation(), now))
    }

    /// Lets callers see what was done to the machine, before the lock is released.
    fn publish(&self, machine: &Machine) {
        // Written only when it changes, so that the line stays with those who read it.
        let streak = machine.has_streak();
        if self.streak.load(Ordering::Relaxed) != streak {
            // Relaxed: who needs to see a failure has heard of it otherwise, and then sees this too.
            self.streak.store(streak, Ordering::Relaxed);
        }
        let gate = if machine.admits_all() { machine.generation() } else { SHUT };
        if self.gate.load(Ordering::Relaxed) != gate {
            self.gate.store(gate, Ordering::Release);
        }
    }
}

impl<O: Observer> CircuitBreaker<O> {
    /// Admits one call, as a guard: say how it ended, or drop it to abandon the call. The clock is read when it
    /// matters, see the table above.
    ///
    /// # Errors
    ///
    /// [`Rejected`] while open, while half-open with all probes out, and for a share of the calls in the ramp.
    #[inline]
    pub fn permit<'a, C: Clock + ?Sized>(&'a self, clock: &'a C) -> Result<Permit<'a, C, O>, Rejected> {
        Permit::new(self, clock)
    }

    /// Admits one call, as a guard that borrows nothing and can move to another task. `clock` is cheap to clone: a
    /// system clock, a shared timer.
    ///
    /// # Errors
    ///
    /// [`Rejected`] while open, while half-open with all probes out, and for a share of the calls in the ramp.
    #[inline]
    pub fn permit_owned<C: Clock>(self: &Arc<Self>, clock: C) -> Result<OwnedPermit<C, O>, Rejected> {
        OwnedPermit::new(Arc::<Self>::clone(self), clock)
    }

    /// Tells the observer, after the lock was released.
    fn tell(&self, change: Option<Transition>) {
        if let Some(change) = change {
            self.observer.on(&change);
        }
    }
}

impl<O: Observer> Breaker for CircuitBreaker<O> {
    #[inline]
    fn admit(&self, now: Nanos) -> Result<Ticket, Rejected> {
        let gate = self.gate.load(Ordering::Acquire);
        if gate != SHUT { Ok(Ticket::new(gate, None)) } else { self.admit_locked(now) }
    }

    #[inline]
    fn settle(&self, ticket: Ticket, outcome: Outcome, busy: Duration, now: Nanos) {
        if !self.is_settled(&ticket, outcome) {
            self.settle_when(ticket, outcome, || (busy, now));
        }
    }
}

impl<O> fmt::Debug for CircuitBreaker<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("machine", &*self.lock()).finish_non_exhaustive()
    }
}
