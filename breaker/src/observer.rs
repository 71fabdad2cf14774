//! Hearing of changes of state.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::Transition;

/// Something that hears of every change of state; `()` hears nothing and takes no space.
///
/// It is called after the change, by the thread that caused it and with no lock held, so it may ask the breaker. It
/// should be quick and must not panic: it runs inside the caller's call, also when a permit is dropped.
pub trait Observer: Send + Sync {
    /// One change. Those of several threads may come out of order, [`Transition::generation`] orders them.
    fn on(&self, transition: &Transition) {
        let _ = transition;
    }
}

impl Observer for () {}

impl<O: Observer + ?Sized> Observer for &O {
    fn on(&self, transition: &Transition) {
        (**self).on(transition);
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn on(&self, transition: &Transition) {
        (**self).on(transition);
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn on(&self, transition: &Transition) {
        (**self).on(transition);
    }
}
