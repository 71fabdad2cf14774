//! The pool as a tower service, and a tower service as its transport.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use steadfast_clock::Clock;
use steadfast_pool::backoff::Policy;
use steadfast_pool::mock::{MockFault, MockPool, MockResponse, When};
use steadfast_pool::tower::{PoolService, TowerTransport};
use steadfast_pool::{
    Attempt, Body, BoxBody, CallContext, ErrorKind, Phase, Pool, Reached, Resend, Scope, Timeouts, TransportError,
    TransportErrorKind,
};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

fn post<B>(url: &str, body: B) -> Request<B> {
    Request::post(url).body(body).unwrap()
}

async fn text(answer: Response<steadfast_pool::PoolBody>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn stream(chunks: &'static [&'static str]) -> impl http_body::Body<Data = Bytes, Error = std::io::Error> + Send {
    StreamBody::new(futures_util::stream::iter(
        chunks.iter().map(|chunk| Ok(http_body::Frame::data(Bytes::from(*chunk)))),
    ))
}

#[tokio::test]
async fn a_request_goes_through_the_pipeline_and_its_answer_streams() {
    let pool = MockPool::new();
    pool.when(When::post("host").path("/v1").query("key", "k").header_is("x-key", "v").body("hello"))
        .then(MockResponse::status(503).header("retry-after", "7"))
        .then(MockResponse::status(201).header("x-served", "yes").chunks(["a", "b"]));
    let mut request = post("http://host/v1?key=k", Full::new(Bytes::from("hello")));
    request.headers_mut().insert("x-key", "v".parse().unwrap());
    request.headers_mut().insert(header::HOST, "elsewhere".parse().unwrap());
    request.headers_mut().insert(header::CONTENT_LENGTH, "99".parse().unwrap());
    let answer = pool.service().oneshot(request).await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["x-served"]), (StatusCode::CREATED, &"yes".parse().unwrap()));
    let attempts = answer.extensions().get::<Arc<[Attempt]>>().unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(), [Some(503), Some(201)]);
    assert_eq!(text(answer).await, "ab");
    for name in [header::HOST, header::CONTENT_LENGTH] {
        assert!(!pool.requests()[1].headers.contains_key(name));
    }
    pool.verify().unwrap();
}

/// A body that is all there at once is sent again; one that has to be waited for, or has more to come, is not.
#[tokio::test]
async fn bodies_of_every_form() {
    async fn sent<B>(body: B) -> Vec<String>
    where
        PoolService: Service<Request<B>, Error = steadfast_pool::Error, Response = Response<steadfast_pool::PoolBody>>,
    {
        let pool = MockPool::new();
        pool.when(When::any()).then(MockResponse::status(503)).always(MockResponse::status(200));
        let answer = pool.service().oneshot(post("http://host/", body)).await;
        assert!(matches!(answer.unwrap().status().as_u16(), 200 | 503));
        pool.requests().iter().map(|request| request.text()).collect()
    }
    assert_eq!(sent(Full::new(Bytes::from("x"))).await, ["x", "x"]);
    assert_eq!(sent(Full::new(Bytes::from("x")).boxed_unsync()).await, ["x", "x"]);
    assert_eq!(sent(Empty::<Bytes>::new()).await, ["", ""]);
    assert_eq!(sent(String::from("x")).await, ["x", "x"]);
    assert_eq!(sent(Body::from("x")).await, ["x", "x"]);
    assert_eq!(sent(Body::replayable(|| Box::pin(stream(&["a", "b"])))).await, ["ab", "ab"]);
    assert_eq!(sent(stream(&["a", "b"])).await, ["ab"]);
    assert_eq!(sent(Body::once(Box::pin(stream(&["a", "b"])))).await, ["ab"]);
    // Not there when it is first looked at.
    let mut polls = 0;
    let late = StreamBody::new(futures_util::stream::poll_fn(move |cx| {
        polls += 1;
        match polls {
            1 | 3 => {
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            }
            2 => std::task::Poll::Ready(Some(Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from("late"))))),
            _ => std::task::Poll::Ready(None),
        }
    }));
    assert_eq!(sent(late).await, ["late"]);
}

/// What was read ahead of a body counts into its length.
#[tokio::test]
async fn a_body_keeps_its_length() {
    let server = steadfast_testkit::Server::start(
        steadfast_testkit::Script::new().always(steadfast_testkit::Reply::status(200)),
    )
    .await
    .unwrap();
    let body =
        http_body_util::combinators::BoxBody::new(Full::new(Bytes::from("hello")).map_err(std::io::Error::other));
    Pool::new().unwrap().service().oneshot(post(server.url(), body)).await.unwrap();
    let limited = http_body_util::Limited::new(http_body_util::Collected::<Bytes>::default(), 10);
    Pool::new().unwrap().service().oneshot(post(server.url(), limited)).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[0].headers.get("content-length"), seen[0].body_len), (Some("5"), 5));
    assert_eq!(seen[1].body_len, 0);
}

#[tokio::test]
async fn extensions_say_how_it_is_treated() {
    let pool = MockPool::new();
    // Leave to send again what may have been executed.
    pool.when(When::host("leave")).then(MockFault::reset()).then(MockResponse::status(200));
    let mut request = post("http://leave/", String::from("x"));
    request.extensions_mut().insert(CallContext::new().resend(Resend::Always));
    assert_eq!(pool.service().oneshot(request).await.unwrap().status(), 200);
    // No retries, and limits and a breaker of its own.
    pool.when(When::host("slow")).times(6, MockResponse::status(200).latency(Duration::from_secs(3)));
    let request = || {
        let mut request = post("http://slow/", String::from("x"));
        request.extensions_mut().insert(Policy::disabled());
        request.extensions_mut().insert(Timeouts::default().header(Duration::from_secs(2)));
        request.extensions_mut().insert(Scope::new("slow/model"));
        request
    };
    for _ in 0..5 {
        let error = pool.service().oneshot(request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Header));
        assert_eq!((error.attempts().len(), &*error.attempts()[0].target), (1, "slow/model"));
    }
    assert_eq!(pool.service().oneshot(request()).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    assert_eq!(pool.service().oneshot(post("http://slow/", String::new())).await.unwrap().status(), 200);
    // A deadline.
    let deadline = CallContext::new().deadline(pool.clock().now());
    let mut request = post("http://slow/", String::new());
    request.extensions_mut().insert(deadline);
    assert_eq!(pool.service().oneshot(request).await.unwrap_err().kind(), ErrorKind::Deadline);
}

#[tokio::test]
async fn whole_answers_are_retried_whole() {
    let pool = MockPool::new();
    let get = || Request::get("http://host/").body(String::new()).unwrap();
    let route = pool.when(When::get("host"));
    route.then(MockResponse::status(200).body("0123").truncate_after(2)).then(MockResponse::status(200).body("0123"));
    let answer = pool.service().whole().oneshot(get()).await.unwrap();
    assert_eq!(http_body::Body::size_hint(answer.body()).exact(), Some(4));
    assert_eq!(format!("{:?}", answer.body()), "PoolBody(4 bytes)");
    assert_eq!(text(answer).await, "0123");
    // A stream is not: its early end is the reader's to see.
    route.then(MockResponse::status(200).body("0123").truncate_after(2));
    let answer = pool.service().oneshot(get()).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    route.then(MockResponse::status(200).body("0123").stall_after(2));
    let answer = pool.service().oneshot(get()).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Stall));
}

#[tokio::test]
async fn a_wrong_url_is_an_error_of_the_call() {
    let pool = MockPool::new();
    for (url, words) in
        [("/path", "not a URL"), ("ftp://host/", "unsupported scheme"), ("http://u:p@host/", "credentials")]
    {
        let error = pool.service().oneshot(post(url, String::new())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(words), "{error}");
    }
    pool.verify().unwrap();
}

#[tokio::test]
async fn it_works_beneath_layers() {
    let pool = MockPool::new();
    pool.when(When::get("host")).times(3, MockResponse::status(200).body("x"));
    let mut service = ServiceBuilder::new()
        .map_request(|path: String| Request::get(format!("http://host{path}")).body(Empty::<Bytes>::new()).unwrap())
        .map_response(|answer: Response<_>| answer.status())
        .service(pool.service());
    for _ in 0..3 {
        assert_eq!(service.ready().await.unwrap().call(String::from("/x")).await.unwrap(), 200);
    }
    let boxed = service.boxed_clone();
    assert!(boxed.oneshot(String::from("/x")).await.is_err());
}

#[tokio::test]
async fn a_service_can_be_the_transport() {
    let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&calls);
    let service = service_fn(move |request: Request<BoxBody>| {
        let call = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            assert_eq!(request.uri(), "http://host/path?q=1");
            let body = request.into_body().collect().await?.to_bytes();
            match call {
                0 => {
                    Err(std::io::Error::from(TransportError::new(TransportErrorKind::StreamRefused, Reached::Refused)))
                }
                1 => Ok(Response::builder().status(503).body(Full::new(Bytes::new()))?),
                2 => Ok(Response::new(Full::new(body))),
                _ => Err(std::io::Error::other("unknown")),
            }
            .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
        }
    });
    let pool = MockPool::build(|pool| pool.transport(Arc::new(TowerTransport::new(service)))).unwrap();
    let request = || steadfast_pool::Request::post("http://host/path?q=1#fragment").unwrap().body("echo");
    let answer = pool.execute(request()).await.unwrap();
    assert_eq!((answer.text().as_str(), answer.attempts().len()), ("echo", 3));
    assert_eq!(answer.attempts()[0].reached, Reached::Refused);
    // What is not known may have been executed, and is not sent again.
    let error = pool.execute(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Closed, 1));
    assert!(error.attempts()[0].maybe_executed);
    assert_eq!(calls.load(std::sync::atomic::Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_service_that_never_gets_ready_was_not_reached() {
    #[derive(Clone)]
    struct Broken;
    impl Service<Request<BoxBody>> for Broken {
        type Response = Response<Full<Bytes>>;
        type Error = std::io::Error;
        type Future = std::future::Ready<Result<Self::Response, std::io::Error>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), std::io::Error>> {
            std::task::Poll::Ready(Err(std::io::Error::other("broken")))
        }
        fn call(&mut self, _: Request<BoxBody>) -> Self::Future {
            unreachable!("it is not ready")
        }
    }
    let transport = Arc::new(TowerTransport::new(Broken));
    assert_eq!(format!("{transport:?}"), "TowerTransport");
    let pool = MockPool::build(|pool| pool.transport(transport)).unwrap();
    let error = pool.execute(steadfast_pool::Request::post("http://host/").unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Connect, 4));
}

/// A pool over a pool: the inner one's failures keep their kind and how far they got.
#[tokio::test]
async fn a_pool_can_be_the_transport_of_another() {
    let inner = MockPool::build(|pool| pool.retry(Policy::disabled())).unwrap();
    inner.when(When::any()).then(MockFault::refused()).then(MockResponse::status(200).body("x"));
    let outer = MockPool::build(|pool| pool.transport(Arc::new(TowerTransport::new(inner.service())))).unwrap();
    let answer = outer.execute(steadfast_pool::Request::post("http://host/").unwrap().body("b")).await.unwrap();
    assert_eq!((answer.text().as_str(), answer.attempts()[0].reached), ("x", Reached::NotConnected));
}
