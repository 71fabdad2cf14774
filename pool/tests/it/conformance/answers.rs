//! Heads, bodies and what stands around them.

use http::{HeaderMap, Method};
use steadfast_pool::Outbound;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::transports;
use crate::wire::{OK, Wire, fetch, get, head, post, rest};

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n\
                  HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let server = Wire::answering(answer).await;
    for under in transports() {
        for _ in 0..2 {
            assert_eq!(fetch(&*under.transport, get(&server.url)).await.unwrap(), (200, "ok".into()), "{}", under.name);
        }
    }
    assert_eq!(server.accepted(), transports().len());
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let server = Wire::once("HTTP/1.1 200 OK\r\n\r\nall of it").await;
    for under in transports() {
        assert_eq!(fetch(&*under.transport, get(&server.url)).await.unwrap(), (200, "all of it".into()));
    }
}

#[tokio::test]
async fn trailers_are_no_data() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n";
    let server = Wire::answering(answer).await;
    for under in transports() {
        for _ in 0..2 {
            assert_eq!(fetch(&*under.transport, get(&server.url)).await.unwrap(), (200, "ok".into()), "{}", under.name);
        }
    }
    assert_eq!(server.accepted(), transports().len());
}

#[tokio::test]
async fn a_large_body_comes_whole() {
    let size = 3 * 1024 * 1024 + 7;
    let answer = [format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n").into_bytes(), vec![b'x'; size]].concat();
    let server = Wire::once(answer).await;
    for under in transports() {
        let (_, body) = fetch(&*under.transport, get(&server.url)).await.unwrap();
        assert_eq!((body.len(), body[0]), (size, b'x'), "{}", under.name);
    }
}

/// The head that goes out: target, host, agent, lengths, and nothing that was not asked for.
#[tokio::test]
async fn the_head_of_a_request() {
    for under in transports() {
        let (told, mut tell) = mpsc::unbounded_channel();
        let server = Wire::new(move |mut socket, _| {
            let told = told.clone();
            async move {
                let head = head(&mut socket).await.unwrap();
                told.send(head.to_ascii_lowercase()).unwrap();
                let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                socket.write_all(answer).await.unwrap();
            }
        })
        .await;
        let url = server.url.join("/a%20b/c?d=e%26f").unwrap();
        let answer = under.transport.send(get(&url)).await.unwrap();
        rest(answer).await.unwrap();
        let head = tell.recv().await.unwrap();
        assert!(head.starts_with("get /a%20b/c?d=e%26f http/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nhost: {}\r\n", server.name())), "{head}");
        assert!(head.contains(&format!("\r\nuser-agent: steadfast-pool/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
        assert!(!head.contains("accept-encoding") && !head.contains("content-length"), "{head}");
        rest(under.transport.send(post(&url, "four")).await.unwrap()).await.unwrap();
        assert!(tell.recv().await.unwrap().contains("\r\ncontent-length: 4\r\n"));
    }
}

#[tokio::test]
async fn no_scheme_but_http() {
    for under in transports() {
        let request =
            Outbound::new(Method::GET, "ftp://127.0.0.1/".parse::<url::Url>().unwrap(), HeaderMap::new(), None);
        let error = fetch(&*under.transport, request).await.unwrap_err();
        assert_eq!(error.reached, steadfast_pool::Reached::NotConnected, "{}", under.name);
    }
    let server = Wire::answering(OK).await;
    assert_eq!(server.accepted(), 0);
}
