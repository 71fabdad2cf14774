//! Answers on their way through the pool, with any status and headers; and any URL.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use steadfast_backoff::{StatusSet, retry_after};
use steadfast_clock::{ManualClock, Wall, shared};
use steadfast_pool::{Event, Inbound, Observer, Outbound, Pool, Redirects, Request, SendFuture, Transport, redacted};
use url::Url;

use crate::lines;

/// Reads a URL, a status, headers up to an empty line, and a body.
///
/// A URL is told without what is secret in it. An answer goes through the pool as it came, after as many attempts as its
/// status and the wait that it asks for make necessary; that wait is the one of its headers.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let Some(mut rest) = lines::text(data) else { return };
    told(lines::next(&mut rest));
    let status = lines::next(&mut rest).parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
    let Some(status) = status.filter(|status| !status.is_informational()) else { return };
    let mut headers = HeaderMap::new();
    loop {
        let line = lines::next(&mut rest);
        let Some((name, value)) = line.split_once(':') else { break };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.trim().as_bytes())) {
            headers.append(name, value);
        }
    }
    answered(&Answer { status, headers, body: Bytes::copy_from_slice(rest.as_bytes()) });
}

/// What is told of a URL, whether it is taken or refused.
fn told(text: &str) {
    let url = Url::parse(text);
    match (Request::get(text), &url) {
        (Ok(request), Ok(url)) => {
            let place = redacted(url);
            let again = Url::parse(&place).expect("what is told of a URL is one");
            let kept = |url: &Url| {
                (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port(), url.path().to_owned())
            };
            assert_eq!(kept(&again), kept(url), "{place}");
            let secret = (again.username(), again.password(), again.query(), again.fragment());
            assert_eq!(secret, ("", None, None, None), "{place}");
            assert!(!format!("{request:?}").contains('?'), "{request:?}");
        }
        (Ok(request), Err(error)) => panic!("{request:?} from what is no URL: {error}"),
        (Err(error), Ok(url)) => {
            let scheme = url.scheme();
            let said = format!("{error} {error:?}");
            // A scheme in front of a host may be told, and may hold by chance what is not to be.
            let said = if url.has_host() { said.replace(scheme, "") } else { said };
            for part in [scheme, url.username(), url.password().unwrap_or(""), url.query().unwrap_or("")] {
                // Shorter parts are in any text.
                assert!(part.len() < 16 || !said.contains(part), "{part} is told in {said}");
            }
        }
        (Err(_), Err(_)) => {}
    }
}

/// One answer, sent to every attempt of a call.
fn answered(answer: &Answer) {
    let bench = BENCH.get_or_init(Bench::new);
    let pairs = answer.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let hint = retry_after::hint(pairs, bench.clock.wall());
    *bench.answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());

    // The same answer to every request would be followed for ever.
    let request = Request::get("http://host/").expect("a URL").redirects(Redirects::none());
    let response = RUNTIME.with(|runtime| runtime.block_on(bench.pool.execute(request))).expect("an answer");
    assert_eq!((response.status(), response.body()), (answer.status, &answer.body));
    assert_eq!(response.headers(), &answer.headers);
    assert_eq!(response.retry_after(), hint, "{:?}", answer.headers);
    let again = StatusSet::GATEWAY.contains(answer.status.as_u16()) && hint.is_none_or(|hint| hint <= LONGEST);
    assert_eq!(response.attempts().len(), if again { 4 } else { 1 }, "{} {hint:?}", answer.status);
    let waited = response.attempts().iter().filter_map(|attempt| attempt.wait);
    let shortest = hint.unwrap_or_default();
    assert!(waited.into_iter().all(|wait| (shortest..=LONGEST).contains(&wait)), "{:?}", response.attempts());
}

/// The longest wait that the pool sleeps, whoever asks for it.
const LONGEST: Duration = Duration::from_secs(60);

static BENCH: OnceLock<Bench> = OnceLock::new();

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
}

#[derive(Clone, Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A pool that stays, on a clock that moves over its waits.
struct Bench {
    clock: ManualClock,
    answer: Arc<Observed>,
    pool: Pool,
}

impl Bench {
    fn new() -> Self {
        let clock = ManualClock::new();
        let answer = Arc::new(Observed::default());
        let pool = Pool::builder()
            .transport(answer.clone())
            .timer(shared(clock.clone()))
            .wall(Arc::new(clock.clone()))
            .observer(Arc::new(Skip(clock.clone())))
            .without_breaker()
            .build()
            .expect("a pool");
        Self { clock, answer, pool }
    }
}

/// Answers what it was told, always.
#[derive(Debug, Default)]
struct Observed(Mutex<Option<Answer>>);

impl Transport for Observed {
    fn send(&self, _request: Outbound) -> SendFuture {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let Answer { status, headers, body } = answer.expect("an answer to give");
            Ok(Inbound::new(status, headers, Box::pin(Full::new(body).map_err(|never| match never {}))))
        })
    }
}

/// Moves the clock over every wait.
struct Skip(ManualClock);

impl Observer for Skip {
    fn on(&self, event: &Event<'_>) {
        if let Event::Retrying { delay, .. } = event {
            self.0.advance(*delay);
        }
    }
}
