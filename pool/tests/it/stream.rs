//! Answers as they come: chunks, early ends, refusals, cancellation.

use std::time::Duration;

use bytes::Bytes;
use steadfast_pool::{ErrorKind, Phase, Request};
use steadfast_testkit::{Reply, Script, Server};

use crate::rig::{let_time_pass, rig};

#[tokio::test]
async fn chunks_come_as_they_are_sent() {
    let chunks: Vec<Bytes> = ["one ", "two ", "three"].map(Bytes::from).to_vec();
    let server = Server::start(Script::new().always(Reply::status(200).chunks(chunks))).await.unwrap();
    let rig = rig(|pool| pool);
    let mut stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
    let mut text = Vec::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    assert_eq!(text, b"one two three");
    assert_eq!(rig.pool.metrics().bytes_in, 13);
}

#[tokio::test]
async fn an_early_end_is_an_error_never_success() {
    for (reply, kinds) in [
        (Reply::status(200).body("0123456789").truncate_after(4), vec![ErrorKind::Closed]),
        (Reply::status(200).body("0123456789").reset_after(4), vec![ErrorKind::Reset, ErrorKind::Closed]),
    ] {
        let server = Server::start(Script::new().always(reply)).await.unwrap();
        let rig = rig(|pool| pool);
        let mut stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
        let error = loop {
            match stream.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a cut body was told as its end"),
                Err(error) => break error,
            }
        };
        assert!(kinds.contains(&error.kind()), "{error:?}");
        assert!(error.to_string().contains("ended early"), "{error}");
    }
}

#[tokio::test]
async fn a_stall_is_an_error_and_the_breaker_learns_of_it() {
    let server =
        Server::start(Script::new().always(Reply::status(200).body("0123456789").stall_after(4))).await.unwrap();
    let rig = rig(|pool| pool.breaker(steadfast_pool::breaker::Rule::new().failures(1)));
    let mut stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
    let mut got = Vec::new();
    while got.len() < 4 {
        got.extend_from_slice(&stream.chunk().await.unwrap().unwrap());
    }
    let clock = rig.clock.clone();
    let stalled = tokio::spawn(async move { stream.chunk().await });
    let_time_pass(&clock, Duration::from_secs(60)).await;
    let error = stalled.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Stall));
    let error = rig.pool.execute(Request::get(server.url()).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
}

#[tokio::test]
async fn what_the_contents_say_can_be_told_to_the_breaker() {
    let server = Server::start(Script::new().always(Reply::status(200).body("error: overloaded"))).await.unwrap();
    let rig = rig(|pool| pool.breaker(steadfast_pool::breaker::Rule::new().failures(1)));
    let stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
    stream.report(steadfast_pool::breaker::Outcome::Failure);
    let error = rig.pool.execute(Request::get(server.url()).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
}

#[tokio::test]
async fn a_refusal_of_a_stream_can_be_read() {
    let server = Server::start(Script::new().always(Reply::status(400).body("no such thing"))).await.unwrap();
    let rig = rig(|pool| pool);
    let mut stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
    assert_eq!(stream.status(), 400);
    assert_eq!(stream.rest(1000).await.unwrap(), "no such thing");
}

#[tokio::test]
async fn a_refusal_that_never_ends_does_not_hold_the_stream_up() {
    let server =
        Server::start(Script::new().always(Reply::status(400).body("0123456789").stall_after(4))).await.unwrap();
    let rig = rig(|pool| pool);
    let (pool, request) = (rig.pool.clone(), Request::get(server.url()).unwrap());
    let call = tokio::spawn(async move { pool.stream(request).await });
    while !call.is_finished() {
        tokio::task::yield_now().await;
        rig.clock.advance(Duration::from_millis(10));
    }
    let mut stream = call.await.unwrap().unwrap();
    assert_eq!((stream.status().as_u16(), stream.rest(100).await.unwrap()), (400, Bytes::from("0123")));
}

#[tokio::test]
async fn a_body_larger_than_allowed_is_refused() {
    let server = Server::start(Script::new().always(Reply::status(200).body(vec![0; 2000]))).await.unwrap();
    let rig = rig(|pool| pool.config(steadfast_pool::PoolConfig::new().max_body(1000)));
    let error = rig.pool.execute(Request::get(server.url()).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn dropping_a_stream_frees_its_connection() {
    let chunks = vec![Bytes::from(vec![0; 1000]); 1000];
    let script = Script::new().always(Reply::status(200).chunks(chunks).stall_after(100_000));
    let server = Server::start(script).await.unwrap();
    let rig = rig(|pool| pool);
    let mut stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
    stream.chunk().await.unwrap();
    assert_eq!(server.open_connections(), 1);
    drop(stream);
    while server.open_connections() > 0 {
        tokio::task::yield_now().await;
    }
}
