//! Bodies that wait for the server's leave, bodies at a pace, and answers that come in the middle of an upload.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use steadfast_clock::{Clock, ManualClock, Nanos, shared};
use steadfast_pool::backoff::Policy;
use steadfast_pool::{Body, ErrorKind, Pace, Phase, Pool, PoolConfig, Request, Response, Timeouts};
use steadfast_testkit::{Http2, Reply, Script, Server};

const PATIENCE: Duration = Duration::from_secs(1);

/// A pool and a server on one clock, over HTTP/1.1 or HTTP/2.
async fn pair(two: bool, reply: Reply) -> (ManualClock, Pool, Server) {
    let clock = ManualClock::new();
    let server = Server::builder().script(Script::new().always(reply)).timer(shared(clock.clone()));
    let server = if two { server.http2(Http2::new()) } else { server };
    (clock.clone(), pool(&clock, two), server.start().await.unwrap())
}

fn pool(clock: &ManualClock, two: bool) -> Pool {
    let config = PoolConfig::new().http2_prior_knowledge(two).dial_timeout(Duration::from_secs(1 << 20));
    Pool::builder().config(config).timer(shared(clock.clone())).retry(Policy::disabled()).build().unwrap()
}

fn upload(url: &str, len: usize) -> Request {
    let timeouts = Timeouts::streaming().stall(Duration::from_secs(30));
    Request::post(url).unwrap().body(vec![7; len]).timeouts(timeouts)
}

/// Sends a request beside the test.
fn sending(pool: &Pool, request: Request) -> tokio::task::JoinHandle<Result<Response, steadfast_pool::Error>> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.execute(request).await })
}

#[tokio::test]
async fn a_body_is_sent_once_the_server_says_so() {
    let (clock, pool, server) = pair(false, Reply::status(200)).await;
    let start = clock.now();
    for len in [300_000, 10] {
        let answer = pool.execute(upload(server.url(), len).expect_continue(PATIENCE)).await.unwrap();
        assert_eq!(answer.status(), 200);
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.headers.get("expect"), seen.body_len), (Some("100-continue"), len as u64));
        assert_eq!(seen.headers.get("content-length"), Some(&*len.to_string()));
    }
    assert_eq!(clock.now(), start, "nobody waited");
    assert_eq!(server.connections(), 1, "the connection is as good as any");
    // Where there is no body, there is nothing to ask for.
    pool.execute(upload(server.url(), 0).expect_continue(PATIENCE)).await.unwrap();
    assert_eq!(server.seen().pop().unwrap().headers.get("expect"), None);
}

#[tokio::test]
async fn a_server_that_says_nothing_gets_the_body_after_a_while() {
    for two in [false, true] {
        let (clock, pool, server) = pair(two, Reply::status(200).no_continue()).await;
        let start = clock.now();
        // Longer than an upload may stand still: it is us who wait.
        for patience in [PATIENCE, Duration::from_secs(90)] {
            let under_way = sending(&pool, upload(server.url(), 300_000).expect_continue(patience));
            let due = clock.now().saturating_add(patience);
            while !clock.waiters().contains(&due) {
                tokio::task::yield_now().await;
            }
            assert!(!under_way.is_finished());
            clock.advance(patience);
            assert_eq!(under_way.await.unwrap().unwrap().status(), 200);
        }
        assert_eq!(clock.now().since(start), PATIENCE + Duration::from_secs(90), "two: {two}");
        assert!(server.seen().iter().all(|seen| seen.body_len == 300_000 && seen.headers.contains("expect")));
    }
}

#[tokio::test]
async fn an_answer_in_the_place_of_leave_ends_the_exchange_without_the_body() {
    for two in [false, true] {
        let (clock, pool, server) = pair(two, Reply::status(401).body("no").early()).await;
        let start = clock.now();
        let answer = pool.execute(upload(server.url(), 300_000).expect_continue(PATIENCE)).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (401, &b"no"[..]));
        assert_eq!(pool.metrics().bytes_out, 0, "two: {two}");
        assert_eq!(clock.now(), start);
        drop(pool);
        while server.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(server.seen().iter().all(|seen| seen.body_len == 0 && !seen.complete));
    }
}

#[tokio::test]
async fn leave_is_given_over_http2_as_well() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(socket).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        let expected = request.headers().get("expect").cloned();
        let leave = http::Response::builder().status(103).body(()).unwrap();
        respond.send_informational(leave).unwrap();
        let leave = http::Response::builder().status(100).body(()).unwrap();
        respond.send_informational(leave).unwrap();
        let mut body = request.into_body();
        let reading = async move {
            let mut len = 0;
            while let Some(chunk) = body.data().await {
                let chunk = chunk.unwrap();
                body.flow_control().release_capacity(chunk.len()).unwrap();
                len += chunk.len();
            }
            respond.send_response(http::Response::new(()), true).unwrap();
            len
        };
        let mut reading = std::pin::pin!(reading);
        let len = loop {
            tokio::select! {
                len = &mut reading => break len,
                _ = connection.accept() => {}
            }
        };
        tokio::spawn(async move { while connection.accept().await.is_some() {} });
        (expected, len)
    });
    let clock = ManualClock::new();
    let answer = pool(&clock, true).execute(upload(&url, 300_000).expect_continue(PATIENCE)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let (expected, len) = serving.await.unwrap();
    assert_eq!((expected.unwrap().to_str().unwrap(), len), ("100-continue", 300_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_answer_wins_over_the_reset_that_follows_it() {
    for status in [401, 413] {
        // The body is not empty: it is read after the upload has failed.
        let (_, pool, server) = pair(false, Reply::status(status).body("too large").early().hang_up()).await;
        for _ in 0..20 {
            let answer = pool.execute(upload(server.url(), 16 << 20)).await.unwrap();
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (status, &b"too large"[..]));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_without_an_answer_is_told_as_one() {
    let (_, pool, server) = pair(false, Reply::reset().early()).await;
    for _ in 0..20 {
        let error = pool.execute(upload(server.url(), 16 << 20).without_breaker()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Reset | ErrorKind::Closed), "{error}");
    }
}

/// So many bytes every second, beginning with the first.
struct Steps {
    bytes: u64,
    sent: AtomicU64,
    start: Nanos,
}

impl Pace for Steps {
    fn most(&self) -> usize {
        1000
    }

    fn pass(&self, bytes: usize, now: Nanos) -> Result<(), Nanos> {
        assert!(bytes > 0 && bytes <= 1000);
        let step = now.since(self.start).as_secs() + 1;
        if self.sent.load(Ordering::Relaxed) + bytes as u64 <= step * self.bytes {
            self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
            return Ok(());
        }
        Err(self.start.saturating_add(Duration::from_secs(step)))
    }
}

#[tokio::test]
async fn a_body_goes_out_at_its_pace_and_that_is_no_lack_of_progress() {
    for two in [false, true] {
        let (clock, pool, server) = pair(two, Reply::status(200)).await;
        let start = clock.now();
        let pace = Arc::new(Steps { bytes: 2500, sent: AtomicU64::new(0), start });
        let limits = Timeouts::streaming().stall(Duration::from_millis(300));
        let chunks = Body::replayable(|| {
            Box::pin(http_body_util::Full::new(Bytes::from(vec![7; 9_999])).map_err(|never| match never {}))
        });
        let request = Request::post(server.url()).unwrap().body(chunks).timeouts(limits).pace(Arc::clone(&pace) as _);
        let under_way = sending(&pool, request);
        for sent in [2000, 5000, 7000] {
            while pace.sent.load(Ordering::Relaxed) < sent {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(pace.sent.load(Ordering::Relaxed), sent, "in whole pieces, and none before its time");
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(under_way.await.unwrap().unwrap().status(), 200, "two: {two}");
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.body_len, seen.headers.get("content-length")), (9_999, Some("9999")));
    }
}

#[tokio::test]
async fn a_server_that_takes_nothing_is_given_up_whatever_the_pace() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let clock = ManualClock::new();
    let pace = Arc::new(Steps { bytes: 1 << 40, sent: AtomicU64::new(0), start: clock.now() });
    let under_way = sending(&pool(&clock, false), upload(&url, 64 << 20).pace(Arc::clone(&pace) as _));
    let _held = listener.accept().await.unwrap();
    while !under_way.is_finished() {
        // What the system buffers goes out little by little; then nothing moves but the clock.
        tokio::task::yield_now().await;
        if pace.sent.load(Ordering::Relaxed) > 0 {
            clock.advance_to_next();
        }
    }
    let error = under_way.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Phase::Stall), "{error}");
}
