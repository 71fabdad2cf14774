//! Who else admits the attempts of a request: limits that the pool knows nothing of.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use steadfast_clock::Nanos;

use crate::attempt::Reached;
use crate::classify::Answer;
use crate::error::ErrorKind;

/// Admits the attempts of a request, retries too, besides the limits of its host: see
/// [`Request::admit`](crate::Request::admit).
///
/// It is asked before each attempt, after the host's places and rate and before the breaker, and is told by the [`Pass`]
/// what came of it.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU16, Ordering};
/// use steadfast_pool::mock::{MockPool, MockResponse, When};
/// use steadfast_pool::{Admit, AdmitFuture, Answer, Entry, Pass, Reached, Refused, Request};
///
/// /// Lets nothing more through once a server said 403.
/// #[derive(Default)]
/// struct Ban(Arc<AtomicU16>);
///
/// impl Admit for Ban {
///     fn admit(&self, _: Entry) -> AdmitFuture<'_> {
///         let banned = self.0.load(Ordering::Relaxed) == 403;
///         let pass: Box<dyn Pass> = Box::new(Watch(Arc::clone(&self.0)));
///         Box::pin(async move { if banned { Err(Refused::new("banned")) } else { Ok(pass) } })
///     }
/// }
///
/// struct Watch(Arc<AtomicU16>);
///
/// impl Pass for Watch {
///     fn answered(self: Box<Self>, answer: &Answer<'_>) {
///         self.0.store(answer.status, Ordering::Relaxed);
///     }
///     fn failed(self: Box<Self>, _: Reached) {}
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let pool = MockPool::new();
/// pool.when(When::any()).always(MockResponse::status(403));
/// let ban = Arc::new(Ban::default());
/// let request = Request::get("http://host/")?.admit(ban);
/// assert_eq!(pool.execute(request.clone()).await?.status(), 403);
/// assert!(pool.execute(request).await.unwrap_err().to_string().contains("banned"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait Admit: Send + Sync {
    /// Waits until the attempt may begin, in an order of its own and not beyond the deadline.
    ///
    /// A hedge is not waited for: it is admitted at the first poll, or there is none.
    ///
    /// # Errors
    ///
    /// [`Refused`] ends the call, without another attempt.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has to leave nothing behind: the attempt is not made.
    fn admit(&self, entry: Entry) -> AdmitFuture<'_>;
}

/// What [`Admit::admit`] gives.
pub type AdmitFuture<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Pass>, Refused>> + Send + 'a>>;

/// An attempt that asks to be admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// 1 for the first attempt of the call.
    pub attempt: u32,
    /// The deadline of the call, on the pool's clock.
    pub deadline: Option<Nanos>,
}

impl Entry {
    /// The attempt of this number, for tests of an [`Admit`].
    #[must_use]
    pub const fn new(attempt: u32, deadline: Option<Nanos>) -> Self {
        Self { attempt, deadline }
    }
}

/// Leave for one attempt, and who is told what came of it. Dropped untold, the attempt was given up midway: it may have
/// been executed.
pub trait Pass: Send {
    /// There is an answer: of a plain call all of it, of a streamed one its head.
    fn answered(self: Box<Self>, answer: &Answer<'_>);

    /// There is no whole answer, or the attempt was not made after all: then it got nowhere
    /// ([`Reached::NotConnected`]).
    fn failed(self: Box<Self>, reached: Reached);

    /// As [`failed`](Self::failed), of an attempt that was made, with what kind of failure it was. The default tells
    /// `failed`.
    fn failed_with(self: Box<Self>, kind: ErrorKind, reached: Reached) {
        let _ = kind;
        self.failed(reached);
    }
}

/// Why an attempt is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// One line for the error of the call, without contents.
    pub message: String,
    /// When it may be admitted, if that is known.
    pub retry_in: Option<Duration>,
}

impl Refused {
    /// A refusal for this reason.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry_in: None }
    }

    /// Sets when it may be admitted.
    #[must_use]
    pub fn retry_in(mut self, after: Option<Duration>) -> Self {
        self.retry_in = after;
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}
