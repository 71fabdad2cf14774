//! A guard that times one attempt of a call.

use std::time::Duration;

use steadfast_clock::{Clock, Nanos};

use super::Operation;

/// One attempt of a call, counted when it began. Made by [`Operation::attempt`].
///
/// Dropping it records how long it took, also when the drop is a panic or a cancelled future. Several may be under way
/// at once.
#[derive(Debug)]
#[must_use = "dropping the guard ends the attempt"]
pub struct Attempt<'o, 'a, C: Clock> {
    operation: &'o Operation<'a, C>,
    started: Nanos,
}

impl<'o, 'a, C: Clock> Attempt<'o, 'a, C> {
    pub(super) fn new(operation: &'o Operation<'a, C>) -> Self {
        Self { operation, started: operation.clock().now() }
    }

    /// The time since its beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.operation.clock().now().since(self.started)
    }

    /// Ends the attempt, as dropping it does.
    pub fn end(self) {}
}

impl<C: Clock> Drop for Attempt<'_, '_, C> {
    fn drop(&mut self) {
        let elapsed = self.elapsed();
        self.operation.count(|calls| calls.attempt_latency.record_duration(elapsed));
    }
}
