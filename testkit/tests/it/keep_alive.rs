//! Connections that end between two requests, without having said so.

use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{Protocol, Reply, Script, Server};

use crate::client::{Client, End, get, until};

fn fine() -> Script {
    Script::new().always(Reply::status(200).body("x"))
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let clock = ManualClock::new();
    let builder = Server::builder().timer(shared(clock.clone())).idle_timeout(Duration::from_secs(5)).script(fine());
    let server = builder.start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    for _ in 0..3 {
        until(|| clock.waiting() == 1).await;
        clock.advance(Duration::from_secs(4));
        client.send(get("/").as_bytes()).await;
        assert_eq!(client.answer().await.unwrap().header("connection"), None);
    }
    until(|| clock.waiting() == 1).await;
    clock.advance(Duration::from_secs(5));
    assert_eq!(client.end().await, End::Closed);
    until(|| server.open_connections() == 0).await;
}

#[tokio::test]
async fn a_connection_carries_so_many_requests() {
    let server = Server::builder().requests_per_connection(2).script(fine()).start().await.unwrap();
    for _ in 0..2 {
        let mut client = Client::dial(server.addr()).await;
        for _ in 0..2 {
            client.send(get("/").as_bytes()).await;
            assert_eq!(client.answer().await.unwrap().header("connection"), None);
        }
        assert_eq!(client.end().await, End::Closed);
    }
    until(|| server.open_connections() == 0).await;
    let seen = server.connections_seen();
    assert!(seen.iter().all(|one| one.requests == 2 && one.protocol == Some(Protocol::Http1) && !one.open));
    assert_eq!(seen.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn hanging_up_is_not_announced() {
    let server = Server::start(Script::new().always(Reply::status(200).body("bye").hang_up())).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.text().as_str(), answer.end, answer.header("connection")), ("bye", End::Complete, None));
    assert_eq!(client.end().await, End::Closed);
}

#[tokio::test]
async fn answers_are_held_until_so_many_requests_are_open() {
    let server = Server::builder().hold_until(3).script(fine()).start().await.unwrap();
    let mut clients = Vec::new();
    for n in 1..=3 {
        let mut client = Client::dial(server.addr()).await;
        client.send(get("/").as_bytes()).await;
        server.wait_for(n).await;
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.answer().await.unwrap().text(), "x");
    }
    assert_eq!(server.most_at_once(), 3);
}

#[tokio::test]
async fn faults_of_streams_have_their_like_without_streams() {
    let meet = async |reply: Reply| {
        let server = Server::start(Script::new().always(reply)).await.unwrap();
        let mut client = Client::dial(server.addr()).await;
        client.send(get("/").as_bytes()).await;
        client.end().await
    };
    assert_eq!(meet(Reply::refuse_stream()).await, End::Reset);
    assert_eq!(meet(Reply::reset_stream(2)).await, End::Reset);
    assert_eq!(meet(Reply::status(200).body("0123").reset_stream_after(2, 8)).await, End::Reset);
    assert_eq!(meet(Reply::go_away()).await, End::Closed);
}
