//! A limit for each key of requests: the layer and its service.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::task::{Context, Poll};

use steadfast_clock::Clock;
use tower_layer::Layer;
use tower_service::Service;

use super::{Error, ResponseFuture};
use crate::{Decision, Keyed, Limiter, SeededHash};

/// Refuses requests whose key comes too often, with [`Error::Limited`].
///
/// The key of a request is what `key` makes of it. A service is ready when the inner one is: the key's limit is asked in
/// `call`, for a cost of 1, by `clock`.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_clock::ManualClock;
/// use steadfast_ratelimit::tower::KeyedLayer;
/// use steadfast_ratelimit::{Keyed, Quota};
/// use tower::{Service, ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let users = Arc::new(Keyed::<u64>::with_capacity(Quota::per_minute(60)?, 1000));
/// let layer = KeyedLayer::new(users, ManualClock::new(), |request: &(u64, &str)| request.0);
/// let mut service = ServiceBuilder::new()
///     .layer(layer)
///     .service_fn(|(user, text): (u64, &'static str)| async move { Ok::<_, std::io::Error>(format!("{user}: {text}")) });
/// assert_eq!(service.ready().await?.call((1, "hello")).await?, "1: hello");
/// assert!(service.ready().await?.call((1, "hello?")).await.is_err());
/// assert_eq!(service.ready().await?.call((2, "hi")).await?, "2: hi");
/// # Ok(())
/// # }
/// ```
#[must_use = "a layer does nothing until it is applied"]
pub struct KeyedLayer<K, F, C, H = SeededHash> {
    keyed: Arc<Keyed<K, H>>,
    key: F,
    clock: C,
}

impl<K, F, C, H> KeyedLayer<K, F, C, H> {
    /// Puts services behind one table, on the clock that all its users share.
    pub const fn new(keyed: Arc<Keyed<K, H>>, clock: C, key: F) -> Self {
        Self { keyed, key, clock }
    }
}

impl<S, K, F: Clone, C: Clone, H> Layer<S> for KeyedLayer<K, F, C, H> {
    type Service = KeyedLimit<S, K, F, C, H>;

    fn layer(&self, inner: S) -> Self::Service {
        KeyedLimit { inner, keyed: Arc::clone(&self.keyed), key: self.key.clone(), clock: self.clock.clone() }
    }
}

impl<K, F: Clone, C: Clone, H> Clone for KeyedLayer<K, F, C, H> {
    fn clone(&self) -> Self {
        Self { keyed: Arc::clone(&self.keyed), key: self.key.clone(), clock: self.clock.clone() }
    }
}

impl<K, F, C: fmt::Debug, H> fmt::Debug for KeyedLayer<K, F, C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedLayer").field("keyed", &self.keyed).field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// A service behind a limit for each key; made by [`KeyedLayer`].
pub struct KeyedLimit<S, K, F, C, H = SeededHash> {
    inner: S,
    keyed: Arc<Keyed<K, H>>,
    key: F,
    clock: C,
}

impl<S, R, K, F, C, H> Service<R> for KeyedLimit<S, K, F, C, H>
where
    S: Service<R>,
    K: Hash,
    F: Fn(&R) -> K,
    C: Clock,
    H: BuildHasher,
{
    type Response = S::Response;
    type Error = Error<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        match self.keyed.of(&(self.key)(&request)).take(1, self.clock.now()) {
            Decision::Allow(_) => ResponseFuture::admitted(self.inner.call(request)),
            Decision::Deny(denied) => ResponseFuture::limited(denied),
        }
    }
}

impl<S: Clone, K, F: Clone, C: Clone, H> Clone for KeyedLimit<S, K, F, C, H> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            keyed: Arc::clone(&self.keyed),
            key: self.key.clone(),
            clock: self.clock.clone(),
        }
    }
}

impl<S: fmt::Debug, K, F, C, H> fmt::Debug for KeyedLimit<S, K, F, C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedLimit").field("inner", &self.inner).field("keyed", &self.keyed).finish_non_exhaustive()
    }
}
