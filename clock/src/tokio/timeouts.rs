//! Waits that are mostly given up: what was registered for one serves the next.

use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::{Arc, Mutex};

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep};

use super::{TokioTimer, instant};
use crate::{Clock, Nanos, Timer, UnixNanos, Wall};

/// A [`TokioTimer`] for timeouts: many waits of much the same length, nearly all of which are dropped before their time.
///
/// Such a wait costs more to enter into tokio's wheel, and to take out of it, than all else about it. Here a wait that is
/// given up stays in the wheel and serves the next one that is to end no earlier; should its time come first, it is moved on.
/// So a wait is entered anew only every so often, whatever the number of calls. At most 256 lie ready; one that lies there
/// when its time comes may wake, once and for nothing, the task that had it. They belong to the runtime that was used last,
/// and go with the last clone of the timer.
///
/// Time is that of [`TokioTimer`], and so is the precision.
///
/// # Panics
///
/// [`sleep_until`](Timer::sleep_until) panics outside a tokio runtime with its time driver on.
#[derive(Clone, Default)]
pub struct TokioTimeouts {
    shelf: Arc<Shelf>,
}

impl TokioTimeouts {
    /// A timer with nothing registered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for TokioTimeouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioTimeouts").finish_non_exhaustive()
    }
}

impl Clock for TokioTimeouts {
    #[inline]
    fn now(&self) -> Nanos {
        TokioTimer.now()
    }
}

impl Wall for TokioTimeouts {
    fn wall(&self) -> UnixNanos {
        TokioTimer.wall()
    }
}

impl Timer for TokioTimeouts {
    type Sleep = TokioTimeout;

    #[expect(clippy::disallowed_methods, reason = "this is a timer that everything else is told to take")]
    fn sleep_until(&self, at: Nanos) -> TokioTimeout {
        let (until, runtime) = (instant(at), Handle::current().id());
        let kept = self.shelf.take(runtime, until);
        let sleep = kept.unwrap_or_else(|| Box::pin(tokio::time::sleep_until(until)));
        TokioTimeout { sleep: Some(sleep), until, runtime, shelf: Arc::clone(&self.shelf) }
    }
}

/// The sleep of [`TokioTimeouts`].
pub struct TokioTimeout {
    /// There until it is dropped. It ends at `until` or before.
    sleep: Option<Pin<Box<Sleep>>>,
    until: Instant,
    runtime: Id,
    shelf: Arc<Shelf>,
}

impl Future for TokioTimeout {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(sleep) = &mut this.sleep else { return Poll::Ready(()) };
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= this.until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(this.until);
        }
    }
}

impl Drop for TokioTimeout {
    fn drop(&mut self) {
        // Also after the runtime has shut down: then all its sleeps have elapsed.
        if let Some(sleep) = self.sleep.take().filter(|sleep| !sleep.is_elapsed()) {
            self.shelf.keep(self.runtime, sleep);
        }
    }
}

impl fmt::Debug for TokioTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioTimeout").field("until", &self.until).finish_non_exhaustive()
    }
}

/// What lies ready. Whoever meets somebody else here goes without.
#[derive(Default)]
struct Shelf(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Where the sleeps are registered; polled anywhere else they might never end. Tokio gives no number twice.
    runtime: Option<Id>,
    sleeps: Vec<Pin<Box<Sleep>>>,
}

/// The most that lie ready.
const MOST: usize = 256;

impl Shelf {
    /// One of this runtime that ends at `until` or before.
    fn take(&self, runtime: Id, until: Instant) -> Option<Pin<Box<Sleep>>> {
        let mut kept = self.0.try_lock().ok()?;
        if kept.runtime != Some(runtime) {
            return None;
        }
        // All that was left to elapse here goes when it is met.
        while kept.sleeps.last()?.is_elapsed() {
            kept.sleeps.pop();
        }
        if kept.sleeps.last()?.deadline() > until {
            return None;
        }
        kept.sleeps.pop()
    }

    fn keep(&self, runtime: Id, sleep: Pin<Box<Sleep>>) {
        let Ok(mut kept) = self.0.try_lock() else { return };
        let mut others = Vec::new();
        if kept.runtime != Some(runtime) {
            kept.runtime = Some(runtime);
            others = mem::take(&mut kept.sleeps);
        }
        if kept.sleeps.len() < MOST {
            kept.sleeps.push(sleep);
        }
        drop(kept);
        drop(others);
    }
}
