//! The retry budget: retries as a fraction of successes, without a lock.

use core::fmt;

use steadfast_clock::Nanos;

use super::RetryBudgetBuilder;
use super::credit::{Credit, PARTS};
use crate::Budget;
use crate::sync::{AtomicU64, Ordering, Padded};

/// A [`Budget`] in which successes earn retries: shared by all calls to a target, it keeps retries a fraction of the
/// traffic that succeeds, so that an outage is not answered with a storm.
///
/// Every success earns `ratio` of a retry and every second `floor` retries; at most `reserve` retries are saved up, and
/// it starts with all of them. Whatever the interleaving and whatever the clock does, between any two points
///
/// > withdrawn ≤ reserve + ratio · deposits + floor · t
///
/// where t is how far the highest reading of the clock that a withdrawal was given rose in between: a clock that steps
/// back earns nothing, and nothing twice. The law is exact to one part in 10,000 of a retry. A withdrawal counts at the moment within its call at which
/// it reads the deposits.
///
/// A deposit is one relaxed addition and does not read the clock's value; a withdrawal, which only failures need, is a
/// compare-and-swap. The algorithm is GCRA (ITU-T I.371) in which time is the credit earned so far. Retries as a fraction
/// of successes with a floor per second are Finagle's `RetryBudget`; a price per class of error is the AWS SDKs'
/// `StandardRetryStrategy`, where a timeout costs twice an ordinary retry: [`TIMEOUT_COST`](Self::TIMEOUT_COST). A cost
/// above the reserve is never granted.
///
/// What wins a hedged call, or answers in another's place, is one success and one deposit.
///
/// ```
/// use steadfast_backoff::{Budget, RetryBudget};
/// use steadfast_clock::Nanos;
///
/// let budget = RetryBudget::builder().ratio(0.1).floor(0.0).reserve(2).build()?;
/// let now = Nanos::ZERO;
/// assert!(budget.withdraw(2, now));
/// assert!(!budget.withdraw(1, now), "the reserve is spent");
///
/// for _ in 0..10 {
///     budget.deposit(now);
/// }
/// assert!(budget.withdraw(1, now), "ten successes have earned a retry");
/// assert_eq!((budget.granted(), budget.refused()), (2, 1));
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
pub struct RetryBudget {
    /// How many successes there were: all that a success touches.
    deposits: Padded<AtomicU64>,
    withdrawals: Padded<Withdrawals>,
    credit: Credit,
}

/// What only withdrawals touch.
#[derive(Debug)]
struct Withdrawals {
    /// Up to where the credit earned so far is spent, in parts; never above what was earned.
    spent: AtomicU64,
    /// The highest reading of the clock.
    latest: AtomicU64,
    granted: AtomicU64,
    refused: AtomicU64,
}

impl RetryBudget {
    /// What a retry after a timeout costs where an ordinary one costs 1: the AWS SDKs take 10 and 5 of their tokens.
    ///
    /// For [`Verdict::costing`](crate::Verdict::costing).
    pub const TIMEOUT_COST: u32 = 2;

    /// Starts from Finagle's numbers: 0.2 retries a success, 10 a second, 100 in reserve.
    pub const fn builder() -> RetryBudgetBuilder {
        RetryBudgetBuilder::new()
    }

    /// A budget with its reserve full, or spent as it is at `empty_at`.
    pub(crate) fn new(credit: Credit, empty_at: Option<Nanos>) -> Self {
        let latest = empty_at.unwrap_or(Nanos::ZERO).as_nanos();
        let spent = empty_at.map_or(0, |_| credit.earned(0, latest));
        let withdrawals = Withdrawals {
            spent: AtomicU64::new(spent),
            latest: AtomicU64::new(latest),
            granted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        };
        Self { deposits: Padded(AtomicU64::new(0)), withdrawals: Padded(withdrawals), credit }
    }

    /// How many whole retries could be made at `now`.
    #[must_use]
    pub fn available(&self, now: Nanos) -> u32 {
        let spent = self.withdrawals.0.spent.load(Ordering::Acquire);
        let latest = self.withdrawals.0.latest.load(Ordering::Relaxed).max(now.as_nanos());
        let left = self.earned(latest).saturating_sub(spent).min(self.credit.reserve());
        u32::try_from(left / PARTS).unwrap_or(u32::MAX)
    }

    /// How many successes were deposited.
    #[must_use]
    pub fn deposits(&self) -> u64 {
        self.deposits.0.load(Ordering::Relaxed)
    }

    /// How many withdrawals were granted, whatever they cost.
    #[must_use]
    pub fn granted(&self) -> u64 {
        self.withdrawals.0.granted.load(Ordering::Relaxed)
    }

    /// How many withdrawals were refused: calls that ended with [`Stop::BudgetSpent`](crate::Stop::BudgetSpent), and
    /// hedges that were not started.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.withdrawals.0.refused.load(Ordering::Relaxed)
    }

    fn earned(&self, latest: u64) -> u64 {
        self.credit.earned(self.deposits(), latest)
    }

    /// Moves what is spent forward by `parts`, if that much was earned.
    fn spend(&self, parts: u64, now: u64) -> bool {
        let Withdrawals { spent, latest, .. } = &self.withdrawals.0;
        latest.fetch_max(now, Ordering::Relaxed);
        // Who reads what another spent has also seen the deposits and the time that it was spent from.
        let mut seen = spent.load(Ordering::Acquire);
        loop {
            let earned = self.earned(latest.load(Ordering::Relaxed));
            let start = seen.max(earned.saturating_sub(self.credit.reserve()));
            let Some(end) = start.checked_add(parts).filter(|end| *end <= earned) else { return false };
            match spent.compare_exchange_weak(seen, end, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(other) => seen = other,
            }
        }
    }
}

impl Default for RetryBudget {
    /// Finagle's numbers: 0.2 retries a success, 10 a second, 100 in reserve.
    fn default() -> Self {
        Self::new(Credit::DEFAULT, None)
    }
}

impl Budget for RetryBudget {
    #[inline]
    fn deposit(&self, _now: Nanos) {
        self.deposits.0.fetch_add(1, Ordering::Relaxed);
    }

    fn withdraw(&self, cost: u32, now: Nanos) -> bool {
        let granted = self.spend(u64::from(cost) * PARTS, now.as_nanos());
        let counter = if granted { &self.withdrawals.0.granted } else { &self.withdrawals.0.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        granted
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("credit", &self.credit)
            .field("deposits", &self.deposits())
            .field("granted", &self.granted())
            .field("refused", &self.refused())
            .finish_non_exhaustive()
    }
}
