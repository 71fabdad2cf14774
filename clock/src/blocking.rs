//! Waiting without a runtime: a thread that sleeps.

use alloc::sync::Arc;

use crate::{Clock, Nanos};

/// A clock that can also hold up the calling thread.
///
/// For programs without an async runtime; inside of one it blocks the runtime's thread.
pub trait BlockingTimer: Clock {
    /// Returns once [`now`](Clock::now) is at or after `at`; at once when it already is.
    fn block_until(&self, at: Nanos);
}

impl<T: BlockingTimer + ?Sized> BlockingTimer for &T {
    fn block_until(&self, at: Nanos) {
        (**self).block_until(at);
    }
}

impl<T: BlockingTimer + ?Sized> BlockingTimer for Arc<T> {
    fn block_until(&self, at: Nanos) {
        (**self).block_until(at);
    }
}
