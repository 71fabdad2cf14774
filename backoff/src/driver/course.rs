//! One call on its way: what every kind of run does between two attempts.

use core::ops::ControlFlow;
use core::time::Duration;

use steadfast_clock::{Clock, Nanos};

use super::Driver;
use crate::carried::earliest;
use crate::{Budget, Carried, Failed, Next, Retry, Retrying, Schedule, Stop, Success, Unlimited, Verdict};

/// How a run ends.
pub(super) type Ended<T, E> = Result<Success<T>, Failed<E>>;

/// When a call is over: at its deadline or at the end of its total limit, whichever comes first.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) at: Option<Nanos>,
    /// Whether it is the total limit's.
    limited: bool,
}

pub(super) struct Course {
    pub(super) retry: Retry,
    pub(super) end: End,
    #[cfg(feature = "tracing")]
    ledger: crate::log::Ledger,
}

impl Course {
    /// The course of a call whose first attempt has begun.
    pub(super) fn begun(end: End) -> Self {
        // Nobody asks this machine when it started.
        let mut retry = Retry::new(Nanos::ZERO);
        retry.begin();
        Self {
            retry,
            end,
            #[cfg(feature = "tracing")]
            ledger: crate::log::Ledger::new(),
        }
    }
}

impl<S: ?Sized, C: Clock, E, R, N, X> Driver<'_, S, C, E, R, N, X> {
    /// When the call that starts now is over. Reads the clock only for a total limit; counts the first attempt where
    /// attempts are carried.
    #[inline]
    pub(super) fn end(&self) -> End {
        match (self.options.carried, self.options.total_limit) {
            (None, None) => End { at: self.options.deadline, limited: false },
            (carried, limit) => bounded_end(&self.timer, carried, self.options.deadline, limit),
        }
    }

    /// A value is done.
    #[inline]
    pub(super) fn deposit(&self) {
        if let Some(budget) = self.options.budget {
            deposit(&self.timer, budget);
        }
    }

    /// What follows an attempt: the end of the run, or another attempt at a point in time.
    #[inline]
    pub(super) fn after<T>(
        &mut self,
        course: &mut Course,
        result: Result<T, E>,
        verdict: Verdict,
    ) -> ControlFlow<Ended<T, E>, Nanos>
    where
        S: Schedule,
        R: FnMut(&Retrying<'_, E>),
        N: FnMut() -> u64,
    {
        match verdict {
            Verdict::Done => ControlFlow::Break(self.done(course, result)),
            Verdict::Fatal => ControlFlow::Break(self.ended(course, result, Stop::NotRetryable)),
            Verdict::Retry { hint, cost } => self.again(course, result, hint, cost),
        }
    }

    /// A result that is worth a retry, if one is left.
    #[cold]
    fn again<T>(
        &mut self,
        course: &mut Course,
        result: Result<T, E>,
        hint: Option<Duration>,
        cost: u32,
    ) -> ControlFlow<Ended<T, E>, Nanos>
    where
        S: Schedule,
        R: FnMut(&Retrying<'_, E>),
        N: FnMut() -> u64,
    {
        let carried = self.options.carried;
        if carried.is_some_and(|carried| !carried.begin_next()) {
            return ControlFlow::Break(self.ended(course, result, Stop::AttemptsSpent));
        }
        let policy = self.options.policy;
        let budget = self.options.budget.unwrap_or(&Unlimited);
        let now = self.timer.now();
        let wait = match course.retry.next(policy, hint, cost, now, course.end.at, budget, (self.entropy)()) {
            Next::Wait(wait) => wait,
            Next::Stop(stop) => {
                if let Some(carried) = carried {
                    carried.give_back();
                }
                let stop = match stop {
                    Stop::DeadlineTooSoon { needed } if course.end.limited => Stop::TotalLimit { needed },
                    stop => stop,
                };
                return ControlFlow::Break(self.ended(course, result, stop));
            }
        };
        let retrying = Retrying::new(course.retry.attempt(), policy.max_attempts(), wait, result.as_ref().err());
        #[cfg(feature = "tracing")]
        if let Some(log) = &self.options.log {
            course.ledger.retrying(log, &retrying);
        }
        (self.on_retry)(&retrying);
        // What is not kept is dropped here: the answer may hold a connection, which nobody needs during the wait.
        if let (Some(kept), Err(error)) = (&mut self.options.kept, result) {
            kept.push(error);
        }
        ControlFlow::Continue(now.saturating_add(wait.delay))
    }

    fn done<T>(&self, course: &mut Course, result: Result<T, E>) -> Ended<T, E> {
        match result {
            Ok(value) => {
                self.deposit();
                let (attempts, total_wait) = (course.retry.attempt(), course.retry.total_wait());
                Ok(Success { value, attempts, total_wait, stop: None })
            }
            Err(error) => self.ended(course, Err(error), Stop::NotRetryable),
        }
    }

    /// A result that is the last although it is not what was hoped for.
    #[cold]
    fn ended<T>(&self, course: &mut Course, result: Result<T, E>, stop: Stop) -> Ended<T, E> {
        #[cfg(feature = "tracing")]
        if let Some(log) = &self.options.log {
            course.ledger.gave_up(log, &course.retry, result.as_ref().err(), stop);
        }
        let (attempts, total_wait) = (course.retry.attempt(), course.retry.total_wait());
        match result {
            Ok(value) => Ok(Success { value, attempts, total_wait, stop: Some(stop) }),
            Err(error) => Err(Failed { error, attempts, total_wait, stop }),
        }
    }
}

/// Apart, and told no more than it needs, so that the first attempt of those who bound nothing stays small.
#[inline(never)]
fn bounded_end<C: Clock>(
    timer: &C,
    carried: Option<&Carried>,
    deadline: Option<Nanos>,
    limit: Option<Duration>,
) -> End {
    let deadline = match carried {
        Some(carried) => {
            carried.begin_first();
            earliest(deadline, carried.deadline())
        }
        None => deadline,
    };
    let Some(limit) = limit else { return End { at: deadline, limited: false } };
    let limit = timer.now().saturating_add(limit);
    match deadline {
        Some(deadline) if deadline < limit => End { at: Some(deadline), limited: false },
        _ => End { at: Some(limit), limited: true },
    }
}

/// Apart, for the same reason.
#[inline(never)]
fn deposit<C: Clock>(timer: &C, budget: &dyn Budget) {
    budget.deposit(timer.now());
}
