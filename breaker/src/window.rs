//! What is remembered of the calls so far, and whether it is enough to open.

mod buckets;
mod calls;
mod grid;
mod recent;

use steadfast_clock::Nanos;

use self::buckets::Buckets;
use self::calls::Calls;
#[cfg(all(feature = "std", target_has_atomic = "64"))]
pub(crate) use self::grid::BUCKETS;
pub(crate) use self::grid::Grid;
use self::recent::Recent;
use crate::{Over, Rate, Reason, Rule, Trip};

/// The memory of one period, as the rule's trip needs it. Its size depends on counts in the rule, never on times.
#[derive(Clone, Debug)]
pub(crate) enum Window {
    Recent(Recent),
    Streak { failures: u32, size: u32 },
    Calls(Calls, Rate),
    Buckets(Buckets, Rate),
}

/// A call that ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

/// Calls by how they ended; a slow failure is in both.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    pub(crate) slow: u64,
}

impl Window {
    pub(crate) fn new(rule: &Rule) -> Self {
        match rule.trip {
            Trip::Failures => Self::Recent(Recent::new(rule.failures, rule.window)),
            Trip::Consecutive => Self::Streak { failures: 0, size: rule.failures },
            Trip::Rate(rate) => match rate.over {
                Over::Calls(calls) => Self::Calls(Calls::new(calls), rate),
                Over::Time(time) => Self::Buckets(Buckets::new(Grid::new(time)), rate),
            },
        }
    }

    /// Adds a success that was not slow. It never opens.
    pub(crate) fn success(&mut self, now: Nanos) {
        match self {
            Self::Recent(_) => {}
            Self::Streak { failures, .. } => *failures = 0,
            Self::Calls(calls, _) => calls.push(Call::default()),
            Self::Buckets(buckets, _) => buckets.add(Call::default(), now),
        }
    }

    /// Adds a failure or a slow call, and tells whether that opens. `beside` is the number of successes in the window
    /// that are counted elsewhere.
    pub(crate) fn record(&mut self, call: Call, beside: u64, now: Nanos) -> Option<Reason> {
        match self {
            Self::Recent(recent) => recent.record(now).then_some(Reason::FailuresInWindow),
            Self::Streak { failures, size } => {
                *failures = failures.saturating_add(1);
                (failures >= size).then_some(Reason::Consecutive)
            }
            Self::Calls(calls, rate) => {
                calls.push(call);
                judge(rate, calls.sums())
            }
            Self::Buckets(buckets, rate) => {
                buckets.add(call, now);
                judge(rate, beside_of(buckets.sums(now), beside))
            }
        }
    }

    /// What counts at `now`.
    pub(crate) fn sums(&self, beside: u64, now: Nanos) -> Sums {
        match self {
            Self::Recent(recent) => Sums { failed: recent.count(now).into(), ..Sums::default() },
            Self::Streak { failures, .. } => Sums { failed: (*failures).into(), ..Sums::default() },
            Self::Calls(calls, _) => calls.sums(),
            Self::Buckets(buckets, _) => beside_of(buckets.sums(now), beside),
        }
    }

    /// Whether a success would change anything, under a rule on failures in a row.
    #[cfg(all(feature = "std", target_has_atomic = "64"))]
    pub(crate) const fn has_streak(&self) -> bool {
        matches!(self, Self::Streak { failures: 1.., .. })
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Self::Recent(recent) => recent.clear(),
            Self::Streak { failures, .. } => *failures = 0,
            Self::Calls(calls, _) => calls.clear(),
            Self::Buckets(buckets, _) => buckets.clear(),
        }
    }
}

fn beside_of(mut sums: Sums, beside: u64) -> Sums {
    sums.calls = sums.calls.saturating_add(beside);
    sums
}

/// Whether the rates are reached. Quotients, because these round right: 3 of 30 is exactly the `0.1` that is written.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2⁵³ calls in a window")]
fn judge(rate: &Rate, sums: Sums) -> Option<Reason> {
    if sums.calls < u64::from(rate.min_calls) {
        return None;
    }
    let share = |part: u64| part as f64 / sums.calls as f64;
    if rate.failure.is_some_and(|most| share(sums.failed) >= most) {
        return Some(Reason::FailureRate);
    }
    rate.slow.filter(|slow| share(sums.slow) >= slow.rate).map(|_| Reason::SlowRate)
}
