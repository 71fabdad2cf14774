//! One call for all who ask for the same at the same time.

use std::pin::Pin;
use std::sync::Arc;

use steadfast_cache::FlightError;
use steadfast_clock::Clock;
use tokio::runtime::Handle;
use tracing::Instrument;

use super::tally::Tally;
use super::{Arrival, Mode, through};
use crate::error::{Error, ErrorKind};
use crate::host::COALESCED;
use crate::identity::Identity;
use crate::pool::Inner;
use crate::race;
use crate::request::Request;
use crate::response::Head;
use crate::sharing::{Landed, Wanted};

/// Whether a request is to be shared, and can be.
pub(super) fn wanted(pool: &Arc<Inner>, request: &Request) -> bool {
    let asked = request.coalesce.or_else(|| {
        let host = pool.hosts.host(&request.url, request.transient, pool.timer.now());
        host.config.coalesce
    });
    asked.unwrap_or(pool.sharing.coalesce)
        && matches!(request.method, http::Method::GET | http::Method::HEAD)
        && request.body.is_empty()
        && !request.transient
        && request.context.carried.is_none()
        && Handle::try_current().is_ok()
}

/// What the shared call brings. It has no deadline: who waits for it has one, and the last who leaves ends it.
pub(super) async fn shared(pool: &Arc<Inner>, request: &Request, identity: Identity) -> Result<(Head, Arrival), Error> {
    let mut tally = Tally::begin(pool, request);
    let refused = |error: Error| error.at(request.place()).identified(identity.id());
    let deadline = request.context.deadline;
    if deadline.is_some_and(|deadline| pool.timer.now() >= deadline) {
        tally.end(None);
        return Err(refused(Error::new(ErrorKind::Deadline, "the deadline passed before the attempt began")));
    }
    let wanted = Wanted::of(&pool.config, request, &tally.host.headers(request));
    let flight = || {
        let (pool, mut request, identity) = (Arc::clone(pool), request.clone(), identity.clone());
        (request.within, request.context.deadline) = (true, None);
        async move {
            let (head, arrival) = through(&pool, &request, Mode::Whole, identity).await?;
            let connection = arrival.connection().copied();
            Ok(Arc::new(Landed { head, connection, body: arrival.into_bytes() }))
        }
        .in_current_span()
    };
    let alone = flight();
    let mut follower = pool.sharing.flights.join(wanted, || alone);
    let landed = match deadline {
        None => Some((&mut follower).await),
        Some(deadline) => race::before(&pool.timer, deadline, Pin::new(&mut follower)).await,
    };
    let Some(landed) = landed else {
        tally.end(None);
        return Err(refused(Error::new(ErrorKind::Deadline, "the deadline passed")));
    };
    let coalesced = !follower.is_maker();
    let landed = match landed {
        Ok(landed) => Ok(landed),
        Err(FlightError::Failed(error)) => Err(error.shared()),
        // Its task was lost, which is no fault of the host.
        Err(_) => flight().await,
    };
    if coalesced {
        tally.inc(COALESCED);
    }
    match landed {
        Ok(landed) => {
            let elapsed = tally.end(Some(landed.head.status));
            let head = Head { elapsed, coalesced, ..landed.head.clone() };
            Ok((head, Arrival::of(pool, &tally.host, landed.body.clone(), landed.connection)))
        }
        Err(error) => {
            tally.end(None);
            Err(error)
        }
    }
}
