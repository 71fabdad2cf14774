//! One call for all who want the same at the same time.

mod board;
mod error;
mod follower;
mod roster;
mod task;

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use tokio::runtime::Handle;

use board::{Board, Spare};

pub use error::FlightError;
pub use follower::Follower;

/// One call for all who want the same at the same time: who asks for a key while a call for it is under way joins that
/// one and is given what it brings.
///
/// A flight runs on a task of its own. It belongs to no caller: each may leave when it likes, by a timeout or by being
/// dropped, and the flight is cancelled when the last one has left. Nothing is kept once it has landed, so that the next
/// caller starts anew; to keep answers there is [`ReadThrough`](crate::ReadThrough). Clones share their flights.
///
/// - While any caller stays, exactly one call for its key is under way, and never two: a new one is not begun before the
///   future of the one before, cancelled or lost, has been dropped.
/// - A failure is told to all. So is the loss of a flight that panicked, or was aborted because its runtime was shut
///   down, but first one of the followers that are there starts another in its place, by its own means and on its own
///   runtime. That is done once: the second loss is told to all.
///
/// The name and the idea are those of Go's `golang.org/x/sync/singleflight`.
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use steadfast_cache::SingleFlight;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// static CALLS: AtomicU32 = AtomicU32::new(0);
/// async fn fetch() -> Result<&'static str, Infallible> {
///     CALLS.fetch_add(1, Ordering::Relaxed);
///     tokio::task::yield_now().await;
///     Ok("an answer")
/// }
///
/// let flights = SingleFlight::new();
/// let (one, two) = tokio::join!(flights.join("question", fetch), flights.join("question", fetch));
/// assert_eq!((one?, two?), ("an answer", "an answer"));
/// assert_eq!(CALLS.load(Ordering::Relaxed), 1);
/// # Ok(())
/// # }
/// ```
pub struct SingleFlight<K, V, E> {
    board: Arc<Board<K, V, E>>,
}

impl<K, V, E> SingleFlight<K, V, E> {
    /// With no flight under way.
    #[must_use]
    pub fn new() -> Self {
        Self { board: Arc::new(Board::new()) }
    }

    /// How many flights are under way, those included that are being cancelled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.board.len()
    }

    /// Whether no flight is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K, V, E> SingleFlight<K, V, E>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Joins the flight of `key`. If there is none it is started at once by `make`, on the caller's runtime.
    ///
    /// Otherwise `make` is kept for the case that the flight is lost, until it is used or the follower leaves. It runs
    /// on the flight's task. Should the last follower have left just now, the one before is waited for to be dropped
    /// first; if it lands all the same, what it brings is told. A flight that joins its own key waits for itself.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn join<F, Fut>(&self, key: K, make: F) -> Follower<K, V, E>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        let spare = Spare { make: Box::new(|| Box::pin(make())), runtime: Handle::current() };
        let (flight, seat) = self.board.join(key, spare);
        Follower::new(Arc::clone(&self.board), flight, seat)
    }
}

impl<K, V, E> Default for SingleFlight<K, V, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V, E> Clone for SingleFlight<K, V, E> {
    fn clone(&self) -> Self {
        Self { board: Arc::clone(&self.board) }
    }
}

impl<K, V, E> fmt::Debug for SingleFlight<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").field("under_way", &self.len()).finish()
    }
}
