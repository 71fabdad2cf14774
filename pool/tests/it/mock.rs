//! The pool for tests: what was scripted is what comes, and what differs is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use http_body_util::StreamBody;
use serde_json::json;
use steadfast_clock::Clock;
use steadfast_pool::backoff::Policy;
use steadfast_pool::mock::{MockFault, MockPool, MockReply, MockResponse, MockTransport, Recorded, When};
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{Body, ErrorKind, HostConfig, Phase, Pool, Reached, Request, Timeouts, TransportErrorKind};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn get(url: &str) -> Request {
    Request::get(url).unwrap()
}

#[tokio::test]
async fn a_host_answers_as_it_was_told_and_in_order() {
    let pool = MockPool::new();
    pool.add_response("api.example.com", MockResponse::status(200).body(r#"{"result": "success"}"#));
    pool.add_response("api.example.com", MockResponse::json(201, &json!({ "result": "again" })));
    pool.add_response("other.example.com:8443", MockResponse::status(204));
    async fn code_under_test(pool: &Pool, url: &str) -> (u16, serde_json::Value) {
        let response = pool.execute(get(url)).await.unwrap();
        (response.status().as_u16(), response.json().unwrap_or_default())
    }
    let url = "https://api.example.com/v1/x";
    assert_eq!(code_under_test(&pool, url).await, (200, json!({ "result": "success" })));
    assert_eq!(code_under_test(pool.pool(), "https://api.example.com:99/").await, (201, json!({ "result": "again" })));
    assert_eq!(code_under_test(&pool, "https://other.example.com:8443/").await.0, 204);
    pool.verify().unwrap();
    assert_eq!(pool.host_metrics("api.example.com").requests, 1);
}

/// Every condition is met by one request and missed by another.
#[tokio::test]
async fn replies_are_for_those_who_meet_the_conditions() {
    let named = |name: &'static str, value: &'static str| {
        Request::post("http://host/v1/chat?key=k%201")
            .unwrap()
            .body(r#"{ "b": 2, "a": [1] }"#)
            .header(HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let request = || named("x-key", "secret");
    for (when, meets) in [
        (When::any(), true),
        (When::host("HOST"), true),
        (When::host("host:80"), false),
        (When::post("host"), true),
        (When::get("host"), false),
        (When::host("host").method(Method::PUT), false),
        (When::any().path("/v1/chat"), true),
        (When::any().path("/v1"), false),
        (When::any().path_prefix("/v1/"), true),
        (When::any().path_prefix("/v2/"), false),
        (When::any().query("key", "k 1"), true),
        (When::any().query("key", "k"), false),
        (When::any().header("x-key"), true),
        (When::any().header("not a header name"), false),
        (When::any().header_is("X-Key", "secret"), true),
        (When::any().header_is("x-key", "other"), false),
        (When::any().body(r#"{ "b": 2, "a": [1] }"#), true),
        (When::any().body(""), false),
        (When::any().json(json!({ "a": [1], "b": 2 })), true),
        (When::any().json(json!({ "a": [1] })), false),
        (When::any().matches("of 20 bytes", |request| request.body.len() == 20), true),
        (When::any().matches("of no bytes", |request| request.body.is_empty()), false),
    ] {
        let pool = MockPool::new();
        let told = when.to_string();
        let route = pool.when(when).then(MockResponse::status(200));
        assert_eq!(pool.execute(request()).await.is_ok(), meets, "{told}");
        assert_eq!(route.requests().len(), usize::from(meets));
        assert!(!told.contains("secret") && !told.contains("k 1"), "{told}");
    }
}

#[tokio::test]
async fn replies_are_used_up_in_order_and_the_next_route_takes_over() {
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled()).without_breaker()).unwrap();
    let first = pool.when(When::host("host").path("/a"));
    first.then(MockResponse::status(201)).times(2, MockResponse::status(202));
    pool.when(When::host("host")).always(MockResponse::status(404));
    let mut seen = Vec::new();
    for path in ["a", "b", "a", "a", "a", "b"] {
        seen.push(pool.execute(get(&format!("http://host/{path}"))).await.unwrap().status().as_u16());
    }
    assert_eq!(seen, [201, 404, 202, 202, 404, 404]);
    assert_eq!(first.requests().len(), 3);
    pool.verify().unwrap();
    // Replies can be added at any time; those that always reply expect nothing.
    first.times(0, MockResponse::status(200)).then(MockResponse::status(203));
    assert_eq!(pool.execute(get("http://host/a")).await.unwrap().status(), 203);
    pool.verify().unwrap();
}

#[tokio::test]
async fn an_unexpected_request_is_a_clear_error_at_once() {
    let pool = MockPool::new();
    let error = pool.execute(get("http://host/path?key=canary")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(error.to_string(), "GET http://host/path: the request cannot be sent: no reply is scripted for it");
    assert_eq!((error.attempts().len(), error.attempts()[0].reached), (1, Reached::NotConnected));

    pool.when(When::post("host").path("/other").header("x-key")).then(MockResponse::status(200));
    pool.when(When::post("elsewhere")).times(2, MockResponse::status(200));
    let request = Request::post("http://host/other").unwrap().body("canary");
    let error = pool.execute(request).await.unwrap_err();
    assert!(
        error.to_string().contains(
            "no reply is scripted for it; the nearest is POST host/other with header `x-key`: not with header `x-key`"
        ),
        "{error}"
    );
    let unmet = pool.verify().unwrap_err();
    assert_eq!((unmet.missing.len(), unmet.unexpected.len()), (2, 2));
    assert_eq!((unmet.missing[1].expected, unmet.missing[1].came), (2, 0));
    let text = unmet.to_string();
    for line in [
        "the requests are not those that were scripted:\n",
        "\n  expected 1 × POST host/other with header `x-key`, 0 came\n",
        "\n  expected 2 × POST elsewhere, 0 came\n",
        "\n  not expected: GET http://host/path: no reply is scripted for it\n",
        "\n  not expected: POST http://host/other: no reply is scripted for it; the nearest is",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_pool_can_verify_when_it_is_dropped() {
    let told = |pool: MockPool| {
        let panic = catch_unwind(AssertUnwindSafe(move || drop(pool))).err()?;
        panic.downcast::<String>().ok().map(|text| *text)
    };
    let fine = MockPool::new().verify_on_drop();
    fine.add_response("host", MockResponse::status(200));
    fine.execute(get("http://host/")).await.unwrap();
    assert_eq!(told(fine), None);

    let unmet = MockPool::new().verify_on_drop();
    unmet.add_response("host", MockResponse::status(200));
    assert!(told(unmet).unwrap().contains("expected 1 × any method host, 0 came"));

    // Not while the thread panics already: that would end the process.
    let panic = catch_unwind(|| {
        let transport = MockTransport::new();
        let _guard = transport.verify_on_drop();
        transport.when(When::any()).then(MockResponse::status(200));
        panic!("the test's own");
    });
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the test's own"));
}

#[tokio::test]
async fn waits_take_no_time_and_are_told_in_full() {
    let pool = MockPool::new();
    pool.when(When::host("host"))
        .then(MockResponse::status(503).header("retry-after", "50"))
        .then(MockFault::refused().latency(secs(3)))
        .then(MockResponse::status(200).latency(secs(7)).chunks(["a", "b"]).chunk_delay(secs(2)));
    let start = pool.clock().now();
    let response = pool.execute(Request::post("http://host/").unwrap().body("x")).await.unwrap();
    assert_eq!(response.text(), "ab");
    let elapsed: Vec<_> = response.attempts().iter().map(|attempt| attempt.elapsed).collect();
    assert_eq!(elapsed, [secs(0), secs(3), secs(11)]);
    let waits: Duration = response.attempts().iter().filter_map(|attempt| attempt.wait).sum();
    assert!(waits >= secs(51), "{waits:?}");
    assert_eq!(pool.clock().now().since(start), waits + secs(14));
    let at: Vec<_> = pool.requests().iter().map(|request| request.at).collect();
    assert_eq!(at[1].since(at[0]), response.attempts()[0].wait.unwrap());
}

#[tokio::test]
async fn limits_of_rate_and_time_strike_on_the_same_clock() {
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled())).unwrap();
    pool.configure_host("host", HostConfig::new().quota(Quota::per_minute(1).unwrap())).unwrap();
    pool.when(When::host("host")).times(3, MockResponse::status(200));
    let start = pool.clock().now();
    for _ in 0..3 {
        pool.execute(get("http://host/")).await.unwrap();
    }
    assert_eq!(pool.clock().now().since(start), secs(120));

    for (reply, timeouts, phase) in [
        (MockReply::never(), Timeouts::default(), Phase::Header),
        (MockResponse::status(200).latency(secs(100)).into(), Timeouts::default(), Phase::Header),
        (MockResponse::status(200).body("abc").stall_after(1).into(), Timeouts::default(), Phase::Stall),
        (MockReply::never(), Timeouts::default().header(secs(500)), Phase::Attempt),
    ] {
        pool.when(When::host("silent")).then(reply);
        let error = pool.execute(get("http://silent/").timeouts(timeouts)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(phase));
    }
    pool.verify().unwrap();
}

/// Many calls that wait at once wake in the order of their times, none too early.
#[tokio::test]
async fn calls_at_once_share_the_clock() {
    let pool = Arc::new(MockPool::new());
    let start = pool.clock().now();
    let mut calls = tokio::task::JoinSet::new();
    for n in (1..=50).rev() {
        let url = format!("http://host-{n}/");
        pool.add_response(&format!("host-{n}"), MockResponse::status(200).latency(secs(n)));
        let pool = Arc::clone(&pool);
        calls.spawn(async move {
            pool.execute(get(&url)).await.unwrap();
            (n, pool.clock().now())
        });
    }
    let mut ended = Vec::new();
    while let Some(call) = calls.join_next().await {
        let (n, at) = call.unwrap();
        assert_eq!(at.since(start), secs(n));
        ended.push(n);
    }
    assert_eq!(ended, (1..=50).collect::<Vec<_>>());
}

/// On several threads calls may see time move on while they are under way, but none ends before its own time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_on_several_threads_share_the_clock() {
    let pool = Arc::new(MockPool::new());
    let mut calls = tokio::task::JoinSet::new();
    for n in 1..=50 {
        let url = format!("http://host-{n}/");
        let route = pool.when(When::host(&format!("host-{n}")));
        route.then(MockResponse::status(503)).then(MockResponse::status(200).latency(secs(n % 7)));
        let pool = Arc::clone(&pool);
        calls.spawn(async move {
            let start = pool.clock().now();
            let answer = pool.execute(get(&url)).await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(pool.clock().now().since(start) >= answer.attempts()[0].wait.unwrap() + secs(n % 7));
        });
    }
    calls.join_all().await;
    pool.verify().unwrap();
}

#[tokio::test]
async fn time_by_hand_stands_still() {
    let pool = Arc::new(MockPool::new().time_by_hand());
    pool.add_response("host", MockResponse::status(200).latency(secs(5)));
    let call = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.execute(get("http://host/")).await }
    });
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished() && pool.clock().waiting() > 0);
    pool.clock().advance(secs(5));
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
}

/// A body that the test has not gone on with is no reason for time to pass, also not for others.
#[tokio::test]
async fn an_upload_that_waits_for_the_test_holds_time() {
    let pool = Arc::new(MockPool::new());
    pool.add_response("upload", MockResponse::status(200));
    pool.when(When::host("other")).then(MockResponse::status(503)).then(MockResponse::status(200));
    let (send, receive) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
    let receive = std::sync::Mutex::new(Some(receive));
    let body = Body::replayable(move || {
        let mut receive = receive.lock().unwrap().take().unwrap();
        Box::pin(StreamBody::new(futures_util::stream::poll_fn(move |cx| {
            receive.poll_recv(cx).map(|chunk| chunk.map(|chunk| Ok(http_body::Frame::data(chunk))))
        })))
    });
    let upload = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.execute(Request::post("http://upload/").unwrap().body(body)).await }
    });
    let other = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.execute(get("http://other/")).await }
    });
    let start = pool.clock().now();
    send.send(Bytes::from("one ")).unwrap();
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    assert_eq!(pool.clock().now(), start);
    assert!(!upload.is_finished() && !other.is_finished());
    send.send(Bytes::from("two")).unwrap();
    drop(send);
    assert_eq!(upload.await.unwrap().unwrap().status(), 200);
    assert_eq!(other.await.unwrap().unwrap().status(), 200);
    assert_eq!(pool.requests().iter().map(Recorded::text).collect::<Vec<_>>().concat(), "one two");
}

#[tokio::test]
async fn faults_of_every_kind_and_reach() {
    use TransportErrorKind as Kind;
    let kinds = [
        (Kind::Dns, ErrorKind::Dns),
        (Kind::Refused, ErrorKind::Refused),
        (Kind::Connect, ErrorKind::Connect),
        (Kind::Proxy, ErrorKind::Proxy),
        (Kind::AcquireTimeout, ErrorKind::Timeout(Phase::Acquire)),
        (Kind::DialTimeout, ErrorKind::Timeout(Phase::Dial)),
        (Kind::TlsTimeout, ErrorKind::Timeout(Phase::Tls)),
        (Kind::Tls, ErrorKind::Tls),
        (Kind::Closed, ErrorKind::Closed),
        (Kind::Reset, ErrorKind::Reset),
        (Kind::GoAway, ErrorKind::GoAway),
        (Kind::StreamRefused, ErrorKind::StreamRefused),
        (Kind::Closing, ErrorKind::PoolClosed),
        (Kind::Protocol, ErrorKind::Protocol),
        (Kind::RequestBody, ErrorKind::RequestBody),
        (Kind::Request, ErrorKind::Request),
    ];
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled()).without_breaker()).unwrap();
    for (kind, expected) in kinds {
        for reached in
            [Reached::NotConnected, Reached::NotWritten, Reached::Refused, Reached::Written, Reached::Headers]
        {
            pool.when(When::host("host")).then(MockFault::new(kind, reached));
            let error = pool.execute(get("http://host/")).await.unwrap_err();
            assert_eq!((error.kind(), error.attempts()[0].reached), (expected, reached));
        }
    }
    for (fault, expected, reached) in [
        (MockFault::refused(), ErrorKind::Refused, Reached::NotConnected),
        (MockFault::dns(), ErrorKind::Dns, Reached::NotConnected),
        (MockFault::reset(), ErrorKind::Reset, Reached::Written),
        (MockFault::stale(), ErrorKind::Closed, Reached::Written),
    ] {
        pool.when(When::host("host")).then(fault);
        let error = pool.execute(get("http://host/")).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()[0].reached), (expected, reached));
    }
    pool.verify().unwrap();
}

#[tokio::test]
async fn bodies_that_do_not_come_to_their_end() {
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled()).without_breaker()).unwrap();
    let answer = || MockResponse::status(200).chunks(["0123", "4567"]);
    for (response, whole, kind) in [
        (answer().truncate_after(5), "01234", ErrorKind::Closed),
        (answer().truncate_after(100), "01234567", ErrorKind::Closed),
        (answer().reset_after(0), "", ErrorKind::Reset),
        (answer().fail_after(4, TransportErrorKind::GoAway), "0123", ErrorKind::GoAway),
        (answer().stall_after(6), "012345", ErrorKind::Timeout(Phase::Stall)),
    ] {
        pool.when(When::host("host")).times(2, response);
        let mut stream = pool.stream(get("http://host/")).await.unwrap();
        let mut came = Vec::new();
        let error = loop {
            match stream.chunk().await {
                Ok(chunk) => came.extend_from_slice(&chunk.unwrap()),
                Err(error) => break error,
            }
        };
        assert_eq!((came.as_slice(), error.kind()), (whole.as_bytes(), kind));
        assert_eq!(pool.execute(get("http://host/")).await.unwrap_err().attempts()[0].reached, Reached::Headers);
    }
}

#[tokio::test]
async fn events_come_as_a_server_sends_them() {
    let pool = MockPool::new();
    let answer = MockResponse::sse().event("start", "{}").data("two\nlines").data("[DONE]").chunk_delay(secs(1));
    pool.add_response("host", answer);
    let mut stream = pool.stream(get("http://host/")).await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let (mut decoder, mut events) = (steadfast_pool::SseDecoder::new(), Vec::new());
    while let Some(chunk) = stream.chunk().await.unwrap() {
        decoder.push(&chunk).unwrap();
        let event = decoder.next().unwrap();
        events.push((event.event, event.data));
    }
    let expected = [("start", "{}"), ("message", "two\nlines"), ("message", "[DONE]")];
    assert_eq!(events, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
}

#[tokio::test]
async fn a_closure_can_decide() {
    let pool = MockPool::new();
    let echo = |request: &Recorded| match request.header("x-mode") {
        Some("fail") => MockReply::from(MockFault::refused()),
        _ => MockResponse::status(200).body(request.body.clone()).into(),
    };
    pool.when(When::post("host")).always(MockReply::by(echo));
    let request = || Request::post("http://host/").unwrap().body("hello").retry(Policy::disabled());
    assert_eq!(pool.execute(request()).await.unwrap().text(), "hello");
    let failing = request().header(HeaderName::from_static("x-mode"), HeaderValue::from_static("fail"));
    assert_eq!(pool.execute(failing).await.unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn what_cannot_be_an_answer_says_so() {
    let pool = MockPool::build(|pool| pool.retry(Policy::disabled()).without_breaker()).unwrap();
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    for (response, words) in [
        (MockResponse::status(1000), "its status is no status"),
        (MockResponse::status(200).header("a b", ""), "one of its headers is none"),
        (MockResponse::status(200).header("a", "b\nc"), "one of its headers is none"),
        (MockResponse::json(200, &unwritable), "its body cannot be written as JSON"),
        (MockResponse::sse().event("a\nb", ""), "has a line break"),
    ] {
        pool.add_response("host", response);
        let error = pool.execute(get("http://host/")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains(words), "{error}");
    }
    // As a server: no body in answer to HEAD, or with 204.
    pool.add_response("host", MockResponse::status(200).body("x"));
    pool.add_response("host", MockResponse::status(204).body("x"));
    let head = Request::new(Method::HEAD, "http://host/").unwrap();
    assert!(pool.execute(head).await.unwrap().body().is_empty());
    assert!(pool.execute(get("http://host/")).await.unwrap().body().is_empty());
}

#[tokio::test]
async fn requests_are_recorded_and_their_contents_not_told() {
    let pool = MockPool::new();
    let version = (HeaderName::from_static("api-version"), HeaderValue::from_static("canary"));
    pool.configure_host("host", HostConfig::new().default_header(version.0, version.1)).unwrap();
    pool.when(When::host("host").header_is("api-version", "canary").json(json!({ "q": "canary" })))
        .then(MockResponse::status(200).header("x-key", "canary").body("canary"));
    let request = Request::post("http://host/path?key=canary").unwrap().json(&json!({ "q": "canary" })).unwrap();
    pool.execute(request).await.unwrap();
    let seen = &pool.requests()[0];
    assert_eq!((seen.method.as_str(), seen.url.as_str()), ("POST", "http://host/path?key=canary"));
    assert_eq!(seen.header("api-version"), Some("canary"));
    assert_eq!(seen.json::<serde_json::Value>().unwrap(), json!({ "q": "canary" }));
    assert!(seen.complete);
    assert_eq!(seen.json::<u32>().unwrap_err().kind(), ErrorKind::Decode);
    let route = pool.when(When::any().body("canary").query("key", "canary"));
    let answers = [MockReply::from(MockResponse::status(200).body("canary")), MockFault::reset().into()];
    let told = format!("{pool:?} {seen:?} {route:?} {answers:?} {:?}", seen.json::<u32>());
    assert!(told.contains("POST http://host/path") && told.contains("body_len: 6"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}

/// A body that fails on its way is recorded as such and uses no reply up.
#[tokio::test]
async fn a_body_that_fails_uses_no_reply_up() {
    let pool = MockPool::new();
    pool.add_response("host", MockResponse::status(200));
    let body = Body::once(Box::pin(StreamBody::new(futures_util::stream::iter([
        Ok(http_body::Frame::data(Bytes::from("begin"))),
        Err(std::io::Error::other("gone")),
    ]))));
    let error = pool.execute(Request::post("http://host/").unwrap().body(body)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestBody);
    assert_eq!((pool.requests()[0].text().as_str(), pool.requests()[0].complete), ("begin", false));
    assert_eq!(pool.verify().unwrap_err().missing.len(), 1);
}
