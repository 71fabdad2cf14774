//! The one trait that every LLM client here implements.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Call, Error, Identity, Reply, ReplyStream};

/// A future of any type that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that answers a [`Call`]: a client of one provider, or a router over several.
///
/// The futures borrow nothing: they can be spawned, and outlive the provider they came from.
pub trait Provider: Send + Sync {
    /// What the provider is called: `openai`, `anthropic`, or what its builder was told.
    fn name(&self) -> &str;

    /// The model that answers when a call names none.
    fn model(&self) -> &str;

    /// Who would answer this call, as far as the answer depends on it; `None`, the default, when the provider does not
    /// know. A [`Cached`](crate::Cached) goes by it.
    fn identity(&self, call: &Call) -> Option<Identity> {
        let _ = call;
        None
    }

    /// Asks for the whole answer at once.
    ///
    /// # Errors
    ///
    /// The future gives an [`Error`] whose kind says what failed, with every attempt that was made.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call and closes its connection. The provider may have done the work.
    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>>;

    /// Asks for the answer as it is written.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete), as far as the failure shows before the stream begins.
    ///
    /// # Cancel safety
    ///
    /// As [`complete`](Self::complete); dropping the stream closes its connection.
    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>>;
}

macro_rules! delegate {
    ($pointer:ident) => {
        impl<P: Provider + ?Sized> Provider for $pointer<P> {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn model(&self) -> &str {
                (**self).model()
            }

            fn identity(&self, call: &Call) -> Option<Identity> {
                (**self).identity(call)
            }

            fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
                (**self).complete(call)
            }

            fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
                (**self).stream(call)
            }
        }
    };
}

delegate!(Arc);
delegate!(Box);
