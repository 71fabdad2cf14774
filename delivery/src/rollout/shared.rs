//! What a driver, its workers and its handles share.

use std::sync::Arc;

use steadfast_clock::{Clock as _, Nanos, SharedTimer, System, UnixNanos, Wall};
use tokio::sync::watch;

use super::board::Board;
use super::inbox::Inbox;
use super::series::Series;
use crate::record::Observer;
use crate::store::Store;

pub(super) struct Shared {
    pub(super) id: Arc<str>,
    pub(super) store: Arc<dyn Store>,
    /// Whether nobody else can reach the store: then nobody else drives, reads or sends commands.
    pub(super) private: bool,
    pub(super) timer: SharedTimer,
    pub(super) wall: Arc<dyn Wall + Send + Sync>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) board: Board,
    /// What is counted where figures of other things are, too, if somebody wants that.
    pub(super) series: Option<Series>,
    pub(super) inbox: Inbox,
    /// The number of the last event that is kept; `u64::MAX` when this process drives it no more.
    pub(super) kept: watch::Sender<u64>,
}

impl Shared {
    /// The calendar's time.
    pub(super) fn wall(&self) -> UnixNanos {
        self.wall.wall()
    }

    /// The calendar's time in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> u64 {
        self.wall().as_nanos() / 1_000_000
    }
}

/// A calendar that a timer moves on.
pub(super) struct Moved {
    timer: SharedTimer,
    from: (Nanos, UnixNanos),
}

impl Moved {
    /// The system's calendar, moved on by `timer` from now on.
    pub(super) fn by(timer: SharedTimer) -> Self {
        // Whole milliseconds, as everything that is kept.
        let wall = System::new().wall().as_nanos() / 1_000_000 * 1_000_000;
        let from = (timer.now(), UnixNanos::from_nanos(wall));
        Self { timer, from }
    }
}

impl Wall for Moved {
    fn wall(&self) -> UnixNanos {
        self.from.1.saturating_add(self.timer.now().since(self.from.0))
    }
}

/// Tells, when it is dropped, that this process drives the rollout no more.
pub(super) struct Ending(Arc<Shared>);

impl Ending {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.inbox.close();
        self.0.kept.send_replace(super::events::OVER);
    }
}
