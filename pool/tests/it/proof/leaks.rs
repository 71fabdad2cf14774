//! Pools that come and go, their connections open, leave nothing behind.

use steadfast_pool::{Pool, Request};
use steadfast_testkit::{Authority, Http2, Reply, Script, Server, ServerTls};

use super::{tasks, trusting, until};

const POOLS: usize = 1_000;

/// A thousand pools, each with an idle connection, one with an answer that was not read, and a call that was given up,
/// dropped without being closed: no task is left and no socket.
#[tokio::test]
async fn dropped_pools_leave_neither_tasks_nor_sockets() {
    let before = tasks();
    let authority = Authority::new().unwrap();
    let long = Script::new().when(steadfast_testkit::Matcher::new().path("/never"), u64::MAX, Reply::never());
    let script = long.always(Reply::status(200).body("x".repeat(64)));
    let plain = Server::start(script.clone()).await.unwrap();
    let tls = ServerTls::new(authority.localhost().unwrap());
    let streams = Server::builder().tls(tls).http2(Http2::new()).script(script).start().await.unwrap();
    let served = tasks();
    let config = trusting(&authority);
    for n in 0..POOLS {
        // Handshakes are most of what this takes.
        let server = if n % 20 == 0 { &streams } else { &plain };
        let pool = Pool::builder().config(config.clone()).build().unwrap();
        let url = server.url();
        let answer = pool.execute(Request::get(url).unwrap()).await.unwrap();
        assert_eq!(answer.body().len(), 64);
        let unread = pool.stream(Request::get(url).unwrap()).await.unwrap();
        let never = Request::get(&format!("{url}/never")).unwrap();
        let given_up = {
            let mut call = std::pin::pin!(pool.execute(never));
            tokio::select! {
                biased;
                _ = &mut call => false,
                () = tokio::task::yield_now() => true,
            }
        };
        assert!(given_up);
        assert!(pool.connections().unwrap().opened >= 1);
        if n % 2 == 0 {
            drop(pool);
            drop(unread);
        } else {
            drop(unread);
            drop(pool);
        }
    }
    until("every connection is closed", || plain.open_connections() + streams.open_connections() == 0).await;
    until("every task of the pools has ended", || tasks() == served).await;
    drop((plain, streams));
    until("every task has ended", || tasks() == before).await;
}

/// Closing ends everything at once, with no time passing for what was idle.
#[tokio::test]
async fn closed_pools_leave_neither_tasks_nor_sockets() {
    let before = tasks();
    let server = Server::start(Script::new().always(Reply::status(200).body("x"))).await.unwrap();
    let served = tasks();
    for _ in 0..100 {
        let pool = Pool::new().unwrap();
        pool.warm(&server.url().parse().unwrap(), 4).await.unwrap();
        pool.execute(Request::get(server.url()).unwrap()).await.unwrap();
        pool.close().await;
        let connections = pool.connections().unwrap();
        assert_eq!((connections.active, connections.idle, connections.opened), (0, 0, connections.closed));
    }
    until("every connection is closed", || server.open_connections() == 0).await;
    until("every task of the pools has ended", || tasks() == served).await;
    drop(server);
    until("every task has ended", || tasks() == before).await;
}
