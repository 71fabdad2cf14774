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
/// A permit is a whole number of the cell's units, about 16 to a nanosecond, so no rounding adds up: a limiter whose
/// burst is not used up to the last permit admits at its rate to one part in 2^63, and never above it, at any rate.
/// Where it is used up, with a burst of 1 always, and the interval is no whole number of nanoseconds, the next call has
/// to wait for the next whole nanosecond: up to 1.2 ns are lost with it.
///
/// Cells last for 36 years of the clock's time at least, and deny from then on.
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
    scale: Scale,
    name: &'static str,
}

impl Gcra {
    /// The algorithm for `quota`, named "rate".
    #[must_use]
    pub const fn new(quota: Quota) -> Self {
        Self { quota, scale: Scale::new(&quota), name: "rate" }
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
    pub fn decide(&self, cell: u64, cost: u64, now: Nanos) -> (u64, Decision) {
        if cost == 0 {
            return (cell, Decision::Allow(Grant::new(0, now)));
        }
        if cost > self.quota.burst_size() {
            return (cell, Decision::Deny(self.never()));
        }
        match self.admits(cell, cost, now) {
            Some(next) => (next, Decision::Allow(Grant::new(cost, now))),
            None => {
                // Beyond the end of the clock a denial has no end, and only there it is not in the future.
                let after = self.due(cell, cost, now).filter(|due| *due > now).map(|due| due.since(now));
                (cell, Decision::Deny(Denied::new(self.name, after, self.quota.burst_size())))
            }
        }
    }

    /// The cell after `cost` has been spent at `now` without asking. This may go into debt beyond the burst, which
    /// later costs wait for.
    #[must_use]
    pub fn charge(&self, cell: u64, cost: u64, now: Nanos) -> u64 {
        let start = self.scale.at(now).map_or(u64::MAX, |(_, ceiling)| ceiling);
        let cell_after = u128::from(cell.max(start)) + self.scale.of_cost(cost);
        if cost == 0 { cell } else { u64::try_from(cell_after).unwrap_or(u64::MAX) }
    }

    /// The cell after `unused` of a grant is given back: so much of it as has not decayed since the grant's own time.
    ///
    /// `latest` is the latest point that anything was decided at since the cell was made, at least the present. With an
    /// earlier one more is given back than the law allows; shared limiters keep it themselves.
    #[must_use]
    pub fn refund(&self, cell: u64, grant: &Grant, unused: u64, latest: Nanos) -> u64 {
        let (Some((start, _)), Some((_, present))) = (self.scale.at(grant.at()), self.scale.at(latest)) else {
            return cell;
        };
        // Whatever of the grants before this one was refunded, this one has been earned since its own time at the
        // earliest, so at least this much of it is still owed: taking that off is as if it had never been granted.
        let owed = (u128::from(start) + self.scale.of_cost(grant.cost())).saturating_sub(u128::from(present));
        let back = owed.min(self.scale.of_cost(unused.min(grant.cost())));
        let cell_after = u128::from(cell).saturating_sub(back).max(u128::from(cell.min(present)));
        u64::try_from(cell_after).unwrap_or(cell)
    }

    /// The first point from `now` on by which `cost` is admitted if nobody else takes anything. A cost above the burst
    /// counts as several takers in a row. `None` beyond the end of the clock.
    #[must_use]
    pub fn due(&self, cell: u64, cost: u64, now: Nanos) -> Option<Nanos> {
        let (floor, _) = self.scale.at(now)?;
        let units = u128::from(cell.max(floor)) + self.scale.of_cost(cost);
        let due = self.scale.reaches(units.saturating_sub(self.scale.of_cost(self.quota.burst_size())))?;
        Some(due.max(now))
    }

    pub(crate) const fn never(&self) -> Denied {
        Denied::new(self.name, None, self.quota.burst_size())
    }

    /// The cell after `cost`, when it is admitted. The cost is within 1 ..= burst.
    fn admits(&self, cell: u64, cost: u64, now: Nanos) -> Option<u64> {
        let (floor, ceiling) = self.scale.at(now)?;
        if cell <= floor {
            // All is earned: a full burst is there. What follows is counted from the next whole unit on.
            return u64::try_from(u128::from(ceiling) + self.scale.of_cost(cost)).ok();
        }
        let after = u128::from(cell) + self.scale.of_cost(cost);
        let limit = u128::from(floor) + self.scale.of_cost(self.quota.burst_size());
        if after <= limit { u64::try_from(after).ok() } else { None }
    }
}
