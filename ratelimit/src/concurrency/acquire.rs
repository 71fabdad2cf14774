//! Waiting in line for a permit.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use alloc::sync::Arc;

use steadfast_clock::{Nanos, Timer};
use tokio::sync::{Mutex, Notify};

use super::{Busy, Concurrency, InFlight, OwnedInFlight};
use crate::sync::{AtomicU32, Ordering};

/// Those who wait, in order.
#[derive(Debug)]
pub(super) struct Line {
    /// Whose turn it is. Tokio's mutex hands itself over in the order of asking, and forgets those who gave up.
    turn: Mutex<()>,
    /// Tells whoever has the turn to look again; keeps one message for who is about to listen.
    room: Notify,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { turn: Mutex::new(()), room: Notify::new() }
    }

    pub(super) fn wake(&self) {
        self.room.notify_one();
    }
}

/// A place in line; whoever drops it has left.
struct Place<'a>(&'a AtomicU32);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicU32) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Concurrency {
    /// Waits in line for a permit; at once when one is free and nobody waits. Those who wait are served in the order of
    /// their first poll.
    ///
    /// # Errors
    ///
    /// [`Busy`], when there is none by `deadline`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the line; nothing is taken, and those behind move up. Keeping it without polling it
    /// holds them up once it is at the head.
    pub fn acquire<T: Timer + ?Sized>(
        &self,
        deadline: Option<Nanos>,
        timer: &T,
    ) -> impl Future<Output = Result<InFlight<'_>, Busy>> + Send {
        // Told to be `Send` here, where it is seen for every timer: a caller's compiler cannot always find out.
        self.stand_in_line(deadline, timer)
    }

    /// The same, for a permit that can be sent anywhere and kept.
    ///
    /// # Errors
    ///
    /// [`Busy`], when there is none by `deadline`.
    ///
    /// # Cancel safety
    ///
    /// That of [`acquire`](Self::acquire).
    pub async fn acquire_owned<T: Timer + ?Sized>(
        self: &Arc<Self>,
        deadline: Option<Nanos>,
        timer: &T,
    ) -> Result<OwnedInFlight, Busy> {
        self.acquire(deadline, timer).await.map(|permit| permit.into_owned(self))
    }

    async fn stand_in_line<T: Timer + ?Sized>(&self, deadline: Option<Nanos>, timer: &T) -> Result<InFlight<'_>, Busy> {
        if let Ok(permit) = self.try_acquire() {
            return Ok(permit);
        }
        let place = Place::take(&self.waiting);
        let served = async {
            let _turn = self.line.turn.lock().await;
            // Looked at after the place was taken: who leaves from here on sees somebody waiting, and tells.
            loop {
                match self.enter() {
                    Ok(nth) => break InFlight::new(self, nth),
                    Err(_) => self.line.room.notified().await,
                }
            }
        };
        let permit = match deadline {
            None => Some(served.await),
            Some(deadline) => before(timer.sleep_until(deadline), served).await,
        };
        drop(place);
        permit.ok_or_else(|| self.busy())
    }
}

/// What `wait` gives, or `None` when `late` ends first.
pub(crate) async fn before<F: Future>(late: impl Future<Output = ()>, wait: F) -> Option<F::Output> {
    let (mut late, mut wait) = (pin!(late), pin!(wait));
    poll_fn(|cx| match wait.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}
