//! Who waits, in order; and who is refused, because waiting is pointless.

use std::collections::VecDeque;

use steadfast_clock::Nanos;

use super::{Book, Ticket};
use crate::admission::cost::Cost;
use crate::admission::meter::Meter;
use crate::admission::refusal::{Refusal, Why};

/// Those who wait, in the order of their coming.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiters: VecDeque<Waiter>,
    /// What all of them will take.
    queued: Cost,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    id: u64,
    cost: Cost,
    /// It does not wait beyond.
    until: Nanos,
}

/// What came of entering.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Entered {
    /// Go ahead.
    Admitted(Ticket),
    /// In line; this is the number to ask [`Book::turn`] with.
    Waiting(u64),
    /// Not in time, or never.
    Refused(Refusal),
}

/// How it stands with one who waits.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Turn {
    /// Go ahead.
    Admitted(Ticket),
    /// Ask again at this point, or when somebody else has left the line, an answer came or a call was settled.
    Until(Nanos),
    /// Not in time any more.
    Refused(Refusal),
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    fn join(&mut self, cost: Cost, until: Nanos) -> u64 {
        let id = self.next;
        self.next += 1;
        self.queued = self.queued.plus(cost);
        self.waiters.push_back(Waiter { id, cost, until });
        id
    }

    /// Where somebody stands: numbers rise along the line.
    fn place(&self, id: u64) -> Option<usize> {
        self.waiters.binary_search_by_key(&id, |waiter| waiter.id).ok()
    }

    fn leave(&mut self, place: usize) {
        if let Some(waiter) = self.waiters.remove(place) {
            self.queued = self.queued.minus(waiter.cost);
        }
    }
}

impl Book {
    /// A call comes, with an estimate of its cost and its deadline.
    pub fn enter(&mut self, cost: Cost, deadline: Option<Nanos>, now: Nanos) -> Entered {
        self.grow(now);
        if let Some(refusal) = self.never(cost) {
            return Entered::Refused(refusal);
        }
        if self.line.is_empty() && self.admits(cost, now) {
            return Entered::Admitted(self.take(cost, now));
        }
        let longest = now.saturating_add(self.longest_wait);
        let until = deadline.map_or(longest, |deadline| deadline.min(longest));
        let (due, why) = self.due(self.line.queued, self.line.len(), cost, now);
        if due > until {
            return Entered::Refused(Refusal::new(why, Some(due.since(now)), self.line.len()));
        }
        Entered::Waiting(self.line.join(cost, until))
    }

    /// Asks for one who waits.
    pub fn turn(&mut self, id: u64, now: Nanos) -> Turn {
        self.grow(now);
        let Some(place) = self.line.place(id) else { return Turn::Until(Nanos::MAX) };
        let Some(waiter) = self.line.waiters.get(place).copied() else { return Turn::Until(Nanos::MAX) };
        let first = place == 0;
        if first && self.admits(waiter.cost, now) {
            self.line.leave(0);
            return Turn::Admitted(self.take(waiter.cost, now));
        }
        if !first && now < waiter.until {
            return Turn::Until(waiter.until);
        }
        let ahead = self.line.waiters.iter().take(place).fold(Cost::NONE, |sum, waiter| sum.plus(waiter.cost));
        let (due, why) = self.due(ahead, place, waiter.cost, now);
        if due > waiter.until || now >= waiter.until {
            self.line.leave(place);
            return Turn::Refused(Refusal::new(why, Some(due.since(now)), self.line.len()));
        }
        Turn::Until(due)
    }

    /// One who waits goes away.
    pub fn leave(&mut self, id: u64) {
        if let Some(place) = self.line.place(id) {
            self.line.leave(place);
        }
    }

    /// The one whose turn it is next.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.line.waiters.front().map(|waiter| waiter.id)
    }

    fn grow(&mut self, now: Nanos) {
        if self.ramp.as_mut().is_some_and(|ramp| ramp.grow(now)) {
            self.ramp = None;
        }
    }

    fn never(&self, cost: Cost) -> Option<Refusal> {
        // What is only configured may be wrong, and what it refuses is never put right.
        let sure = |meter: &&Meter| meter.told || self.heard;
        let meter = self.meters.iter().filter(sure).find(|meter| meter.never(cost.of(meter.measure)))?;
        let (measure, limit) = (meter.measure, meter.limit);
        let why = Why::TooLarge { measure, cost: cost.of(measure), limit };
        Some(Refusal::new(why, None, self.line.len()))
    }

    fn admits(&self, cost: Cost, now: Nanos) -> bool {
        now >= self.paused
            && self.ramp.as_ref().is_none_or(|ramp| ramp.admits(now))
            && self.meters.iter().all(|meter| meter.admits(meter.fitted(cost.of(meter.measure)), now))
    }

    /// When a cost is due that so many others with such costs are ahead of, and what it waits for.
    fn due(&self, ahead: Cost, others: usize, cost: Cost, now: Nanos) -> (Nanos, Why) {
        let start = now.max(self.paused);
        let mut due = (start, Why::Paused);
        if let Some(ramp) = &self.ramp {
            let at = ramp.due(u64::try_from(others).unwrap_or(u64::MAX).saturating_add(1), start);
            if at > due.0 {
                due = (at, Why::SlowStart);
            }
        }
        for meter in &self.meters {
            let Some(cost) = Some(cost.of(meter.measure)).filter(|cost| *cost > 0) else { continue };
            let at = meter.due(ahead.of(meter.measure).saturating_add(meter.fitted(cost)), start);
            if at > due.0 {
                due = (at, Why::Limit { measure: meter.measure, limit: meter.limit, window: meter.window });
            }
        }
        due
    }

    fn take(&mut self, cost: Cost, now: Nanos) -> Ticket {
        self.pulse.beat(now);
        if let Some(ramp) = &mut self.ramp {
            ramp.take(now);
        }
        let before = self.out;
        self.out = self.out.plus(cost);
        self.total = Cost {
            requests: self.total.requests.wrapping_add(cost.requests),
            input: self.total.input.wrapping_add(cost.input),
            output: self.total.output.wrapping_add(cost.output),
        };
        let holds = self.meters.iter_mut().enumerate();
        let holds = holds.map(|(nth, meter)| meter.take(nth, meter.fitted(cost.of(meter.measure)), now)).collect();
        Ticket { cost, at: now, holds, before, mark: self.total, answered: false }
    }
}
