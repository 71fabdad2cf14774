//! What one call carries down through its layers, so that their retries do not multiply.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

use steadfast_clock::Nanos;

use crate::sync::{AtomicBool, AtomicU32, Ordering};

/// What a call carries from layer to layer: its deadline, and one store of attempts that all its layers draw from.
///
/// Three layers of three attempts each make up to 27 sends; carrying a limit of 4, they make 4. The outermost layer makes
/// one with [`new`](Self::new) and hands it to its driver ([`Driver::carry`](crate::Driver::carry)); the operation asks
/// for the layer [`below`](Self::below) in every attempt and hands that on. An attempt and the first attempt of the layer
/// below it are one send and count once; each further attempt counts at whatever layer it is made.
///
/// Each is for one driver, one hedge or one loop of one's own. An operation either sends or calls `below`, not both.
///
/// ```
/// use std::num::NonZeroU32;
/// use steadfast_backoff::{Carried, Driver, Policy, Stop, Verdict};
/// use steadfast_clock::TokioTimer;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let policy = Policy::delivery(); // 3 attempts
/// let carried = Carried::new(NonZeroU32::new(4).unwrap());
/// let failed = Driver::new(&policy, TokioTimer::new())
///     .carry(&carried)
///     .run(
///         |_| {
///             let (policy, below) = (&policy, carried.below());
///             async move {
///                 let below = below.ok_or("no attempt left")?;
///                 let sent = Driver::new(policy, TokioTimer::new()).carry(&below).run(|_| async { Err::<(), _>("refused") }, Verdict::unless_ok);
///                 sent.await.map(|_| ()).map_err(|failed| failed.error)
///             }
///         },
///         Verdict::unless_ok,
///     )
///     .await
///     .unwrap_err();
/// assert_eq!((carried.attempts(), failed.attempts, failed.stop), (4, 2, Stop::AttemptsSpent));
/// # });
/// ```
pub struct Carried {
    deadline: Option<Nanos>,
    store: Arc<Store>,
    /// Whether the first attempt of this layer is already paid, by the attempt above that it is part of.
    paid: AtomicBool,
    /// Attempts of this layer that were counted and not yet handed down.
    open: AtomicU32,
}

/// The attempts of the whole call.
struct Store {
    limit: u32,
    spent: AtomicU32,
}

impl Carried {
    /// A call that may make `limit` attempts in all its layers together, and has made none.
    #[must_use]
    pub fn new(limit: NonZeroU32) -> Self {
        Self::part_of(Arc::new(Store { limit: limit.get(), spent: AtomicU32::new(0) }), None, false)
    }

    fn part_of(store: Arc<Store>, deadline: Option<Nanos>, paid: bool) -> Self {
        Self { deadline, store, paid: AtomicBool::new(paid), open: AtomicU32::new(0) }
    }

    /// Counts attempts that were made before, in another process, say: they count against the limit.
    #[must_use]
    pub fn attempts_before(self, attempts: u32) -> Self {
        self.store.add(attempts);
        self
    }

    /// Sets a deadline for this layer and those below; an earlier one that was set above stands.
    ///
    /// Set it here rather than on a driver, which does not tell the layers below.
    #[must_use]
    pub fn by(mut self, deadline: Nanos) -> Self {
        self.deadline = earliest(self.deadline, Some(deadline));
        self
    }

    /// What to hand to the layer below in the present attempt; `None` when no attempt is left.
    ///
    /// Within an attempt the first one is that attempt; any further one takes another from the store.
    #[must_use]
    pub fn below(&self) -> Option<Self> {
        let handed = self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| open.checked_sub(1)).is_ok();
        (handed || self.store.take()).then(|| Self::part_of(Arc::clone(&self.store), self.deadline, true))
    }

    /// Counts an attempt of a loop of one's own, before the wait that leads to it; `false` when none is left. Drivers and
    /// hedges do it themselves.
    #[must_use]
    pub fn begin(&self) -> bool {
        let begun = self.paid.swap(false, Ordering::Relaxed) || self.store.take();
        if begun {
            self.open.fetch_add(1, Ordering::Relaxed);
        }
        begun
    }

    /// Counts the first attempt of a driver, which is always made.
    pub(crate) fn begin_first(&self) {
        if !self.begin() {
            self.store.add(1);
            self.open.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Uncounts an attempt that was begun and will not be made: the policy or the budget has refused it.
    pub fn give_back(&self) {
        let open = self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| open.checked_sub(1));
        if open.is_ok() {
            self.store.spent.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Counts a driver's next attempt; `false` when none is left. One that has ended without being handed down has sent
    /// something itself.
    pub(crate) fn begin_next(&self) -> bool {
        self.open.store(0, Ordering::Relaxed);
        self.begin()
    }

    /// How many attempts the whole call has made so far, at all layers.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.store.spent.load(Ordering::Relaxed)
    }

    /// How many attempts the whole call may make.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.store.limit
    }

    /// Whether no attempt is left for any layer, but for the one that this layer was handed.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        !self.paid.load(Ordering::Relaxed) && self.attempts() >= self.store.limit
    }

    /// The earliest deadline of this layer and those above.
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        self.deadline
    }

    /// The time left until the deadline, zero when it has passed; `None` without one.
    #[must_use]
    pub fn remaining(&self, now: Nanos) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.since(now))
    }
}

impl Store {
    /// Takes one attempt, if one is left.
    fn take(&self) -> bool {
        let next = |spent| (spent < self.limit).then(|| spent + 1);
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Counts attempts that were made whatever is left.
    fn add(&self, attempts: u32) {
        let add = |spent: u32| Some(spent.saturating_add(attempts));
        // Always `Ok`: the closure never declines.
        let _ = self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// The earlier of two deadlines.
pub(crate) fn earliest(one: Option<Nanos>, other: Option<Nanos>) -> Option<Nanos> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried")
            .field("deadline", &self.deadline)
            .field("attempts", &self.attempts())
            .field("limit", &self.store.limit)
            .finish_non_exhaustive()
    }
}
