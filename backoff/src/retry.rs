//! The retries of one call as a pure machine: no clock, no sleeping, no randomness of its own.

use core::time::Duration;

use steadfast_clock::Nanos;

use crate::jitter::pick;
use crate::spread::nanos;
use crate::{Budget, Policy, Schedule, Step, Stop};

/// The retries of one call. [`Driver`](crate::Driver) runs it; a client with a loop of its own drives it by hand.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Next, Policy, Retry, Stop, Unlimited};
/// use steadfast_clock::Nanos;
///
/// let policy = Policy::delivery().with_retries(1);
/// let mut retry = Retry::new(Nanos::ZERO);
///
/// assert_eq!(retry.begin(), 1);
/// let Next::Wait(wait) = retry.next(&policy, None, 1, Nanos::ZERO, None, &Unlimited, 0) else { unreachable!() };
/// assert_eq!(wait.delay, Duration::from_secs(1));
///
/// assert_eq!(retry.begin(), 2);
/// let later = Nanos::ZERO.saturating_add(wait.delay);
/// assert_eq!(retry.next(&policy, None, 1, later, None, &Unlimited, 0), Next::Stop(Stop::AttemptsSpent));
/// ```
#[derive(Clone, Debug)]
pub struct Retry {
    started: Nanos,
    attempts: u32,
    previous: Option<Duration>,
    total_wait: Duration,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Wait, then begin another attempt.
    Wait(Wait),
    /// Make no further attempt.
    Stop(Stop),
}

/// A wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// How long.
    pub delay: Duration,
    /// Whether the server asked for it; otherwise it is the schedule's.
    pub hinted: bool,
    /// The number of the wait: 1 is the one after the first failure.
    pub retry: u32,
}

impl Retry {
    /// A call that started at `started` and has made no attempt yet.
    #[must_use]
    pub const fn new(started: Nanos) -> Self {
        Self { started, attempts: 0, previous: None, total_wait: Duration::ZERO }
    }

    /// Begins an attempt and tells its number, 1 for the first.
    pub fn begin(&mut self) -> u32 {
        self.attempts = self.attempts.saturating_add(1);
        self.attempts
    }

    /// How many attempts have begun: the number of the present one, 0 before the first.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempts
    }

    /// When the call started.
    #[must_use]
    pub const fn started(&self) -> Nanos {
        self.started
    }

    /// All waits so far, added up.
    #[must_use]
    pub const fn total_wait(&self) -> Duration {
        self.total_wait
    }

    /// Decides what follows a failed attempt that is worth a retry.
    ///
    /// The attempts of `policy` are checked first, then its schedule, `hint`, `deadline` and last `budget`, so that
    /// nothing is withdrawn for a retry that is not made.
    ///
    /// - `hint` is the wait that the server asked for. It beats the schedule's wait and is only ever lengthened: by up to
    ///   10 % where the schedule has jitter, and not above the policy's bound for hints. A hint above that bound ends
    ///   the retries. A hint of zero asks for nothing, so the schedule's wait stands.
    /// - `cost` is what the retry costs the budget.
    /// - `deadline` ends the call: a wait that would not end before it is not started.
    /// - `entropy` is a fresh, uniformly distributed number.
    #[expect(clippy::too_many_arguments, reason = "a pure machine is handed everything that it depends on")]
    pub fn next<S: Schedule + ?Sized>(
        &mut self,
        policy: &Policy<S>,
        hint: Option<Duration>,
        cost: u32,
        now: Nanos,
        deadline: Option<Nanos>,
        budget: &dyn Budget,
        entropy: u64,
    ) -> Next {
        match self.wait(policy, hint, cost, now, deadline, budget, entropy) {
            Ok(wait) => {
                self.previous = Some(wait.delay);
                self.total_wait = self.total_wait.saturating_add(wait.delay);
                Next::Wait(wait)
            }
            Err(stop) => Next::Stop(stop),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "those of `next`")]
    fn wait<S: Schedule + ?Sized>(
        &self,
        policy: &Policy<S>,
        hint: Option<Duration>,
        cost: u32,
        now: Nanos,
        deadline: Option<Nanos>,
        budget: &dyn Budget,
        entropy: u64,
    ) -> Result<Wait, Stop> {
        if self.attempts >= policy.max_attempts() {
            return Err(Stop::AttemptsSpent);
        }
        let retry = self.attempts.max(1);
        let schedule = policy.schedule();
        let scheduled = schedule.delay(&Step { retry, previous: self.previous }, entropy).ok_or(Stop::ScheduleEnded)?;
        let hint = hint.filter(|hint| !hint.is_zero());
        let cap = policy.longest_hint();
        let delay = match hint {
            Some(hint) if hint > cap => return Err(Stop::HintAboveCap { hint, cap }),
            Some(hint) if schedule.is_jittered() => lengthened(hint, cap, entropy),
            Some(hint) => hint,
            None => scheduled,
        };
        if deadline.is_some_and(|deadline| delay >= deadline.since(now)) {
            return Err(Stop::DeadlineTooSoon { needed: delay });
        }
        if !budget.withdraw(cost, now) {
            return Err(Stop::BudgetSpent);
        }
        Ok(Wait { delay, hinted: hint.is_some(), retry })
    }
}

/// From `hint` to 10 % more, cut at `cap`. Everyone was told the same wait; this keeps them from coming back at once.
fn lengthened(hint: Duration, cap: Duration, entropy: u64) -> Duration {
    let room = nanos(cap.saturating_sub(hint));
    let extra = pick(0, room.min(nanos(hint) / 10), entropy);
    hint.saturating_add(Duration::from_nanos(extra))
}
