//! An answer that the provider keeps, to be taken up later, in this process or another one.

use std::fmt;
use std::sync::Arc;

use steadfast_pool::{CallContext, Observer};

use crate::client::Core;
use crate::{BoxFuture, Call, Client, Error, Reply, ReplyStream};

/// An answer that the provider keeps, by its id ([`Reply::id`], [`ReplyStream::id`]): Responses alone has such.
///
/// ```
/// # use steadfast_providers::{Call, Client, Provider, pool::Pool};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let sim = steadfast_testkit::LlmSim::builder().start().await?;
/// # let url = sim.openai_url();
/// let client = Client::responses(Pool::new()?).base_url(url).model("gpt-5.4").build()?;
/// let mut stream = client.stream(Call::new("What keeps bees in the air?").background(true)).await?;
/// stream.next().await.transpose()?;
/// let (id, after) = (stream.id().unwrap().to_owned(), stream.position());
/// drop(stream);
///
/// // Later, and in another process if need be.
/// let rest = client.resume(id, after).await?.collect().await?;
/// # assert!(!rest.text().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Stored {
    client: Client,
    id: String,
    call: Call,
}

impl Client {
    /// An answer that the provider keeps.
    pub fn stored(&self, id: impl Into<String>) -> Stored {
        Stored { client: self.clone(), id: id.into(), call: Call::of([]).background(true) }
    }

    /// Goes on with the stream of an answer in the background, after the event of this number
    /// ([`ReplyStream::position`]); from its beginning without one. Collected, it is what had not come before.
    ///
    /// # Errors
    ///
    /// As [`Stored::stream`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future or the stream closes the connection; the provider goes on.
    pub fn resume(&self, id: impl Into<String>, after: Option<u64>) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        self.stored(id).stream(after)
    }

    /// The answer of this id, once it is complete.
    ///
    /// # Errors
    ///
    /// As [`Stored::reply`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the looking; the provider goes on.
    pub fn retrieve(&self, id: impl Into<String>) -> BoxFuture<'static, Result<Reply, Error>> {
        self.stored(id).reply()
    }
}

impl Stored {
    /// Sets what looking for it inherits from its caller: deadline, retry budget.
    pub fn context(mut self, context: CallContext) -> Self {
        self.call = self.call.context(context);
        self
    }

    /// Tells `observer` about the attempts.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.call = self.call.observer(observer);
        self
    }

    /// The answer, once it is complete: until then it is looked at again and again, half a second after the first look
    /// and at last every ten seconds. Without a deadline that may take for ever.
    ///
    /// # Errors
    ///
    /// As [`Provider::complete`](crate::Provider::complete); [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported)
    /// when the API keeps no answers, [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none of this id,
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) when it was called off.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the looking; the provider goes on.
    #[must_use]
    pub fn reply(self) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(Core::look_up(self.client.0, self.id, self.call))
    }

    /// The events of an answer in the background after the one of this number ([`ReplyStream::position`]), or all of
    /// them. A call of a tool that had begun before comes again, whole.
    ///
    /// # Errors
    ///
    /// As [`reply`](Self::reply).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future or the stream closes the connection; the provider goes on.
    #[must_use]
    pub fn stream(self, after: Option<u64>) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        Box::pin(Core::take_up(self.client.0, self.id, after, self.call))
    }

    /// Has the provider stop to work on it, which it does for answers in the background alone.
    ///
    /// # Errors
    ///
    /// As [`reply`](Self::reply).
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the request may have been sent.
    #[must_use]
    pub fn cancel(self) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(Core::call_off(self.client.0, self.id, self.call))
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("client", &self.client).field("id", &self.id).finish_non_exhaustive()
    }
}
