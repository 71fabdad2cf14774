//! Exchanges that fail, and how far each got.

use steadfast_pool::{Reached, TransportErrorKind as Kind};
use tokio::io::AsyncWriteExt;

use super::transports;
use crate::wire::{Wire, fetch, get, head, pause, post};

#[tokio::test]
async fn nobody_listens() {
    let gone = Wire::answering("").await.url.clone();
    tokio::task::yield_now().await;
    for under in transports() {
        let error = fetch(&*under.transport, get(&gone)).await.unwrap_err();
        assert_eq!((error.kind, error.reached), (Kind::Refused, Reached::NotConnected), "{}", under.name);
        assert!(!error.reused);
    }
}

#[tokio::test]
async fn no_such_name() {
    for under in transports() {
        let url = "http://no-such-host.invalid/".parse().unwrap();
        let error = fetch(&*under.transport, get(&url)).await.unwrap_err();
        assert_eq!((error.kind, error.reached), (Kind::Dns, Reached::NotConnected), "{}", under.name);
    }
}

#[tokio::test]
async fn no_tls_spoken_there() {
    let server = Wire::new(|mut socket, _| async move {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let url = server.url.as_str().replace("http:", "https:").parse().unwrap();
    for under in transports() {
        let error = fetch(&*under.transport, get(&url)).await.unwrap_err();
        assert_eq!((error.kind, error.reached), (Kind::Tls, Reached::NotConnected), "{}", under.name);
    }
}

/// What is answered before the connection closes, and what the transport makes of it.
#[tokio::test]
async fn answers_that_are_none() {
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let fields = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "a: b\r\n".repeat(300));
    let cases: &[(&str, &str, Kind, Reached)] = &[
        ("nothing", "", Kind::Closed, Reached::Written),
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-", Kind::Closed, Reached::Written),
        ("garbage", "no HTTP at all\r\n\r\n", Kind::Protocol, Reached::Headers),
        ("a huge head", &huge, Kind::Protocol, Reached::Headers),
        ("many fields", &fields, Kind::Protocol, Reached::Headers),
        ("a body cut short", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", Kind::Closed, Reached::Headers),
        (
            "chunks cut short",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            Kind::Closed,
            Reached::Headers,
        ),
    ];
    for (case, answer, kind, reached) in cases {
        let server = Wire::once(*answer).await;
        for under in transports() {
            let error = fetch(&*under.transport, get(&server.url)).await.unwrap_err();
            assert_eq!((error.kind, error.reached), (*kind, *reached), "{case} by {}", under.name);
        }
    }
}

#[tokio::test]
async fn chunks_without_sense() {
    let server = Wire::once("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno number\r\n").await;
    for under in transports() {
        let error = fetch(&*under.transport, get(&server.url)).await.unwrap_err();
        let kind = if under.exact { Kind::Protocol } else { Kind::Closed };
        assert_eq!((error.kind, error.reached), (kind, Reached::Headers), "{}", under.name);
    }
}

#[tokio::test]
async fn a_reset_before_and_within_an_answer() {
    for (answer, reached) in
        [("", Reached::Written), ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", Reached::Headers)]
    {
        let server = Wire::new(move |mut socket, _| async move {
            head(&mut socket).await;
            socket.write_all(answer.as_bytes()).await.unwrap();
            // The answer is to be read before the reset overtakes it.
            pause(20).await;
            socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        })
        .await;
        for under in transports() {
            let error = fetch(&*under.transport, post(&server.url, "x")).await.unwrap_err();
            assert_eq!((error.kind, error.reached), (Kind::Reset, reached), "{}", under.name);
        }
    }
}
