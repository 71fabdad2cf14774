//! One HTTP/2 connection: streams accepted and answered, each on a task of its own, until either end has had enough.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, Connection, SendResponse};
use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::server::{App, Host, Line, Peer, Wire};

use super::Http2;
use super::frames::go_away;
use super::settings::Leave;
use super::stream::{Course, answer};
use super::tap::{Inserts, Tap};

/// The longest head that is read, in bytes.
const LONGEST_HEAD: u32 = 64 * 1024;

/// What a stream wants of its connection.
pub(super) enum Order {
    /// Sends what is ready, and says so.
    Flush(oneshot::Sender<()>),
    /// Sends these bytes between two frames, and closes.
    Raw(Bytes),
    /// Closes (FIN), once what is ready is sent.
    Close,
    /// Resets (RST), once what is ready is sent.
    Reset,
    /// Falls silent.
    Freeze,
    /// Takes no more streams.
    GoAway,
}

/// Serves a connection to its end.
pub(crate) async fn serve<A: App>(wire: Wire, peer: Peer, host: Arc<Host<A>>, line: Arc<Line>) {
    let settings = host.setup.http2.clone().unwrap_or_default();
    let mut tcp = wire.tcp().clone();
    let (tap, inserts) = Tap::new(wire, Arc::clone(&line));
    let Ok(connection) = builder(&settings).handshake(tap).await else { return };
    let (orders, mut told) = mpsc::unbounded_channel();
    let mut this = Carrier { connection, settings, inserts, begun: 0, last: 0, ignored: Vec::new(), left: false };
    let mut streams = JoinSet::new();
    loop {
        let order = tokio::select! {
            accepted = this.connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                match this.take(request, respond) {
                    Taken::Begun(request, respond) => {
                        let course = Course { host: Arc::clone(&host), line: Arc::clone(&line), orders: orders.clone() };
                        streams.spawn(answer(*request, respond, peer, course));
                        continue;
                    }
                    Taken::Ignored => continue,
                    Taken::Frozen => Order::Freeze,
                }
            }
            Some(order) = told.recv() => order,
            Some(_ended) = streams.join_next() => continue,
        };
        match order {
            Order::Flush(done) => {
                this.flush().await;
                let _gone = done.send(());
            }
            Order::GoAway => this.go_away(),
            Order::Freeze => return tcp.hold().await,
            Order::Reset => {
                this.flush().await;
                return tcp.reset_on_close();
            }
            close => {
                if let Order::Raw(bytes) = close {
                    this.flush().await;
                    this.inserts.insert(&bytes);
                }
                this.flush().await;
                // Closing with frames unread would make a reset of it: the client is to go first.
                let _gone = tcp.shutdown().await;
                return tcp.hold().await;
            }
        }
    }
}

fn builder(settings: &Http2) -> Builder {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(settings.max_streams).max_header_list_size(LONGEST_HEAD);
    if let Some(window) = settings.window {
        builder.initial_window_size(window);
    }
    builder
}

/// A connection, and how far it is with its streams.
struct Carrier {
    connection: Connection<Tap, Bytes>,
    settings: Http2,
    inserts: Inserts,
    begun: u64,
    /// The last stream that was begun.
    last: u32,
    /// Streams after a GOAWAY. Dropped, they would be reset.
    ignored: Vec<(Request<RecvStream>, SendResponse<Bytes>)>,
    left: bool,
}

/// What becomes of a new stream.
enum Taken {
    Begun(Box<Request<RecvStream>>, SendResponse<Bytes>),
    Ignored,
    Frozen,
}

impl Carrier {
    fn take(&mut self, request: Request<RecvStream>, respond: SendResponse<Bytes>) -> Taken {
        let leave = self.settings.leave;
        match leave {
            Some((n, Leave::Abrupt)) if self.begun == n => self.go_away(),
            Some((n, Leave::Frozen)) if self.begun == n => return Taken::Frozen,
            _ => {}
        }
        if self.left {
            self.ignored.push((request, respond));
            return Taken::Ignored;
        }
        self.begun += 1;
        self.last = respond.stream_id().as_u32();
        if leave == Some((self.begun, Leave::Graceful)) {
            self.connection.graceful_shutdown();
        }
        Taken::Begun(Box::new(request), respond)
    }

    /// Tells the client that streams after the last one begun are not processed.
    fn go_away(&mut self) {
        if !std::mem::replace(&mut self.left, true) {
            self.inserts.insert(&go_away(self.last, self.settings.away_code));
        }
    }

    /// Sends what is ready to be sent, as far as the socket takes it.
    async fn flush(&mut self) {
        poll_fn(|cx| {
            let _later = self.connection.poll_closed(cx);
            Poll::Ready(())
        })
        .await;
    }
}
