//! A counter for each status.

use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use super::scope::Scope;
use super::series::STATUS;
use crate::Counter;

/// The counters of one series by status, each looked up once. The usual ones are found without a lock.
pub(super) struct Statuses {
    series: &'static str,
    usual: [OnceLock<Counter>; USUAL.len()],
    others: RwLock<BTreeMap<u16, Counter>>,
}

/// Sorted.
const USUAL: [u16; 20] =
    [200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529];

impl Statuses {
    pub(super) const fn new(series: &'static str) -> Self {
        let usual = [const { OnceLock::new() }; USUAL.len()];
        Self { series, usual, others: RwLock::new(BTreeMap::new()) }
    }

    pub(super) fn count(&self, status: u16, scope: &Scope) {
        let look_up = || scope.counter_at(&scope.key(self.series).label(STATUS, status.to_string()));
        if let Ok(slot) = USUAL.binary_search(&status) {
            return self.usual[slot].get_or_init(look_up).inc();
        }
        if let Some(counter) = self.others.read().unwrap_or_else(PoisonError::into_inner).get(&status) {
            return counter.inc();
        }
        self.others.write().unwrap_or_else(PoisonError::into_inner).entry(status).or_insert_with(look_up).inc();
    }
}
