//! The plain server: order of steps, what it records, keep-alive, its own end.

use serde_json::json;
use steadfast_testkit::{Matcher, Reply, Script, Server, Step};

use crate::client::{Client, End, ask, get, post, until};

#[tokio::test]
async fn steps_answer_in_order_and_the_last_for_ever() {
    let script = Script::new()
        .then(Reply::status(503).header("retry-after", "1"))
        .times(2, Reply::status(429))
        .always(Reply::json(200, json!({ "ok": true })));
    let server = Server::start(script).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(ask(server.addr(), &get("/")).await.status);
    }
    assert_eq!(statuses, [503, 429, 429, 200, 200]);
    let last = ask(server.addr(), &get("/")).await;
    assert_eq!(last.json(), json!({ "ok": true }));
    assert_eq!(last.header("content-type"), Some("application/json"));
    assert_eq!(server.connections(), 6);
}

#[tokio::test]
async fn a_request_beyond_the_script_is_told_so() {
    let server = Server::start(Script::new().then(Reply::status(204))).await.unwrap();
    assert_eq!(ask(server.addr(), &get("/a")).await.status, 204);
    let answer = ask(server.addr(), &get("/b?c=d")).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.text(), "no step of the script answers GET /b\n");
}

#[tokio::test]
async fn matchers_choose_by_method_path_and_header() {
    let script = Script::new()
        .when(Matcher::new().method("post"), 1, Reply::status(201))
        .when(Matcher::new().path("/v1/*/end"), 1, Reply::status(202))
        .when(Matcher::new().path("/v1/"), 1, Reply::status(203))
        .when(Matcher::new().header("X-Key", "a*"), 1, Reply::status(206))
        .step(Step::new(Reply::status(500)));
    let server = Server::start(script).await.unwrap();
    let check = async |request: &str, expected: u16| {
        assert_eq!(ask(server.addr(), request).await.status, expected, "{request}");
    };
    check(&get("/v1/b/end?x"), 202).await;
    check(&get("/v1/b/end"), 203).await;
    check(&get("/v1/b/end"), 500).await;
    check(&post("/", &[("x-key", "ba")], ""), 201).await;
    check(&post("/", &[("x-key", "ba")], ""), 500).await;
    check(&post("/", &[("x-key", "ab")], ""), 206).await;
}

#[tokio::test]
async fn requests_are_recorded_whole() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(post("/a?b=c", &[("X-One", "1"), ("x-two", "2"), ("X-ONE", "3")], "hello").as_bytes()).await;
    client.answer().await.unwrap();
    client.send(get("/second").as_bytes()).await;
    client.answer().await.unwrap();
    ask(server.addr(), &get("/third")).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let first = &seen[0];
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/a?b=c"));
    assert_eq!(first.headers.get("x-one"), Some("1"));
    assert_eq!(first.headers.get_all("X-One").collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(first.headers.iter().nth(1), Some(("X-One", "1")));
    assert_eq!((first.text().as_str(), first.body_len, first.complete), ("hello", 5, true));
    // SHA-256 of "hello".
    assert_eq!(first.body_sha256[..4], [0x2c, 0xf2, 0x4d, 0xba]);
    assert_eq!(seen.iter().map(|seen| seen.connection).collect::<Vec<_>>(), [1, 1, 2]);
    assert!(seen[0].at <= seen[1].at);
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let server = Server::start(Script::new()).await.unwrap();
    ask(server.addr(), &post("/", &[("Authorization", "Bearer sk-1"), ("x-api-key", "sk-2"), ("x-open", "yes")], ""))
        .await;
    let shown = format!("{:?}", server.seen());
    assert!(!shown.contains("sk-"), "{shown}");
    assert!(shown.contains("yes"), "{shown}");
    let builder = steadfast_testkit::LlmSim::builder().require_key("sk-3");
    assert!(!format!("{builder:?}").contains("sk-"));
}

#[tokio::test]
async fn wait_for_returns_once_so_many_were_read() {
    let server = Server::start(Script::new().always(Reply::never())).await.unwrap();
    server.wait_for(0).await;
    let mut client = Client::dial(server.addr()).await;
    client.send(post("/", &[], "12345").as_bytes()).await;
    server.wait_for(1).await;
    assert!(server.seen()[0].complete);
}

#[tokio::test]
async fn connections_are_kept_and_closed_as_asked() {
    let server = Server::start(Script::new().always(Reply::status(200).body("x"))).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    for _ in 0..3 {
        client.send(get("/").as_bytes()).await;
        assert_eq!(client.answer().await.unwrap().header("connection"), None);
    }
    assert_eq!((server.connections(), server.open_connections()), (1, 1));
    client.send(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().header("connection"), Some("close"));
    assert_eq!(client.end().await, End::Closed);
    until(|| server.open_connections() == 0).await;
}

#[tokio::test]
async fn a_server_told_to_stop_leaves_nothing() {
    let server = Server::start(Script::new().always(Reply::never())).await.unwrap();
    let addr = server.addr();
    let mut client = Client::dial(addr).await;
    client.send(get("/").as_bytes()).await;
    server.wait_for(1).await;
    server.stop().await;
    client.end().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
    let again = Server::start_on(addr, Script::new()).await.unwrap();
    assert_eq!(again.addr(), addr);
    assert_eq!(again.url(), format!("http://{addr}"));
}

#[tokio::test]
async fn a_dropped_server_stops() {
    let server = Server::start(Script::new()).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    drop(server);
    client.end().await;
}

#[tokio::test]
async fn a_script_for_devices_is_refused() {
    for matcher in [Matcher::new().device("dev-*"), Matcher::new().share(0.5), Matcher::new().provider("openai")] {
        let error = Server::start(Script::new().whenever(matcher, Reply::status(500))).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
}
