//! The layer: what all calls of a service have in common.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use tower_layer::Layer;

use super::Retry;
use crate::{Budget, Exponential, Policy};

/// Retries the requests of a service under a [`Policy`].
///
/// A request is cloned for each attempt. Errors are the service's own. Every attempt waits until
/// the service is ready for it; a retry is made with the service that made the attempt before.
///
/// `J` judges each result, as [`Driver::run`](crate::Driver::run)'s classifier does; `C` is a
/// [`Timer`](steadfast_clock::Timer). Layers and their services share the budget.
#[derive(Clone)]
#[must_use = "a layer does nothing until it is applied"]
pub struct RetryLayer<J, C, S = Exponential> {
    pub(super) policy: Policy<S>,
    pub(super) classify: J,
    pub(super) timer: C,
    pub(super) total_limit: Option<Duration>,
    pub(super) budget: Option<Arc<dyn Budget>>,
    pub(super) entropy: fn() -> u64,
}

impl<J, C, S> RetryLayer<J, C, S> {
    /// A layer that draws its jitter from [`entropy`](crate::entropy).
    #[cfg(feature = "rand")]
    pub fn new(policy: Policy<S>, timer: C, classify: J) -> Self {
        Self::with_entropy(policy, timer, classify, crate::entropy)
    }

    /// A layer that draws its jitter from `source`, uniformly distributed numbers.
    pub fn with_entropy(policy: Policy<S>, timer: C, classify: J, source: fn() -> u64) -> Self {
        Self { policy, classify, timer, total_limit: None, budget: None, entropy: source }
    }

    /// Takes every retry from `budget`, and tells it of success. Unlimited unless set.
    pub fn budget(mut self, budget: impl Budget + 'static) -> Self {
        self.budget = Some(Arc::new(budget));
        self
    }

    /// Starts no wait that would not end within `limit` of the call. Attempts are not cut: put a timeout layer below.
    pub fn total_limit(mut self, limit: Duration) -> Self {
        self.total_limit = Some(limit);
        self
    }
}

impl<V, J: Clone, C: Clone, S: Clone> Layer<V> for RetryLayer<J, C, S> {
    type Service = Retry<V, J, C, S>;

    fn layer(&self, inner: V) -> Self::Service {
        Retry::new(inner, self.clone())
    }
}

impl<J, C, S: fmt::Debug> fmt::Debug for RetryLayer<J, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("policy", &self.policy)
            .field("total_limit", &self.total_limit)
            .finish_non_exhaustive()
    }
}
