//! The attempts of one hedged call, polled in place.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use steadfast_clock::{Nanos, Timer};

use super::{HedgeFailed, Hedged, HeldBack, Race};
use crate::{Budget, Carried, HedgeDelay, Verdict};

/// What a hedged call is bound by.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) attempts: u32,
    pub(crate) deadline: Option<Nanos>,
    pub(crate) budget: &'a dyn Budget,
    pub(crate) cost: u32,
    pub(crate) carried: Option<&'a Carried>,
}

/// The attempts under way, and the result that stands if no better one comes.
pub(crate) struct Field<F, T, E> {
    /// When the first attempt was started.
    start: Nanos,
    /// When the newest was.
    newest: Nanos,
    started: u32,
    /// All but the first, which is pinned by whoever holds the field.
    others: Vec<(u32, Pin<Box<F>>)>,
    held_back: Option<HeldBack>,
    last: Option<(u32, Result<T, E>)>,
}

/// The result that ends a call.
pub(crate) struct End<T, E> {
    attempt: u32,
    result: Result<T, E>,
    done: bool,
}

impl<F, T, E> Field<F, T, E>
where
    F: Future<Output = Result<T, E>>,
{
    /// The first attempt was started at `now`.
    pub(crate) fn new(now: Nanos) -> Self {
        Self { start: now, newest: now, started: 1, others: Vec::new(), held_back: None, last: None }
    }

    /// Polls all attempts and starts the next when it is due.
    #[expect(clippy::too_many_arguments, reason = "what is pinned elsewhere is handed in")]
    pub(crate) fn poll<C, D, O, J>(
        &mut self,
        terms: Terms<'_>,
        timer: &C,
        delay: &D,
        mut first: Pin<&mut Option<F>>,
        mut sleep: Pin<&mut Option<C::Sleep>>,
        operation: &mut O,
        classify: &mut J,
        cx: &mut Context<'_>,
    ) -> Poll<End<T, E>>
    where
        C: Timer,
        D: HedgeDelay + ?Sized,
        O: FnMut(u32) -> F,
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        loop {
            if let Some(running) = first.as_mut().as_pin_mut() {
                if let Poll::Ready(result) = running.poll(cx) {
                    first.set(None);
                    if let Some(end) = self.settle(1, result, classify) {
                        return Poll::Ready(end);
                    }
                }
            }
            let mut at = 0;
            while let Some((number, running)) = self.others.get_mut(at) {
                let Poll::Ready(result) = running.as_mut().poll(cx) else {
                    at += 1;
                    continue;
                };
                let number = *number;
                drop(self.others.remove(at));
                if let Some(end) = self.settle(number, result, classify) {
                    return Poll::Ready(end);
                }
            }
            if first.is_none() && self.others.is_empty() {
                if let Some((attempt, result)) = self.last.take() {
                    return Poll::Ready(End { attempt, result, done: false });
                }
            }
            ready!(self.poll_due(terms, timer, delay, sleep.as_mut(), cx));
            match self.admit(terms, timer.now()) {
                Ok(number) => self.others.push((number, Box::pin(operation(number)))),
                Err(held_back) => self.held_back = Some(held_back),
            }
        }
    }

    /// Ready when another attempt is due. Never again once the attempts are used up or one was held back.
    fn poll_due<C: Timer, D: HedgeDelay + ?Sized>(
        &mut self,
        terms: Terms<'_>,
        timer: &C,
        delay: &D,
        mut sleep: Pin<&mut Option<C::Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.started >= terms.attempts || self.held_back.is_some() {
            return Poll::Pending;
        }
        if sleep.is_none() {
            let Some(delay) = delay.delay() else {
                self.held_back = Some(HeldBack::NoDelay);
                return Poll::Pending;
            };
            let due = self.newest.saturating_add(delay);
            if terms.deadline.is_some_and(|deadline| deadline <= due) {
                self.held_back = Some(HeldBack::DeadlineTooSoon);
                return Poll::Pending;
            }
            sleep.set(Some(timer.sleep_until(due)));
        }
        if let Some(running) = sleep.as_mut().as_pin_mut() {
            ready!(running.poll(cx));
        }
        sleep.set(None);
        Poll::Ready(())
    }

    /// The number of an attempt that may start now. The budget is asked last.
    fn admit(&mut self, terms: Terms<'_>, now: Nanos) -> Result<u32, HeldBack> {
        if terms.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(HeldBack::DeadlineTooSoon);
        }
        if terms.carried.is_some_and(|carried| !carried.begin()) {
            return Err(HeldBack::AttemptsSpent);
        }
        if !terms.budget.withdraw(terms.cost, now) {
            if let Some(carried) = terms.carried {
                carried.give_back();
            }
            return Err(HeldBack::BudgetSpent);
        }
        self.newest = now;
        self.started += 1;
        Ok(self.started)
    }

    /// Ends the call with a result, or keeps it until a better one comes.
    fn settle<J>(&mut self, attempt: u32, result: Result<T, E>, classify: &mut J) -> Option<End<T, E>>
    where
        J: FnMut(&Result<T, E>) -> Verdict,
    {
        let done = match classify(&result) {
            Verdict::Done => true,
            Verdict::Fatal => false,
            Verdict::Retry { .. } => {
                self.last = Some((attempt, result));
                return None;
            }
        };
        Some(End { attempt, result, done })
    }

    /// Drops whatever is still under way, and tells how the call went. `first` tells whether the first attempt was.
    pub(crate) fn finish<D: HedgeDelay + ?Sized>(
        self,
        end: End<T, E>,
        first: bool,
        now: Nanos,
        budget: &dyn Budget,
        delay: &D,
    ) -> Result<Hedged<T>, HedgeFailed<E>> {
        let Self { start, started, held_back, others, .. } = self;
        drop(others);
        let End { attempt, result, done } = end;
        let race = Race { attempt, started, elapsed: now.since(start), held_back };
        match result {
            Ok(value) => {
                if done {
                    budget.deposit(now);
                    // Where a hedge has won, the first attempt would have taken at least as long: told as less, hedging
                    // would make the calls look faster and hedge ever more. One that has failed tells nothing.
                    if attempt == 1 || first {
                        delay.observe(race.elapsed);
                    }
                }
                Ok(Hedged { value, done, race })
            }
            Err(error) => Err(HedgeFailed { error, race }),
        }
    }
}
