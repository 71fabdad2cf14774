//! Redirects: which are followed, as what, with which headers, and where they end.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Full};
use proptest::prelude::*;
use steadfast_pool::{
    Body, ErrorKind, HostConfig, Inbound, Outbound, Pool, PoolConfig, Redirects, Request, Response, SendFuture,
    Transport,
};

/// A network of pages that redirect, and what was asked of it.
#[derive(Default)]
pub(crate) struct Web {
    pages: HashMap<String, (u16, Vec<String>)>,
    asked: Mutex<Vec<Asked>>,
}

#[derive(Clone)]
struct Asked {
    line: String,
    origin: url::Origin,
    headers: HeaderMap,
    body: Bytes,
}

impl Web {
    fn new(pages: &[(&str, u16, &str)]) -> Arc<Self> {
        let pages = pages.iter().map(|(url, status, to)| ((*url).to_owned(), (*status, vec![(*to).to_owned()])));
        Arc::new(Self { pages: pages.collect(), asked: Mutex::default() })
    }

    fn lines(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| asked.line.clone()).collect()
    }

    fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web")
    }
}

/// Sends over a [`Web`].
#[derive(Debug)]
struct Over(Arc<Web>);

impl Transport for Over {
    fn send(&self, request: Outbound) -> SendFuture {
        let web = Arc::clone(&self.0);
        Box::pin(async move {
            let body = match request.body {
                Some(body) => body.collect().await.unwrap().to_bytes(),
                None => Bytes::new(),
            };
            let line = format!("{} {}", request.method, request.url);
            let origin = request.url.origin();
            let headers = request.headers;
            web.asked.lock().unwrap().push(Asked { line, origin, headers, body });
            let (status, places) = web.pages.get(request.url.as_str()).cloned().unwrap_or((200, Vec::new()));
            let mut headers = HeaderMap::new();
            for place in places.iter().filter(|place| !place.is_empty()) {
                headers.append(header::LOCATION, HeaderValue::from_str(place).unwrap());
            }
            let body = Full::new(Bytes::from("page")).map_err(|never| match never {});
            Ok(Inbound::new(StatusCode::from_u16(status).unwrap(), headers, Box::pin(body)))
        })
    }
}

fn pool(web: &Arc<Web>, config: PoolConfig) -> Pool {
    Pool::builder().transport(Arc::new(Over(Arc::clone(web)))).config(config).without_breaker().build().unwrap()
}

fn request(method: &str, url: &str) -> Request {
    Request::new(Method::from_bytes(method.as_bytes()).unwrap(), url).unwrap()
}

async fn run(web: &Arc<Web>, request: Request) -> Response {
    pool(web, PoolConfig::new()).execute(request).await.unwrap()
}

#[tokio::test]
async fn each_status_is_followed_as_it_says() {
    for (status, method, expected) in [
        (301, "GET", "GET"),
        (302, "HEAD", "HEAD"),
        (302, "OPTIONS", "OPTIONS"),
        (303, "GET", "GET"),
        (303, "POST", "GET"),
        (303, "DELETE", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (301, "POST", ""),
        (302, "DELETE", ""),
        (300, "GET", ""),
        (304, "GET", ""),
        (305, "GET", ""),
    ] {
        let web = Web::new(&[("http://a/", status, "/next?q=1")]);
        let response = run(&web, request(method, "http://a/")).await;
        let mut lines = vec![format!("{method} http://a/")];
        if expected.is_empty() {
            assert_eq!((response.status().as_u16(), response.url().as_str()), (status, "http://a/"));
        } else {
            lines.push(format!("{expected} http://a/next?q=1"));
            assert_eq!((response.status().as_u16(), response.url().as_str()), (200, "http://a/next?q=1"));
            assert_eq!(response.attempts().iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
        }
        assert_eq!(web.lines(), lines, "{status} {method}");
    }
}

#[tokio::test]
async fn a_body_goes_along_or_goes_with_its_headers() {
    let post = |body: Body| {
        let kind = HeaderValue::from_static("text/plain");
        let request = request("POST", "http://a/").header(header::CONTENT_TYPE, kind).body(body);
        request.header(HeaderName::from_static("idempotency-key"), HeaderValue::from_static("1"))
    };
    let web = Web::new(&[("http://a/", 307, "/b")]);
    run(&web, post(Body::from("text"))).await;
    assert_eq!((&*web.last().body, web.last().headers.contains_key("content-type")), (&b"text"[..], true));
    let web = Web::new(&[("http://a/", 303, "/b")]);
    run(&web, post(Body::from("text"))).await;
    let headers = web.last().headers;
    assert_eq!((web.last().body.len(), headers.contains_key("content-type")), (0, false));
    assert!(!headers.contains_key("idempotency-key"));
    // What can be sent only once is not sent again, and the answer says where it would go.
    let web = Web::new(&[("http://a/", 308, "/b")]);
    let once = Body::once(Box::pin(Full::new(Bytes::from("x")).map_err(|never| match never {})));
    let response = run(&web, post(once)).await;
    assert_eq!(response.status(), 308);
    assert_eq!(response.headers()["location"], "/b");
    // As a browser does it, where that is asked for.
    let web = Web::new(&[("http://a/", 302, "/b")]);
    run(&web, post(Body::from("text")).redirects(Redirects::default().post_as_get())).await;
    assert_eq!(web.lines(), ["POST http://a/", "GET http://a/b"]);
}

#[tokio::test]
async fn places_are_resolved_and_those_that_are_none_are_the_answer() {
    for (from, place, expected) in [
        ("http://a/x/y#f", "z", Some("http://a/x/z#f")),
        ("http://a/x#f", "/y#g", Some("http://a/y#g")),
        ("http://a/x", "//b/y", Some("http://b/y")),
        ("http://a/x", "https://a/y", Some("https://a/y")),
        ("http://a/x", "http://a:8080/", Some("http://a:8080/")),
        ("https://a/x", "http://a/y", None),
        ("http://a/x", "", None),
        ("http://a/x", "http://", None),
        ("http://a/x", "ftp://a/y", None),
        ("http://a/x", "javascript:alert(1)", None),
        ("http://a/x", "http://user:pass@a/y", None),
    ] {
        let web = Web::new(&[(from, 302, place)]);
        let response = run(&web, request("GET", from)).await;
        assert_eq!(response.url().as_str(), expected.unwrap_or(from), "{place}");
        assert_eq!(response.status().as_u16(), if expected.is_some() { 200 } else { 302 });
    }
    let mut web = Web::default();
    web.pages.insert(String::from("http://a/"), (302, vec![String::from("/b"), String::from("/c")]));
    assert_eq!(run(&Arc::new(web), request("GET", "http://a/")).await.status(), 302);
}

#[tokio::test]
async fn credentials_and_bodies_keep_to_their_origin() {
    let secret = |name: &'static str, sensitive: bool| {
        let mut value = HeaderValue::from_static("canary");
        value.set_sensitive(sensitive);
        request("GET", "https://a/").header(HeaderName::from_static(name), value)
    };
    let mut requests: Vec<Request> = ["authorization", "cookie", "proxy-authorization", "x-api-key", "api-key"]
        .into_iter()
        .chain(["x-goog-api-key", "x-auth-token", "x-amz-security-token", "ocp-apim-subscription-key"])
        .map(|name| secret(name, false))
        .collect();
    requests.push(secret("x-anything", true));
    requests.push(request("GET", "https://a/").body("text"));
    for request in requests {
        for place in ["https://b/", "https://a:8443/", "http://a/"] {
            let web = Web::new(&[("https://a/", 302, place)]);
            assert_eq!(run(&web, request.clone()).await.status(), 302, "{request:?} {place}");
            assert_eq!(web.lines().len(), 1);
        }
        let web = Web::new(&[("https://a/", 302, "https://a:443/here")]);
        assert_eq!(run(&web, request.clone()).await.status(), 200);
        let mut first = web.asked.lock().unwrap()[0].headers.clone();
        // A span of its own is all that an attempt differs by.
        first.insert("traceparent", web.last().headers["traceparent"].clone());
        assert_eq!(web.last().headers, first);
    }
}

#[tokio::test]
async fn a_hosts_default_headers_stay_with_it() {
    let web = Web::new(&[("https://a/", 302, "https://b/"), ("https://b/", 302, "https://c/")]);
    let pool = pool(&web, PoolConfig::new());
    let plain = HostConfig::new().default_header(header::USER_AGENT, HeaderValue::from_static("a"));
    pool.configure_host("a", plain).unwrap();
    let keyed = HostConfig::new().default_header(HeaderName::from_static("x-api-key"), HeaderValue::from_static("b"));
    pool.configure_host("b", keyed).unwrap();
    let response = pool.execute(request("GET", "https://a/")).await.unwrap();
    let asked = web.asked.lock().unwrap().clone();
    assert_eq!(asked[0].headers["user-agent"], "a");
    assert!(!asked[1].headers.contains_key("user-agent"));
    assert_eq!(asked[1].headers["x-api-key"], "b");
    assert_eq!((response.status().as_u16(), asked.len()), (302, 2), "a key of the host's is one of the request's");
}

#[tokio::test]
async fn circles_and_long_ways_are_errors_with_every_attempt() {
    let web = Web::new(&[("http://a/1", 302, "/2"), ("http://a/2", 302, "/3"), ("http://a/3", 302, "/1")]);
    let error = pool(&web, PoolConfig::new()).execute(request("GET", "http://a/1")).await.unwrap_err();
    assert_eq!(error.to_string(), "GET http://a/3: redirected in a circle, after 3 redirects, after 3 attempts");
    assert_eq!((error.kind(), error.is_retryable(), error.attempts().len()), (ErrorKind::Redirect, false, 3));
    assert!(error.request_id().is_some());
    let pages: Vec<(String, String)> = (0..20).map(|n| (format!("http://a/{n}"), format!("/{}", n + 1))).collect();
    let pages: Vec<(&str, u16, &str)> = pages.iter().map(|(from, to)| (&**from, 302, &**to)).collect();
    for (redirects, expected) in [(Redirects::default(), 10), (Redirects::up_to(3), 3)] {
        let web = Web::new(&pages);
        let pool = pool(&web, PoolConfig::new().redirects(redirects));
        let error = pool.stream(request("GET", "http://a/0")).await.unwrap_err();
        assert!(error.to_string().contains(&format!("redirected more than {expected} times")), "{error}");
        assert_eq!(web.lines().len(), expected + 1);
    }
    let web = Web::new(&pages);
    let response =
        pool(&web, PoolConfig::new().redirects(Redirects::none())).execute(request("GET", "http://a/0")).await;
    assert_eq!(response.unwrap().status(), 302);
}

#[tokio::test]
async fn each_hop_is_counted_for_its_own_host_and_known_by_one_id() {
    let web = Web::new(&[("http://a/", 302, "http://b/")]);
    let pool = pool(&web, PoolConfig::new());
    let stream = pool.stream(request("GET", "http://a/").scope("mine")).await.unwrap();
    let targets: Vec<&str> = stream.attempts().iter().map(|attempt| &*attempt.target).collect();
    assert_eq!((targets, stream.url().as_str()), (vec!["mine", "b"], "http://b/"));
    assert_eq!((pool.host_metrics("a").requests, pool.host_metrics("b").requests), (1, 1));
    let asked = web.asked.lock().unwrap().clone();
    assert_eq!(asked[0].headers["x-request-id"], asked[1].headers["x-request-id"]);
    assert_eq!(stream.request_id().unwrap(), asked[1].headers["x-request-id"]);
}

#[tokio::test]
async fn the_deadline_is_that_of_all_hops() {
    let web = Web::new(&[("http://a/", 302, "http://b/")]);
    let pool = pool(&web, PoolConfig::new());
    let late = steadfast_pool::CallContext::new().deadline(steadfast_clock::Nanos::from_nanos(0));
    let error = pool.execute(request("GET", "http://a/").context(late)).await.unwrap_err();
    assert_eq!((error.kind(), web.lines().len()), (ErrorKind::Deadline, 0));
}

const ORIGINS: [&str; 5] = ["http://a", "https://a", "http://a:81", "http://b", "https://b"];

proptest! {
    /// Whatever redirects to whatever, what is secret is received by its origin alone, and so is a body; a call ends, and
    /// its ledger has every attempt.
    #[test]
    fn secrets_never_leave_their_origin(
        edges in proptest::collection::vec(
            (0_usize..5, 0_usize..3, prop::sample::select(vec![301_u16, 302, 303, 307, 308]), 0_usize..5, 0_usize..3),
            0..15,
        ),
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT"]),
        secret in prop::sample::select(vec!["authorization", "cookie", "x-api-key", "x-own", "none"]),
        body in prop::sample::select(vec!["", "canary"]),
        as_get: bool,
    ) {
        let page = |origin: usize, page: usize| format!("{}/{page}", ORIGINS[origin]);
        let edges = edges.iter().map(|(origin, at, status, to, there)| (page(*origin, *at), (*status, vec![page(*to, *there)])));
        let web = Arc::new(Web { pages: edges.collect(), asked: Mutex::default() });
        let mut value = HeaderValue::from_static("canary");
        value.set_sensitive(secret == "x-own");
        let mut call = request(method, &page(0, 0)).body(body);
        if secret != "none" {
            call = call.header(HeaderName::from_static(secret), value);
        }
        let redirects = if as_get { Redirects::default().post_as_get() } else { Redirects::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let result = runtime.block_on(pool(&web, PoolConfig::new().redirects(redirects)).execute(call));
        let asked = web.asked.lock().unwrap().clone();
        for there in &asked {
            let holds = there.headers.values().any(|value| value == "canary") || !there.body.is_empty();
            prop_assert!(!holds || there.origin == asked[0].origin);
        }
        let attempts = result.as_ref().map_or_else(|error| error.attempts().len(), |response| response.attempts().len());
        prop_assert_eq!(attempts, asked.len());
        prop_assert!(asked.len() <= 11);
    }
}
