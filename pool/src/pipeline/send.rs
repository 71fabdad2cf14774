//! One attempt: the request goes out, an answer comes in, each part within its limit.

use std::num::NonZeroU32;
use std::sync::Arc;

use http::Method;
use steadfast_clock::{Clock, Nanos};
use tracing::Span;

use super::Mode;
use super::arrival::{Arrival, Limits, undecodable};
use super::call::{Call, Received};
use super::failure::Failure;
use super::span;
use super::upload::watched;
use crate::attempt::Reached;
use crate::coding;
use crate::error::{ErrorKind, Phase};
use crate::race;
use crate::transport::{Exchange, Inbound, Outbound};

/// How much of a refusal's body a classifier sees.
const REFUSAL_PREFIX: usize = 64 * 1024;

/// Where the attempt is traced, its span is told.
pub(super) async fn attempt(
    call: &Call<'_>,
    started: Nanos,
    exchange: &Arc<Exchange>,
    traced: Option<&Span>,
) -> Received {
    let request = call.request;
    let Some(body) = request.body.open() else {
        let message = "the body was sent before and cannot be sent again";
        return Err(Failure::new(ErrorKind::RequestBody, Reached::NotWritten, message));
    };
    let limits = Limits::of(call, started);
    let body = watched(body, request.pace.clone(), exchange);
    let mut headers = call.host.headers(request);
    let sent_as = call.identity.stamp(&call.pool.config, &mut headers);
    if let (Some(traced), Some(id)) = (traced, sent_as) {
        span::sent_as(traced, id);
    }
    let decode = coding::ask(call.pool.config.decompresses(), &mut headers);
    let outbound = Outbound {
        method: request.method.clone(),
        url: Arc::clone(&request.url),
        headers,
        body,
        expect_continue: request.expect_continue,
        exchange: Arc::clone(exchange),
    };
    let inbound = head(call, outbound, started, &limits, exchange).await;
    let now = call.exchanged(started, &inbound, exchange);
    let (mut parts, body) = parts(inbound?);
    let status = parts.status.as_u16();
    // The answer to HEAD has the headers of a body, and none.
    let decoding = match decode && request.method != Method::HEAD {
        true => {
            coding::of(&mut parts.headers, inflation(call)).map_err(|error| undecodable(error).with_status(status))?
        }
        false => None,
    };
    let mut arrival = Arrival::new(call, body, limits, now).decoded(decoding).on(exchange.connection().copied());
    if let (Mode::Stream, Some(most)) = (call.mode, request.max_body) {
        arrival = arrival.at_most(most);
    }
    let fetched = match call.mode {
        Mode::Whole => arrival.read_whole(request.max_body.unwrap_or(call.pool.config.max_body)).await,
        Mode::Stream if status >= 400 => arrival.read_ahead(REFUSAL_PREFIX).await,
        Mode::Stream => Ok(()),
    };
    match fetched {
        Ok(()) => Ok((parts, arrival)),
        Err(failure) => Err(failure.with_status(status)),
    }
}

/// Sends, and waits for the head of the answer.
///
/// The time in which a connection is looked for counts only towards the limits of the whole attempt: for the rest of it the
/// transport has limits of its own.
async fn head(
    call: &Call<'_>,
    outbound: Outbound,
    started: Nanos,
    limits: &Limits,
    exchange: &Exchange,
) -> Result<Inbound, Failure> {
    let timer = &call.pool.timer;
    let progress = &exchange.upload;
    // When the exchange last went on: it was given its connection, or a chunk of its body was taken; while we hold the body
    // back ourselves, nobody else is waited for.
    let moved =
        || exchange.connected_at().map_or(started, |at| at.max(started)).max(progress.last()).max(progress.held());
    let due = |now: Nanos| {
        let header_due = now.saturating_add(call.timeouts.header);
        let idle_until = if exchange.is_connecting() {
            // Should there be a connection from now on, the header is due at the earliest after its own limit.
            header_due.min(now.saturating_add(call.timeouts.stall))
        } else if progress.is_done() {
            moved().saturating_add(call.timeouts.header)
        } else {
            // Likewise, should the upload end from now on.
            moved().saturating_add(call.timeouts.stall).min(header_due)
        };
        limits.end().map_or(idle_until, |end| end.min(idle_until))
    };
    let mut sending = call.pool.transport.send(outbound);
    let mut now = started;
    loop {
        let waits = || {
            exchange.goes_on();
            due(now)
        };
        if let Some(result) = race::before_due(timer, waits, sending.as_mut()).await {
            return result.map_err(Failure::from);
        }
        now = timer.now();
        limits.check(now, exchange.reached())?;
        // There may be a connection now, or the upload may have moved on while the timer ran; then the limit has, too.
        let idle = if progress.is_done() { call.timeouts.header } else { call.timeouts.stall };
        if !exchange.is_connecting() && now >= moved().saturating_add(idle) {
            let (phase, message) = if progress.is_done() {
                (Phase::Header, format!("no answer within {:.1} s", idle.as_secs_f64()))
            } else {
                (Phase::Stall, format!("the upload made no progress for {:.1} s", idle.as_secs_f64()))
            };
            return Err(Failure::new(ErrorKind::Timeout(phase), exchange.reached(), message));
        }
    }
}

/// How far the answer may inflate: whole ones are bounded by their size.
fn inflation(call: &Call<'_>) -> Option<NonZeroU32> {
    match call.mode {
        Mode::Whole => None,
        Mode::Stream => call.pool.config.inflation(),
    }
}

fn parts(inbound: Inbound) -> (http::response::Parts, crate::transport::InboundBody) {
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = inbound.status;
    parts.headers = inbound.headers;
    (parts, inbound.body)
}
