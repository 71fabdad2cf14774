//! Request ids and traces: on every attempt, every answer and every error.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use steadfast_pool::{PoolConfig, Reached, Request, TraceParent, TransportErrorKind};

use crate::rig::{Told, failed, rig, status};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn post() -> Request {
    Request::post("http://host/").unwrap()
}

fn with(name: &'static str, value: &str) -> Request {
    post().header(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
}

/// The headers of the attempts of a call that is answered with 503, 503 and 200.
async fn sent(config: PoolConfig, request: Request) -> Vec<HeaderMap> {
    let transport = Told::new([status(503), status(503), status(200)]);
    let rig = rig(|pool| pool.transport(transport.clone()).config(config));
    rig.pool.execute(request).await.unwrap();
    transport.headers()
}

fn parent(headers: &HeaderMap) -> TraceParent {
    headers["traceparent"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_call_has_one_id_and_each_attempt_a_span() {
    let sent = sent(PoolConfig::new(), post()).await;
    let ids: HashSet<_> = sent.iter().map(|headers| headers["x-request-id"].to_str().unwrap()).collect();
    assert_eq!((sent.len(), ids.len()), (3, 1));
    let id = ids.into_iter().next().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let traces: HashSet<_> = sent.iter().map(|headers| parent(headers).trace_id()).collect();
    let spans: HashSet<_> = sent.iter().map(|headers| parent(headers).span_id()).collect();
    assert_eq!((traces.len(), spans.len()), (1, 3));
    assert!(parent(&sent[0]).is_sampled());
}

#[tokio::test]
async fn what_the_caller_has_is_kept() {
    for headers in sent(PoolConfig::new(), with("x-request-id", "mine")).await {
        assert_eq!(headers["x-request-id"], "mine");
    }
    let request =
        with("traceparent", PARENT).header(HeaderName::from_static("tracestate"), HeaderValue::from_static("a=b"));
    let came: TraceParent = PARENT.parse().unwrap();
    for headers in sent(PoolConfig::new(), request).await {
        assert_eq!(parent(&headers).trace_id(), came.trace_id());
        assert_ne!(parent(&headers).span_id(), came.span_id());
        assert_eq!(headers["tracestate"], "a=b");
    }
    let request =
        with("traceparent", "nonsense").header(HeaderName::from_static("tracestate"), HeaderValue::from_static("a=b"));
    for headers in sent(PoolConfig::new(), request).await {
        assert_ne!(headers["traceparent"], "nonsense");
        assert!(!headers.contains_key("tracestate"), "the state of a trace that is not continued");
    }
}

#[tokio::test]
async fn what_is_not_wanted_is_not_sent() {
    let config = PoolConfig::new().request_id(None).traceparent(false);
    for headers in sent(config.clone(), post()).await {
        assert!(headers.is_empty(), "{headers:?}");
    }
    assert_eq!(sent(config, with("traceparent", PARENT)).await[0]["traceparent"], PARENT);
    let config = PoolConfig::new().request_id(Some(HeaderName::from_static("x-correlation")));
    let sent = sent(config, post()).await;
    assert!(sent[0].contains_key("x-correlation") && !sent[0].contains_key("x-request-id"));
}

#[tokio::test]
async fn answers_and_errors_tell_the_id_and_the_ledger_the_servers() {
    let reply = |name: &'static str, id: &str| Ok((200, vec![(name, id.to_owned())], "not json"));
    let long = "x".repeat(129);
    let replies = [reply("x-request-id", "req_1"), reply("request-id", "req_2"), reply("request-id", &long)];
    let reset = failed(TransportErrorKind::Reset, Reached::Written);
    let transport = Told::new(replies.into_iter().chain([reset, status(400)]));
    let rig = rig(|pool| pool.transport(transport.clone()));
    let mut told = Vec::new();
    for expected in [Some("req_1"), Some("req_2"), None] {
        let response = rig.pool.execute(post()).await.unwrap();
        assert_eq!(response.attempts()[0].server_request_id.as_deref(), expected);
        assert_eq!(response.json::<u32>().unwrap_err().request_id(), response.request_id());
        told.push(response.request_id().unwrap().to_owned());
    }
    let error = rig.pool.execute(post()).await.unwrap_err();
    told.push(error.request_id().unwrap().to_owned());
    assert!(format!("{error:?}").contains(&told[3]));
    let error = rig.pool.stream(post()).await.unwrap().error_for_status().unwrap_err();
    told.push(error.request_id().unwrap().to_owned());
    let sent: Vec<_> = transport.headers().iter().map(|headers| headers["x-request-id"].clone()).collect();
    assert_eq!(sent, told);
}

#[test]
fn a_traceparent_is_read_strictly() {
    let read = |text: &str| text.parse::<TraceParent>().map(|parent| parent.to_string()).ok();
    assert_eq!(read(PARENT).as_deref(), Some(PARENT));
    let rest = &PARENT[2..];
    assert_eq!(read(&format!("cc{rest}-more")).as_deref(), Some(PARENT), "a version to come");
    assert_eq!(
        read(&PARENT.replace("-01", "-ff")).as_deref(),
        Some(PARENT),
        "flags that are not defined are not sent on"
    );
    for wrong in [
        String::new(),
        format!("ff{rest}"),
        format!("00{rest}-more"),
        format!("cc{rest}more"),
        PARENT.to_uppercase(),
        PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
        PARENT.replace("-01", "_01"),
        PARENT.replace("-01", "-0é"),
        PARENT[..54].to_owned(),
        format!(" {PARENT}"),
    ] {
        assert_eq!(read(&wrong), None, "{wrong}");
    }
}

proptest! {
    /// Whatever comes in as `traceparent`, what goes out is valid, and continues what was.
    #[test]
    fn what_goes_out_is_always_valid(
        text in prop_oneof!["[ -~]{0,60}", "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[a-z]{0,3})?"],
    ) {
        let transport = Told::new([]);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let mut request = post();
        if let Ok(value) = HeaderValue::from_str(&text) {
            request = request.header(HeaderName::from_static("traceparent"), value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(rig.pool.execute(request)).unwrap();
        let sent = parent(&transport.headers()[0]);
        if let Ok(came) = text.parse::<TraceParent>() {
            prop_assert_eq!((sent.trace_id(), sent.is_sampled()), (came.trace_id(), came.is_sampled()));
        }
    }
}

#[tokio::test]
async fn a_servers_id_that_repeats_a_secret_is_not_told() {
    for id in ["sk-canary", "Bearer-sk-canary-1", "q=canary", "two words"] {
        let transport = Told::new([Ok((200, vec![("x-request-id", id.to_owned())], ""))]);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let request = Request::get("http://api.example.com/?q=canary")
            .unwrap()
            .header(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer-sk-canary"));
        let response = rig.pool.execute(request).await.unwrap();
        assert_eq!(response.attempts()[0].server_request_id, None, "{id}");
    }
}
