//! What goes into the book and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::Nanos;
use tokio::sync::oneshot;

use super::super::peer::Peer;
use super::super::slots::Place;

/// Something with a birthday.
pub(in super::super) trait Dated {
    fn made(&self) -> Nanos;
}

/// What can do with less while nobody has it.
pub(in super::super) trait Parks: Dated {
    /// Gives up what only an exchange needs. Whether it can still be used afterwards.
    #[must_use]
    fn strip(&mut self) -> bool;
}

/// How long a line may be idle before it gives up what only an exchange needs.
pub(in super::super) const WHOLE: Duration = Duration::from_secs(1);

/// The bounds that the book keeps.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Limits {
    pub(in super::super) max_idle: usize,
    pub(in super::super) max_idle_per_host: usize,
    pub(in super::super) max_per_host: usize,
    pub(in super::super) idle_timeout: Duration,
    pub(in super::super) max_age: Option<Duration>,
}

/// A connection for one exchange.
pub(in super::super) enum Grant<L, M> {
    /// All of it.
    Line { set: Place, line: L, idle_since: Option<Nanos> },
    /// One stream of it; whether it carried others before.
    Stream { set: Place, id: u64, many: M, reused: bool },
}

/// A dial to be begun.
pub(in super::super) struct Begin {
    pub(in super::super) set: Place,
    pub(in super::super) id: u64,
    pub(in super::super) peer: Arc<Peer>,
    /// Resolves when the dial is no longer wanted.
    pub(in super::super) stopped: oneshot::Receiver<()>,
}

/// What is to be done when the lock is free again.
pub(in super::super) struct Effects<L, M, W> {
    pub(in super::super) grants: Vec<(W, Grant<L, M>)>,
    pub(in super::super) dials: Vec<Begin>,
    /// Connections to be closed.
    pub(in super::super) lines: Vec<L>,
    pub(in super::super) many: Vec<M>,
}

impl<L, M, W> Default for Effects<L, M, W> {
    fn default() -> Self {
        Self { grants: Vec::new(), dials: Vec::new(), lines: Vec::new(), many: Vec::new() }
    }
}
