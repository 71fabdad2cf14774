//! Errors that know whether another attempt can help.

use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::Verdict;

/// An error that knows whether another attempt can help. [`Verdict::of`] asks it.
///
/// For errors of other crates there is [`Judged`], which carries the verdict along.
///
/// ```
/// use steadfast_backoff::{Transient, Verdict};
///
/// enum Refused {
///     Busy,
///     NotFound,
/// }
///
/// impl Transient for Refused {
///     fn verdict(&self) -> Verdict {
///         match self {
///             Self::Busy => Verdict::retry(),
///             Self::NotFound => Verdict::Fatal,
///         }
///     }
/// }
///
/// assert_eq!(Verdict::of(&Err::<(), _>(Refused::NotFound)), Verdict::Fatal);
/// assert_eq!(Verdict::of(&Ok::<_, Refused>(7)), Verdict::Done);
/// ```
pub trait Transient {
    /// What to make of an attempt that ended with this error. Worth another attempt unless said otherwise.
    fn verdict(&self) -> Verdict {
        Verdict::retry()
    }
}

/// Marks an error that another attempt would only bring back. Tells the error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a mark, written around an error and taken off again")]
pub struct NonRetryable<E>(pub E);

/// An error of any type and the verdict on it, so that an operation can say what its caller's classifier cannot know.
///
/// `?` makes one that is worth another attempt of an error, and one that is not of a [`NonRetryable`].
///
/// ```
/// use steadfast_backoff::{Judged, NonRetryable, Transient, Verdict};
///
/// fn parse(answer: &str) -> Result<u32, Judged<String>> {
///     let digits = answer.strip_prefix("n=").ok_or_else(|| format!("cut off: {answer}"))?; // comes whole next time
///     let number = digits.parse().map_err(|_| NonRetryable(format!("no number: {digits}")))?; // will not change
///     Ok(number)
/// }
///
/// assert_eq!(parse("n").unwrap_err().verdict(), Verdict::retry());
/// assert_eq!(parse("n=x").unwrap_err().verdict(), Verdict::Fatal);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judged<E> {
    /// The error.
    pub error: E,
    /// What to make of it.
    pub verdict: Verdict,
}

impl<E> Judged<E> {
    /// `error`, and what to make of it.
    #[must_use]
    pub const fn new(error: E, verdict: Verdict) -> Self {
        Self { error, verdict }
    }

    /// `error`, worth another attempt after the wait that the server asked for.
    #[must_use]
    pub const fn retry_after(error: E, hint: Duration) -> Self {
        Self::new(error, Verdict::retry_after(hint))
    }
}

impl<E> From<E> for NonRetryable<E> {
    fn from(error: E) -> Self {
        Self(error)
    }
}

impl<E> From<E> for Judged<E> {
    fn from(error: E) -> Self {
        Self::new(error, Verdict::retry())
    }
}

impl<E> From<NonRetryable<E>> for Judged<E> {
    fn from(marked: NonRetryable<E>) -> Self {
        Self::new(marked.0, Verdict::Fatal)
    }
}

impl<E> Transient for NonRetryable<E> {
    fn verdict(&self) -> Verdict {
        Verdict::Fatal
    }
}

impl<E> Transient for Judged<E> {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl<E: fmt::Display> fmt::Display for NonRetryable<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: fmt::Display> fmt::Display for Judged<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: Error> Error for NonRetryable<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl<E: Error> Error for Judged<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
