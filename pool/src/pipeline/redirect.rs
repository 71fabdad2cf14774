//! Redirects: each hop is a run through the whole pipeline, with the limits and the breaker of its own host.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, LOCATION};
use http::{HeaderMap, Method};
use url::Url;

use super::{Arrival, Mode, run};
use crate::attempt::Attempt;
use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::gate::Inside;
use crate::identity::Identity;
use crate::pool::Inner;
use crate::redact::{authority, is_credential};
use crate::redirects::Redirects;
use crate::request::Request;
use crate::response::Head;

/// How much of a redirect's body is read so that its connection can be used again.
const REST: usize = 16 * 1024;

/// What goes when the body goes.
const OF_THE_BODY: [&str; 10] = [
    "content-type",
    "content-length",
    "content-encoding",
    "content-language",
    "content-location",
    "content-digest",
    "repr-digest",
    "transfer-encoding",
    "expect",
    "idempotency-key",
];

/// Runs one call, and what its answers redirect it to.
pub(crate) async fn followed(pool: &Arc<Inner>, request: &Request, mode: Mode) -> Result<(Head, Arrival), Error> {
    // Held over all hops: a call under way is not cut off when the pool is closed.
    let Some(_inside) = Inside::enter(pool) else {
        let error = Error::new(ErrorKind::PoolClosed, "the pool is closed: nothing was sent").at(request.place());
        return Err(error.identified(Identity::of(&pool.config, request).id()));
    };
    let redirects = request.redirects.unwrap_or(pool.config.redirects);
    let (head, arrival) = run(pool, request, mode).await?;
    if redirects.max == 0 || !head.status.is_redirection() {
        return Ok((head, arrival));
    }
    // Most calls are not redirected: their future need not be large enough for it.
    Box::pin(onwards(pool, request.clone(), mode, redirects, head, arrival)).await
}

async fn onwards(
    pool: &Arc<Inner>,
    mut request: Request,
    mode: Mode,
    redirects: Redirects,
    mut head: Head,
    mut arrival: Arrival,
) -> Result<(Head, Arrival), Error> {
    let mut seen = Vec::new();
    let mut ledger = Vec::new();
    let mut spent = Duration::ZERO;
    loop {
        let Some(next) = next(pool, &request, &head, redirects) else {
            head.attempts = joined(ledger, head.attempts);
            head.elapsed += spent;
            return Ok((head, arrival));
        };
        ledger = joined(ledger, std::mem::take(&mut head.attempts));
        spent += head.elapsed;
        seen.push((request.method, request.url));
        let problem = if seen.iter().any(|(method, url)| *method == next.method && *url == next.url) {
            Some(format!("redirected in a circle, after {} redirects", seen.len()))
        } else if seen.len() > redirects.max as usize {
            Some(format!("redirected more than {} times", redirects.max))
        } else {
            None
        };
        if let Some(problem) = problem {
            let error = Error::new(ErrorKind::Redirect, problem).at(head.place.clone());
            return Err(error.after(ledger).identified(head.identity.id()));
        }
        tracing::debug!(status = head.status.as_u16(), to = %crate::redact::redacted(&next.url), "redirected");
        if mode == Mode::Stream {
            // Whatever fails here is no fault of the call: the answer is known.
            let _ = arrival.rest(REST).await;
        }
        drop(arrival);
        request = next;
        (head, arrival) = match run(pool, &request, mode).await {
            Ok(answer) => answer,
            Err(mut error) => {
                let attempts = joined(ledger, error.take_attempts());
                return Err(error.after(attempts));
            }
        };
    }
}

/// The attempts of all hops, numbered through.
fn joined(mut before: Vec<Attempt>, after: Vec<Attempt>) -> Vec<Attempt> {
    let count = before.iter().map(|attempt| attempt.number).max().unwrap_or(0);
    before.extend(after.into_iter().map(|mut attempt| {
        attempt.number += count;
        attempt
    }));
    before
}

/// What the answer redirects to; `None` when it is not to be followed.
fn next(pool: &Arc<Inner>, request: &Request, head: &Head, redirects: Redirects) -> Option<Request> {
    let (method, keeps_body) = match (head.status.as_u16(), &request.method) {
        (301 | 302, method) if method.is_safe() => (method.clone(), true),
        (301 | 302, &Method::POST) if redirects.post_as_get => (Method::GET, false),
        (303, &Method::HEAD) => (Method::HEAD, false),
        (303, _) => (Method::GET, false),
        (307 | 308, method) => (method.clone(), true),
        _ => return None,
    };
    let url = target(&request.url, &head.headers)?;
    let stays = same_origin(&request.url, &url);
    if !stays && (!request.body.is_empty() || has_credentials(pool, request)) {
        return None;
    }
    if keeps_body && !request.body.is_replayable() {
        return None;
    }
    let mut next = request.clone();
    (next.method, next.url) = (method, Arc::new(url));
    next.identity = Some(head.identity.clone());
    next.within = false;
    if !keeps_body {
        next.body = Body::empty();
        OF_THE_BODY.iter().for_each(|name| drop(next.headers.remove(*name)));
    }
    if !stays {
        next.headers.remove(HOST);
        // A breaker that the caller named watches over the host that the request was meant for.
        next.scope = None;
    }
    Some(next)
}

/// Where an answer points: one place, http or https, without credentials, and never from https to http. It inherits the
/// fragment (RFC 9110, section 10.2.2).
fn target(from: &Url, headers: &HeaderMap) -> Option<Url> {
    let mut places = headers.get_all(LOCATION).iter();
    let place = places.next()?;
    if places.any(|other| other != place) {
        return None;
    }
    let mut url = from.join(std::str::from_utf8(place.as_bytes()).ok()?).ok()?;
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    let fine = match url.scheme() {
        "https" => true,
        "http" => from.scheme() == "http",
        _ => false,
    };
    let bare = url.username().is_empty() && url.password().is_none();
    (fine && bare && !authority(&url).is_empty()).then_some(url)
}

fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Whether what was sent held credentials, the defaults of the host among it.
fn has_credentials(pool: &Arc<Inner>, request: &Request) -> bool {
    let host = pool.hosts.host(&request.url, request.transient, pool.timer.now());
    [&request.headers, &host.config.default_headers]
        .into_iter()
        .flatten()
        .any(|(name, value)| is_credential(name.as_str(), value))
}
