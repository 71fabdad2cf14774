//! Calls made through the breaker, in one piece.

use std::fmt;
use std::future::Future;

use steadfast_clock::Clock;

use super::CircuitBreaker;
use crate::{Observer, Outcome, Rejected};

/// Why a call through a breaker has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The breaker did not admit the call: nothing was called.
    Rejected(Rejected),
    /// The call was made, and this is its error.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for CallError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(_) => None,
            // Displayed as itself, so its source is the next in line.
            Self::Failed(error) => error.source(),
        }
    }
}

impl<O: Observer> CircuitBreaker<O> {
    /// Calls `callee` if the breaker admits it. An `Ok` is a success, an `Err` a failure; a panic abandons the call.
    ///
    /// ```
    /// use steadfast_breaker::{CallError, CircuitBreaker, Rule};
    /// use steadfast_clock::System;
    ///
    /// # fn main() -> Result<(), steadfast_breaker::ConfigError> {
    /// let breaker = CircuitBreaker::new(Rule::new().consecutive(1))?;
    /// let clock = System::new();
    /// assert_eq!(breaker.call(&clock, || "7".parse::<u8>()), Ok(7));
    /// assert!(matches!(breaker.call(&clock, || "x".parse::<u8>()), Err(CallError::Failed(_))));
    /// assert!(matches!(breaker.call(&clock, || "7".parse::<u8>()), Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Rejected`] when the call is not admitted, otherwise the callee's.
    #[inline]
    pub fn call<T, E, C>(&self, clock: &C, callee: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>>
    where
        C: Clock + ?Sized,
    {
        self.call_with(clock, by_result, callee)
    }

    /// Calls `callee` if the breaker admits it; `classify` says what its result means. A panic abandons the call.
    ///
    /// # Errors
    ///
    /// [`CallError::Rejected`] when the call is not admitted, otherwise the callee's.
    #[inline]
    pub fn call_with<T, E, C>(
        &self,
        clock: &C,
        classify: impl FnOnce(&Result<T, E>) -> Outcome,
        callee: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>>
    where
        C: Clock + ?Sized,
    {
        let permit = self.permit(clock).map_err(CallError::Rejected)?;
        let result = callee();
        permit.settle(classify(&result));
        result.map_err(CallError::Failed)
    }

    /// Awaits `callee` if the breaker admits it. An `Ok` is a success, an `Err` a failure.
    ///
    /// # Errors
    ///
    /// [`CallError::Rejected`] when the call is not admitted, otherwise the callee's.
    ///
    /// # Cancel safety
    ///
    /// The breaker is asked at the first poll. A future that is dropped, or panics, abandons the call.
    pub async fn call_async<T, E, C>(
        &self,
        clock: &C,
        callee: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CallError<E>>
    where
        C: Clock + ?Sized,
    {
        self.call_async_with(clock, by_result, callee).await
    }

    /// Awaits `callee` if the breaker admits it; `classify` says what its result means.
    ///
    /// # Errors
    ///
    /// [`CallError::Rejected`] when the call is not admitted, otherwise the callee's.
    ///
    /// # Cancel safety
    ///
    /// The breaker is asked at the first poll. A future that is dropped, or panics, abandons the call.
    pub async fn call_async_with<T, E, C>(
        &self,
        clock: &C,
        classify: impl FnOnce(&Result<T, E>) -> Outcome,
        callee: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CallError<E>>
    where
        C: Clock + ?Sized,
    {
        let permit = self.permit(clock).map_err(CallError::Rejected)?;
        let result = callee.await;
        permit.settle(classify(&result));
        result.map_err(CallError::Failed)
    }
}

#[inline]
fn by_result<T, E>(result: &Result<T, E>) -> Outcome {
    if result.is_ok() { Outcome::Success } else { Outcome::Failure }
}
