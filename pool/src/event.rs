//! What happens in the pool, told while it happens.

use std::sync::Arc;
use std::time::Duration;

use steadfast_breaker::Transition;

use crate::attempt::Attempt;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attempt begins.
    AttemptStarted {
        /// Whom it is sent to.
        target: &'a str,
        /// 1 for the first.
        number: u32,
        /// The most attempts there can be.
        max: u32,
    },
    /// An attempt ended, in an answer or a failure.
    AttemptEnded {
        /// Its record.
        attempt: &'a Attempt,
    },
    /// There will be another attempt.
    Retrying {
        /// Whom it will be sent to.
        target: &'a str,
        /// The number of the attempt to come.
        attempt: u32,
        /// The most attempts there can be.
        max: u32,
        /// What failed, in a few words.
        what: &'a str,
        /// How long is waited before it.
        delay: Duration,
        /// Whether the server asked for that wait.
        hinted: bool,
    },
    /// An attempt begins beside one that takes too long.
    Hedged {
        /// Whom it is sent to.
        target: &'a str,
        /// Its number: those of hedges and retries are counted together.
        number: u32,
    },
    /// The rate limit let an attempt through after a wait.
    LimitWaited {
        /// Whom the attempt is for.
        target: &'a str,
        /// How long it waited.
        delay: Duration,
    },
    /// A breaker changed its state.
    Breaker {
        /// The breaker's scope: a host and port, or the scope that requests name.
        scope: &'a str,
        /// From where to where, and why.
        transition: &'a Transition,
    },
}

/// Is told what happens. Calls are synchronous and on the path of requests: return soon.
pub trait Observer: Send + Sync {
    /// One event.
    fn on(&self, event: &Event<'_>) {
        let _ = event;
    }
}

impl Observer for () {}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn on(&self, event: &Event<'_>) {
        (**self).on(event);
    }
}
