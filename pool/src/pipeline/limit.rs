//! Waiting for the host's rate limit, in order and not beyond the deadline.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::call::Call;
use crate::error::{Error, ErrorKind};
use crate::event::Event;

/// Waits until the limit has a place for one attempt; refuses at once when it has none before the deadline.
pub(super) async fn wait(call: &mut Call<'_>) -> Result<(), Error> {
    let host = Arc::clone(&call.host);
    let Some(limiter) = &host.limiter else { return Ok(()) };
    let timer = &Arc::clone(&call.pool.timer);
    let before = timer.now();
    let mut acquired = pin!(limiter.acquire(1, call.request.context.deadline, timer));
    let at_once = poll_fn(|cx| Poll::Ready(acquired.as_mut().poll(cx))).await;
    let waited = at_once.is_pending();
    let granted = match at_once {
        Poll::Ready(granted) => granted,
        Poll::Pending => acquired.await,
    };
    let delay = timer.now().since(before);
    match granted {
        Ok(_) if waited => {
            call.count(|calls| calls.limited(delay));
            call.tell(&Event::LimitWaited { target: &call.scope, delay });
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(denied) => {
            let message = format!("the rate limit has no place in time: {denied}; nothing was sent");
            Err(call.refuse(Error::new(ErrorKind::RateLimited, message).retry_in(denied.after)))
        }
    }
}
