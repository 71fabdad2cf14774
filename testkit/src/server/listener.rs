//! Accepting connections, from loopback alone, and ending them all with the server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use steadfast_clock::{TokioTimer, shared};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::census::{Census, Line};
use super::meet::meet;
use super::write::pause;
use super::{App, Peer, Protocol, Setup};

/// A thousand clients may dial at once.
const BACKLOG: u32 = 4096;

/// A server that accepts connections. Dropped, it stops.
#[derive(Debug)]
pub(crate) struct Listening {
    addr: SocketAddr,
    counts: Arc<Counts>,
    task: Option<JoinHandle<()>>,
}

/// The count of a listener's connections.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    accepted: AtomicU64,
    open: AtomicU64,
    census: Census,
}

/// What the connections of a server share: what it does, and how they are set up.
pub(crate) struct Host<A> {
    pub(crate) app: A,
    pub(crate) setup: Setup,
    counts: Arc<Counts>,
}

impl<A> Host<A> {
    /// The record of the connections.
    pub(crate) fn census(&self) -> &Census {
        &self.counts.census
    }
}

impl<A: App> Host<A> {
    pub(crate) fn new(app: A, setup: Setup) -> Arc<Self> {
        Arc::new(Self { app, setup, counts: Arc::default() })
    }

    /// Listens on one more address. Its connections count among those of the others.
    pub(crate) fn listen(self: &Arc<Self>, addr: SocketAddr) -> io::Result<Listening> {
        let host = Arc::clone(self);
        let serve = move |socket, peer, line| meet(socket, peer, Arc::clone(&host), line);
        listen_with(addr, Arc::clone(&self.counts), serve)
    }
}

/// Listens on `addr`, and hands every connection to `app`.
pub(crate) fn listen(addr: SocketAddr, app: impl App, setup: Setup) -> io::Result<Listening> {
    Host::new(app, setup).listen(addr)
}

/// Listens on `addr`, and serves every connection by `serve`.
pub(crate) fn listen_with<S, F>(addr: SocketAddr, counts: Arc<Counts>, serve: S) -> io::Result<Listening>
where
    S: Fn(TcpStream, Peer, Arc<Line>) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    let listener = socket.listen(BACKLOG)?;
    let addr = listener.local_addr()?;
    let task = tokio::spawn(accept_all(listener, Arc::clone(&counts), serve));
    Ok(Listening { addr, counts, task: Some(task) })
}

impl Listening {
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::Relaxed)
    }

    pub(crate) fn open(&self) -> u64 {
        self.counts.open.load(Ordering::Relaxed)
    }

    pub(crate) fn census(&self) -> &Census {
        &self.counts.census
    }

    /// Stops, and waits until nothing is left of it.
    pub(crate) async fn stop(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _aborted = task.await;
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept_all<S, F>(listener: TcpListener, counts: Arc<Counts>, serve: S)
where
    S: Fn(TcpStream, Peer, Arc<Line>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    // Not the server's timer: that may be a manual clock, which nobody advances for this.
    let rest = shared(TokioTimer::new());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
        };
        let Ok((socket, remote)) = accepted else {
            // Out of file descriptors, most likely: a connection that ends gives one back.
            pause(&rest, Duration::from_millis(10)).await;
            continue;
        };
        if !remote.ip().to_canonical().is_loopback() {
            continue;
        }
        let connection = counts.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        let line = counts.census.enter(connection);
        let open = Open::new(Arc::clone(&counts), Arc::clone(&line));
        let Ok(peer) = prepare(&socket, connection) else { continue };
        let served = serve(socket, peer, line);
        connections.spawn(async move {
            served.await;
            drop(open);
        });
    }
}

fn prepare(socket: &TcpStream, connection: u64) -> io::Result<Peer> {
    socket.set_nodelay(true)?;
    Ok(Peer { local: socket.local_addr()?, connection, protocol: Protocol::Http1 })
}

/// Counts a connection as open for as long as it lives.
struct Open {
    counts: Arc<Counts>,
    line: Arc<Line>,
}

impl Open {
    fn new(counts: Arc<Counts>, line: Arc<Line>) -> Self {
        counts.open.fetch_add(1, Ordering::Relaxed);
        Self { counts, line }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
        self.line.closed();
    }
}
