//! A provider whose calls are counted: requests, attempts, fallbacks, tokens and latency, in total and for each model.

mod counted;
mod gen_ai;
mod meter;

use std::fmt;
use std::sync::Arc;

use steadfast_clock::SharedTimer;
use steadfast_pool::Pool;

use crate::provider::pass_on;
use crate::{BoxFuture, Call, Error, Identity, Provider, Reply, ReplyStream, Usage};

pub(crate) use counted::Counted;
pub(crate) use meter::Meter;

/// A provider, or a router over several, whose calls are counted where its pool counts its own.
///
/// Put it around whatever the program asks, outermost, so that each call is counted once, whatever happens inside. The
/// series begin with `llm`; [`CallReport`](steadfast_telemetry::CallReport) reads them:
/// `CallReport::read(&pool.snapshot(), "llm", &[])` is the total, `CallReport::of_models` has a report for each model, by
/// the name that it was asked by. There a call is counted for the model that ended it, and an attempt for the model that
/// it was sent to. What HTTP took, in bytes and connections, is in the pool's own series.
///
/// Beside them are the series of OpenTelemetry's conventions, by provider and model, in seconds and tokens once they are
/// exported:
///
/// | series | a value for each |
/// |---|---|
/// | `gen_ai.client.operation.duration_ns` | call that ended, for the one who ended it; failures have `error.type`: a [kind](crate::ErrorKind::as_str), or `cancelled` |
/// | `gen_ai.client.operation.time_to_first_chunk_ns` | streamed answer that began |
/// | `gen_ai.client.token.usage` | attempt that told its usage, by `gen_ai.token.type` |
/// | `llm_cost_micros` | attempt whose cost is known, added up in millionths of a dollar, each rounded up |
///
/// An answer from a cache is no operation of a provider, and is in none of these. How many series there are is bounded by
/// the registry.
///
/// A streamed call ends with its last event. One whose stream is dropped before that is counted as cancelled.
#[derive(Clone)]
pub struct Metered {
    provider: Arc<dyn Provider>,
    meter: Arc<Meter>,
    timer: SharedTimer,
}

impl Metered {
    /// Counts the calls of `provider` into the registry of `pool`, and times them by its clock.
    #[must_use]
    pub fn new(provider: impl Provider + 'static, pool: &Pool) -> Self {
        let meter = Arc::new(Meter::new(pool.registry()));
        Self { provider: Arc::new(provider), meter, timer: Arc::clone(pool.timer()) }
    }

    fn begin(&self, call: &Call) -> Counted {
        let model = call.model.clone().unwrap_or_else(|| Arc::from(self.provider.model()));
        let provider = Arc::from(self.provider.name());
        Counted::begin(Arc::clone(&self.meter), Arc::clone(&self.timer), provider, model)
    }
}

impl Provider for Metered {
    fn name(&self) -> &str {
        self.provider.name()
    }

    fn model(&self) -> &str {
        self.provider.model()
    }

    fn identity(&self, call: &Call) -> Option<Identity> {
        self.provider.identity(call)
    }

    pass_on!(this => this.provider);

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        // Counted from the first poll: a future that nobody runs is no call.
        let this = self.clone();
        Box::pin(async move {
            let counted = this.begin(&call);
            match this.provider.complete(call).await {
                Ok(reply) => {
                    // What a cache answers takes no tokens.
                    let usage = if reply.cached.is_some() { Usage::default() } else { reply.usage };
                    counted.answered(usage, &reply.attempts, reply.fallbacks, reply.cached.is_some());
                    Ok(reply)
                }
                Err(error) => {
                    counted.failed(&error);
                    Err(error)
                }
            }
        })
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let this = self.clone();
        Box::pin(async move {
            let counted = this.begin(&call);
            match this.provider.stream(call).await {
                Ok(stream) => Ok(stream.counted(counted)),
                Err(error) => {
                    counted.failed(&error);
                    Err(error)
                }
            }
        })
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").field("provider", &self.provider.name()).finish_non_exhaustive()
    }
}
