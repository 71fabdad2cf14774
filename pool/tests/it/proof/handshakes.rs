//! TLS that does not come about, and HTTP/2 connections that end: each failure is told, none reached the server, and it is
//! sent again as far as that is harmless.

use std::time::Duration;

use http::Version;
use steadfast_pool::backoff::{Exponential, Policy};
use steadfast_pool::{ErrorKind, Phase, Pin, Pool, PoolConfig, Proxies, Reached, Request, Tls};
use steadfast_testkit::{Authority, Http2, Leaf, Reply, Script, Server, ServerTls};
use tokio::task::JoinSet;

use super::{all, trusting};
use crate::transports;

/// Three attempts, or as many, with a millisecond between them.
fn policy(attempts: u32) -> Policy {
    let schedule = Exponential::builder().base(Duration::from_millis(1)).cap(Duration::from_millis(2)).build().unwrap();
    Policy::new(schedule, attempts).unwrap()
}

/// A POST without leave to send it again to `server`, by the name of its address.
async fn ends(server: &Server, config: &PoolConfig, kind: ErrorKind, words: &str) {
    for make in transports::ALL {
        let builder = Pool::builder().transport(make(config).unwrap()).config(config.clone()).without_breaker();
        let pool = builder.retry(policy(3)).build().unwrap();
        let url = server.url().replace("http://", "https://");
        let error = pool.execute(Request::post(&url).unwrap().body("some")).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.attempts().len(), 3, "{error:?}");
        for attempt in error.attempts() {
            assert_eq!((attempt.reached, attempt.maybe_executed), (Reached::NotConnected, false), "{error:?}");
        }
        // A transport that does not tell a handshake from dialling says so.
        let known = error.kind() == kind
            || (kind == ErrorKind::Timeout(Phase::Tls) && error.kind() == ErrorKind::Timeout(Phase::Dial));
        assert!(known, "{error:?}");
    }
    assert!(server.seen().is_empty());
}

async fn serve(tls: Option<ServerTls>) -> Server {
    let builder = Server::builder().script(Script::new().always(Reply::status(200)));
    match tls {
        Some(tls) => builder.tls(tls).start().await.unwrap(),
        None => builder.start().await.unwrap(),
    }
}

/// Whatever is wrong with it, a handshake that fails is told as what it is, before anything was sent, and may be tried again
/// by anybody.
#[tokio::test]
async fn no_request_leaves_before_the_handshake_is_done() {
    let (authority, stranger) = (Authority::new().unwrap(), Authority::new().unwrap());
    let here = || Leaf::server(["127.0.0.1"]);
    let issued = |leaf| ServerTls::new(authority.issue(leaf).unwrap());
    let config = trusting(&authority).tls_timeout(Duration::from_millis(100));
    let patient = trusting(&authority);
    for (tls, words) in [
        (Some(issued(here().expired())), "the certificate expired "),
        (Some(issued(here().not_yet_valid())), "the certificate is not valid yet"),
        (Some(issued(here().self_signed())), "it is self-signed"),
        (Some(issued(Leaf::server(["elsewhere.test"]))), "the certificate is not valid for this host name"),
        (Some(ServerTls::new(stranger.localhost().unwrap())), "not signed by a trusted root"),
        (Some(ServerTls::obsolete()), "the server speaks no TLS 1.2 or 1.3"),
        (Some(ServerTls::alert(40)), "the server refuses the handshake"),
        (Some(issued(here()).tls12_only().require_client(&authority)), "demand"),
        (None, "the server does not speak TLS"),
    ] {
        ends(&serve(tls).await, &patient, ErrorKind::Tls, words).await;
    }
    let pinned =
        Tls::new().add_root_der(authority.root_der()).unwrap().only_these_roots().pin_all(Pin::sha256([7; 32]));
    let server = serve(Some(issued(here()))).await;
    let config_of_pins = PoolConfig::new().proxies(Proxies::none()).tls(pinned);
    ends(&server, &config_of_pins, ErrorKind::Tls, "the certificate does not match the pins of the host").await;
    let stalled = serve(Some(ServerTls::silent())).await;
    ends(&stalled, &config.dial_timeout(Duration::from_millis(200)), ErrorKind::Timeout(Phase::Tls), "took too long")
        .await;
}

async fn over_http2(http2: Http2, script: Script, gathered: u64) -> (Server, Pool) {
    let authority = Authority::new().unwrap();
    let tls = ServerTls::new(authority.localhost().unwrap());
    let server = Server::builder().tls(tls).http2(http2).script(script).hold_until(gathered).start().await.unwrap();
    let pool = Pool::builder().config(trusting(&authority)).without_breaker().retry(policy(40)).build().unwrap();
    (server, pool)
}

/// So many POSTs at once, none of which may be executed twice: all are answered, and each came to the server's ears once.
async fn once_each(server: &Server, pool: &Pool, calls: u64) {
    let mut tasks = JoinSet::new();
    for n in 0..calls {
        let (pool, url) = (pool.clone(), format!("{}/{n}", server.url()));
        tasks.spawn(async move { pool.execute(Request::post(&url).unwrap().body("some")).await });
    }
    for answer in all(tasks).await {
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, Some(Version::HTTP_2)));
    }
}

/// 350 calls to a host that is known to speak HTTP/2 and allows a hundred streams a connection are under way at the same time: the server answers none
/// before it has them all.
#[tokio::test]
async fn calls_beyond_the_streams_of_a_connection_do_not_wait_for_each_other() {
    let (server, pool) = over_http2(Http2::new(), Script::new().always(Reply::status(200)), 350).await;
    assert_eq!(pool.warm(&server.url().parse().unwrap(), 1).await.unwrap(), 1);
    once_each(&server, &pool, 350).await;
    let seen = server.connections_seen();
    assert!(seen.iter().all(|connection| connection.most_at_once <= 100), "{seen:?}");
    assert_eq!((server.seen().len(), server.most_at_once()), (350, 350));
    assert!((4..=8).contains(&seen.len()), "{}", seen.len());
    // It is no other where nothing is known, but that more connections are begun.
    let (server, pool) = over_http2(Http2::new(), Script::new().always(Reply::status(200)), 350).await;
    once_each(&server, &pool, 350).await;
    assert_eq!((server.seen().len(), server.most_at_once()), (350, 350));
}

/// A connection that the server leaves, politely or not, costs no call.
#[tokio::test]
async fn connections_that_are_left_with_goaway_cost_nothing() {
    for http2 in [Http2::new().graceful_after(10), Http2::new().go_away_after(10)] {
        let (server, pool) = over_http2(http2, Script::new().always(Reply::status(200)), 0).await;
        once_each(&server, &pool, 200).await;
        let mut paths: Vec<_> = server.seen().into_iter().map(|seen| seen.path.clone()).collect();
        assert_eq!(paths.len(), 200);
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 200);
        assert!(server.connections() >= 10, "{}", server.connections());
    }
}

/// A stream that is refused was not processed, so it is sent again, whatever it is.
#[tokio::test]
async fn refused_streams_are_sent_again() {
    let script = Script::new().times(60, Reply::refuse_stream()).always(Reply::status(200));
    let (server, pool) = over_http2(Http2::new().max_concurrent_streams(20), script, 0).await;
    once_each(&server, &pool, 100).await;
    assert_eq!(server.seen().len(), 160);
    let metrics = pool.metrics();
    assert_eq!((metrics.succeeded, metrics.failed), (100, 0));
    assert!(metrics.retries >= 60);
}
