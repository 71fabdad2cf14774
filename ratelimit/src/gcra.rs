//! The arithmetic: GCRA on one 64-bit cell, with the time as an argument.

use steadfast_clock::Nanos;

use crate::scale::Scale;
use crate::{Decision, Denied, Grant, Quota};

/// The generic cell rate algorithm (ITU-T I.371, virtual scheduling) for one quota; pure arithmetic over a `u64`.
///
/// The cell holds the theoretical arrival time: the point by which everything admitted so far is earned. A fresh cell
/// is 0 and starts with a full burst. Whoever stores cells (one atomic, a table, a remote key) replaces the old value
/// by the new one atomically; that is all there is to keeping the law:
///
/// **within any span `t` at most `burst + rate * t` is admitted**, in whatever order the points of time come in.
///
/// # Precision
///
/// A permit is a whole number of the cell's units, about 4 to a nanosecond, so no rounding adds up: a limiter whose
/// burst is not used up to the last permit admits at its rate to one part in 2^61, and never above it, at any rate.
/// Where it is used up, with a burst of 1 always, and the interval is no whole number of nanoseconds, the next call has
/// to wait for the next whole nanosecond: up to 1.5 ns are lost with it.
///
/// # Range
///
/// Cells last for 36 years of the clock's time, above 4 * 10^9 permits a second for 14 years at least, and deny from
/// then on. They are at most [`Gcra::LAST_CELL`]: the two highest bits are free for whoever stores them.
///
/// ```
/// use steadfast_clock::Nanos;
/// use steadfast_ratelimit::{Decision, Gcra, Quota};
///
/// # fn main() -> Result<(), steadfast_ratelimit::ConfigError> {
/// let gcra = Gcra::new(Quota::per_second(10)?);
/// let now = Nanos::from_nanos(5_000_000_000);
/// let (cell, first) = gcra.decide(0, 1, now);
/// assert!(first.is_allowed());
/// let (_, second) = gcra.decide(cell, 1, now);
/// match second {
///     Decision::Deny(denied) => assert_eq!(denied.after.map(|after| after.as_millis()), Some(100)),
///     other => unreachable!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcra {
    quota: Quota,
    rule: Rule,
    name: &'static str,
}

impl Gcra {
    /// The largest cell, from which nothing is admitted any more: 2^62 - 1.
    pub const LAST_CELL: u64 = LAST;

    /// The algorithm for `quota`, named "rate".
    #[must_use]
    pub const fn new(quota: Quota) -> Self {
        Self { quota, rule: Rule::new(&quota), name: "rate" }
    }

    /// Sets the name that denials carry.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The quota.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// The name that denials carry.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Decides on `cost` at `now`: the new cell, and the answer. A denial leaves the cell as it is; a cost of 0 is
    /// always admitted and leaves it so, too.
    #[inline]
    pub fn decide(&self, cell: u64, cost: u64, now: Nanos) -> (u64, Decision) {
        if cost == 0 {
            return (cell, Decision::Allow(Grant::new(0, now)));
        }
        match self.rule.admit(cell, cost, now) {
            Some(next) => (next, Decision::Allow(Grant::new(cost, now))),
            None => (cell, Decision::Deny(self.rule.denial(self.name, cell, cost, now, now))),
        }
    }

    /// The cell after `cost` has been spent at `now` without asking. This may go into debt beyond the burst, which
    /// later costs wait for.
    #[must_use]
    pub fn charge(&self, cell: u64, cost: u64, now: Nanos) -> u64 {
        self.rule.charge(cell, cost, now)
    }

    /// The cell after `unused` of a grant is given back: so much of it as has not decayed since the grant's own time.
    ///
    /// `latest` is the latest point that anything was decided at since the cell was made, at least the present. With an
    /// earlier one more is given back than the law allows; shared limiters keep it themselves.
    #[must_use]
    pub fn refund(&self, cell: u64, grant: &Grant, unused: u64, latest: Nanos) -> u64 {
        let earned = self.rule.earned(grant.cost(), grant.at());
        self.rule.refund(cell, earned, unused.min(grant.cost()), latest)
    }

    /// The cell for another quota from `at` on: what is owed in permits stays owed, at the other's rate and burst.
    ///
    /// `at` is no earlier than any point that was decided at so far, and no later than any decided at from then on.
    /// Within a span that covers the change, no more is then admitted than the other's burst and what the two rates
    /// earn, each in its own part of the span.
    #[must_use]
    pub fn convert(&self, cell: u64, to: &Self, at: Nanos) -> u64 {
        self.rule.convert(cell, to.rule, at)
    }

    /// How many permits are owed at `now`, a begun one as a whole one: what the burst has more is admitted at once, and
    /// nothing above. More than the burst after a charge beyond it; [`u64::MAX`] beyond the end of the clock.
    ///
    /// ```
    /// use steadfast_clock::Nanos;
    /// use steadfast_ratelimit::{Gcra, Quota};
    ///
    /// # fn main() -> Result<(), steadfast_ratelimit::ConfigError> {
    /// let gcra = Gcra::new(Quota::per_second(10)?.burst(5)?);
    /// let cell = gcra.charge(0, 3, Nanos::ZERO);
    /// assert_eq!(gcra.owed(cell, Nanos::ZERO), 3);
    /// assert_eq!(gcra.owed(cell, Nanos::from_nanos(150_000_000)), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn owed(&self, cell: u64, now: Nanos) -> u64 {
        self.rule.owed(cell, now)
    }

    /// The first point from `now` on by which `cost` is admitted if nobody else takes anything. A cost above the burst
    /// counts as several takers in a row. `None` beyond the end of the clock.
    #[must_use]
    pub fn due(&self, cell: u64, cost: u64, now: Nanos) -> Option<Nanos> {
        self.rule.due(cell, cost, now)
    }
}

/// Two bits of a word stay free.
pub(crate) const LAST: u64 = u64::MAX >> 2;

/// The algorithm itself, on nothing but the numbers that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) scale: Scale,
    /// In permits; in units it is at most 2^61.
    pub(crate) burst: u64,
}

impl Rule {
    pub(crate) const fn new(quota: &Quota) -> Self {
        Self { scale: Scale::new(quota), burst: quota.burst_size() }
    }

    /// The cell after `cost`, when it is admitted. The cost is not 0.
    #[inline]
    pub(crate) fn admit(self, cell: u64, cost: u64, now: Nanos) -> Option<u64> {
        // Nothing wraps, unless the rule is one of two that a shared cell is just exchanging; see there.
        let spare = self.burst.checked_sub(cost)?.wrapping_mul(self.scale.per_permit);
        let (floor, ceiling) = self.scale.at(now)?;
        let start = if cell <= floor {
            // All is earned: a full burst is there. What follows is counted from the next whole unit on.
            ceiling
        } else if cell <= floor.wrapping_add(spare) {
            cell
        } else {
            return None;
        };
        let after = start.wrapping_add(cost.wrapping_mul(self.scale.per_permit));
        (after <= LAST).then_some(after)
    }

    /// Why `cost` is not admitted at `at`, told at `now`, which may be earlier.
    #[cold]
    pub(crate) fn denial(self, name: &'static str, cell: u64, cost: u64, at: Nanos, now: Nanos) -> Denied {
        // Beyond the end of the clock a denial has no end, and only there it is not in the future.
        let due = if cost > self.burst { None } else { self.due(cell, cost, at).filter(|due| *due > now) };
        Denied::new(name, due.map(|due| due.since(now)), self.burst)
    }

    pub(crate) fn charge(self, cell: u64, cost: u64, now: Nanos) -> u64 {
        if cost == 0 {
            return cell;
        }
        let start = self.scale.at(now).map_or(LAST, |(_, ceiling)| ceiling);
        at_most_last(u128::from(cell.max(start)) + self.scale.of_cost(cost))
    }

    pub(crate) fn due(self, cell: u64, cost: u64, now: Nanos) -> Option<Nanos> {
        let (floor, _) = self.scale.at(now)?;
        let after = u128::from(cell.max(floor)) + self.scale.of_cost(cost);
        let due = self.scale.reaches(after.saturating_sub(self.scale.of_cost(self.burst)))?;
        (after <= u128::from(LAST)).then_some(due.max(now))
    }

    pub(crate) fn owed(self, cell: u64, now: Nanos) -> u64 {
        let Some((floor, _)) = self.scale.at(now) else { return u64::MAX };
        cell.saturating_sub(floor).div_ceil(self.scale.per_permit)
    }

    /// The point by which a grant of `cost` at `at` is earned, if there was nothing before it; never later than that.
    pub(crate) fn earned(self, cost: u64, at: Nanos) -> u128 {
        self.scale.at(at).map_or(0, |(floor, _)| u128::from(floor) + self.scale.of_cost(cost))
    }

    /// The cell after `unused` of a grant that is `earned` by then is given back.
    pub(crate) fn refund(self, cell: u64, earned: u128, unused: u64, latest: Nanos) -> u64 {
        let Some((_, present)) = self.scale.at(latest) else { return cell };
        // Whatever of the grants before this one was refunded, this one has been earned since its own time at the
        // earliest, so at least this much of it is still owed: taking that off is as if it had never been granted.
        let owed = earned.saturating_sub(u128::from(present));
        let back = owed.min(self.scale.of_cost(unused));
        let after = u128::from(cell).saturating_sub(back).max(u128::from(cell.min(present)));
        u64::try_from(after).unwrap_or(cell)
    }

    pub(crate) fn convert(self, cell: u64, to: Self, at: Nanos) -> u64 {
        let (Some((floor, _)), Some((start, ceiling))) = (self.scale.at(at), to.scale.at(at)) else { return LAST };
        if cell <= floor {
            return start.min(LAST);
        }
        let debt = u128::from(cell - floor) * u128::from(to.scale.per_permit);
        at_most_last(u128::from(ceiling) + debt.div_ceil(u128::from(self.scale.per_permit)))
    }

    /// The point that a grant is [`earned`](Self::earned) by, for another rule from `at` on; rounded down, as that is.
    pub(crate) fn convert_earned(self, earned: u128, to: Self, at: Nanos) -> u128 {
        let (Some((_, ceiling)), Some((start, _))) = (self.scale.at(at), to.scale.at(at)) else { return 0 };
        let owed = u64::try_from(earned.saturating_sub(u128::from(ceiling))).unwrap_or(u64::MAX);
        if owed == 0 {
            return 0;
        }
        u128::from(start) + u128::from(owed) * u128::from(to.scale.per_permit) / u128::from(self.scale.per_permit)
    }
}

fn at_most_last(cell: u128) -> u64 {
    u64::try_from(cell).unwrap_or(LAST).min(LAST)
}
