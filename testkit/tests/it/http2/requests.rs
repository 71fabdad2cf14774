//! Requests and whole answers over HTTP/2: what is recorded, how they are framed, both protocols on one port.

use bytes::Bytes;
use h2::Reason;
use http::Request;
use steadfast_testkit::{Http2, Matcher, Protocol, Reply, Script, Server};

use super::client::{Client, finish, get, saying, server};
use crate::client::until;

#[tokio::test]
async fn requests_are_recorded_whole() {
    let server = saying(Reply::status(200).body("hello").header("x-a", "b").header("connection", "close")).await;
    let mut client = Client::dial(server.addr()).await;
    let request = Request::post("http://test:1/a?b=c").header("x-one", "1").body(()).unwrap();
    let (response, mut stream) = client.begin(request, false).await;
    for piece in ["abc", "def"] {
        stream.send_data(Bytes::from(piece), piece == "def").unwrap();
    }
    let answer = finish(response).await.unwrap();
    assert_eq!((answer.head.status().as_u16(), &answer.body[..]), (200, &b"hello"[..]));
    let field = |name: &str| answer.head.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!((field("content-length"), field("x-a"), field("connection")), (Some("5"), Some("b"), None));
    let seen = server.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.text().as_str()), ("POST", "/a?b=c", "abcdef"));
    assert_eq!((seen.headers.get("host"), seen.headers.get("x-one")), (Some("test:1"), Some("1")));
    assert!(seen.complete);
}

#[tokio::test]
async fn a_script_works_as_over_the_older_protocol() {
    let script = Script::new()
        .when(Matcher::new().path("/none"), 1, Reply::status(204))
        .then(Reply::status(503).header("retry-after", "1"))
        .always(Reply::status(200).chunks(vec![Bytes::from("ab"), Bytes::new(), Bytes::from("cd")]));
    let server = server(Http2::new(), script).await;
    let mut client = Client::dial(server.addr()).await;
    assert_eq!(client.get("/").await.unwrap().head.status(), 503);
    assert_eq!(client.get("/none").await.unwrap().head.status(), 204);
    let answer = client.get("/").await.unwrap();
    assert_eq!((&answer.body[..], answer.head.headers().get("content-length")), (&b"abcd"[..], None));
    let (response, _) = client.begin(Request::head("http://test/").body(()).unwrap(), true).await;
    assert!(finish(response).await.unwrap().body.is_empty());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn large_bodies_pass_through_small_windows_both_ways() {
    let body: Vec<u8> = (0u32..300_000).map(|i| i.to_le_bytes()[0]).collect();
    let server = server(Http2::new().window(1000), Script::new().always(Reply::status(200).body(body.clone()))).await;
    let mut client = Client::dial(server.addr()).await;
    let (response, mut stream) = client.begin(Request::put("http://test/").body(()).unwrap(), false).await;
    let mut rest = Bytes::from(body.clone());
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap().unwrap();
        assert!(room <= 65_535, "{room}");
        stream.send_data(rest.split_to(room.min(rest.len())), rest.is_empty()).unwrap();
    }
    assert!(finish(response).await.unwrap().body == body);
    assert_eq!(server.seen()[0].body_len, 300_000);
}

#[tokio::test]
async fn answers_are_held_until_so_many_requests_are_open() {
    let builder = Server::builder().http2(Http2::new()).hold_until(30);
    let server = builder.script(Script::new().always(Reply::status(200))).start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    let mut open = Vec::new();
    for _ in 0..29 {
        open.push(tokio::spawn(finish(client.begin(get("/"), true).await.0)));
    }
    until(|| server.most_at_once() == 29).await;
    assert!(open.iter().all(|answer| !answer.is_finished()));
    open.push(tokio::spawn(finish(client.begin(get("/"), true).await.0)));
    for answer in open {
        assert_eq!(answer.await.unwrap().unwrap().head.status(), 200);
    }
    assert_eq!(client.get("/").await.unwrap().head.status(), 200);
    let seen = server.connections_seen().remove(0);
    assert_eq!((seen.protocol, seen.requests, seen.most_at_once), (Some(Protocol::Http2), 31, 30));
}

#[tokio::test]
async fn streams_beyond_the_limit_are_refused() {
    let http2 = Http2::new().max_concurrent_streams(2);
    let server = server(http2, Script::new().always(Reply::never())).await;
    let mut client = Client::dial(server.addr()).await;
    // The client is told of the limit with the first frame, before which it may send what it likes.
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(client.sender.send_request(get("/"), true).unwrap().0);
    }
    until(|| client.sender.current_max_send_streams() == 2).await;
    let last = tokio::spawn(finish(open.pop().unwrap()));
    until(|| server.most_at_once() == 2).await;
    // Whether the third was sent before the limit was known decides between a refusal and a wait.
    if last.is_finished() {
        assert_eq!(last.await.unwrap().unwrap_err().reason(), Some(Reason::REFUSED_STREAM));
    }
    assert_eq!(server.most_at_once(), 2);
}

#[tokio::test]
async fn a_stream_that_the_client_cancels_is_over() {
    let server = saying(Reply::never()).await;
    let mut client = Client::dial(server.addr()).await;
    let (response, _stream) = client.begin(get("/"), true).await;
    server.wait_for(1).await;
    drop((response, _stream));
    let mut second = client.begin(get("/"), true).await.1;
    server.wait_for(2).await;
    second.send_reset(Reason::CANCEL);
    assert_eq!(server.open_connections(), 1);
}

#[tokio::test]
async fn an_older_client_is_turned_away() {
    let server = saying(Reply::status(200)).await;
    let mut old = crate::client::Client::dial(server.addr()).await;
    old.send(crate::client::get("/").as_bytes()).await;
    old.end().await;
    until(|| server.open_connections() == 0).await;
    assert!(server.seen().is_empty());
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn alpn_chooses_the_protocol() {
    use steadfast_testkit::{Alpn, Authority, ServerTls};

    use crate::tls::{ask, config, dial};

    let authority = Authority::new().unwrap();
    let tls = || ServerTls::new(authority.localhost().unwrap());
    let script = || Script::new().always(Reply::status(200).body("hello"));
    let both = Server::builder().http2(Http2::new()).tls(tls()).script(script()).start().await.unwrap();
    let h2_only = Server::builder().tls(tls().alpn(Alpn::Http2)).script(script()).start().await.unwrap();
    for (server, offered) in [(&both, &["h2", "http/1.1"][..]), (&both, &["h2"]), (&h2_only, &["h2"])] {
        let stream = dial(&config(&authority, offered, None), server.addr(), "localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        let driver = tokio::spawn(connection);
        let (response, _) = sender.send_request(get("/"), true).unwrap();
        assert_eq!(finish(response).await.unwrap().body, b"hello");
        driver.abort();
    }
    let config = config(&authority, &["http/1.1"], None);
    let mut old = dial(&config, both.addr(), "localhost").await.unwrap();
    assert!(ask(&mut old).await.unwrap().ends_with("hello"));
    assert!(dial(&config, h2_only.addr(), "localhost").await.is_err());
    assert_eq!((both.handshakes().http2, both.handshakes().http1), (2, 1));
}
