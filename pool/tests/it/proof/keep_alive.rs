//! Connections that the server closes between two requests: whoever may send again sees nothing of it, and a connection
//! that is known to be closed is used by nobody.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::backoff::{Exponential, Policy};
use steadfast_pool::{CallContext, Error, Pool, PoolConfig, Proxies, Request, Resend, Response};
use steadfast_testkit::{Reply, Script, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::{Counter, all, pause, timer, until};
use crate::transports;
use crate::wire::{Wire, head};

const WORKERS: u64 = 32;
const CALLS: u64 = 50;

fn fine() -> Script {
    Script::new().always(Reply::status(200).body("x"))
}

/// A pool over each transport, which tries again after a millisecond.
fn pools() -> impl Iterator<Item = Pool> {
    transports::ALL.iter().map(|make| {
        let most = NonZeroU32::new(200).unwrap();
        let config = PoolConfig::new().proxies(Proxies::none()).max_per_host(most).max_idle_per_host(64);
        let schedule =
            Exponential::builder().base(Duration::from_millis(1)).cap(Duration::from_millis(2)).build().unwrap();
        let builder = Pool::builder().transport(make(&config).unwrap()).config(config).without_breaker();
        builder.retry(Policy::new(schedule, 6).unwrap()).build().unwrap()
    })
}

async fn send(pool: &Pool, server: &str, method: Method, resend: Resend) -> Result<Response, Error> {
    let request = Request::new(method.clone(), server).unwrap().context(CallContext::new().resend(resend));
    pool.execute(if method == Method::GET { request } else { request.body("some") }).await
}

/// Has many call at once, now and then with a pause, and counts the attempts beyond the first of each call; no call may fail.
async fn under_load(pool: &Pool, url: &str, method: Method, resend: Resend) -> u64 {
    let repeated: Counter = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (pool, url, method, repeated) = (pool.clone(), url.to_owned(), method.clone(), Arc::clone(&repeated));
        workers.spawn(async move {
            for n in 0..CALLS {
                let answer = send(&pool, &url, method.clone(), resend).await.unwrap();
                assert_eq!(answer.body(), "x");
                repeated.fetch_add(answer.attempts().len() as u64 - 1, Ordering::Relaxed);
                if (n + worker) % 4 == 0 {
                    pause(pool.timer(), Duration::from_millis(n % 5)).await;
                }
            }
        });
    }
    all(workers).await;
    repeated.load(Ordering::Relaxed)
}

/// For each transport; `reqwest` does not tell whether a connection had served before.
const WITH_LEAVE: [&[(Method, Resend)]; 2] = [
    &[(Method::GET, Resend::ByMethod), (Method::PUT, Resend::ByMethod), (Method::POST, Resend::Stale)],
    &[(Method::GET, Resend::ByMethod), (Method::PUT, Resend::ByMethod)],
];

/// The one time that it is sent again, it has a new connection: what lay idle beside a closed one is likely closed, too.
#[tokio::test]
async fn a_stale_connection_is_not_followed_by_another() {
    let server = Wire::new(|mut socket, _| async move {
        head(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await.unwrap();
        // The second request is taken, and never answered.
        head(&mut socket).await;
    })
    .await;
    let (pool, url) = (pools().next().unwrap(), server.url.as_str());
    let (one, other) =
        tokio::join!(send(&pool, url, Method::GET, Resend::ByMethod), send(&pool, url, Method::GET, Resend::ByMethod));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(pool.connections().unwrap().idle, 2);
    let answer = send(&pool, url, Method::POST, Resend::Stale).await.unwrap();
    assert_eq!(answer.attempts().len(), 2);
    assert!(answer.attempts()[0].maybe_executed);
    assert!(!answer.connection().unwrap().reused);
}

/// Answers, and closes a connection that has had an answer and is idle for 3 ms.
async fn hasty() -> Wire {
    Wire::new(|mut socket, _| async move {
        let timer = timer();
        while let Some(asked) = head(&mut socket).await {
            if asked.contains("content-length: 4") && socket.read_exact(&mut [0; 4]).await.is_err() {
                return;
            }
            if socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await.is_err() {
                return;
            }
            let mut first = [0];
            tokio::select! {
                biased;
                _ = socket.peek(&mut first) => {}
                () = pause(&timer, Duration::from_millis(3)) => return,
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_send_again_sees_nothing_of_connections_closed_when_idle() {
    let (server, pool) = (hasty().await, pools().next().unwrap());
    for (method, resend) in WITH_LEAVE[0] {
        under_load(&pool, server.url.as_str(), method.clone(), *resend).await;
    }
    assert!(server.accepted() > 2 * usize::try_from(WORKERS).unwrap(), "{}", server.accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_send_again_sees_nothing_of_connections_closed_after_some_answers() {
    let server = Server::builder().requests_per_connection(5).script(fine()).start().await.unwrap();
    for (pool, leave) in pools().zip(WITH_LEAVE) {
        for (method, resend) in leave {
            under_load(&pool, server.url(), method.clone(), *resend).await;
        }
    }
    assert!(server.connections() >= WORKERS * CALLS / 5, "{}", server.connections());
}

/// Nothing is sent again, since no connection is used that was said to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_uses_a_connection_that_was_said_to_end() {
    let last = Reply::status(200).body("x").header("connection", "close");
    let server = Server::start(Script::new().always(last)).await.unwrap();
    for pool in pools() {
        assert_eq!(under_load(&pool, server.url(), Method::POST, Resend::ByMethod).await, 0);
    }
}

/// What was closed while it was idle is noticed before anything is written, even by a request that may not be sent again.
#[tokio::test]
async fn a_connection_that_is_known_to_be_closed_is_used_by_nobody() {
    let clock = ManualClock::new();
    let builder = Server::builder().timer(shared(clock.clone())).idle_timeout(Duration::from_secs(5)).script(fine());
    let server = builder.start().await.unwrap();
    for pool in pools() {
        for _ in 0..20 {
            let mut calls = JoinSet::new();
            for _ in 0..8 {
                let (pool, url) = (pool.clone(), server.url().to_owned());
                calls.spawn(async move { send(&pool, &url, Method::POST, Resend::ByMethod).await });
            }
            for answer in all(calls).await {
                assert_eq!(answer.unwrap().attempts().len(), 1);
            }
            clock.advance(Duration::from_secs(6));
            until("the server closes what is idle", || {
                clock.advance(Duration::from_secs(6));
                server.open_connections() == 0
            })
            .await;
            pause(&timer(), Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_a_time_need_no_more_than_sixty_four_connections() {
    let server = Server::start(fine()).await.unwrap();
    let pool = pools().next().unwrap();
    let mut workers = JoinSet::new();
    for _ in 0..64 {
        let (pool, url) = (pool.clone(), server.url().to_owned());
        workers.spawn(async move {
            for _ in 0..100 {
                send(&pool, &url, Method::GET, Resend::ByMethod).await.unwrap();
            }
        });
    }
    all(workers).await;
    assert!(server.connections() <= 64, "{}", server.connections());
    let connections = pool.connections().unwrap();
    assert_eq!((connections.exchanges, connections.opened), (6_400, server.connections()), "{connections:?}");
}
