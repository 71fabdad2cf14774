//! Waiting for a flight.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::FlightError;
use super::board::{Board, Flight};

/// One caller's part in a flight: a future of what it brings. Made by [`SingleFlight::join`](crate::SingleFlight::join).
///
/// The flight does not need it to be polled, so that a follower that is kept waiting holds nobody up. Polled again after
/// it has completed, it gives the same again.
///
/// # Cancel safety
///
/// Dropping it leaves the flight, and the last one that leaves cancels it. The others see nothing of that.
#[must_use = "a follower that is dropped has left the flight"]
pub struct Follower<K: Hash + Eq, V, E> {
    board: Arc<Board<K, V, E>>,
    flight: Arc<Flight<K, V, E>>,
    seat: usize,
}

impl<K: Hash + Eq, V, E> Follower<K, V, E> {
    pub(super) fn new(board: Arc<Board<K, V, E>>, flight: Arc<Flight<K, V, E>>, seat: usize) -> Self {
        Self { board, flight, seat }
    }

    /// Whether the flight has landed: then polling does not wait.
    #[must_use]
    pub fn has_landed(&self) -> bool {
        self.flight.landed().is_some()
    }

    /// Whether it was this follower's own call that brought the result; false before there is one.
    #[must_use]
    pub fn is_maker(&self) -> bool {
        self.flight.landed().is_some_and(|landed| landed.maker == Some(self.seat))
    }
}

impl<K: Hash + Eq, V: Clone, E> Future for Follower<K, V, E> {
    type Output = Result<V, FlightError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.flight.landed().is_none() {
            self.board.wait(&self.flight, self.seat, cx.waker().clone());
        }
        match self.flight.landed() {
            Some(landed) => Poll::Ready(landed.outcome.clone()),
            None => Poll::Pending,
        }
    }
}

impl<K: Hash + Eq, V, E> Drop for Follower<K, V, E> {
    fn drop(&mut self) {
        if !self.has_landed() {
            self.board.leave(&self.flight, self.seat);
        }
    }
}

impl<K: Hash + Eq, V, E> fmt::Debug for Follower<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("has_landed", &self.has_landed())
            .field("is_maker", &self.is_maker())
            .finish_non_exhaustive()
    }
}
