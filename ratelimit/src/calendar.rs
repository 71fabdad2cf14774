//! So much per calendar day: a budget that starts anew at midnight, somewhere.

mod error;
mod period;
#[cfg(feature = "serde")]
mod serde;

use core::fmt;

use steadfast_clock::{Nanos, System, Wall};

use crate::decision::Origin;
use crate::sync::{AtomicU64, Ordering};
use crate::{Decision, Denied, Grant, Limiter};

pub use error::CalendarError;
pub use period::Period;
#[cfg(feature = "serde")]
pub use serde::CalendarConfig;

use period::Calendar;

/// So much per calendar day or month, in a named time zone: money, tokens of a plan.
///
/// Unlike a rate it may be spent at any time within the day, and none of it is earned before the next one begins, at
/// local midnight, also where that day has 23 or 25 hours. A rate limiter with a day's burst would admit up to twice as
/// much within one day.
///
/// Which day it is comes from the wall clock; the points of time that calls are given are only kept in the grants.
/// When the wall clock steps back over a midnight, the day that has begun stays begun: its budget serves until the
/// clock is past it, and no day begins twice.
///
/// ```
/// use steadfast_clock::{Clock, ManualClock};
/// use steadfast_ratelimit::{CalendarBudget, Limiter, Period};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new(); // 2026-01-01, 01:00 in Berlin
/// let cents = CalendarBudget::with_wall(500, Period::Day, "Europe/Berlin", clock.clone())?.named("cents");
/// assert!(cents.take(400, clock.now()).is_allowed());
/// let denied = cents.take(200, clock.now()).into_result().unwrap_err();
/// assert_eq!(denied.after, Some(Duration::from_secs(23 * 3600)));
/// clock.advance(Duration::from_secs(23 * 3600));
/// assert!(cents.take(500, clock.now()).is_allowed());
/// # Ok(())
/// # }
/// ```
pub struct CalendarBudget<W = System> {
    calendar: Calendar,
    budget: u64,
    name: &'static str,
    wall: W,
    /// A [`Spent`], as one word.
    word: AtomicU64,
}

/// What is spent, and the period that it was spent in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Spent {
    /// In 48 bits of the word.
    amount: u64,
    /// Of which the word holds the lower 16 bits: enough to tell 89 years of days before and after.
    number: i64,
}

/// Tells the numbers of periods from those that other limiters know their grants by.
const CALENDAR: u64 = 1 << 62;
const BITS: u32 = 48;
/// The largest budget: 2^48 - 1.
const MOST: u64 = (1 << BITS) - 1;

impl CalendarBudget {
    /// `budget` per `period` of the time zone, an IANA name like "Europe/Berlin" or "UTC", by the system's clock.
    ///
    /// # Errors
    ///
    /// When the budget is zero or above 281,474,976,710,655, or there is no such time zone.
    pub fn new(budget: u64, period: Period, zone: &str) -> Result<Self, CalendarError> {
        Self::with_wall(budget, period, zone, System::new())
    }
}

impl<W: Wall> CalendarBudget<W> {
    /// The same by the clock `wall`.
    ///
    /// # Errors
    ///
    /// Those of [`new`](CalendarBudget::new).
    pub fn with_wall(budget: u64, period: Period, zone: &str, wall: W) -> Result<Self, CalendarError> {
        if budget == 0 {
            return Err(CalendarError::ZeroBudget);
        }
        if budget > MOST {
            return Err(CalendarError::BudgetTooLarge(budget));
        }
        let calendar = Calendar::new(period, zone)?;
        let word = Spent { amount: 0, number: calendar.number(wall.wall()) }.into_word();
        Ok(Self { calendar, budget, name: "budget", wall, word: AtomicU64::new(word) })
    }
}

impl<W> CalendarBudget<W> {
    /// Sets the name that denials carry; "budget" unless set.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The budget of one period.
    #[must_use]
    pub const fn budget(&self) -> u64 {
        self.budget
    }

    /// How long the budget is for.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.calendar.period()
    }

    /// The name of the time zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.calendar.zone()
    }
}

impl<W: Wall> CalendarBudget<W> {
    /// What is spent of the present period's budget. Above the budget after a charge.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.read(self.word.load(Ordering::Acquire)).amount
    }

    /// What the word means at present: a later period begins with nothing spent, an earlier one does not come back.
    fn read(&self, word: u64) -> Spent {
        let present = self.calendar.number(self.wall.wall());
        let spent = Spent::from_word(word, present);
        if spent.number < present { Spent { amount: 0, number: present } } else { spent }
    }

    /// Replaces what is spent, until nobody else has in between. `Err` if it is not to be.
    fn update(&self, next: impl Fn(Spent) -> Option<u64>) -> Result<Spent, Spent> {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let spent = self.read(word);
            let amount = next(spent).ok_or(spent)?.min(MOST);
            let after = Spent { amount, ..spent }.into_word();
            match self.word.compare_exchange_weak(word, after, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(spent),
                Err(present) => word = present,
            }
        }
    }

    fn room(&self, spent: Spent, cost: u64) -> Option<u64> {
        spent.amount.checked_add(cost).filter(|amount| *amount <= self.budget)
    }

    fn denied(&self, spent: Spent, cost: u64) -> Denied {
        let after = (cost <= self.budget).then(|| self.calendar.end(spent.number).since(self.wall.wall()));
        Denied::new(self.name, after, self.budget)
    }
}

impl<W: Wall> Limiter for CalendarBudget<W> {
    fn take(&self, cost: u64, now: Nanos) -> Decision {
        if cost == 0 {
            return Decision::Allow(Grant::new(0, now));
        }
        match self.update(|spent| self.room(spent, cost)) {
            Ok(spent) => Decision::Allow(Grant::from(spent.origin(), cost, now)),
            Err(spent) => Decision::Deny(self.denied(spent, cost)),
        }
    }

    fn peek(&self, cost: u64, now: Nanos) -> Decision {
        let spent = self.read(self.word.load(Ordering::Acquire));
        if cost == 0 || self.room(spent, cost).is_some() {
            Decision::Allow(Grant::new(0, now))
        } else {
            Decision::Deny(self.denied(spent, cost))
        }
    }

    fn charge(&self, cost: u64, _: Nanos) {
        let _ = self.update(|spent| Some(spent.amount.saturating_add(cost)));
    }

    /// Gives back within the period of the grant only.
    fn refund(&self, grant: Grant, unused: u64, _: Nanos) {
        let unused = unused.min(grant.cost());
        let _ = self.update(|spent| {
            (grant.origin == spent.origin() && unused > 0).then(|| spent.amount.saturating_sub(unused))
        });
    }
}

impl Spent {
    #[expect(clippy::cast_sign_loss, reason = "the lower 16 bits")]
    const fn into_word(self) -> u64 {
        (self.number as u64) << BITS | self.amount
    }

    /// The period is the one of this number that is nearest to the present one.
    #[expect(clippy::cast_possible_truncation, reason = "16 bits each")]
    const fn from_word(word: u64, present: i64) -> Self {
        let ahead = ((word >> BITS) as u16).wrapping_sub(present as u16) as i16;
        Self { amount: word & MOST, number: present + ahead as i64 }
    }

    /// Grants of a calendar budget are known by their period.
    #[expect(clippy::cast_sign_loss, reason = "only compared")]
    const fn origin(self) -> Origin {
        Origin(self.number as u64 ^ CALENDAR)
    }
}

impl<W> fmt::Debug for CalendarBudget<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarBudget")
            .field("name", &self.name)
            .field("budget", &self.budget)
            .field("period", &self.period())
            .field("zone", &self.zone())
            .finish_non_exhaustive()
    }
}
