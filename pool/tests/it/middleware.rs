//! The pool beneath a `reqwest-middleware` client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Extensions;
use reqwest::{Body, Client};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use steadfast_clock::Clock;
use steadfast_pool::middleware::SteadfastMiddleware;
use steadfast_pool::mock::{MockFault, MockPool, MockResponse, When};
use steadfast_pool::{Attempt, CallContext, Error, ErrorKind, Phase, Resend, Scope};

fn client() -> ClientBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    ClientBuilder::new(Client::new())
}

fn over(pool: &MockPool) -> ClientWithMiddleware {
    client().with(SteadfastMiddleware::new(pool.pool().clone())).build()
}

/// The pool's error in that of the middleware.
fn found(error: &reqwest_middleware::Error) -> &Error {
    let reqwest_middleware::Error::Middleware(error) = error else { panic!("{error:?}") };
    error.downcast_ref().unwrap()
}

/// The kind of the pool's error among the causes of `reqwest`'s.
fn beneath(error: &reqwest::Error) -> ErrorKind {
    let mut cause: &dyn std::error::Error = error;
    loop {
        if let Some(error) = cause.downcast_ref::<Error>() {
            return error.kind();
        }
        cause = cause.source().unwrap();
    }
}

#[tokio::test]
async fn what_the_client_sends_goes_through_the_pool() {
    let pool = MockPool::new();
    pool.when(When::post("host").path("/v1").query("a", "b c").header_is("x-key", "v").body("hello"))
        .then(MockResponse::status(503).header("retry-after", "7"))
        .then(MockResponse::status(201).header("x-served", "yes").chunks(["one ", "two"]));
    let mut url = reqwest::Url::parse("http://host/v1").unwrap();
    url.query_pairs_mut().append_pair("a", "b c");
    let answer = over(&pool).post(url.clone()).header("x-key", "v").body("hello").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.url()), (201, &url));
    assert_eq!(answer.headers()["x-served"], "yes");
    assert_eq!(answer.extensions().get::<Arc<[Attempt]>>().unwrap().len(), 2);
    assert_eq!(answer.text().await.unwrap(), "one two");
    assert_eq!(pool.metrics().retries, 1);
    pool.verify().unwrap();
}

#[tokio::test]
async fn a_status_is_an_answer() {
    let pool = MockPool::new();
    pool.add_response("host", MockResponse::status(404).body("no such thing"));
    let answer = over(&pool).get("http://host/").send().await.unwrap();
    assert_eq!(answer.error_for_status_ref().unwrap_err().status().unwrap(), 404);
    assert_eq!(answer.text().await.unwrap(), "no such thing");
}

#[tokio::test]
async fn failures_are_found_in_the_middlewares_error() {
    let pool = MockPool::new();
    pool.when(When::host("down")).times(4, MockFault::refused());
    let error = over(&pool).get("http://down/?key=canary").send().await.unwrap_err();
    assert!(error.is_middleware());
    assert_eq!((found(&error).kind(), found(&error).attempts().len()), (ErrorKind::Refused, 4));
    assert!(!format!("{error} {error:?}").contains("canary"));
    // A body that ends early holds the pool's error as its cause.
    pool.add_response("cut", MockResponse::status(200).body("0123").truncate_after(2));
    let error = over(&pool).get("http://cut/").send().await.unwrap().bytes().await.unwrap_err();
    assert_eq!(beneath(&error), ErrorKind::Closed);
}

#[tokio::test]
async fn streams_are_sent_once_and_bytes_again() {
    let pool = MockPool::new();
    let route = pool.when(When::post("host"));
    route.times(2, MockResponse::status(503)).then(MockResponse::status(200));
    let chunks = ["a", "b"].map(Ok::<_, std::io::Error>);
    let stream = Body::wrap_stream(futures_util::stream::iter(chunks));
    assert_eq!(over(&pool).post("http://host/").body(stream).send().await.unwrap().status(), 503);
    assert_eq!(over(&pool).post("http://host/").body("whole").send().await.unwrap().status(), 200);
    let sent: Vec<_> = route.requests().iter().map(|request| request.text()).collect();
    assert_eq!(sent, ["ab", "whole", "whole"]);
}

#[tokio::test]
async fn redirects_are_the_pools_to_follow() {
    let pool = MockPool::new();
    pool.add_response("host", MockResponse::status(302).header("location", "http://other/there"));
    pool.add_response("other", MockResponse::status(200));
    let answer = over(&pool).get("http://host/here").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.url().as_str()), (200, "http://other/there"));
}

/// The timeout of a request limits each attempt, its body included.
#[tokio::test]
async fn the_timeout_of_a_request_limits_each_attempt() {
    let pool = MockPool::new();
    let slow = Duration::from_secs(10);
    pool.when(When::host("host"))
        .then(MockResponse::status(200).latency(slow))
        .then(MockResponse::status(200).chunks(["a", "b"]).chunk_delay(Duration::from_secs(4)));
    let request = over(&pool).get("http://host/").timeout(Duration::from_secs(6));
    let answer = request.send().await.unwrap();
    let attempts = Arc::clone(answer.extensions().get::<Arc<[Attempt]>>().unwrap());
    assert_eq!(attempts[0].elapsed, Duration::from_secs(6));
    assert_eq!(beneath(&answer.bytes().await.unwrap_err()), ErrorKind::Timeout(Phase::Attempt));
}

#[tokio::test]
async fn extensions_say_how_it_is_treated() {
    let pool = MockPool::new();
    pool.when(When::host("host")).then(MockFault::reset()).then(MockResponse::status(200));
    let context = CallContext::new().resend(Resend::Always);
    let request = || over(&pool).post("http://host/").with_extension(Scope::new("host/model"));
    let answer = request().with_extension(context).send().await.unwrap();
    assert_eq!(&*answer.extensions().get::<Arc<[Attempt]>>().unwrap()[0].target, "host/model");
    let late = CallContext::new().deadline(pool.clock().now());
    let error = request().with_extension(late).send().await.unwrap_err();
    assert_eq!(found(&error).kind(), ErrorKind::Deadline);
}

/// Middlewares above see requests before and answers after, and the ledger.
#[tokio::test]
async fn middlewares_above_keep_working() {
    #[derive(Clone, Default)]
    struct Above(Arc<Mutex<Vec<(String, u16, usize)>>>);
    #[async_trait::async_trait]
    impl Middleware for Above {
        async fn handle(
            &self,
            mut request: reqwest::Request,
            extensions: &mut Extensions,
            next: Next<'_>,
        ) -> reqwest_middleware::Result<reqwest::Response> {
            request.headers_mut().insert("x-above", http::HeaderValue::from_static("yes"));
            let path = request.url().path().to_owned();
            let answer = next.run(request, extensions).await?;
            let attempts = extensions.get::<Arc<[Attempt]>>().unwrap().len();
            self.0.lock().unwrap().push((path, answer.status().as_u16(), attempts));
            Ok(answer)
        }
    }
    let pool = MockPool::new();
    pool.when(When::any().header_is("x-above", "yes")).then(MockResponse::status(502)).then(MockResponse::status(204));
    let above = Above::default();
    let client = client().with(above.clone()).with(SteadfastMiddleware::new(pool.pool().clone())).build();
    client.get("http://host/path").send().await.unwrap();
    assert_eq!(*above.0.lock().unwrap(), [(String::from("/path"), 204, 2)]);
}
