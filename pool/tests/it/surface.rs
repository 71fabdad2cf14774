//! Defaults, settings, what types tell of themselves.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use http_body_util::{BodyExt, StreamBody};
use steadfast_clock::Nanos;
use steadfast_pool::backoff::Policy;
use steadfast_pool::{
    Body, CallContext, ErrorKind, HostConfig, Pool, PoolConfig, Reached, Request, Resend, SseDecoder, Timeouts,
    TransportError, TransportErrorKind,
};
use steadfast_testkit::{Reply, Script, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::{Told, failed, rig, status};

#[test]
fn the_defaults_are_those_of_the_documents() {
    let config = PoolConfig::new();
    assert_eq!((config.max_idle_per_host, config.idle_timeout), (10, Duration::from_secs(90)));
    assert_eq!(config.dial_timeout, Duration::from_secs(30));
    let Timeouts { header, stall, attempt, .. } = config.timeouts;
    assert_eq!([header, stall, attempt.unwrap()], [60, 60, 120].map(Duration::from_secs));
    assert_eq!(Timeouts::streaming().attempt, None);
    assert_eq!(CallContext::new().resend, Resend::ByMethod);
}

#[tokio::test]
async fn connection_settings_reach_the_transport() {
    let server = Server::start(Script::new().always(Reply::status(200).body("x"))).await.unwrap();
    let config = PoolConfig::new()
        .max_idle_per_host(0)
        .idle_timeout(Duration::from_secs(5))
        .dial_timeout(Duration::from_secs(3))
        .max_body(10);
    let pool = Pool::builder().config(config).build().unwrap();
    for _ in 0..3 {
        pool.execute(Request::get(server.url()).unwrap()).await.unwrap();
    }
    // None is kept idle, so each request had one of its own.
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn bodies_of_every_form_arrive() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool);
    let stream = || -> steadfast_pool::BoxBody {
        let chunks = ["ab", "cd"].map(|chunk| Ok(http_body::Frame::data(Bytes::from(chunk))));
        Box::pin(StreamBody::new(futures_util::stream::iter(chunks)))
    };
    for (body, told) in [
        (Body::empty(), "Body(0 bytes)"),
        (Body::from("abcd"), "Body(4 bytes)"),
        (Body::from(String::from("abcd")), "Body(4 bytes)"),
        (Body::from(b"abcd".to_vec()), "Body(4 bytes)"),
        (Body::from(Bytes::from("abcd")), "Body(4 bytes)"),
        (Body::replayable(stream), "Body(replayable stream)"),
        (Body::once(stream()), "Body(stream, once)"),
    ] {
        assert_eq!(format!("{body:?}"), told);
        rig.pool.execute(Request::post(server.url()).unwrap().body(body)).await.unwrap();
    }
    let lengths: Vec<u64> = server.seen().iter().map(|seen| seen.body_len).collect();
    assert_eq!(lengths, [0, 4, 4, 4, 4, 4, 4]);
}

#[tokio::test]
async fn an_empty_body_is_told_where_one_is_expected() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool);
    for (method, expected) in
        [("GET", None), ("DELETE", None), ("POST", Some("0")), ("PUT", Some("0")), ("PATCH", Some("0"))]
    {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let empty =
            || -> steadfast_pool::BoxBody { Box::pin(http_body_util::Empty::new().map_err(|never| match never {})) };
        for body in [Body::empty(), Body::replayable(empty)] {
            rig.pool.execute(Request::new(method.clone(), server.url()).unwrap().body(body)).await.unwrap();
            assert_eq!(server.seen().last().unwrap().headers.get("content-length"), expected, "{method}");
        }
    }
}

#[tokio::test]
async fn json_goes_out_and_comes_in() {
    let reply = Reply::json(200, serde_json::json!({ "n": 7 }));
    let server = Server::start(Script::new().always(reply)).await.unwrap();
    let rig = rig(|pool| pool);
    let request = Request::post(server.url()).unwrap().json(&[1, 2]).unwrap();
    let response = rig.pool.execute(request).await.unwrap().error_for_status().unwrap();
    assert_eq!(response.json::<serde_json::Value>().unwrap()["n"], 7);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(server.seen()[0].headers.get("content-type"), Some("application/json"));
    assert_eq!(server.seen()[0].text(), "[1,2]");
    let error = response.json::<Vec<u32>>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(!error.is_retryable());
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    assert_eq!(Request::post(server.url()).unwrap().json(&unwritable).unwrap_err().kind(), ErrorKind::Request);
}

#[tokio::test]
async fn a_stream_tells_what_a_whole_answer_tells() {
    let reply = || Ok((503, vec![("retry-after", String::from("120"))], "busy"));
    let rig = rig(|pool| pool.transport(Told::new([reply(), reply()])));
    let stream = rig.pool.stream(Request::get("http://host/").unwrap()).await.unwrap();
    assert_eq!((stream.status().as_u16(), stream.attempts().len()), (503, 1));
    assert_eq!(stream.retry_after(), Some(Duration::from_secs(120)));
    assert!(stream.stop().is_some() && stream.headers().contains_key("retry-after"));
    assert!(format!("{stream:?}").contains("503"));
    let error = stream.error_for_status().unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET http://host/: HTTP 503, come back after 120.0 s (the server asks to wait 120s, longer than the 60s allowed)"
    );
    assert!(error.is_retryable() && error.stop().is_some());
    assert_eq!(error.into_attempts().len(), 1);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_as_that() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool);
    let body = Body::replayable(|| {
        let broken = futures_util::stream::iter([Err::<http_body::Frame<Bytes>, _>(std::io::Error::other("disk"))]);
        Box::pin(StreamBody::new(broken))
    });
    let error = rig.pool.execute(Request::post(server.url()).unwrap().body(body)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestBody);
    assert!(!error.is_retryable());
    assert_eq!(error.attempts().len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_speak_http() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"220 mail.example.com ready\r\n\r\n").await.unwrap();
    });
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let error = rig.pool.execute(Request::post(&url).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("does not speak valid HTTP"), "{error}");
}

#[tokio::test]
async fn every_failure_of_the_transport_has_its_kind_and_its_words() {
    for (kind, reached, expected, words) in [
        (TransportErrorKind::Dns, Reached::NotConnected, ErrorKind::Dns, "does not resolve"),
        (TransportErrorKind::Refused, Reached::NotConnected, ErrorKind::Refused, "connection refused"),
        (TransportErrorKind::Connect, Reached::NotConnected, ErrorKind::Connect, "cannot connect"),
        (
            TransportErrorKind::DialTimeout,
            Reached::NotConnected,
            ErrorKind::Timeout(steadfast_pool::Phase::Dial),
            "took too long",
        ),
        (TransportErrorKind::Tls, Reached::NotConnected, ErrorKind::Tls, "TLS handshake failed"),
        (TransportErrorKind::Closed, Reached::Written, ErrorKind::Closed, "closed before an answer"),
        (TransportErrorKind::Closed, Reached::Headers, ErrorKind::Closed, "ended early: connection closed"),
        (TransportErrorKind::Reset, Reached::Written, ErrorKind::Reset, "reset before an answer"),
        (TransportErrorKind::Reset, Reached::Headers, ErrorKind::Reset, "ended early: connection reset"),
        (TransportErrorKind::Protocol, Reached::Headers, ErrorKind::Protocol, "valid HTTP"),
        (TransportErrorKind::RequestBody, Reached::Written, ErrorKind::RequestBody, "body could not be read"),
        (TransportErrorKind::Request, Reached::NotConnected, ErrorKind::Request, "cannot be sent"),
    ] {
        let rig = rig(|pool| pool.transport(Told::new([failed(kind, reached)])).retry(Policy::disabled()));
        let error = rig.pool.execute(Request::post("http://host/").unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.attempts()[0].reached, reached);
        assert!(std::error::Error::source(&error).is_some());
        assert!(error.attempts()[0].to_string().starts_with("#1 "));
    }
    let error = TransportError::new(TransportErrorKind::Closed, Reached::Written).caused_by("the cause");
    assert!(std::io::Error::from(error).to_string().contains("closed before an answer"));
}

#[test]
fn debug_tells_forms_and_never_contents() {
    let pool = Pool::new().unwrap();
    assert!(format!("{pool:?} {:?}", Pool::builder()).contains("PoolConfig"));
    let mut decoder = SseDecoder::new();
    decoder.push(b"data: canary\n\n").unwrap();
    let told = format!("{decoder:?} {:?}", decoder.next());
    assert!(told.contains("data_len: 6") && !told.contains("canary"), "{told}");
    let context = CallContext::new().deadline(Nanos::from_nanos(7)).attempts_before(2);
    assert!(format!("{context:?}").contains("attempts_before: 2"));
    let mut secret = HeaderValue::from_static("canary");
    secret.set_sensitive(true);
    let config = HostConfig::new().default_header(HeaderName::from_static("x-key"), secret);
    assert!(!format!("{config:?}").contains("canary"));
    let headers = http::HeaderMap::new();
    let answer = steadfast_pool::Answer::new(200, &headers, b"canary");
    assert_eq!(format!("{answer:?}"), "Answer { status: 200, body_len: 6 }");
}

#[tokio::test]
async fn the_pools_own_classifier_and_date_are_used() {
    let rig = rig(|pool| {
        let set = std::sync::Arc::new(steadfast_pool::backoff::StatusSet::SERVER_ERRORS);
        pool.transport(Told::new([status(500), status(429)])).classify(set)
    });
    let response = rig.pool.execute(Request::get("http://host/").unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), response.attempts().len()), (429, 2));
    assert!(rig.pool.wall().as_secs() >= 1_767_225_600);
}
