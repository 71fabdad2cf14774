//! What users may rely on at compile time.

use std::sync::Arc;

use steadfast_pool::mock::{MockPool, MockReply, MockRoute, MockTransport, When};
use steadfast_pool::tower::{PoolService, TowerTransport};
use steadfast_pool::{
    Admit, Body, CallContext, Classify, Error, Hedging, HostClient, HostConfig, Multipart, Observer, Part, Pass, Pool,
    PoolConfig, PoolMetrics, Redirects, Request, Response, Resume, SseDecoder, SseEvents, Streaming, TraceParent,
    Transport,
};

fn send_sync<T: Send + Sync>() {}
fn send<T: Send>(_: &T) {}

#[test]
fn handles_are_send_sync_and_traits_are_dyn_compatible() {
    send_sync::<Pool>();
    #[cfg(feature = "hyper")]
    send_sync::<steadfast_pool::HyperTransport>();
    #[cfg(feature = "reqwest")]
    send_sync::<steadfast_pool::ReqwestTransport>();
    send_sync::<Request>();
    send_sync::<Response>();
    send_sync::<Body>();
    send_sync::<CallContext>();
    send_sync::<HostClient>();
    send_sync::<HostConfig>();
    send_sync::<PoolMetrics>();
    send_sync::<PoolConfig>();
    send_sync::<Error>();
    send_sync::<SseDecoder>();
    send_sync::<Multipart>();
    send_sync::<Part>();
    send_sync::<Redirects>();
    send_sync::<Arc<dyn steadfast_pool::Pace>>();
    send_sync::<Resume>();
    send_sync::<TraceParent>();
    send_sync::<MockPool>();
    send_sync::<MockTransport>();
    send_sync::<MockRoute>();
    send_sync::<MockReply>();
    send_sync::<When>();
    send_sync::<PoolService>();
    send_sync::<TowerTransport<PoolService>>();
    #[cfg(feature = "hyper")]
    {
        send_sync::<steadfast_pool::Tls>();
        send_sync::<steadfast_pool::Pin>();
        send_sync::<steadfast_pool::Proxies>();
        send_sync::<steadfast_pool::Proxy>();
        fn dynamic(_: Option<Arc<dyn steadfast_pool::Resolve>>) {}
        dynamic(None);
    }
    send_sync::<Hedging>();
    #[cfg(feature = "cache")]
    send_sync::<steadfast_pool::ResponseCache>();
    #[cfg(feature = "reqwest_middleware_0_5")]
    send_sync::<steadfast_pool::middleware::SteadfastMiddleware>();
    fn dynamic(_: Option<Arc<dyn Transport>>, _: Option<Arc<dyn Classify>>, _: Option<Arc<dyn Observer>>) {}
    dynamic(None, None, None);
    fn admits(_: Option<Arc<dyn Admit>>, _: Option<Box<dyn Pass>>) {}
    admits(None, None);
}

#[test]
fn futures_are_send() {
    let pool = Pool::new().unwrap();
    send(&pool.execute(Request::get("http://127.0.0.1:1/").unwrap()));
    send(&pool.stream(Request::get("http://127.0.0.1:1/").unwrap()));
    send(&pool.close());
    send(&pool.warm(&"http://127.0.0.1:1/".parse().unwrap(), 1));
    fn call(mut service: PoolService) {
        send(&tower::Service::call(&mut service, http::Request::new(String::new())));
    }
    let _ = call;
    fn body(body: &steadfast_pool::PoolBody) {
        send(body);
    }
    let _ = body;
    fn chunk(streaming: &mut Streaming) {
        send(&streaming.chunk());
    }
    let _ = chunk;
    fn next(events: &mut SseEvents) {
        send(&events.next());
        send(events);
    }
    let _ = next;
    send(&Body::file("/"));
}

#[test]
fn wrong_urls_are_refused_when_the_request_is_made() {
    for (url, expected) in [
        ("nonsense", "not a URL"),
        ("ftp://host/file", "unsupported scheme `ftp`"),
        ("https://user:pass@host/", "credentials"),
        ("data:text/plain,hi", "unsupported scheme"),
    ] {
        let error = Request::get(url).unwrap_err();
        assert!(error.to_string().contains(expected), "{url}: {error}");
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_user_without_a_scheme_in_front_is_not_told_as_one() {
    let error = Request::get("sk-canary-7f3a:@api.example.com/v1").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}
