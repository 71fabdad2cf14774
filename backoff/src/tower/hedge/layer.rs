//! The layer: how requests are hedged.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroU32;

use tower_layer::Layer;

use super::Hedge;
use crate::Budget;

/// Hedges the requests of a service, as the driver [`Hedge`](crate::Hedge) does: only for those that may be executed twice.
///
/// The services clone their requests. A hedge is sent by a clone of the service, once that is ready. Responses and errors
/// are the service's own.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::Verdict;
/// use steadfast_backoff::tower::HedgeLayer;
/// use steadfast_clock::TokioTimer;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let service = ServiceBuilder::new()
///     .layer(HedgeLayer::new(Duration::from_millis(50), TokioTimer::new(), Verdict::unless_ok))
///     .service(service_fn(|ping: &'static str| async move { Ok::<_, std::io::Error>(ping) }));
/// assert_eq!(service.oneshot("ping").await.unwrap(), "ping");
/// # });
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is applied"]
pub struct HedgeLayer<D, J, C> {
    pub(super) delay: D,
    pub(super) classify: J,
    pub(super) timer: C,
    pub(super) attempts: u32,
    pub(super) budget: Option<Arc<dyn Budget>>,
    pub(super) cost: u32,
}

impl<D, J, C> HedgeLayer<D, J, C> {
    /// At most one request beside the first, once that has taken `delay`; `classify` tells which result wins.
    pub const fn new(delay: D, timer: C, classify: J) -> Self {
        Self { delay, classify, timer, attempts: 2, budget: None, cost: 1 }
    }

    /// Starts at most `attempts`, the first included. 2 unless set; 1 is no hedging.
    pub const fn attempts(mut self, attempts: NonZeroU32) -> Self {
        self.attempts = attempts.get();
        self
    }

    /// Takes every hedge from `budget`, and tells it of success. Unlimited unless set.
    pub fn budget(mut self, budget: impl Budget + 'static) -> Self {
        self.budget = Some(Arc::new(budget));
        self
    }

    /// What a hedge costs the budget. 1 unless set.
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }
}

impl<S, D: Clone, J: Clone, C: Clone> Layer<S> for HedgeLayer<D, J, C> {
    type Service = Hedge<S, D, J, C>;

    fn layer(&self, inner: S) -> Self::Service {
        Hedge { inner, layer: self.clone() }
    }
}

impl<D: fmt::Debug, J, C> fmt::Debug for HedgeLayer<D, J, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeLayer")
            .field("delay", &self.delay)
            .field("attempts", &self.attempts)
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}
