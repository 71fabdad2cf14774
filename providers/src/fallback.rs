//! Several providers in order: where one fails, the next one answers.

mod journey;

use std::fmt;
use std::sync::Arc;

use crate::{BoxFuture, Call, Error, ErrorKind, Identity, Provider, Reply, ReplyStream};

pub(crate) use journey::Journey;

/// Several providers in order. Each call begins at the first; where one fails in a way that has nothing to do with the
/// call itself ([`ErrorKind::falls_back`]), the next one is asked.
///
/// A stream moves on until its first text, unnoticed; after it, a failure is an error. The deadline of a call is one for
/// all, and so is its ledger.
#[derive(Clone)]
pub struct Fallback {
    inner: Arc<Inner>,
}

type Rule = Arc<dyn Fn(&Error) -> bool + Send + Sync>;
type Hook = Arc<dyn Fn(&Switch<'_>) + Send + Sync>;

struct Inner {
    name: Arc<str>,
    providers: Vec<Arc<dyn Provider>>,
    when: Rule,
    observer: Option<Hook>,
}

/// A call moves to another provider.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Switch<'a> {
    /// Who failed.
    pub from: &'a str,
    /// The model that was asked there, when the call named none.
    pub from_model: &'a str,
    /// Who is asked now.
    pub to: &'a str,
    /// The model that is asked there.
    pub to_model: &'a str,
    /// How it failed.
    pub why: &'a Error,
}

/// Puts a [`Fallback`] together.
#[must_use]
pub struct FallbackBuilder {
    name: Arc<str>,
    providers: Vec<Arc<dyn Provider>>,
    when: Rule,
    observer: Option<Hook>,
}

impl Fallback {
    /// Starts to put one together.
    pub fn builder() -> FallbackBuilder {
        FallbackBuilder {
            name: Arc::from("fallback"),
            providers: Vec::new(),
            when: Arc::new(|error| error.kind().falls_back()),
            observer: None,
        }
    }
}

impl FallbackBuilder {
    /// Adds a provider after those that are there.
    pub fn provider(mut self, provider: impl Provider + 'static) -> Self {
        self.providers.push(Arc::new(provider));
        self
    }

    /// Sets which failures move a call on; the default is [`ErrorKind::falls_back`].
    pub fn when(mut self, moves_on: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.when = Arc::new(moves_on);
        self
    }

    /// Calls `observer` whenever a call moves on.
    pub fn on_switch(mut self, observer: impl Fn(&Switch<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sets the router's own name; the default is `fallback`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The router.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there is no provider.
    pub fn build(self) -> Result<Fallback, Error> {
        if self.providers.is_empty() {
            return Err(Error::new(ErrorKind::Config, self.name, "no provider").advise("add one"));
        }
        let Self { name, providers, when, observer } = self;
        Ok(Fallback { inner: Arc::new(Inner { name, providers, when, observer }) })
    }
}

impl Provider for Fallback {
    fn name(&self) -> &str {
        &self.inner.name
    }

    /// The model of the first provider.
    fn model(&self) -> &str {
        self.inner.providers.first().map_or("", |provider| provider.model())
    }

    /// All of its providers in order, if they all tell.
    fn identity(&self, call: &Call) -> Option<Identity> {
        let all = self.inner.providers.iter().enumerate();
        all.map(|(at, provider)| provider.identity(&call_of(call, at)))
            .reduce(|chain, next| Some(chain?.then(next?)))?
    }

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(complete(Arc::clone(&self.inner), call))
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        Box::pin(stream(Arc::clone(&self.inner), call, 0))
    }
}

async fn complete(router: Arc<Inner>, call: Call) -> Result<Reply, Error> {
    let mut journey = Journey::default();
    for (at, provider) in router.providers.iter().enumerate() {
        let error = match provider.complete(call_of(&call, at)).await {
            Ok(mut reply) => {
                journey.attempts.append(&mut reply.attempts);
                reply.attempts = journey.attempts;
                reply.fallbacks += journey.fallbacks;
                return Ok(reply);
            }
            Err(error) => error,
        };
        if !router.moves_on(at, &error) {
            return Err(journey.close(error));
        }
        journey.leave(error);
    }
    Err(nobody(&router))
}

/// Opens a stream at the first provider from `at` on that has one.
async fn stream(router: Arc<Inner>, call: Call, at: usize) -> Result<ReplyStream, Error> {
    let mut journey = Journey::default();
    for at in at..router.providers.len() {
        let error = match router.providers[at].stream(call_of(&call, at)).await {
            Ok(stream) => {
                let failover = Failover { router: Arc::clone(&router), call, at };
                return Ok(stream.within(journey, Some(failover)));
            }
            Err(error) => error,
        };
        if !router.moves_on(at, &error) {
            return Err(journey.close(error));
        }
        journey.leave(error);
    }
    Err(nobody(&router))
}

/// The call as the provider at this place gets it.
fn call_of(call: &Call, at: usize) -> Call {
    let mut call = call.clone();
    if at > 0 {
        call.model = None;
    }
    call
}

/// The builder sees to it that there is a first provider, and the last one's error ends the loop.
fn nobody(router: &Inner) -> Error {
    Error::new(ErrorKind::Config, Arc::clone(&router.name), "no provider is left")
}

impl Inner {
    /// Whether the provider after `at` is asked; tells of it if so.
    fn moves_on(&self, at: usize, error: &Error) -> bool {
        let (Some(from), Some(to)) = (self.providers.get(at), self.providers.get(at + 1)) else { return false };
        if !(self.when)(error) {
            return false;
        }
        tracing::info!(from = from.name(), to = to.name(), kind = ?error.kind(), "falling back");
        if let Some(observer) = &self.observer {
            let (from_model, to_model) = (from.model(), to.model());
            observer(&Switch { from: from.name(), from_model, to: to.name(), to_model, why: error });
        }
        true
    }
}

/// The rest of a router's way, kept by a stream that has not brought a text yet.
pub(crate) struct Failover {
    router: Arc<Inner>,
    call: Call,
    /// The provider that the stream is from.
    at: usize,
}

impl Failover {
    /// Asks the next provider, unless there is none or the error is not one to move on.
    pub(crate) fn after(
        self,
        error: Error,
        journey: &mut Journey,
    ) -> Result<BoxFuture<'static, Result<ReplyStream, Error>>, Error> {
        if !self.router.moves_on(self.at, &error) {
            return Err(error);
        }
        journey.leave(error);
        Ok(Box::pin(stream(self.router, self.call, self.at + 1)))
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let providers: Vec<&str> = self.inner.providers.iter().map(|provider| provider.name()).collect();
        f.debug_struct("Fallback")
            .field("name", &self.inner.name)
            .field("providers", &providers)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FallbackBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let providers: Vec<&str> = self.providers.iter().map(|provider| provider.name()).collect();
        f.debug_struct("FallbackBuilder")
            .field("name", &self.name)
            .field("providers", &providers)
            .finish_non_exhaustive()
    }
}
