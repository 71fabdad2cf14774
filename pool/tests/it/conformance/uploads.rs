//! Bodies on their way out.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method};
use http_body::Frame;
use http_body_util::StreamBody;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::backoff::Policy;
use steadfast_pool::{BoxBody, ErrorKind, Outbound, Phase, Pool, Reached, Request, TransportErrorKind as Kind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::transports;
use crate::rig::let_time_pass;
use crate::wire::{OK, Wire, closed, fetch, head, pause, post, rest};

fn upload(url: &url::Url, chunks: mpsc::UnboundedReceiver<io::Result<Bytes>>) -> Outbound {
    let chunks = stream::unfold(chunks, |mut chunks| async move {
        chunks.recv().await.map(|chunk| (chunk.map(Frame::data), chunks))
    });
    let body: BoxBody = Box::pin(StreamBody::new(chunks));
    Outbound::new(Method::PUT, url.clone(), HeaderMap::new(), Some(body))
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_in_chunks() {
    for under in transports() {
        let server = Wire::new(|mut socket, _| async move {
            let head = head(&mut socket).await.unwrap().to_ascii_lowercase();
            assert!(head.contains("transfer-encoding: chunked"), "{head}");
            let mut body = Vec::new();
            while !body.ends_with(b"0\r\n\r\n") {
                body.push(socket.read_u8().await.unwrap());
            }
            assert_eq!(body, b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
            socket.write_all(OK.as_bytes()).await.unwrap();
        })
        .await;
        let (chunks, received) = mpsc::unbounded_channel();
        let request = upload(&server.url, received);
        let sending = tokio::spawn({
            let transport = Arc::clone(&under.transport);
            async move { fetch(&*transport, request).await }
        });
        for chunk in ["one", "two"] {
            chunks.send(Ok(Bytes::from(chunk))).unwrap();
            pause(2).await;
        }
        drop(chunks);
        assert_eq!(sending.await.unwrap().unwrap(), (200, "ok".into()), "{}", under.name);
    }
}

#[tokio::test]
async fn a_body_that_fails_fails_the_request() {
    for under in transports() {
        let server = Wire::new(|mut socket, _| async move { closed(&mut socket).await }).await;
        let (chunks, received) = mpsc::unbounded_channel();
        chunks.send(Ok(Bytes::from("one"))).unwrap();
        chunks.send(Err(io::Error::other("no more"))).unwrap();
        let error = fetch(&*under.transport, upload(&server.url, received)).await.unwrap_err();
        assert_eq!(error.kind, Kind::RequestBody, "{}", under.name);
        assert!(matches!(error.reached, Reached::Written | Reached::NotWritten));
    }
}

/// An answer that comes before the request has gone out is delivered, and its connection is not used again.
#[tokio::test]
async fn an_answer_before_the_end_of_the_upload() {
    for under in transports() {
        let server = Wire::new(|mut socket, _| async move {
            head(&mut socket).await;
            let answer = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nno!";
            socket.write_all(answer).await.unwrap();
            closed(&mut socket).await;
        })
        .await;
        // `reqwest` lets the upload go on, and hands the next request to the same connection.
        for n in 1..=if under.exact { 3 } else { 1 } {
            let (chunks, received) = mpsc::unbounded_channel();
            chunks.send(Ok(Bytes::from("one"))).unwrap();
            let answer = under.transport.send(upload(&server.url, received)).await.unwrap();
            assert_eq!(answer.status, 413, "{}", under.name);
            assert_eq!(rest(answer).await.unwrap(), "no!");
            assert_eq!(server.accepted(), n, "{}", under.name);
            drop(chunks);
        }
    }
}

/// A server that answers early and says nothing more on that connection: the own transport closes it, `reqwest` lets the
/// upload go on and uses it again. Either way the next call ends, by the limits of the pool if by nothing else.
#[tokio::test]
async fn an_answer_before_the_end_of_the_upload_does_not_hold_up_the_next_call() {
    for under in transports() {
        let (told, mut tell) = mpsc::unbounded_channel();
        let server = Wire::new(move |mut socket, _| {
            let told = told.clone();
            async move {
                head(&mut socket).await;
                socket.write_all(OK.as_bytes()).await.unwrap();
                // The end of the upload, or of the connection.
                let mut body = Vec::new();
                while !body.ends_with(b"0\r\n\r\n") && socket.read_buf(&mut body).await.is_ok_and(|read| read > 0) {}
                told.send(()).unwrap();
                closed(&mut socket).await;
            }
        })
        .await;
        let clock = ManualClock::new();
        let builder = Pool::builder().timer(shared(clock.clone())).transport(Arc::clone(&under.transport));
        let pool = builder.retry(Policy::disabled()).build().unwrap();
        let (chunks, received) = mpsc::unbounded_channel();
        chunks.send(Ok(Bytes::from("one"))).unwrap();
        let answer = under.transport.send(upload(&server.url, received)).await.unwrap();
        assert_eq!(rest(answer).await.unwrap(), "ok", "{}", under.name);
        drop(chunks);
        tell.recv().await.unwrap();
        pause(5).await;
        let next = tokio::spawn({
            let request = Request::get(server.url.as_str()).unwrap();
            async move { pool.execute(request).await }
        });
        if under.exact {
            assert_eq!(next.await.unwrap().unwrap().status(), 200);
            assert_eq!(server.accepted(), 2);
        } else {
            let_time_pass(&clock, Duration::from_secs(60)).await;
            assert_eq!(next.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout(Phase::Header));
            assert_eq!(server.accepted(), 1);
        }
    }
}

/// The upload goes on while the answer is read.
#[tokio::test]
async fn an_answer_that_needs_the_rest_of_the_upload() {
    for under in transports() {
        let server = Wire::new(|mut socket, _| async move {
            head(&mut socket).await;
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await.unwrap();
            let mut body = Vec::new();
            while !body.ends_with(b"0\r\n\r\n") {
                body.push(socket.read_u8().await.unwrap());
            }
            socket.write_all(b"done").await.unwrap();
            closed(&mut socket).await;
        })
        .await;
        let (chunks, received) = mpsc::unbounded_channel();
        let answer = under.transport.send(upload(&server.url, received)).await.unwrap();
        let reading = tokio::spawn(rest(answer));
        chunks.send(Ok(Bytes::from("one"))).unwrap();
        drop(chunks);
        assert_eq!(reading.await.unwrap().unwrap(), "done", "{}", under.name);
    }
}

#[tokio::test]
async fn a_large_upload_arrives_whole() {
    let size = 2 * 1024 * 1024 + 3;
    for under in transports() {
        let server = Wire::new(move |mut socket, _| async move {
            head(&mut socket).await;
            let mut body = vec![0; size];
            socket.read_exact(&mut body).await.unwrap();
            assert!(body.iter().all(|byte| *byte == b'x'));
            socket.write_all(OK.as_bytes()).await.unwrap();
        })
        .await;
        let result = fetch(&*under.transport, post(&server.url, vec![b'x'; size])).await;
        assert_eq!(result.unwrap(), (200, "ok".into()), "{}", under.name);
    }
}
