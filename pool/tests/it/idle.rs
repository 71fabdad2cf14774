//! Connections that nobody wants for a while, which keep no more than themselves: they are used again as any other, and
//! what the other side does meanwhile is noticed.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderValue;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::{Connections, HyperTransport, PoolConfig, Tls, Transport};
use steadfast_testkit::{Authority, Leaf, Reply, Script, Server, ServerTls};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::wire::{OK, Wire, closed, fetch, get, head};

/// After this long a connection gives up what it does not need.
const LONG: Duration = Duration::from_secs(1);

struct Rig {
    clock: ManualClock,
    transport: HyperTransport,
}

impl Rig {
    fn new(config: &PoolConfig) -> Self {
        let clock = ManualClock::new();
        let transport = HyperTransport::new(config, shared(clock.clone())).unwrap();
        Self { clock, transport }
    }

    fn all(&self) -> Connections {
        self.transport.connections(None).unwrap()
    }

    /// Active, idle, opened, closed.
    fn figures(&self) -> (usize, usize, u64, u64) {
        let all = self.all();
        (all.active, all.idle, all.opened, all.closed)
    }

    /// Asks `url`; whether that went over a connection that had served others.
    async fn asks(&self, url: &url::Url) -> bool {
        let request = get(url);
        let exchange = Arc::clone(&request.exchange);
        assert_eq!(fetch(&self.transport, request).await.unwrap(), (200, "ok".into()));
        exchange.connection().unwrap().reused
    }

    async fn pass(&self, time: Duration) {
        while self.clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        self.clock.advance(time);
        settled().await;
    }
}

/// Lets everyone do what is to be done, the runtime's look at the sockets included.
async fn settled() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

/// Serves one connection after the other: answers once, and does `then` when it is told to go on.
async fn after_an_answer<F, T>(then: F) -> (Wire, watch::Sender<bool>, mpsc::UnboundedReceiver<()>)
where
    F: Fn(TcpStream) -> T + Clone + Send + 'static,
    T: Future<Output = Option<TcpStream>> + Send + 'static,
{
    let (go, gone) = watch::channel(false);
    let (done, did) = mpsc::unbounded_channel();
    let server = Wire::new(move |mut socket, n| {
        let (mut gone, then, done) = (gone.clone(), then.clone(), done.clone());
        async move {
            head(&mut socket).await;
            socket.write_all(OK.as_bytes()).await.unwrap();
            if n > 0 {
                return closed(&mut socket).await;
            }
            gone.wait_for(|go| *go).await.unwrap();
            let kept = then(socket).await;
            done.send(()).unwrap();
            if let Some(mut socket) = kept {
                closed(&mut socket).await;
            }
        }
    })
    .await;
    (server, go, did)
}

#[tokio::test]
async fn one_that_was_idle_for_long_serves_the_next() {
    let server = Wire::answering(OK).await;
    let rig = Rig::new(&PoolConfig::new());
    for n in 0..5 {
        assert_eq!(rig.asks(&server.url).await, n > 0);
        assert_eq!(rig.figures(), (0, 1, 1, 0));
        rig.pass(LONG).await;
        assert_eq!(rig.figures(), (0, 1, 1, 0));
    }
    assert_eq!((server.accepted(), rig.all().exchanges), (1, 5));
}

#[tokio::test]
async fn so_does_one_over_tls() {
    let authority = Authority::new().unwrap();
    let identity = authority.issue(Leaf::server(["good.test"])).unwrap();
    let script = Script::new().always(Reply::status(200).body("ok"));
    let server = Server::builder().tls(ServerTls::new(identity)).script(script).start().await.unwrap();
    let tls = Tls::new().add_root_pem(authority.root_pem().as_bytes()).unwrap().only_these_roots();
    let here = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let rig = Rig::new(&PoolConfig::new().tls(tls).http1_only(true).resolve("good.test", here));
    let url = server.url().replace("127.0.0.1", "good.test").parse().unwrap();
    for n in 0..5 {
        assert_eq!(rig.asks(&url).await, n > 0);
        rig.pass(LONG).await;
        assert_eq!(rig.figures(), (0, 1, 1, 0));
    }
}

#[tokio::test]
async fn one_that_is_wanted_often_is_left_alone() {
    let server = Wire::answering(OK).await;
    let rig = Rig::new(&PoolConfig::new());
    for n in 0..20 {
        assert_eq!(rig.asks(&server.url).await, n > 0);
        rig.pass(LONG / 3).await;
    }
    assert_eq!((server.accepted(), rig.all().exchanges), (1, 20));
}

#[tokio::test]
async fn one_that_the_server_closed_is_found_out_and_not_used() {
    // Before it is stripped: it is found out then. Afterwards: when it is to be used.
    for before in [true, false] {
        let (server, go, mut did) = after_an_answer(|_| async { None }).await;
        let rig = Rig::new(&PoolConfig::new());
        rig.asks(&server.url).await;
        if !before {
            rig.pass(LONG).await;
        }
        go.send_replace(true);
        did.recv().await.unwrap();
        settled().await;
        if before {
            rig.pass(LONG).await;
            assert_eq!(rig.figures(), (0, 0, 1, 1), "without a request");
        }
        assert!(!rig.asks(&server.url).await);
        assert_eq!(rig.figures(), (0, 1, 2, 1));
        assert_eq!((server.accepted(), rig.all().exchanges), (2, if before { 2 } else { 3 }));
    }
}

#[tokio::test]
async fn one_on_which_the_server_said_something_is_not_used() {
    const LATE: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n";
    for before in [true, false] {
        let speak = |mut socket: TcpStream| async {
            socket.write_all(LATE).await.unwrap();
            Some(socket)
        };
        let (server, go, mut did) = after_an_answer(speak).await;
        let rig = Rig::new(&PoolConfig::new());
        rig.asks(&server.url).await;
        if !before {
            rig.pass(LONG).await;
        }
        go.send_replace(true);
        did.recv().await.unwrap();
        settled().await;
        if before {
            rig.pass(LONG).await;
            assert_eq!(rig.figures(), (0, 0, 1, 1), "without a request");
        }
        assert!(!rig.asks(&server.url).await, "the answer is that to the request");
        assert_eq!(rig.figures(), (0, 1, 2, 1));
    }
}

#[tokio::test]
async fn it_is_closed_as_any_other() {
    let settings = PoolConfig::new().idle_timeout(Duration::from_secs(10)).max_age(Duration::from_secs(5));
    let (told, mut tell) = mpsc::unbounded_channel();
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
    let rig = Rig::new(&settings);
    rig.asks(&server.url).await;
    rig.pass(LONG).await;
    rig.pass(Duration::from_secs(9)).await;
    tell.recv().await.unwrap();
    assert_eq!(rig.figures(), (0, 0, 1, 1), "it was idle for too long");

    rig.asks(&server.url).await;
    rig.pass(LONG).await;
    rig.pass(Duration::from_secs(4)).await;
    assert!(!rig.asks(&server.url).await);
    tell.recv().await.unwrap();
    assert_eq!(rig.figures(), (0, 1, 3, 2), "it was too old");

    rig.pass(LONG).await;
    rig.transport.close().await;
    tell.recv().await.unwrap();
    assert_eq!(rig.figures(), (0, 0, 3, 3));
}

#[tokio::test]
async fn of_many_all_are_done_at_once() {
    let (told, mut tell) = mpsc::unbounded_channel();
    let (go, gone) = watch::channel(false);
    let server = Wire::new(move |mut socket, _| {
        let (told, mut gone) = (told.clone(), gone.clone());
        async move {
            head(&mut socket).await;
            socket.write_all(OK.as_bytes()).await.unwrap();
            gone.wait_for(|go| *go).await.unwrap();
            drop(socket);
            told.send(()).unwrap();
        }
    })
    .await;
    let rig = Rig::new(&PoolConfig::new().max_idle(300).max_idle_per_host(300));
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(rig.transport.send(get(&server.url)).await.unwrap());
    }
    for answer in held {
        crate::wire::rest(answer).await.unwrap();
    }
    assert_eq!(rig.figures(), (0, 100, 100, 0));
    go.send_replace(true);
    for _ in 0..100 {
        tell.recv().await.unwrap();
    }
    settled().await;
    rig.pass(LONG).await;
    assert_eq!(rig.figures(), (0, 0, 100, 100), "each was looked at");
}

#[tokio::test]
async fn what_a_server_has_not_taken_yet_is_not_lost() {
    /// More than the system takes for a server that does not read.
    const MUCH: usize = 16 * 1024 * 1024;
    let (go, gone) = watch::channel(false);
    let (read, mut heads) = mpsc::unbounded_channel();
    let server = Wire::new(move |mut socket, _| {
        let (mut gone, read) = (gone.clone(), read.clone());
        async move {
            socket.read_u8().await.unwrap();
            socket.write_all(OK.as_bytes()).await.unwrap();
            gone.wait_for(|go| *go).await.unwrap();
            let mut socket = BufReader::new(socket);
            for _ in 0..2 {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    if socket.read_until(b'\n', &mut head).await.unwrap() == 0 {
                        return;
                    }
                }
                read.send(head.len()).unwrap();
            }
            let mut socket = socket.into_inner();
            socket.write_all(OK.as_bytes()).await.unwrap();
            closed(&mut socket).await;
        }
    })
    .await;
    let rig = Rig::new(&PoolConfig::new());
    let mut request = get(&server.url);
    request.headers.insert("x-much", HeaderValue::from_bytes(&vec![b'x'; MUCH]).unwrap());
    assert_eq!(fetch(&rig.transport, request).await.unwrap().0, 200);
    assert_eq!(rig.figures(), (0, 1, 1, 0), "answered, though not read");
    rig.pass(LONG).await;
    go.send_replace(true);
    assert!(rig.asks(&server.url).await);
    assert!(heads.recv().await.unwrap() > MUCH);
    assert!(heads.recv().await.unwrap() < 1024, "each head by itself");
}
