//! Waiting for the host's limits, in order and not beyond the deadline: first for a place, then for the rate.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use steadfast_clock::Clock;
use steadfast_ratelimit::OwnedInFlight;

use super::admit;
use super::call::Call;
use crate::admit::{Admit, Pass};
use crate::attempt::Reached;
use crate::error::{Error, ErrorKind};
use crate::race;

/// Waits until one call more to the host may be under way; refuses when there is no place before the deadline.
pub(super) async fn place(call: &mut Call<'_>) -> Result<Option<OwnedInFlight>, Error> {
    let Some(places) = call.host.places.clone() else { return Ok(None) };
    let timer = Arc::clone(&call.pool.timer);
    let acquired = places.acquire_owned(call.deadline, &timer);
    match waited(call, acquired).await? {
        Ok(place) => Ok(Some(place)),
        Err(busy) => {
            let message = format!("no place among the calls under way in time: {busy}; nothing was sent");
            Err(call.refuse(Error::new(ErrorKind::Busy, message)))
        }
    }
}

/// Waits until the rate limit has a place for one attempt; refuses at once when it has none before the deadline.
pub(super) async fn rate(call: &mut Call<'_>) -> Result<(), Error> {
    let Some(limiter) = call.host.limiter.clone() else { return Ok(()) };
    let timer = Arc::clone(&call.pool.timer);
    let acquired = limiter.acquire(1, call.deadline, &timer);
    match waited(call, acquired).await? {
        Ok(_) => Ok(()),
        Err(denied) => {
            let message = format!("the rate limit has no place in time: {denied}; nothing was sent");
            Err(call.refuse(Error::new(ErrorKind::RateLimited, message).retry_in(denied.after)))
        }
    }
}

/// Waits until whoever else the request named admits the attempt, too.
pub(super) async fn asked(call: &mut Call<'_>) -> Result<Option<Box<dyn Pass>>, Error> {
    match &call.request.admit {
        None => Ok(None),
        // Most calls ask nobody: their future need not be large enough for it.
        Some(admit) => Box::pin(admitted(call, Arc::clone(admit))).await.map(Some),
    }
}

async fn admitted(call: &mut Call<'_>, admit: Arc<dyn Admit>) -> Result<Box<dyn Pass>, Error> {
    let mut asked = admit.admit(call.entry());
    let at_once = race::at_once(asked.as_mut()).await;
    let before = at_once.is_none().then(|| call.pool.timer.now());
    let admitted = match at_once {
        Some(admitted) => admitted,
        None => {
            admit::to_wait(call)?;
            asked.await
        }
    };
    let pass = match admitted {
        Ok(pass) => pass,
        Err(refused) => {
            let message = format!("{}; nothing was sent", refused.message);
            return Err(call.refuse(Error::new(ErrorKind::RateLimited, message).retry_in(refused.retry_in)));
        }
    };
    if let Some(before) = before {
        call.limited(before);
        // It may have come at the last moment, or a moment after.
        if let Err(error) = admit::by_deadline(call) {
            pass.failed(Reached::NotConnected);
            return Err(error);
        }
    }
    Ok(pass)
}

/// What `acquired` gives, at once or after a wait, which is counted. Nobody waits for a host whose breaker is open.
async fn waited<T, E>(
    call: &mut Call<'_>,
    acquired: impl Future<Output = Result<T, E>>,
) -> Result<Result<T, E>, Error> {
    let mut acquired = pin!(acquired);
    if let Some(granted) = race::at_once(acquired.as_mut()).await {
        return Ok(granted);
    }
    admit::to_wait(call)?;
    let before = call.pool.timer.now();
    let granted = acquired.await;
    if granted.is_ok() {
        call.limited(before);
        // It may have come at the last moment, or a moment after.
        admit::by_deadline(call)?;
    }
    Ok(granted)
}
