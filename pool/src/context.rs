//! What a call inherits from its caller, and what it may do on the caller's behalf.

use std::fmt;
use std::sync::Arc;

use steadfast_backoff::{Budget, Carried};
use steadfast_clock::Nanos;

/// Leave to send a request again when the server may already have executed it.
///
/// Failures that provably never reached the server are always sent again, whatever the leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resend {
    /// By the method: only GET, HEAD, PUT, DELETE, OPTIONS and TRACE, and requests with an `Idempotency-Key`.
    #[default]
    ByMethod,
    /// As by the method, and once more when a reused connection turned out closed before a byte of an answer: the
    /// stale keep-alive case. Such an attempt is marked as maybe executed.
    Stale,
    /// Always: the caller knows that doing it twice is the same as doing it once.
    Always,
}

/// What travels down from layer to layer with one call: deadline, attempts already made, retry budget, leave to resend.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CallContext {
    /// No attempt and no wait goes on past this point of the pool's clock. Spans all attempts and waits.
    pub deadline: Option<Nanos>,
    /// Attempts that layers above have spent; they count against the policy's maximum.
    pub attempts_before: u32,
    /// Where retries are paid from; none means that only the policy bounds them.
    pub budget: Option<Arc<dyn Budget>>,
    /// Leave to send again what may have been executed.
    pub resend: Resend,
    /// What all layers of the call share: its deadline, and one store of attempts that each retry is taken from.
    pub carried: Option<Arc<Carried>>,
}

impl CallContext {
    /// No deadline, no attempts before, no budget, leave by the method, nothing shared with other layers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the deadline.
    #[must_use]
    pub fn deadline(mut self, at: Nanos) -> Self {
        self.deadline = Some(at);
        self
    }

    /// Counts attempts that were made above.
    #[must_use]
    pub fn attempts_before(mut self, attempts: u32) -> Self {
        self.attempts_before = attempts;
        self
    }

    /// Sets the budget that retries are paid from.
    #[must_use]
    pub fn budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Draws the attempts from the store that all layers of the call share, so that their retries do not multiply; of
    /// the two deadlines, the earlier one stands. For one call: hand on what [`Carried::below`] gives in each attempt of
    /// the layer above.
    ///
    /// ```
    /// use std::num::NonZeroU32;
    /// use steadfast_pool::{CallContext, backoff::Carried};
    ///
    /// let whole = Carried::new(NonZeroU32::new(4).unwrap());
    /// // In each attempt of the layer above:
    /// if let Some(below) = whole.below() {
    ///     let context = CallContext::new().carry(below);
    ///     # let _ = context;
    /// }
    /// ```
    #[must_use]
    pub fn carry(mut self, carried: Carried) -> Self {
        self.carried = Some(Arc::new(carried));
        self
    }

    /// Sets the leave to resend.
    #[must_use]
    pub fn resend(mut self, resend: Resend) -> Self {
        self.resend = resend;
        self
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("deadline", &self.deadline)
            .field("attempts_before", &self.attempts_before)
            .field("budget", &self.budget.is_some())
            .field("resend", &self.resend)
            .field("carried", &self.carried)
            .finish()
    }
}
