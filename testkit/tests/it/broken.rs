//! Answers that are none, or too much, byte for byte; and those that come slowly or without an end.

use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{Matcher, Reply, Script, Server};

use crate::client::{Client, End, ask, get, until};

/// All that the server sends to one request, and how it ends.
async fn wire(reply: Reply) -> (String, End) {
    let server = Server::start(Script::new().always(reply)).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    let end = client.end().await;
    (client.pending(), end)
}

#[tokio::test]
async fn raw_bytes_are_all_that_is_sent() {
    assert_eq!(wire(Reply::raw("HTTP/1.1 200")).await, ("HTTP/1.1 200".to_owned(), End::Closed));
    assert_eq!(wire(Reply::raw("0123456789").truncate_after(3)).await, ("012".to_owned(), End::Closed));
    assert_eq!(wire(Reply::raw("0123456789").reset_after(3)).await.1, End::Reset);
    assert_eq!(wire(Reply::raw("")).await, (String::new(), End::Closed));
    assert!(!wire(Reply::garbage()).await.0.contains("HTTP/1"));
    assert!(wire(Reply::bad_chunk()).await.0.contains("good\r\nxyz\r\n"));
    assert!(wire(Reply::overlong_chunk()).await.0.contains("4\r\ngood and"));
}

#[tokio::test]
async fn heads_may_be_too_much() {
    let script = Script::new()
        .when(Matcher::new().path("/many"), 1, Reply::status(200).many_headers(60))
        .always(Reply::status(200).long_header(200_000));
    let server = Server::start(script).await.unwrap();
    let many = ask(server.addr(), &get("/many")).await;
    assert_eq!(many.headers.iter().filter(|(name, _)| name.starts_with("x-field-")).count(), 60);
    assert_eq!(ask(server.addr(), &get("/")).await.header("x-long").map(str::len), Some(200_000));
}

#[tokio::test]
async fn lengths_may_be_wrong() {
    let (short, end) = wire(Reply::status(200).body("1234").announcing(9)).await;
    assert!(short.contains("content-length: 9\r\n") && short.ends_with("\r\n\r\n1234"), "{short}");
    assert_eq!(end, End::Closed);
    let (long, _) = wire(Reply::status(200).body("1234").announcing(2)).await;
    assert!(long.contains("content-length: 2\r\n") && long.ends_with("\r\n\r\n1234"), "{long}");
}

#[tokio::test]
async fn a_dripping_head_takes_a_wait_for_each_byte() {
    let clock = ManualClock::new();
    let reply = Reply::status(200).body("all at once").drip(Duration::from_secs(1));
    let script = Script::new().always(reply);
    let server = Server::builder().timer(shared(clock.clone())).script(script).start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n";
    for sent in 0..head.len() {
        until(|| clock.waiting() == 1).await;
        assert_eq!(client.pending(), head[..sent]);
        assert_eq!(clock.advance_to_next(), Some(Duration::from_secs(1)));
        client.more().await.unwrap();
    }
    assert_eq!(client.answer().await.unwrap().text(), "all at once");
}

#[tokio::test]
async fn an_endless_body_ends_with_the_client() {
    let server = Server::start(Script::new().always(Reply::status(200).endless("0123456789"))).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    while client.pending().len() < 1_000_000 {
        client.more().await.unwrap();
    }
    assert!(client.pending().contains("transfer-encoding: chunked\r\n\r\na\r\n0123456789\r\na\r\n"));
    drop(client);
    until(|| server.open_connections() == 0).await;
    let cut = Reply::status(200).endless("0123456789").truncate_after(25);
    let answer = ask(Server::start(Script::new().always(cut)).await.unwrap().addr(), &get("/")).await;
    assert_eq!((answer.text().as_str(), answer.end), ("0123456789012345678901234", End::Closed));
    let server = Server::start(Script::new().always(Reply::status(200).endless(""))).await.unwrap();
    assert_eq!(ask(server.addr(), &get("/")).await.text(), "");
}

#[tokio::test]
async fn a_bomb_is_small_on_the_wire() {
    let server = Server::start(Script::new().always(Reply::gzip_bomb(50_000_000))).await.unwrap();
    let answer = ask(server.addr(), &get("/")).await;
    assert_eq!((answer.header("content-encoding"), answer.end), (Some("gzip"), End::Complete));
    assert!(answer.body.len() < 80_000, "{}", answer.body.len());
    let mut unpacked = flate2::read::GzDecoder::new(&answer.body[..]);
    let size = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap();
    assert!(size >= 50_000_000);
}
