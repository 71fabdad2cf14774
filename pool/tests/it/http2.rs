//! HTTP/2 on the pool's own transport: streams, several connections, GOAWAY, refusals and dead peers.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::{Connections, HyperTransport, PoolConfig, Reached, Transport, TransportErrorKind as Kind};
use steadfast_testkit::{Http2, Reply, Script, Server, ServerBuilder};
use url::Url;

use crate::wire::{fetch, get, pause, post, rest};

struct Rig {
    clock: ManualClock,
    transport: Arc<HyperTransport>,
    server: Server,
    url: Url,
}

impl Rig {
    async fn new(script: Script, build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        Self::with(PoolConfig::new(), script, build).await
    }

    async fn with(config: PoolConfig, script: Script, build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let server = build(Server::builder().script(script).http2(Http2::new())).start().await.unwrap();
        let clock = ManualClock::new();
        let config = config.http2_prior_knowledge(true);
        let transport = Arc::new(HyperTransport::new(&config, shared(clock.clone())).unwrap());
        let url = server.url().parse().unwrap();
        Self { clock, transport, server, url }
    }

    fn all(&self) -> Connections {
        self.transport.connections(None).unwrap()
    }

    /// So many requests at once; their statuses, or what failed.
    async fn at_once(&self, n: usize) -> Vec<Result<u16, (Kind, Reached)>> {
        let asking = |_| {
            let (transport, url) = (Arc::clone(&self.transport), self.url.clone());
            tokio::spawn(async move { fetch(&*transport, get(&url)).await })
        };
        let asked: Vec<_> = (0..n).map(asking).collect();
        let mut results = Vec::new();
        for asked in asked {
            results.push(match asked.await.unwrap() {
                Ok((status, _)) => Ok(status),
                Err(error) => Err((error.kind, error.reached)),
            });
        }
        results
    }
}

fn ok() -> Script {
    Script::new().always(Reply::status(200).body("ok"))
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_share_a_connection() {
    let rig = Rig::new(ok(), |server| server.hold_until(20)).await;
    assert_eq!(rig.at_once(20).await, vec![Ok(200); 20]);
    assert_eq!(rig.server.connections(), 1);
    let request = post(&rig.url, "four");
    let exchange = Arc::clone(&request.exchange);
    assert_eq!(fetch(&*rig.transport, request).await.unwrap(), (200, "ok".into()));
    let connection = *exchange.connection().unwrap();
    assert_eq!((connection.version, connection.reused), (Version::HTTP_2, true));
    assert_eq!(rig.server.seen().last().unwrap().text(), "four");
    let all = rig.all();
    assert_eq!((all.opened, all.active, all.idle, all.exchanges), (1, 0, 1, 21));
}

/// More requests than a connection takes streams: further connections, as many as are needed.
#[tokio::test]
async fn full_connections_are_joined_by_others() {
    let rig = Rig::new(ok(), |server| server.http2(Http2::new().max_concurrent_streams(10)).hold_until(35)).await;
    // The first exchange brings the word of how many streams there may be.
    let first = rig.transport.send(get(&rig.url));
    let first = tokio::spawn(first);
    until(|| rig.all().active == 1).await;
    rig.server.wait_for(1).await;
    assert_eq!(rig.at_once(34).await, vec![Ok(200); 34]);
    rest(first.await.unwrap().unwrap()).await.unwrap();
    assert_eq!(rig.server.connections(), 4);
}

#[tokio::test]
async fn no_more_connections_than_may_be() {
    let config = PoolConfig::new().max_per_host(const { NonZeroU32::new(2).unwrap() });
    let rig = Rig::with(config, ok(), |server| server.http2(Http2::new().max_concurrent_streams(2))).await;
    fetch(&*rig.transport, get(&rig.url)).await.unwrap();
    assert_eq!(rig.at_once(40).await, vec![Ok(200); 40]);
    assert!(rig.server.connections() <= 2);
}

#[tokio::test]
async fn a_server_that_leaves_is_no_failure() {
    let rig = Rig::new(ok(), |server| server.http2(Http2::new().graceful_after(3))).await;
    for _ in 0..20 {
        assert_eq!(fetch(&*rig.transport, get(&rig.url)).await.unwrap().0, 200);
    }
    assert!(rig.server.connections() >= 6, "{}", rig.server.connections());
}

/// Streams above the last that a GOAWAY names were not processed: such an end is harmless.
#[tokio::test]
async fn streams_above_the_last_are_refused() {
    let rig = Rig::new(ok(), |server| server.http2(Http2::new().go_away_after(2)).hold_until(2)).await;
    let results = rig.at_once(4).await;
    assert!(results.iter().filter(|result| **result == Ok(200)).count() >= 2, "{results:?}");
    for result in results.into_iter().filter(Result::is_err) {
        assert_eq!(result, Err((Kind::GoAway, Reached::Refused)));
    }
    assert_eq!(fetch(&*rig.transport, get(&rig.url)).await.unwrap().0, 200);
}

#[tokio::test]
async fn what_a_server_does_to_a_stream() {
    let cases = [
        (Reply::refuse_stream(), Kind::StreamRefused, Reached::Refused),
        (Reply::reset_stream(2), Kind::Reset, Reached::Written),
        (Reply::status(200).body("a long body").reset_stream_after(3, 2), Kind::Reset, Reached::Headers),
        (Reply::close(), Kind::Closed, Reached::Written),
    ];
    for (reply, kind, reached) in cases {
        let rig = Rig::new(Script::new().then(reply).always(Reply::status(200)), |server| server).await;
        let error = fetch(&*rig.transport, get(&rig.url)).await.unwrap_err();
        assert_eq!((error.kind, error.reached), (kind, reached), "{error:?}");
        assert_eq!(fetch(&*rig.transport, get(&rig.url)).await.unwrap().0, 200);
    }
}

/// A connection that is silent while it has streams is asked whether it lives; a dead one fails them.
#[tokio::test]
async fn a_dead_connection_is_found_out() {
    let rig = Rig::new(ok(), |server| server.http2(Http2::new().freeze_after(1))).await;
    fetch(&*rig.transport, get(&rig.url)).await.unwrap();
    let asked = tokio::spawn(rig.transport.send(get(&rig.url)));
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    pause(5).await;
    while !asked.is_finished() {
        rig.clock.advance(Duration::from_secs(5));
        pause(1).await;
    }
    let error = asked.await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.reached), (Kind::Closed, Reached::Written), "{error:?}");
    until(|| rig.all().active == 0).await;
}

#[tokio::test]
async fn a_live_but_slow_answer_is_waited_for() {
    let rig = Rig::new(Script::new().always(Reply::never()), |server| server).await;
    let asked = tokio::spawn(rig.transport.send(get(&rig.url)));
    rig.server.wait_for(1).await;
    for _ in 0..40 {
        rig.clock.advance(Duration::from_secs(5));
        pause(1).await;
    }
    assert!(!asked.is_finished(), "its PINGs were answered");
    asked.abort();
    until(|| rig.all().active == 0).await;
    assert_eq!(rig.all().idle, 1, "the connection outlives the stream");
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let rig = Rig::new(ok(), |server| server).await;
    fetch(&*rig.transport, get(&rig.url)).await.unwrap();
    until(|| rig.clock.waiting() > 1).await;
    rig.clock.advance(Duration::from_secs(90));
    until(|| rig.all().idle == 0).await;
    until(|| rig.server.open_connections() == 0).await;
    assert_eq!(rig.transport.connections(Some(rig.url.authority())), Some(Connections::new()));
}

#[tokio::test]
async fn large_bodies_go_both_ways() {
    let body = Bytes::from(vec![b'x'; 512 * 1024]);
    let reply = Reply::status(200).body(body.clone());
    let rig = Rig::new(Script::new().always(reply), |server| server.http2(Http2::new().window(4096))).await;
    let (status, answer) = fetch(&*rig.transport, post(&rig.url, body.clone())).await.unwrap();
    assert_eq!((status, answer.len()), (200, body.len()));
    assert_eq!(rig.server.seen()[0].body.len(), body.len());
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_upload() {
    let script = Script::new().then(Reply::status(413).body("no!").early()).always(Reply::status(200));
    let rig = Rig::new(script, |server| server.http2(Http2::new().window(16))).await;
    let answer = rig.transport.send(post(&rig.url, vec![b'x'; 1024 * 1024])).await.unwrap();
    assert_eq!(answer.status, 413);
    assert_eq!(rest(answer).await.unwrap(), "no!");
    assert_eq!(fetch(&*rig.transport, get(&rig.url)).await.unwrap().0, 200);
}

#[tokio::test]
async fn closing_and_dropping() {
    let rig = Rig::new(ok(), |server| server).await;
    let held = rig.transport.send(get(&rig.url)).await.unwrap();
    let closing = tokio::spawn(rig.transport.close());
    assert_eq!(rest(held).await.unwrap(), "ok");
    closing.await.unwrap();
    until(|| rig.server.open_connections() == 0).await;

    let rig = Rig::new(ok(), |server| server).await;
    fetch(&*rig.transport, get(&rig.url)).await.unwrap();
    let Rig { clock, transport, server, .. } = rig;
    drop(transport);
    until(|| server.open_connections() == 0 && clock.waiting() == 0).await;
}
