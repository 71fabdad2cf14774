//! What became of a call.

/// What became of a call that a breaker had admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The callee is healthy.
    Success,
    /// The callee is not healthy.
    Failure,
    /// The call ended and says nothing about the callee's health: a 404, say. Neutral.
    Ignored,
    /// The call never came to an end: cancelled, or its task panicked. Neutral.
    Abandoned,
}
