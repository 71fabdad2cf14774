//! How connections end: GOAWAY in its forms.

use h2::Reason;
use steadfast_testkit::{Http2, Matcher, Reply, Script, Server};

use super::client::{Client, finish, get, server};
use crate::client::until;

fn fine() -> Script {
    Script::new().always(Reply::status(200).body("fine"))
}

/// The code of a GOAWAY by the server.
fn away(error: &h2::Error) -> Option<Reason> {
    error.reason().filter(|_| error.is_go_away() && error.is_remote())
}

#[tokio::test]
async fn an_abrupt_goaway_names_the_last_stream() {
    let builder = Server::builder().http2(Http2::new().go_away_after(2)).script(fine()).hold_until(2);
    let server = builder.start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    let first = tokio::spawn(finish(client.begin(get("/1"), true).await.0));
    server.wait_for(1).await;
    // Both are on their way before the server has said a word: the second is processed, the third is not.
    let second = client.begin(get("/2"), true).await.0;
    let third = client.begin(get("/3"), true).await.0;
    assert_eq!(finish(second).await.unwrap().body, b"fine");
    assert_eq!(first.await.unwrap().unwrap().body, b"fine");
    assert_eq!(away(&finish(third).await.unwrap_err()), Some(Reason::NO_ERROR));
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/1", "/2"]);
    // The client has nothing left to do here.
    until(|| client.driver.is_finished()).await;
    until(|| server.open_connections() == 0).await;
}

#[tokio::test]
async fn a_goaway_has_the_code_it_was_given() {
    let server = server(Http2::new().go_away_after(1).go_away_code(11), fine()).await;
    let mut client = Client::dial(server.addr()).await;
    assert_eq!(client.get("/1").await.unwrap().body, b"fine");
    assert_eq!(away(&client.get("/2").await.unwrap_err()), Some(Reason::ENHANCE_YOUR_CALM));
}

#[tokio::test]
async fn a_graceful_goaway_answers_what_is_on_its_way() {
    let server = server(Http2::new().graceful_after(2), fine()).await;
    let mut client = Client::dial(server.addr()).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(client.begin(get("/"), true).await.0);
    }
    for answer in open {
        assert_eq!(finish(answer).await.unwrap().body, b"fine");
    }
    until(|| client.driver.is_finished()).await;
    until(|| server.open_connections() == 0).await;
    assert_eq!(server.seen().len(), 4);
    assert!(client.get("/").await.is_err());
}

#[tokio::test]
async fn a_request_may_bring_the_goaway() {
    let script =
        Script::new().whenever(Matcher::new().path("/leave"), Reply::go_away()).always(Reply::status(200).body("fine"));
    let server = Server::builder().http2(Http2::new()).script(script).hold_until(2).start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    let first = tokio::spawn(finish(client.begin(get("/1"), true).await.0));
    server.wait_for(1).await;
    let error = finish(client.begin(get("/leave"), true).await.0).await.unwrap_err();
    // Not processed, and said so, while what was begun before is answered.
    assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
    assert_eq!(first.await.unwrap().unwrap().body, b"fine");
    until(|| client.driver.is_finished()).await;
    let mut second = Client::dial(server.addr()).await;
    assert_eq!(second.get("/").await.unwrap().body, b"fine");
    let requests: Vec<u64> = server.connections_seen().iter().map(|seen| seen.requests).collect();
    assert_eq!(requests, [2, 1]);
}

#[tokio::test]
async fn hanging_up_takes_the_connection_with_it() {
    let server = server(Http2::new(), Script::new().always(Reply::status(200).body("bye").hang_up())).await;
    let mut client = Client::dial(server.addr()).await;
    assert_eq!(client.get("/").await.unwrap().body, b"bye");
    until(|| client.driver.is_finished()).await;
    assert_eq!(Client::dial(server.addr()).await.get("/").await.unwrap().body, b"bye");
}
