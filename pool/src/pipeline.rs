//! The path of every call, from its deadline to its answer. This is the only place where the primitives meet.

mod admit;
mod arrival;
mod attempted;
#[cfg(feature = "cache")]
mod cached;
mod call;
#[cfg(feature = "cache")]
mod coalesce;
mod decide;
mod failure;
mod hedge;
mod judge;
mod limit;
mod log;
mod pacing;
mod redirect;
mod send;
mod span;
#[cfg(feature = "cache")]
mod tally;
#[cfg(feature = "cache")]
mod tape;
mod upload;

pub(crate) use arrival::Arrival;
pub(crate) use failure::Failure;
pub(crate) use redirect::followed;
pub(crate) use upload::Progress;

use std::sync::Arc;

use tracing::Instrument;

use self::attempted::{Attempted, attempted};
use self::call::Call;
use self::decide::Next;
use crate::error::Error;
use crate::identity::Identity;
use crate::pool::Inner;
use crate::request::Request;
use crate::response::Head;

/// Whether the answer's body is part of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The whole body is read within the attempt.
    Whole,
    /// The attempt ends at the head of the answer.
    Stream,
}

/// Runs one call to its end.
///
/// Every attempt, retries too, passes deadline, limits and breaker anew. What is dropped on the way (the caller went
/// away) is accounted for: the breaker's permit and the call record it.
async fn run(pool: &Arc<Inner>, request: &Request, mode: Mode) -> Result<(Head, Arrival), Error> {
    let identity = Identity::of(&pool.config, request);
    let span = span::of_call(request, &identity);
    if span.is_disabled() {
        return answered(pool, request, mode, identity).await;
    }
    // Those who trace pay for it.
    Box::pin(answered(pool, request, mode, identity).instrument(span)).await
}

/// The answer that is kept, or one of a server.
async fn answered(
    pool: &Arc<Inner>,
    request: &Request,
    mode: Mode,
    identity: Identity,
) -> Result<(Head, Arrival), Error> {
    #[cfg(feature = "cache")]
    if let Some(cache) = cached::serving(pool, request) {
        return cached::answered(pool, request, mode, identity, cache).await;
    }
    let result = unkept(pool, request, mode, identity).await;
    #[cfg(feature = "cache")]
    {
        let status = result.as_ref().ok().map(|(head, _)| head.status);
        cached::changed(pool, request, status).await;
    }
    result
}

/// The answer of a server.
async fn unkept(
    pool: &Arc<Inner>,
    request: &Request,
    mode: Mode,
    identity: Identity,
) -> Result<(Head, Arrival), Error> {
    #[cfg(feature = "cache")]
    if mode == Mode::Whole && coalesce::wanted(pool, request) {
        // Most calls are not shared: their future need not be large enough for it.
        return Box::pin(coalesce::shared(pool, request, identity)).await;
    }
    through(pool, request, mode, identity).await
}

async fn through(
    pool: &Arc<Inner>,
    request: &Request,
    mode: Mode,
    identity: Identity,
) -> Result<(Head, Arrival), Error> {
    let mut call = Call::begin(pool, request, mode, identity);
    loop {
        admit::by_deadline(&mut call)?;
        let place = limit::place(&mut call).await?;
        limit::rate(&mut call).await?;
        let pass = limit::asked(&mut call).await?;
        let leave = admit::by_breaker(&mut call, pass)?;
        call.begin_attempt();
        let (Attempted { result, judged, record }, place) = match hedge::of(&call) {
            None => (attempted(&call, leave).await, place),
            // Most calls are not hedged: their future need not be large enough for it.
            Some(hedging) => hedge::raced(&mut call, hedging, leave, place).await,
        };
        call.end_attempt(record);
        match decide::next(&mut call, &result, &judged) {
            Next::Finish(stop) => return call.finish(result, stop, place),
            Next::Wait(wait) => {
                drop(place);
                call.wait(&wait, result).await;
            }
        }
    }
}
