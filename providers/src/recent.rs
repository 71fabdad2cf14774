//! The last calls, to be looked at when something is wrong.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use steadfast_pool::Pool;

use crate::{Attempt, Error};

/// A call to one provider that has ended, without its contents.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RecentCall {
    /// When it ended, in seconds since 1970.
    pub ended_at_s: u64,
    /// The provider that was asked.
    pub provider: Arc<str>,
    /// The model that was asked.
    pub model: Arc<str>,
    /// `ok`, `cancelled`, or the [kind](crate::ErrorKind::as_str) of the failure.
    pub outcome: &'static str,
    /// What each attempt came to; of a plain call that was cancelled, none is known.
    pub attempts: Vec<Attempt>,
}

/// What goes with a pool.
pub(crate) struct Ring(Mutex<Kept>);

struct Kept {
    most: usize,
    calls: VecDeque<RecentCall>,
}

impl Default for Ring {
    fn default() -> Self {
        Self(Mutex::new(Kept { most: 256, calls: VecDeque::new() }))
    }
}

impl RecentCall {
    /// The last calls of the clients of a pool, the oldest first: 256, unless told otherwise.
    #[must_use]
    pub fn of(pool: &Pool) -> Vec<Self> {
        let ring = pool.attached::<Ring>();
        let kept = ring.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.calls.iter().cloned().collect()
    }

    /// How many calls of the clients of a pool are kept from now on; `None` keeps none.
    pub fn keep(pool: &Pool, most: Option<NonZeroUsize>) {
        let ring = pool.attached::<Ring>();
        let mut kept = ring.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.most = most.map_or(0, NonZeroUsize::get);
        let surplus = kept.calls.len().saturating_sub(kept.most);
        kept.calls.drain(..surplus);
    }
}

/// A call that goes on. Dropped before it is told how it ended, it was cancelled.
pub(crate) struct Recording {
    ring: Arc<Ring>,
    pool: Pool,
    provider: Arc<str>,
    model: Arc<str>,
    over: bool,
}

impl Recording {
    pub(crate) fn begin(pool: &Pool, provider: &Arc<str>, model: &Arc<str>) -> Self {
        let (provider, model) = (Arc::clone(provider), Arc::clone(model));
        Self { ring: pool.attached::<Ring>(), pool: pool.clone(), provider, model, over: false }
    }

    /// For a request about a call that is written down elsewhere.
    pub(crate) fn silent(&self) -> Self {
        let (provider, model) = (Arc::clone(&self.provider), Arc::clone(&self.model));
        Self { ring: Arc::clone(&self.ring), pool: self.pool.clone(), provider, model, over: true }
    }

    /// Writes nothing down.
    pub(crate) fn silence(&mut self) {
        self.over = true;
    }

    pub(crate) fn answered(&mut self, attempts: &[Attempt]) {
        self.end("ok", attempts);
    }

    pub(crate) fn failed(&mut self, error: &Error, attempts: &[Attempt]) {
        self.end(error.kind().as_str(), attempts);
    }

    pub(crate) fn cancelled(&mut self, attempts: &[Attempt]) {
        self.end("cancelled", attempts);
    }

    fn end(&mut self, outcome: &'static str, attempts: &[Attempt]) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        let call = RecentCall {
            ended_at_s: self.pool.wall().as_secs(),
            provider: Arc::clone(&self.provider),
            model: Arc::clone(&self.model),
            outcome,
            attempts: attempts.to_vec(),
        };
        let mut kept = self.ring.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.most == 0 {
            return;
        }
        if kept.calls.len() >= kept.most {
            kept.calls.pop_front();
        }
        kept.calls.push_back(call);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.cancelled(&[]);
    }
}
