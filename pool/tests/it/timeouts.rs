//! Each limit strikes on its own, and the error says which one it was.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::StreamBody;
use steadfast_clock::Clock;
use steadfast_pool::backoff::Policy;
use steadfast_pool::{Body, CallContext, ErrorKind, Phase, Reached, Request, Timeouts};
use steadfast_testkit::{Reply, Script, Server};

use crate::rig::{let_time_pass, rig};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The error of a request to a server that plays `reply`, when `pass` goes by while it waits.
async fn error_after(reply: Reply, pass: Duration, change: impl FnOnce(Request) -> Request) -> steadfast_pool::Error {
    let server = Server::start(Script::new().always(reply)).await.unwrap();
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let request = change(Request::post(server.url()).unwrap().body("x"));
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(request).await });
    server.wait_for(1).await;
    let_time_pass(&rig.clock, pass).await;
    call.await.unwrap().unwrap_err()
}

#[tokio::test]
async fn no_answer_within_the_header_limit() {
    let error = error_after(Reply::never(), secs(60), |request| request).await;
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Header));
    assert_eq!(error.attempts()[0].reached, Reached::Written);
    assert!(error.attempts()[0].maybe_executed);
    assert!(error.to_string().contains("no answer within 60.0 s"), "{error}");
}

#[tokio::test]
async fn a_body_that_stalls() {
    let reply = Reply::status(200).body("0123456789").stall_after(4);
    let server = Server::start(Script::new().always(reply)).await.unwrap();
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let timeouts = Timeouts::streaming().header(secs(1_000_000));
    let request = Request::post(server.url()).unwrap().body("x").timeouts(timeouts);
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(request).await });
    while !call.is_finished() {
        tokio::task::yield_now().await;
        rig.clock.advance(Duration::from_millis(100));
    }
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Stall));
    assert_eq!(error.attempts()[0].reached, Reached::Headers);
    assert_eq!(error.attempts()[0].status, Some(200));
}

#[tokio::test]
async fn the_whole_attempt() {
    let error =
        error_after(Reply::never(), secs(120), |request| request.timeouts(Timeouts::default().header(secs(500)))).await;
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Attempt));
}

#[tokio::test]
async fn the_callers_deadline_ends_the_attempt_under_way() {
    let server = Server::start(Script::new().always(Reply::never())).await.unwrap();
    let rig = rig(|pool| pool);
    let deadline = rig.clock.now().saturating_add(secs(5));
    let request = Request::post(server.url()).unwrap().context(CallContext::new().deadline(deadline));
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(request).await });
    server.wait_for(1).await;
    let_time_pass(&rig.clock, secs(5)).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(rig.waits.all().is_empty());
}

#[tokio::test]
async fn an_upload_that_makes_no_progress() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    // A body that gives one chunk and then nothing, for ever.
    let body = Body::replayable(|| {
        let mut first = Some(Bytes::from_static(b"chunk"));
        Box::pin(StreamBody::new(futures_util::stream::poll_fn(move |_| match first.take() {
            Some(chunk) => std::task::Poll::Ready(Some(Ok(http_body::Frame::data(chunk)))),
            None => std::task::Poll::Pending,
        })))
    });
    let timeouts = Timeouts::streaming().stall(secs(30));
    let request = Request::post(server.url()).unwrap().body(body).timeouts(timeouts);
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(request).await });
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let_time_pass(&rig.clock, secs(30)).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Stall));
    assert!(error.to_string().contains("the upload made no progress for 30.0 s"), "{error}");
}

/// The limit of the header runs from the end of the upload, also when the limit of the upload is longer.
#[tokio::test]
async fn the_header_is_due_after_the_upload() {
    let server = Server::start(Script::new().always(Reply::never())).await.unwrap();
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let gate = std::sync::Mutex::new(Some(receive));
    // The body ends when the test says so.
    let body = Body::replayable(move || {
        let mut gate = gate.lock().unwrap().take();
        Box::pin(StreamBody::new(futures_util::stream::poll_fn(move |cx| match &mut gate {
            Some(wait) => std::pin::Pin::new(wait).poll(cx).map(|_| None),
            None => std::task::Poll::Ready(None),
        })))
    });
    let timeouts = Timeouts::streaming().stall(secs(600)).header(secs(10));
    let request = Request::post(server.url()).unwrap().body(body).timeouts(timeouts);
    let pool = rig.pool.clone();
    let call = tokio::spawn(async move { pool.execute(request).await });
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    // Longer than the header's limit, and it is the upload's turn still.
    let_time_pass(&rig.clock, secs(100)).await;
    send.send(()).unwrap();
    server.wait_for(1).await;
    let ended = rig.clock.now();
    while !call.is_finished() {
        tokio::task::yield_now().await;
        rig.clock.advance(Duration::from_millis(10));
    }
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout(Phase::Header));
    assert!(rig.clock.now().since(ended) < secs(60), "{:?}", rig.clock.now().since(ended));
}

#[tokio::test]
async fn an_upload_that_moves_on_is_not_cut_off() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool);
    let (clock, chunks) = (rig.clock.clone(), 20);
    // Twenty chunks, 10 s apart: 200 s in all, each step within the limit of 30 s.
    let body = Body::replayable(move || {
        let (clock, mut left) = (clock.clone(), chunks);
        Box::pin(StreamBody::new(futures_util::stream::poll_fn(move |_| {
            clock.advance(secs(10));
            left -= 1;
            std::task::Poll::Ready(match left {
                0.. => Some(Ok(http_body::Frame::data(Bytes::from_static(b"chunk")))),
                _ => None,
            })
        })))
    });
    let timeouts = Timeouts::streaming().stall(secs(30));
    let request = Request::post(server.url()).unwrap().body(body).timeouts(timeouts);
    let response = rig.pool.execute(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(server.seen()[0].body_len, 5 * 20);
}

#[tokio::test]
async fn a_stream_has_no_limit_as_a_whole() {
    let transport = crate::rig::Told::new([Ok((200, Vec::new(), "body"))]);
    let rig = rig(|pool| pool.transport(transport));
    let mut stream = rig.pool.stream(Request::get("http://host/").unwrap()).await.unwrap();
    // Time in which nobody asked for the next chunk is nobody's fault.
    rig.clock.advance(secs(86_400));
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "body");
    assert_eq!(stream.chunk().await.unwrap(), None);
}
