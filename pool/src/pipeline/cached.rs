//! Answers that are kept: looked up before anything is sent, and put away when they come.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};

use http::header::{self, AGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use steadfast_backoff::entropy;
use steadfast_cache::{CacheKey, Entry};
use steadfast_clock::{Clock, UnixNanos};
use tokio::runtime::Handle;
use tracing::Instrument;

use super::tally::Tally;
use super::{Arrival, Mode, unkept};
use crate::error::{Error, ErrorKind};
use crate::gate::Inside;
use crate::host::{REVALIDATED, STALE};
use crate::identity::Identity;
use crate::pool::Inner;
use crate::request::Request;
use crate::response::Head;
use crate::response_cache::{
    CacheMode, Cached, Directives, Index, Kept, Moments, ResponseCache, Use, may_keep, of_answer, of_url, varies,
};

/// An answer on its way.
type Coming<'a> = Pin<Box<dyn Future<Output = Result<(Head, Arrival), Error>> + Send + 'a>>;

/// How much of a 304's body is read so that its connection can be used again.
const REST: usize = 1024;

/// What makes a request one that the cache leaves alone.
const CONDITIONS: [header::HeaderName; 6] = [
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// The cache that serves this request, if one does.
pub(super) fn serving(pool: &Arc<Inner>, request: &Request) -> Option<ResponseCache> {
    let cache = pool.sharing.cache.as_ref()?;
    let fits = matches!(request.method, Method::GET | Method::HEAD)
        && request.cache != CacheMode::Bypass
        && request.body.is_empty()
        && !request.transient
        && !CONDITIONS.iter().any(|name| request.headers.contains_key(name))
        && !Directives::of(&request.headers).no_store;
    fits.then(|| cache.clone())
}

/// Ends what is kept of the URL that a request has changed (RFC 9111, section 4.4).
pub(super) async fn changed(pool: &Arc<Inner>, request: &Request, status: Option<StatusCode>) {
    let Some(cache) = &pool.sharing.cache else { return };
    if request.method.is_safe() || status.is_none_or(|status| status.as_u16() >= 400) {
        return;
    }
    // A store that fails has nothing to give either.
    let _ = cache.store.remove(&of_url(&request.url)).await;
}

/// The answer of the cache, or of the server.
pub(super) fn answered<'a>(
    pool: &'a Arc<Inner>,
    request: &'a Request,
    mode: Mode,
    identity: Identity,
    cache: ResponseCache,
) -> Coming<'a> {
    Box::pin(looked_up(pool, request, mode, identity, cache))
}

async fn looked_up(
    pool: &Arc<Inner>,
    request: &Request,
    mode: Mode,
    identity: Identity,
    cache: ResponseCache,
) -> Result<(Head, Arrival), Error> {
    let mut tally = Tally::begin(pool, request);
    if request.context.deadline.is_some_and(|deadline| pool.timer.now() >= deadline) {
        tally.end(None);
        let error = Error::new(ErrorKind::Deadline, "the deadline passed before the attempt began");
        return Err(error.at(request.place()).identified(identity.id()));
    }
    let headers = tally.host.headers(request);
    let asked = Directives::of(&headers);
    let kept = Lookup { cache: &cache, request, headers: &headers }.find().await;
    let limit = request.max_body.unwrap_or(if mode == Mode::Whole { pool.config.max_body } else { usize::MAX });
    let kept = kept.filter(|kept| kept.body.len() <= limit);
    let now = pool.wall.wall();
    let what = match (&kept, request.cache) {
        (Some(kept), CacheMode::Use) => kept.usable(&asked, now),
        _ => Use::Ask,
    };
    if let (Some(kept), true) = (&kept, what != Use::Ask) {
        let age = kept.age(now);
        let cached = if what == Use::Fresh { Cached::Hit { age } } else { Cached::Stale { age } };
        if what == Use::Meanwhile {
            refresh(pool, request, &cache, &headers, kept);
        }
        return Ok(given(pool, request, &mut tally, identity, kept, cached));
    }
    let mut own = request.clone();
    own.within = true;
    let result = asked_for(pool, &own, mode, identity.clone(), &cache, &headers, kept.as_ref()).await;
    let failed = match &result {
        Ok(answer) => matches!(answer.head.status.as_u16(), 500 | 502 | 503 | 504),
        Err(error) => error.is_retryable() && error.kind() != ErrorKind::Deadline,
    };
    let now = pool.wall.wall();
    if let Some(kept) = kept.filter(|kept| failed && kept.may_stand_in(&asked, now)) {
        tracing::debug!("the server failed: what is kept stands in");
        let cached = Cached::Stale { age: kept.age(now) };
        let (mut head, arrival) = given(pool, request, &mut tally, identity, &kept, cached);
        head.attempts = match result {
            Ok(answer) => answer.head.attempts,
            Err(mut error) => error.take_attempts(),
        };
        return Ok((head, arrival));
    }
    match result {
        Ok(Answer { head: asked, same: Some(kept), .. }) => {
            let cached = Cached::Revalidated { age: kept.age(now) };
            let (mut head, arrival) = given(pool, request, &mut tally, identity, &kept, cached);
            head.attempts = asked.attempts;
            Ok((head, arrival))
        }
        Ok(Answer { mut head, arrival, same: None }) => {
            tally.count(|calls| calls.cache_miss());
            head.elapsed = tally.end(Some(head.status));
            head.cached = Some(Cached::Miss);
            Ok((head, arrival))
        }
        Err(error) => {
            tally.count(|calls| calls.cache_miss());
            tally.end(None);
            Err(error)
        }
    }
}

/// What a server says that was asked.
struct Answer {
    head: Head,
    arrival: Arrival,
    /// What was kept, where the server has called it right; it was put away as such.
    same: Option<Box<Kept>>,
}

/// Asks the server, where it can be by what is kept, and puts away what comes.
async fn asked_for(
    pool: &Arc<Inner>,
    request: &Request,
    mode: Mode,
    identity: Identity,
    cache: &ResponseCache,
    headers: &HeaderMap,
    kept: Option<&Kept>,
) -> Result<Answer, Error> {
    let lookup = Lookup { cache, request, headers };
    let mut kept = kept.and_then(|kept| Some((kept, kept.conditions()?)));
    loop {
        let mut conditional = request.clone();
        if let Some((_, conditions)) = &kept {
            conditional.headers.extend(conditions.clone());
        }
        let asked = pool.wall.wall();
        let (head, mut arrival) = unkept(pool, &conditional, mode, identity.clone()).await?;
        let moments = Moments { asked, came: pool.wall.wall() };
        if let (Some((kept_before, _)), 304) = (&kept, head.status.as_u16()) {
            let _ = arrival.rest(REST).await;
            if let Some(freshened) = kept_before.freshened(&head.headers, moments) {
                if !head.coalesced {
                    lookup.put(freshened.clone()).await;
                }
                return Ok(Answer { head, arrival, same: Some(Box::new(freshened)) });
            }
            // It speaks of another answer than ours: that one is asked for.
            kept = None;
            continue;
        }
        let directives = Directives::of(headers);
        if may_keep(&directives, head.status.as_u16(), &head.headers) && !head.coalesced {
            let answer = Kept::new(head.status, &head.headers, moments, bytes::Bytes::new());
            match mode {
                Mode::Whole if arrival.prefix().len() <= cache.max_body => {
                    let body = bytes::Bytes::copy_from_slice(arrival.prefix());
                    lookup.put(Kept { body, ..answer }).await;
                }
                Mode::Whole => {}
                Mode::Stream => {
                    let (cache, request, headers) = (cache.clone(), request.clone(), headers.clone());
                    let most = cache.max_body;
                    arrival.record(most, move |body| {
                        let Ok(runtime) = Handle::try_current() else { return };
                        runtime.spawn(async move {
                            let lookup = Lookup { cache: &cache, request: &request, headers: &headers };
                            lookup.put(Kept { body, ..answer }).await;
                        });
                    });
                }
            }
        }
        return Ok(Answer { head, arrival, same: None });
    }
}

/// Asks for a new answer while the old one is given, unless that is being done.
fn refresh(pool: &Arc<Inner>, request: &Request, cache: &ResponseCache, headers: &HeaderMap, kept: &Kept) {
    let Ok(runtime) = Handle::try_current() else { return };
    let Some(turn) = Turn::take(cache, of_answer(&request.method, &request.url, headers, &Index::default())) else {
        return;
    };
    let (pool, mut request, cache) = (Arc::clone(pool), request.clone(), cache.clone());
    let (headers, kept) = (headers.clone(), kept.clone());
    (request.context.deadline, request.on_retry, request.observer) = (None, None, None);
    request.context.carried = None;
    let identity = Identity::of(&pool.config, &request);
    let inside = Inside::again(&pool);
    let asking = async move {
        let _under_way = (turn, inside);
        // Nobody waits for it; what failed is counted.
        let _ = asked_for(&pool, &request, Mode::Whole, identity, &cache, &headers, Some(&kept)).await;
    };
    runtime.spawn(asking.in_current_span());
}

/// The leave to ask for one answer in the background.
struct Turn(ResponseCache, CacheKey);

impl Turn {
    fn take(cache: &ResponseCache, key: CacheKey) -> Option<Self> {
        let first = cache.refreshing.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        first.then(|| Self(cache.clone(), key))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.refreshing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// An answer out of the cache.
fn given(
    pool: &Arc<Inner>,
    request: &Request,
    tally: &mut Tally,
    identity: Identity,
    kept: &Kept,
    cached: Cached,
) -> (Head, Arrival) {
    let age = match cached {
        Cached::Hit { age } | Cached::Stale { age } | Cached::Revalidated { age } => age,
        Cached::Miss => std::time::Duration::ZERO,
    };
    match cached {
        Cached::Revalidated { .. } => tally.inc(REVALIDATED),
        Cached::Stale { .. } => tally.inc(STALE),
        Cached::Hit { .. } | Cached::Miss => tally.count(|calls| calls.cache_hit(0, 0)),
    }
    let mut headers = kept.headers.clone();
    headers.insert(AGE, HeaderValue::from(age.as_secs()));
    let head = Head {
        status: kept.status,
        headers,
        url: Arc::clone(&request.url),
        identity,
        elapsed: tally.end(Some(kept.status)),
        place: request.place(),
        retry_after: None,
        stop: None,
        attempts: Vec::new(),
        coalesced: false,
        cached: Some(cached),
    };
    (head, Arrival::of(pool, &tally.host, kept.body.clone(), None))
}

/// Where the answers to a request are.
struct Lookup<'a> {
    cache: &'a ResponseCache,
    request: &'a Request,
    headers: &'a HeaderMap,
}

impl Lookup<'_> {
    async fn find(&self) -> Option<Kept> {
        let index = self.index().await?;
        let entry = self.cache.store.get(&self.key(&index)).await.ok()??;
        Kept::read(entry.value())
    }

    async fn index(&self) -> Option<Index> {
        let entry = self.cache.store.get(&of_url(&self.request.url)).await.ok()??;
        Index::read(entry.value())
    }

    async fn put(&self, kept: Kept) {
        let varies = varies(&kept.headers);
        let at = kept.moments.came;
        let index = match self.index().await {
            Some(index) if index.varies == varies => index,
            // Answers that varied by something else are not found any more.
            _ => {
                let index = Index { generation: entropy(), varies };
                self.store(of_url(&self.request.url), index.to_bytes(), at).await;
                index
            }
        };
        self.store(self.key(&index), kept.to_bytes(), at).await;
    }

    async fn store(&self, key: CacheKey, bytes: bytes::Bytes, at: UnixNanos) {
        if let Err(error) = self.cache.store.put(key, Entry::new(bytes, at)).await {
            tracing::debug!(%error, "not kept");
        }
    }

    fn key(&self, index: &Index) -> CacheKey {
        of_answer(&self.request.method, &self.request.url, self.headers, index)
    }
}
