//! Reading requests: framings, bad input, limits.

use steadfast_testkit::{Reply, Script, Server};

use crate::client::{Client, End, ask, get};

async fn server() -> Server {
    Server::start(Script::new().always(Reply::status(200).body("ok"))).await.unwrap()
}

#[tokio::test]
async fn chunked_bodies_are_read() {
    let server = server().await;
    let head = "POST /up HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut client = Client::dial(server.addr()).await;
    client.send(format!("{head}5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n").as_bytes()).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    client.send(get("/next").as_bytes()).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(server.seen()[0].text(), "hello world");
    assert_eq!(server.seen()[1].path, "/next");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = server().await;
    let mut client = Client::dial(server.addr()).await;
    client.send(format!("{}{}{}", get("/1"), get("/2"), get("/3")).as_bytes()).await;
    for _ in 0..3 {
        assert_eq!(client.answer().await.unwrap().text(), "ok");
    }
    assert_eq!(server.seen().iter().map(|seen| seen.path.clone()).collect::<Vec<_>>(), ["/1", "/2", "/3"]);
}

#[tokio::test]
async fn a_client_that_asks_is_told_to_continue() {
    let server = server().await;
    let mut client = Client::dial(server.addr()).await;
    client.send(b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 100);
    client.send(b"body").await;
    assert_eq!(client.answer().await.unwrap().text(), "ok");
    assert_eq!(server.seen()[0].text(), "body");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_recorded_as_incomplete() {
    let server = server().await;
    let mut client = Client::dial(server.addr()).await;
    client.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n1234").await;
    drop(client);
    server.wait_for(1).await;
    let seen = &server.seen()[0];
    assert_eq!((seen.complete, seen.body_len, seen.text().as_str()), (false, 4, "1234"));
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let server = server().await;
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    let cases = [
        ("SSH-2.0-client\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nnot hex\r\n", 400),
        (&long, 431),
        (&many, 431),
    ];
    for (request, expected) in cases {
        let mut client = Client::dial(server.addr()).await;
        client.send(request.as_bytes()).await;
        assert_eq!(client.answer().await.unwrap().status, expected, "{:.60}", request);
        assert_eq!(client.end().await, End::Closed);
    }
}

#[tokio::test]
async fn head_and_statuses_without_body_have_none() {
    let server = server().await;
    let mut client = Client::dial(server.addr()).await;
    client.send(format!("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n{}", get("/")).as_bytes()).await;
    while !client.pending().ends_with("\r\n\r\nok") {
        client.more().await.unwrap();
    }
    assert_eq!(client.pending().matches("content-length: 2").count(), 2);
    assert_eq!(client.pending().matches("ok").count(), 1);
    let server = Server::start(Script::new().always(Reply::status(204).body("x"))).await.unwrap();
    let answer = ask(server.addr(), &get("/")).await;
    assert_eq!((answer.status, answer.header("content-length")), (204, None));
}

#[tokio::test]
async fn old_clients_get_an_answer_that_ends_with_the_connection() {
    let chunks = vec!["ab".into(), "cd".into()];
    let server = Server::start(Script::new().always(Reply::status(200).chunks(chunks))).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(b"GET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(client.end().await, End::Closed);
    assert!(client.pending().ends_with("\r\n\r\nabcd"), "{}", client.pending());
}
