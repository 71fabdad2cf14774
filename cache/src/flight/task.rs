//! The task of a flight: makes the call, and tells how it ended however it ends.

use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::FlightError;
use super::board::{Board, Call, Flight};

/// The call and, dropped after it, who tells of its end: no other call of the key begins before this one is gone.
pub(super) struct Task<K: Key, V: Value, E: Value> {
    stage: Stage<V, E>,
    end: End<K, V, E>,
}

enum Stage<V, E> {
    /// To be made on the task, so that a panic in there is one of the flight.
    Planned(Box<dyn FnOnce() -> Call<V, E> + Send>),
    UnderWay(Call<V, E>),
    Over,
}

struct End<K: Key, V: Value, E: Value> {
    board: Arc<Board<K, V, E>>,
    flight: Arc<Flight<K, V, E>>,
    /// Whether the call is being polled or dropped: what ends it then is a panic.
    busy: bool,
    told: bool,
}

/// What a key must be for a task to carry it.
pub(super) trait Key: Hash + Eq + Clone + Send + Sync + 'static {}
impl<K: Hash + Eq + Clone + Send + Sync + 'static> Key for K {}

/// What a result must be for many tasks to read it.
pub(super) trait Value: Send + Sync + 'static {}
impl<V: Send + Sync + 'static> Value for V {}

impl<K: Key, V: Value, E: Value> Task<K, V, E> {
    pub(super) fn new(
        make: Box<dyn FnOnce() -> Call<V, E> + Send>,
        board: Arc<Board<K, V, E>>,
        flight: Arc<Flight<K, V, E>>,
    ) -> Self {
        Self { stage: Stage::Planned(make), end: End { board, flight, busy: false, told: false } }
    }
}

impl<K: Key, V: Value, E: Value> Future for Task<K, V, E> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { stage, end } = self.get_mut();
        end.busy = true;
        if let Stage::Planned(_) = stage {
            if let Stage::Planned(make) = std::mem::replace(stage, Stage::Over) {
                *stage = Stage::UnderWay(make());
            }
        }
        let Stage::UnderWay(call) = stage else { return Poll::Ready(()) };
        let polled = call.as_mut().poll(cx);
        if polled.is_ready() {
            *stage = Stage::Over;
        }
        end.busy = false;
        polled.map(|result| {
            end.told = true;
            end.board.land(&end.flight, result.map_err(|error| FlightError::Failed(Arc::new(error))));
        })
    }
}

impl<K: Key, V: Value, E: Value> Drop for End<K, V, E> {
    fn drop(&mut self) {
        if !self.told {
            let why = if self.busy { FlightError::Panicked } else { FlightError::Aborted };
            self.board.lost(&self.flight, why);
        }
    }
}
