//! What was set on a driver, but for what has a type of its own.

use alloc::vec::Vec;
use core::time::Duration;

use steadfast_clock::Nanos;

use crate::{Budget, Carried, Policy};

pub(super) struct Options<'a, S: ?Sized, E> {
    pub(super) policy: &'a Policy<S>,
    pub(super) deadline: Option<Nanos>,
    pub(super) total_limit: Option<Duration>,
    pub(super) budget: Option<&'a dyn Budget>,
    pub(super) carried: Option<&'a Carried>,
    pub(super) kept: Option<&'a mut Vec<E>>,
    #[cfg(feature = "tracing")]
    pub(super) log: Option<crate::log::Log<E>>,
    #[cfg(not(feature = "tracing"))]
    pub(super) log: core::marker::PhantomData<fn(&E)>,
}

impl<'a, S: ?Sized, E> Options<'a, S, E> {
    pub(super) const fn new(policy: &'a Policy<S>) -> Self {
        Self {
            policy,
            deadline: None,
            total_limit: None,
            budget: None,
            carried: None,
            kept: None,
            #[cfg(feature = "tracing")]
            log: None,
            #[cfg(not(feature = "tracing"))]
            log: core::marker::PhantomData,
        }
    }
}
