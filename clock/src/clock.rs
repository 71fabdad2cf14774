//! Reading time: the monotonic [`Clock`] and the calendar [`Wall`].

use alloc::sync::Arc;

use crate::{Nanos, UnixNanos};

/// Something that tells monotonic time.
///
/// Successive reads on one thread never go backwards. Everything of the family takes its time from here, so that tests
/// can hand in a manual clock instead.
pub trait Clock {
    /// Time since the clock's own origin.
    fn now(&self) -> Nanos;
}

/// Something that tells the date: for HTTP dates, maintenance windows and journals.
///
/// Unlike a [`Clock`] it may jump, in either direction, when the machine's clock is set.
pub trait Wall {
    /// Time since 1970-01-01T00:00:00Z.
    fn wall(&self) -> UnixNanos;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Nanos {
        (**self).now()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Nanos {
        (**self).now()
    }
}

impl<W: Wall + ?Sized> Wall for &W {
    fn wall(&self) -> UnixNanos {
        (**self).wall()
    }
}

impl<W: Wall + ?Sized> Wall for Arc<W> {
    fn wall(&self) -> UnixNanos {
        (**self).wall()
    }
}
