//! The reference: a naive token bucket in exact integers.

use std::time::Duration;

use steadfast_ratelimit::Quota;

/// A bucket that is refilled by the nanosecond. The time it is given does not go backwards.
pub(crate) struct Bucket {
    /// In permits times the period's nanoseconds, so that nothing is ever rounded; below zero in debt.
    level: i128,
    quota: Quota,
    last: u64,
}

impl Bucket {
    pub(crate) fn full(quota: Quota) -> Self {
        let mut bucket = Self { level: 0, quota, last: 0 };
        bucket.level = bucket.most();
        bucket
    }

    fn most(&self) -> i128 {
        i128::from(self.quota.burst_size()) * self.period()
    }

    fn period(&self) -> i128 {
        i128::try_from(self.quota.period().as_nanos()).unwrap()
    }

    fn rate(&self) -> i128 {
        i128::from(self.quota.permits())
    }

    pub(crate) fn pass_to(&mut self, now: u64) {
        self.level = self.most().min(self.level + i128::from(now - self.last) * self.rate());
        self.last = now;
    }

    pub(crate) fn charge(&mut self, cost: u64, now: u64) {
        self.pass_to(now);
        self.level -= i128::from(cost) * self.period();
    }

    /// Whether `cost` is there, or how long until it is; `None` for never.
    pub(crate) fn peek(&mut self, cost: u64, now: u64) -> Result<(), Option<Duration>> {
        self.pass_to(now);
        let missing = i128::from(cost) * self.period() - self.level;
        if cost == 0 || cost <= self.quota.burst_size() && missing <= 0 {
            Ok(())
        } else if cost > self.quota.burst_size() {
            Err(None)
        } else {
            let nanos = (missing + self.rate() - 1) / self.rate();
            Err(Some(Duration::from_nanos(u64::try_from(nanos).unwrap())))
        }
    }

    pub(crate) fn take(&mut self, cost: u64, now: u64) -> Result<(), Option<Duration>> {
        self.peek(cost, now)?;
        self.charge(cost, now);
        Ok(())
    }

    /// Another quota over the same period: what is missing from the burst stays missing.
    pub(crate) fn set_quota(&mut self, quota: Quota, now: u64) {
        assert_eq!(quota.period(), self.quota.period());
        self.pass_to(now);
        let debt = self.most() - self.level;
        self.quota = quota;
        self.level = self.most() - debt;
    }
}
