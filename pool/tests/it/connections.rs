//! What the pool's own transport does with its connections: bounds, order, idleness, warming and closing.

use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast_clock::{ManualClock, TokioTimer, shared};
use steadfast_pool::telemetry::{Key, Recorder, Registry};
use steadfast_pool::{
    Connections, HyperTransport, Inbound, PoolConfig, Reached, Transport, TransportError, TransportErrorKind as Kind,
};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;

use crate::wire::{OK, Wire, closed, fetch, get, head, rest};

fn rig(config: &PoolConfig) -> (ManualClock, Arc<HyperTransport>) {
    let clock = ManualClock::new();
    let transport = HyperTransport::new(config, shared(clock.clone())).unwrap();
    (clock, Arc::new(transport))
}

fn one() -> PoolConfig {
    PoolConfig::new().max_per_host(const { NonZeroU32::new(1).unwrap() })
}

fn all(transport: &HyperTransport) -> Connections {
    transport.connections(None).unwrap()
}

fn spawn(transport: &Arc<HyperTransport>, wire: &Wire) -> JoinHandle<Result<Inbound, TransportError>> {
    tokio::spawn(transport.send(get(&wire.url)))
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

async fn settled() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_finds_no_connection_waits_in_order() {
    let server = Wire::answering(OK).await;
    let (_, transport) = rig(&one());
    let first = transport.send(get(&server.url)).await.unwrap();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for n in 0..5 {
        let (sending, order) = (transport.send(get(&server.url)), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            let answer = sending.await.unwrap();
            order.lock().unwrap().push(n);
            rest(answer).await.unwrap();
        }));
        settled().await;
    }
    waiting.remove(2).abort();
    settled().await;
    assert_eq!(order.lock().unwrap().len(), 0);
    rest(first).await.unwrap();
    for waiting in waiting {
        waiting.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 3, 4]);
    assert_eq!(server.accepted(), 1);
    let figures = transport.connections(Some(&server.name())).unwrap();
    assert_eq!((figures.active, figures.idle, figures.opened, figures.closed, figures.exchanges), (0, 1, 1, 0, 5));
    assert_eq!(figures.reuse_rate(), Some(0.8));
}

#[tokio::test]
async fn who_waits_for_too_long_is_told() {
    let server = Wire::answering(OK).await;
    let (clock, transport) = rig(&one().acquire_timeout(Duration::from_secs(5)));
    let held = transport.send(get(&server.url)).await.unwrap();
    let waiting = spawn(&transport, &server);
    settled().await;
    clock.advance(Duration::from_millis(4999));
    settled().await;
    assert!(!waiting.is_finished());
    clock.advance(Duration::from_millis(1));
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.reached), (Kind::AcquireTimeout, Reached::NotConnected));
    rest(held).await.unwrap();
    fetch(&*transport, get(&server.url)).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_fails_makes_room_for_who_waits() {
    let server = Wire::new(|mut socket, n| async move {
        while head(&mut socket).await.is_some() {
            if n == 0 {
                return;
            }
            socket.write_all(OK.as_bytes()).await.unwrap();
        }
    })
    .await;
    let (_, transport) = rig(&one());
    let (first, second) = (spawn(&transport, &server), spawn(&transport, &server));
    assert_eq!(first.await.unwrap().unwrap_err().kind, Kind::Closed);
    rest(second.await.unwrap().unwrap()).await.unwrap();
    assert_eq!((all(&transport).opened, all(&transport).closed), (2, 1));
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let server = Wire::answering(OK).await;
    let (clock, transport) = rig(&PoolConfig::new().idle_timeout(Duration::from_secs(10)));
    let (first, second) = tokio::join!(fetch(&*transport, get(&server.url)), fetch(&*transport, get(&server.url)));
    first.unwrap();
    second.unwrap();
    until(|| clock.waiting() > 0).await;
    clock.advance(Duration::from_secs(6));
    fetch(&*transport, get(&server.url)).await.unwrap();
    settled().await;
    let before = all(&transport).idle;
    clock.advance(Duration::from_secs(4));
    until(|| all(&transport).idle == 1).await;
    assert_eq!(before, 2, "the one that was used stays");
    clock.advance(Duration::from_secs(6));
    until(|| all(&transport).idle == 0).await;
    assert_eq!(transport.connections(Some(&server.name())), Some(Connections::new()), "the host is forgotten");
    assert_eq!((all(&transport).opened, all(&transport).closed), (2, 2));
    settled().await;
    assert_eq!(clock.waiting(), 0, "nothing is left to be swept");
}

#[tokio::test]
async fn no_exchange_begins_on_an_old_connection() {
    let server = Wire::answering(OK).await;
    let (clock, transport) = rig(&PoolConfig::new().max_age(Duration::from_secs(10)));
    fetch(&*transport, get(&server.url)).await.unwrap();
    clock.advance(Duration::from_secs(9));
    let answer = transport.send(get(&server.url)).await.unwrap();
    assert_eq!(server.accepted(), 1);
    clock.advance(Duration::from_secs(1));
    rest(answer).await.unwrap();
    assert_eq!(all(&transport).idle, 0, "too old to be kept");
    fetch(&*transport, get(&server.url)).await.unwrap();
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn no_more_idle_connections_than_may_be() {
    let servers = [Wire::answering(OK).await, Wire::answering(OK).await];
    let (_, transport) = rig(&PoolConfig::new().max_idle_per_host(2).max_idle(3));
    for server in &servers {
        let answers: Vec<_> = (0..4).map(|_| spawn(&transport, server)).collect();
        let mut held = Vec::new();
        for answer in answers {
            held.push(answer.await.unwrap().unwrap());
        }
        for answer in held {
            rest(answer).await.unwrap();
        }
    }
    let [first, second] = servers.each_ref().map(|server| transport.connections(Some(&server.name())).unwrap().idle);
    assert_eq!((first, second), (1, 2), "the longest idle of all went first");
    assert_eq!(all(&transport).closed, 5);
}

#[tokio::test]
async fn connections_are_opened_ahead_of_need() {
    let server = Wire::answering(OK).await;
    let (_, transport) = rig(&PoolConfig::new().max_idle_per_host(4));
    assert_eq!(transport.warm(&server.url, 3).await.unwrap(), 3);
    assert_eq!(transport.warm(&server.url, 2).await.unwrap(), 3);
    assert_eq!(transport.warm(&server.url, 9).await.unwrap(), 4, "no more than may be idle");
    assert_eq!((all(&transport).idle, all(&transport).exchanges), (4, 0));
    let request = get(&server.url);
    let exchange = Arc::clone(&request.exchange);
    fetch(&*transport, request).await.unwrap();
    assert!(!exchange.connection().unwrap().reused, "it had served nobody");
    assert_eq!(all(&transport).opened, 4);
    let gone = Wire::answering("").await.url.clone();
    settled().await;
    assert_eq!(transport.warm(&gone, 1).await.unwrap_err().kind, Kind::Refused);
}

#[tokio::test]
async fn closing_waits_for_the_last_exchange() {
    let server = Wire::answering(OK).await;
    let (_, transport) = rig(&one());
    let held = transport.send(get(&server.url)).await.unwrap();
    let waiting = spawn(&transport, &server);
    settled().await;
    let mut closing = transport.close();
    let mut context = Context::from_waker(Waker::noop());
    assert!(closing.as_mut().poll(&mut context).is_pending());
    assert_eq!(waiting.await.unwrap().unwrap_err().kind, Kind::Closing);
    let error = fetch(&*transport, get(&server.url)).await.unwrap_err();
    assert_eq!((error.kind, error.reached), (Kind::Closing, Reached::NotConnected));
    assert_eq!(transport.warm(&server.url, 1).await.unwrap_err().kind, Kind::Closing);
    assert_eq!(rest(held).await.unwrap(), "ok");
    closing.await;
    transport.close().await;
    assert_eq!((all(&transport).active, all(&transport).idle), (0, 0));
}

#[tokio::test]
async fn a_dropped_transport_leaves_nothing_behind() {
    let (told, mut tell) = tokio::sync::mpsc::unbounded_channel();
    let server = Wire::new(move |mut socket, _| {
        let told = told.clone();
        async move {
            head(&mut socket).await;
            socket.write_all(OK.as_bytes()).await.unwrap();
            closed(&mut socket).await;
            told.send(()).unwrap();
        }
    })
    .await;
    let (clock, transport) = rig(&PoolConfig::new());
    fetch(&*transport, get(&server.url)).await.unwrap();
    until(|| clock.waiting() > 0).await;
    drop(transport);
    tell.recv().await.unwrap();
    until(|| clock.waiting() == 0).await;
}

#[tokio::test]
async fn a_dial_whose_request_was_dropped_is_not_wasted() {
    let server = Wire::answering(OK).await;
    let (_, transport) = rig(&PoolConfig::new());
    {
        let sending = pin!(transport.send(get(&server.url)));
        assert!(matches!(sending.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    }
    until(|| all(&transport).idle == 1).await;
    fetch(&*transport, get(&server.url)).await.unwrap();
    assert_eq!((server.accepted(), all(&transport).exchanges), (1, 1));
}

#[tokio::test]
async fn one_failed_dial_fails_who_waited_for_it() {
    let gone = Wire::answering("").await.url.clone();
    settled().await;
    let (_, transport) = rig(&PoolConfig::new().http2_prior_knowledge(true));
    let asked: Vec<_> = (0..5).map(|_| tokio::spawn(transport.send(get(&gone)))).collect();
    for asked in asked {
        let error = asked.await.unwrap().unwrap_err();
        assert_eq!((error.kind, error.reached), (Kind::Refused, Reached::NotConnected));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn the_registry_has_the_figures() {
    let server = Wire::answering(OK).await;
    let registry = Registry::new();
    let transport = HyperTransport::with_registry(&PoolConfig::new(), shared(TokioTimer::new()), &registry).unwrap();
    let level = |name| registry.snapshot().gauge(&Key::new(name));
    let held = transport.send(get(&server.url)).await.unwrap();
    fetch(&transport, get(&server.url)).await.unwrap();
    assert_eq!((level("pool_connections_active"), level("pool_connections_idle")), (Some(1), Some(1)));
    drop(held);
    assert_eq!(level("pool_connections_active"), Some(0));
    drop(transport);
    assert_eq!(level("pool_connections_idle"), Some(0));
    let counted = |name| registry.snapshot().counter_sum(name);
    assert_eq!((counted("pool_connections_opened"), counted("pool_connections_closed")), (2, 2));
}

#[tokio::test]
async fn many_at_once_share_few_connections() {
    let server = Wire::answering(OK).await;
    let (_, transport) = rig(&PoolConfig::new().max_per_host(const { NonZeroU32::new(8).unwrap() }));
    let mut asking = Vec::new();
    for _ in 0..64 {
        let (transport, url) = (Arc::clone(&transport), server.url.clone());
        asking.push(tokio::spawn(async move {
            for _ in 0..50 {
                fetch(&*transport, get(&url)).await.unwrap();
            }
        }));
    }
    for asking in asking {
        asking.await.unwrap();
    }
    let figures = all(&transport);
    assert!(figures.opened <= 8 && figures.active == 0, "{figures:?}");
    assert_eq!(figures.exchanges, 64 * 50);
}
