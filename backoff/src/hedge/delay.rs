//! The [`HedgeDelay`] trait: how long to wait for an answer before another attempt is started.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

/// How long an attempt may be under way before another is started beside it.
///
/// A [`Duration`] is a fixed delay; a [`HedgeQuantile`](crate::HedgeQuantile) follows the latency of the calls themselves.
pub trait HedgeDelay: Send + Sync {
    /// The delay for the attempt that follows; `None` when no hedge is to be started in this call.
    fn delay(&self) -> Option<Duration>;

    /// A call was answered; its first attempt took `latency`, or would have taken longer where another one won.
    fn observe(&self, latency: Duration) {
        let _ = latency;
    }
}

/// Always the same delay.
impl HedgeDelay for Duration {
    fn delay(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl<D: HedgeDelay + ?Sized> HedgeDelay for &D {
    fn delay(&self) -> Option<Duration> {
        (**self).delay()
    }

    fn observe(&self, latency: Duration) {
        (**self).observe(latency);
    }
}

impl<D: HedgeDelay + ?Sized> HedgeDelay for Box<D> {
    fn delay(&self) -> Option<Duration> {
        (**self).delay()
    }

    fn observe(&self, latency: Duration) {
        (**self).observe(latency);
    }
}

impl<D: HedgeDelay + ?Sized> HedgeDelay for Arc<D> {
    fn delay(&self) -> Option<Duration> {
        (**self).delay()
    }

    fn observe(&self, latency: Duration) {
        (**self).observe(latency);
    }
}
