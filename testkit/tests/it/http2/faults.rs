//! What can go wrong with a stream, and with a connection because of one.

use bytes::Bytes;
use h2::{Ping, Reason};
use http::Request;
use steadfast_testkit::{Http2, Matcher, Reply, Script};

use super::client::{Client, finish, get, reset_of, saying, server};
use crate::client::until;

fn on(path: &str, reply: Reply) -> Script {
    Script::new().whenever(Matcher::new().path(path), reply).always(Reply::status(200).body("fine"))
}

#[tokio::test]
async fn a_refused_stream_leaves_the_others_alone() {
    let server = server(Http2::new(), on("/refused", Reply::refuse_stream())).await;
    let mut client = Client::dial(server.addr()).await;
    for _ in 0..2 {
        let error = client.get("/refused").await.unwrap_err();
        assert_eq!(reset_of(&error), Some(Reason::REFUSED_STREAM));
        assert_eq!(client.get("/").await.unwrap().body, b"fine");
    }
    assert_eq!(server.connections(), 1);
    let complete: Vec<bool> = server.seen().iter().map(|seen| seen.complete).collect();
    assert_eq!(complete, [false, true, false, true]);
    // It is refused before its body is read.
    let (response, _stream) = client.begin(Request::post("http://test/refused").body(()).unwrap(), false).await;
    assert_eq!(reset_of(&finish(response).await.unwrap_err()), Some(Reason::REFUSED_STREAM));
}

#[tokio::test]
async fn a_stream_is_reset_where_it_was_asked_for() {
    let body = Reply::status(200).body("0123456789");
    let server =
        server(Http2::new(), on("/head", Reply::reset_stream(2)).whenever(Matcher::new(), Reply::pass())).await;
    let mut client = Client::dial(server.addr()).await;
    assert_eq!(reset_of(&client.get("/head").await.unwrap_err()), Some(Reason::INTERNAL_ERROR));
    assert_eq!(client.get("/").await.unwrap().body, b"fine");
    for (after, code, reason) in [(0, 8, Reason::CANCEL), (4, 2, Reason::INTERNAL_ERROR)] {
        let server = saying(body.clone().reset_stream_after(after, code)).await;
        let answer = Client::dial(server.addr()).await.get("/").await.unwrap();
        assert_eq!(answer.body.len() as u64, after);
        assert_eq!(reset_of(&answer.end.unwrap()), Some(reason));
    }
}

#[tokio::test]
async fn a_connection_ends_in_the_middle_of_a_body() {
    let body = Reply::status(200).body("0123456789");
    for reply in [body.clone().truncate_after(4), body.clone().reset_after(4), body.truncate_after(99)] {
        let server = saying(reply.clone()).await;
        let mut client = Client::dial(server.addr()).await;
        let answer = client.get("/").await.unwrap();
        let end = answer.end.unwrap_or_else(|| panic!("{reply:?} came whole"));
        assert!(end.is_io() && end.reason().is_none(), "{end}");
        assert!(b"0123456789".starts_with(&answer.body), "{:?}", answer.body);
        drop(client);
        until(|| server.open_connections() == 0).await;
    }
}

#[tokio::test]
async fn a_connection_ends_before_any_byte() {
    for reply in [Reply::close(), Reply::reset(), Reply::raw("nonsense, as long as the head of a frame")] {
        let server = saying(reply).await;
        let mut client = Client::dial(server.addr()).await;
        let error = client.get("/").await.unwrap_err();
        assert!(!error.is_reset(), "{error}");
        assert!(client.get("/").await.is_err());
    }
}

#[tokio::test]
async fn a_silent_stream_leaves_the_connection_alive() {
    let server = server(Http2::new(), on("/stall", Reply::status(200).body("0123456789").stall_after(3))).await;
    let mut client = Client::dial(server.addr()).await;
    let (response, _) = client.begin(get("/stall"), true).await;
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "012");
    assert_eq!(client.get("/").await.unwrap().body, b"fine");
    client.pings.take().unwrap().ping(Ping::opaque()).await.unwrap();
    assert_eq!(server.connections_seen()[0].pings, 1);
}

#[tokio::test]
async fn a_frozen_connection_answers_nothing() {
    for (http2, script, before) in [
        (Http2::new(), on("/freeze", Reply::freeze()), 1),
        (Http2::new().freeze_after(2), Script::new().always(Reply::status(200).body("fine")), 2),
    ] {
        let server = server(http2, script).await;
        let mut client = Client::dial(server.addr()).await;
        for _ in 0..before {
            assert_eq!(client.get("/").await.unwrap().body, b"fine");
        }
        let frozen = tokio::spawn(finish(client.begin(get("/freeze"), true).await.0));
        let mut pings = client.pings.take().unwrap();
        let pong = tokio::spawn(async move { pings.ping(Ping::opaque()).await });
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert!(!frozen.is_finished() && !client.driver.is_finished());
        assert!(!pong.is_finished() || pong.await.unwrap().is_ok_and(|_| server.connections_seen()[0].pings == 1));
        assert_eq!(server.open_connections(), 1);
        client.driver.abort();
        until(|| server.open_connections() == 0).await;
    }
}

#[tokio::test]
async fn an_endless_body_ends_with_the_client() {
    let server = saying(Reply::status(200).endless(Bytes::from(vec![b'x'; 1000]))).await;
    let mut client = Client::dial(server.addr()).await;
    let (response, _) = client.begin(get("/"), true).await;
    let mut body = response.await.unwrap().into_body();
    let mut total = 0;
    while total < 1_000_000 {
        let piece = body.data().await.unwrap().unwrap();
        total += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    drop((body, client));
    until(|| server.open_connections() == 0).await;
}
