//! Who is inside the pool, and whether more may enter.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::pool::Inner;

/// Counts the calls under way, until their answers have ended.
#[derive(Default)]
pub(crate) struct Gate {
    /// How many are inside, and [`CLOSED`].
    word: AtomicUsize,
    left: Notify,
}

const CLOSED: usize = 1 << (usize::BITS - 1);

impl Gate {
    pub(crate) fn close(&self) {
        self.word.fetch_or(CLOSED, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.word.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Completes once the gate is closed and nobody is inside.
    pub(crate) async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            if self.word.load(Ordering::SeqCst) == CLOSED {
                return;
            }
            left.await;
        }
    }

    fn enter(&self) -> bool {
        let open = self.word.fetch_add(1, Ordering::SeqCst) & CLOSED == 0;
        if !open {
            self.leave();
        }
        open
    }

    fn leave(&self) {
        if self.word.fetch_sub(1, Ordering::SeqCst) == CLOSED + 1 {
            self.left.notify_waiters();
        }
    }
}

/// Somebody inside the pool: a call, or an answer whose body has not ended.
pub(crate) struct Inside(Arc<Inner>);

impl Inside {
    /// `None` when the pool is closed.
    pub(crate) fn enter(pool: &Arc<Inner>) -> Option<Self> {
        pool.gate.enter().then(|| Self(Arc::clone(pool)))
    }

    /// One more, for a call that is inside already, also when the gate was closed since.
    pub(crate) fn again(pool: &Arc<Inner>) -> Self {
        pool.gate.word.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(pool))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.gate.leave();
    }
}
