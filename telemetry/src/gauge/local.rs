//! Changes of a level, gathered on one thread.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;

use super::Gauge;

/// Gathers changes of a [`Gauge`] and makes them at once, when it is flushed or dropped. Made by [`Gauge::local`]; it cannot
/// be sent to another thread.
#[derive(Debug)]
pub struct LocalGauge {
    gauge: Gauge,
    pending: Cell<i64>,
    _of_this_thread: PhantomData<Rc<()>>,
}

impl LocalGauge {
    pub(super) fn new(gauge: Gauge) -> Self {
        Self { gauge, pending: Cell::new(0), _of_this_thread: PhantomData }
    }

    /// Raises the level by `n`, at the next flush.
    #[inline]
    pub fn add(&self, n: i64) {
        self.pending.set(self.pending.get().saturating_add(n));
    }

    /// Lowers the level by `n`, at the next flush.
    #[inline]
    pub fn sub(&self, n: i64) {
        self.pending.set(self.pending.get().saturating_sub(n));
    }

    /// Makes what was gathered visible to all.
    pub fn flush(&self) {
        let pending = self.pending.take();
        if pending != 0 {
            self.gauge.add(pending);
        }
    }
}

impl Drop for LocalGauge {
    fn drop(&mut self) {
        self.flush();
    }
}
