//! The one trait that every LLM client here implements.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Call, Capabilities, EmbedCall, Embeddings, Error, ErrorKind, Identity, ModelInfo, Reply, ReplyStream};

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

    /// What the provider can do; nothing but to answer, unless it says more.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
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

    /// Turns texts into vectors.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete); [`ErrorKind::Unsupported`] when the provider has no such endpoint.
    fn embed(&self, call: EmbedCall) -> BoxFuture<'static, Result<Embeddings, Error>> {
        let _ = call;
        unsupported(self.name(), "has no endpoint for embeddings")
    }

    /// Asks how many tokens the model would read, without an answer.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete); [`ErrorKind::Unsupported`] when the provider has no such endpoint.
    fn count_tokens(&self, call: Call) -> BoxFuture<'static, Result<u64, Error>> {
        let _ = call;
        unsupported(self.name(), "has no endpoint that counts tokens")
    }

    /// Asks which models there are.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete); [`ErrorKind::Unsupported`] when the provider has no such endpoint.
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, Error>> {
        unsupported(self.name(), "has no endpoint that lists models")
    }
}

fn unsupported<T: Send + 'static>(name: &str, what: &str) -> BoxFuture<'static, Result<T, Error>> {
    let error = Error::new(ErrorKind::Unsupported, name, what);
    Box::pin(std::future::ready(Err(error)))
}

/// What a provider around another one leaves to it: everything but answers.
macro_rules! pass_on {
    ($this:ident => $inner:expr) => {
        fn capabilities(&self) -> $crate::Capabilities {
            let $this = self;
            $inner.capabilities()
        }

        fn embed(
            &self,
            call: $crate::EmbedCall,
        ) -> $crate::BoxFuture<'static, Result<$crate::Embeddings, $crate::Error>> {
            let $this = self;
            $inner.embed(call)
        }

        fn count_tokens(&self, call: $crate::Call) -> $crate::BoxFuture<'static, Result<u64, $crate::Error>> {
            let $this = self;
            $inner.count_tokens(call)
        }

        fn models(&self) -> $crate::BoxFuture<'static, Result<Vec<$crate::ModelInfo>, $crate::Error>> {
            let $this = self;
            $inner.models()
        }
    };
}
pub(crate) use pass_on;

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

            pass_on!(this => (**this));

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
