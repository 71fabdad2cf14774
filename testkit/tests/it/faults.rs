//! What can go wrong with an answer, as the client meets it.

use bytes::Bytes;
use steadfast_testkit::{Reply, Script, Server};

use crate::client::{Answer, Client, End, ask, get, post, until};

async fn meet(reply: Reply) -> Result<Answer, End> {
    let server = Server::start(Script::new().always(reply)).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    client.answer().await
}

#[tokio::test]
async fn before_any_byte() {
    assert_eq!(meet(Reply::close()).await.unwrap_err(), End::Closed);
    assert_eq!(meet(Reply::reset()).await.unwrap_err(), End::Reset);
}

#[tokio::test]
async fn a_body_that_is_shorter_than_announced() {
    let whole = Reply::status(200).body("0123456789");
    let cut = meet(whole.clone().truncate_after(4)).await.unwrap();
    assert_eq!(cut.header("content-length"), Some("10"));
    assert_eq!((cut.text().as_str(), cut.end), ("0123", End::Closed));
    let reset = meet(whole.clone().reset_after(4)).await.unwrap();
    assert_eq!((reset.text().as_str(), reset.end), ("0123", End::Reset));
    let none = meet(whole.clone().truncate_after(0)).await.unwrap();
    assert_eq!((none.text().as_str(), none.end), ("", End::Closed));
    let all = meet(whole.truncate_after(99)).await.unwrap();
    assert_eq!((all.text().as_str(), all.end), ("0123456789", End::Complete));
}

#[tokio::test]
async fn a_chunked_body_that_is_never_ended() {
    let whole = Reply::status(200).chunks(vec![Bytes::from("abc"), Bytes::from("def")]);
    let ended = meet(whole.clone()).await.unwrap();
    assert_eq!((ended.text().as_str(), ended.end), ("abcdef", End::Complete));
    let within = meet(whole.clone().truncate_after(4)).await.unwrap();
    assert_eq!((within.text().as_str(), within.end), ("abcd", End::Closed));
    let between = meet(whole.clone().truncate_after(3)).await.unwrap();
    assert_eq!((between.text().as_str(), between.end), ("abc", End::Closed));
    let unended = meet(whole.truncate_after(6)).await.unwrap();
    assert_eq!((unended.text().as_str(), unended.end), ("abcdef", End::Closed));
}

#[tokio::test]
async fn silence_ends_when_the_client_goes() {
    for reply in [Reply::never(), Reply::never().early(), Reply::status(200).body("0123").stall_after(2)] {
        let server = Server::start(Script::new().always(reply.clone())).await.unwrap();
        let mut client = Client::dial(server.addr()).await;
        client.send(post("/", &[], "hello").as_bytes()).await;
        if reply.clone() == Reply::status(200).body("0123").stall_after(2) {
            while !client.pending().ends_with("\r\n\r\n01") {
                client.more().await.unwrap();
            }
        } else {
            server.wait_for(1).await;
        }
        assert_eq!(server.open_connections(), 1);
        let mut spare = [0];
        assert!(client.socket.try_read(&mut spare).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
        drop(client);
        until(|| server.open_connections() == 0).await;
    }
}

#[tokio::test]
async fn an_early_answer_does_not_wait_for_the_body() {
    let server = Server::start(Script::new().always(Reply::status(413).body("too large").early())).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    assert_eq!(answer.text(), "too large");
    client.send(&[b'x'; 100_000]).await;
    assert_eq!(client.end().await, End::Closed);
    until(|| server.seen()[0].complete).await;
    assert_eq!(server.seen()[0].body_len, 100_000);
}

#[tokio::test]
async fn an_early_end_leaves_the_body_unread() {
    for (reply, expected) in [(Reply::close().early(), End::Closed), (Reply::reset().early(), End::Reset)] {
        let server = Server::start(Script::new().always(reply)).await.unwrap();
        let mut client = Client::dial(server.addr()).await;
        client.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n").await;
        assert_eq!(client.answer().await.unwrap_err(), expected);
        drop(client);
        until(|| server.open_connections() == 0).await;
        assert!(!server.seen()[0].complete);
    }
}

#[tokio::test]
async fn a_script_may_lie_about_the_length() {
    let long = meet(Reply::status(200).header("Content-Length", "9").body("1234")).await.unwrap();
    assert_eq!((long.text().as_str(), long.end), ("1234", End::Closed));
    let short = meet(Reply::status(200).header("content-length", "2").body("1234")).await.unwrap();
    assert_eq!((short.text().as_str(), short.end), ("12", End::Complete));
}

#[tokio::test]
async fn events_are_framed() {
    let events = vec![("ping", "{}"), ("note", "one\ntwo")];
    let server = Server::start(Script::new().then(Reply::sse(events)).then(Reply::sse(["[DONE]"]))).await.unwrap();
    let named = ask(server.addr(), &get("/")).await;
    assert_eq!(named.header("content-type"), Some("text/event-stream"));
    assert_eq!(named.text(), "event: ping\ndata: {}\n\nevent: note\ndata: one\ndata: two\n\n");
    assert_eq!(ask(server.addr(), &get("/")).await.text(), "data: [DONE]\n\n");
}

#[tokio::test]
async fn no_simulator_means_an_empty_answer_of_its_own() {
    let answer = meet(Reply::pass().header("x-a", "b")).await.unwrap();
    assert_eq!((answer.status, answer.header("x-a"), answer.text().as_str()), (200, Some("b"), ""));
}

#[tokio::test]
async fn large_answers_come_whole() {
    let body: Vec<u8> = (0u32..3_000_000).map(|i| i.to_le_bytes()[0]).collect();
    let answer = meet(Reply::status(200).body(body.clone())).await.unwrap();
    assert!(answer.body == body);
    let chunks = body.chunks(100_000).map(Bytes::copy_from_slice).collect();
    assert!(meet(Reply::status(200).chunks(chunks)).await.unwrap().body == body);
}
