//! The layer.

use std::fmt;
use std::sync::Arc;

use steadfast_clock::System;
use tower_layer::Layer;

use super::BreakerService;
use crate::{CircuitBreaker, Outcome};

/// Puts services behind one breaker.
///
/// A service is ready when the inner one is: the breaker is asked in `call`, and its no is the error
/// [`CallError::Rejected`](crate::CallError::Rejected). The permit lives in the response future, so that dropping that
/// abandons the call. By default an `Ok` is a success and an `Err` a failure.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_breaker::tower::BreakerLayer;
/// use steadfast_breaker::{CircuitBreaker, Outcome, Rule};
/// use steadfast_clock::ManualClock;
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = Arc::new(CircuitBreaker::new(Rule::new().failures(1))?);
/// // An answer of 500 and above speaks against the callee.
/// let layer = BreakerLayer::new(breaker, ManualClock::new()).classify(|result: &Result<u16, std::io::Error>| match result {
///     Ok(status) if *status < 500 => Outcome::Success,
///     _ => Outcome::Failure,
/// });
/// let mut service = ServiceBuilder::new().layer(layer).service_fn(|status: u16| async move { Ok(status) });
/// assert_eq!(service.ready().await?.call(503).await?, 503);
/// let rejected = service.ready().await?.call(200).await.unwrap_err();
/// assert_eq!(rejected.to_string(), "circuit breaker is open, it lets probes out in 30.0s");
/// # Ok(())
/// # }
/// ```
pub struct BreakerLayer<C = System, F = ByResult, O = ()> {
    breaker: Arc<CircuitBreaker<O>>,
    clock: C,
    classify: F,
}

/// Says what the result of a call means for the breaker. Any `Fn(&Result<T, E>) -> Outcome` does.
pub trait Classify<T, E> {
    /// What became of the call.
    fn outcome(&self, result: &Result<T, E>) -> Outcome;
}

/// An `Ok` is a success, an `Err` a failure.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ByResult;

impl<T, E> Classify<T, E> for ByResult {
    fn outcome(&self, result: &Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

impl<T, E, F: Fn(&Result<T, E>) -> Outcome> Classify<T, E> for F {
    fn outcome(&self, result: &Result<T, E>) -> Outcome {
        self(result)
    }
}

impl<C, O> BreakerLayer<C, ByResult, O> {
    /// Puts services behind `breaker`; `clock` is cheap to clone.
    pub const fn new(breaker: Arc<CircuitBreaker<O>>, clock: C) -> Self {
        Self { breaker, clock, classify: ByResult }
    }
}

impl<C, F, O> BreakerLayer<C, F, O> {
    /// Says what results mean, by a closure or a [`Classify`] of one's own.
    #[must_use]
    pub fn classify<G>(self, classify: G) -> BreakerLayer<C, G, O> {
        BreakerLayer { breaker: self.breaker, clock: self.clock, classify }
    }
}

impl<S, C: Clone, F: Clone, O> Layer<S> for BreakerLayer<C, F, O> {
    type Service = BreakerService<S, C, F, O>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService::new(inner, Arc::clone(&self.breaker), self.clock.clone(), self.classify.clone())
    }
}

impl<C: Clone, F: Clone, O> Clone for BreakerLayer<C, F, O> {
    fn clone(&self) -> Self {
        Self { breaker: Arc::clone(&self.breaker), clock: self.clock.clone(), classify: self.classify.clone() }
    }
}

impl<C, F, O> fmt::Debug for BreakerLayer<C, F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerLayer").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
