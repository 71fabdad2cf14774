//! When a connection is used again, and when it must not be.

use http::header::{CONNECTION, HeaderValue};
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use steadfast_pool::Outbound;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::transports;
use crate::wire::{OK, Wire, closed, fetch, get, head, pause, rest};

#[tokio::test]
async fn connections_are_kept_whatever_the_framing() {
    let answers = [
        OK,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ];
    for answer in answers {
        for under in transports() {
            let server = Wire::answering(answer).await;
            for n in 0..5 {
                let request = get(&server.url);
                let exchange = std::sync::Arc::clone(&request.exchange);
                fetch(&*under.transport, request).await.unwrap();
                assert_eq!(exchange.connection().unwrap().reused, n > 0, "{answer} by {}", under.name);
            }
            assert_eq!(server.accepted(), 1, "{answer} by {}", under.name);
        }
    }
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let server = Wire::answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n").await;
    for under in transports() {
        let before = server.accepted();
        for _ in 0..2 {
            let request = Outbound::new(Method::HEAD, server.url.clone(), HeaderMap::new(), None);
            let answer = under.transport.send(request).await.unwrap();
            assert_eq!(answer.headers["content-length"], "10");
            assert!(rest(answer).await.unwrap().is_empty());
        }
        assert_eq!(server.accepted(), before + 1, "{}", under.name);
    }
}

#[tokio::test]
async fn either_side_can_ask_for_the_last_exchange() {
    let server = Wire::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
    for under in transports() {
        let before = server.accepted();
        for _ in 0..3 {
            fetch(&*under.transport, get(&server.url)).await.unwrap();
        }
        assert_eq!(server.accepted(), before + 3, "the server, {}", under.name);
    }
    let server = Wire::answering(OK).await;
    for under in transports() {
        let before = server.accepted();
        for _ in 0..3 {
            let mut request = get(&server.url);
            request.headers.insert(CONNECTION, HeaderValue::from_static("close"));
            fetch(&*under.transport, request).await.unwrap();
        }
        assert_eq!(server.accepted(), before + 3, "the request, {}", under.name);
    }
}

#[tokio::test]
async fn bytes_behind_an_answer_end_the_connection() {
    let server = Wire::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n").await;
    for under in transports() {
        let before = server.accepted();
        for _ in 0..3 {
            assert_eq!(fetch(&*under.transport, get(&server.url)).await.unwrap(), (200, "ok".into()));
        }
        assert_eq!(server.accepted(), before + 3, "{}", under.name);
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used() {
    for under in transports() {
        let (told, mut tell) = mpsc::unbounded_channel();
        let server = Wire::new(move |mut socket, _| {
            let told = told.clone();
            async move {
                head(&mut socket).await;
                socket.write_all(OK.as_bytes()).await.unwrap();
                drop(socket);
                told.send(()).unwrap();
            }
        })
        .await;
        for _ in 0..20 {
            fetch(&*under.transport, get(&server.url)).await.unwrap();
            // Until the runtime knows of it, too, and the line counts as having been idle.
            tell.recv().await.unwrap();
            pause(5).await;
        }
        assert_eq!(server.accepted(), 20, "{}", under.name);
    }
}

#[tokio::test]
async fn dropping_an_exchange_closes_its_connection() {
    for with_head in [false, true] {
        for under in transports() {
            let (told, mut tell) = mpsc::unbounded_channel();
            let server = Wire::new(move |mut socket, _| {
                let told = told.clone();
                async move {
                    head(&mut socket).await;
                    if with_head {
                        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome").await.unwrap();
                    }
                    told.send("asked").unwrap();
                    closed(&mut socket).await;
                    told.send("closed").unwrap();
                }
            })
            .await;
            let mut sending = under.transport.send(get(&server.url));
            let answer = tokio::select! {
                answer = &mut sending => Some(answer.unwrap()),
                _ = tell.recv(), if !with_head => None,
            };
            assert_eq!(answer.is_some(), with_head);
            if let Some(mut answer) = answer {
                assert_eq!(answer.body.frame().await.unwrap().unwrap().into_data().unwrap(), "some");
                assert_eq!(tell.recv().await, Some("asked"));
                drop(answer);
            }
            drop(sending);
            assert_eq!(tell.recv().await, Some("closed"), "{}", under.name);
        }
    }
}
