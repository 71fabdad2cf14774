//! The pool's own transport: a set of connections for each host, HTTP/1.1 on `hyper`, HTTP/2 on `h2`, TLS by rustls.

mod book;
mod dial;
mod failure;
mod hub;
mod lease;
mod leave;
mod line;
mod many;
mod meters;
mod one;
mod outgoing;
mod parked;
mod peer;
mod set;
mod shelf;
mod slots;
mod sweep;
mod two;
mod wire;

use std::fmt;
use std::sync::Arc;

use steadfast_clock::SharedTimer;
use steadfast_telemetry::Registry;
use url::Url;

use self::hub::Hub;
use self::lease::Lease;
use self::meters::Meters;
use self::one::Tried;
use self::outgoing::Unsent;
use super::connect::Connector;
use super::{
    CloseFuture, Connections, Exchange, Inbound, Outbound, Reached, SendFuture, Transport, TransportError,
    TransportErrorKind, WarmFuture,
};
use crate::config::PoolConfig;
use crate::error::Error;

/// Sends over connections of its own. Clones share them.
///
/// * A connection over HTTP/1.1 has no task: the exchange that has it drives it, and dropping the exchange closes it. An
///   idle one is looked at before it is used again; a request whose connection ended before anything was written goes out
///   on the next one. One that is idle for a second gives its buffers up, until it is used again.
/// * An HTTP/2 connection is driven by one task. A request takes a free stream of the fullest one; when all are full
///   another connection is opened, up to `max_per_host`.
/// * Whoever finds no connection waits in order. What it waits for is the first connection that is free, its own dial or
///   another's. A dial whose request was dropped goes on, and its connection lies idle.
/// * Nothing of it outlives it: when the last clone and the last exchange are gone, so are its connections and tasks. A host
///   without connections takes no memory.
#[derive(Clone)]
pub struct HyperTransport {
    hub: Arc<Hub>,
}

impl HyperTransport {
    /// A transport with the connection settings of `config`, on the time of `timer`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when TLS or proxies cannot be set up as they are configured.
    pub fn new(config: &PoolConfig, timer: SharedTimer) -> Result<Self, Error> {
        Self::build(config, timer, None)
    }

    /// As [`new`](Self::new); tells its connections to `registry` as `pool_connections_active`, `pool_connections_idle`,
    /// `pool_connections_opened` and `pool_connections_closed`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_registry(config: &PoolConfig, timer: SharedTimer, registry: &Registry) -> Result<Self, Error> {
        Self::build(config, timer, Some(Meters::new(registry)))
    }

    fn build(config: &PoolConfig, timer: SharedTimer, meters: Option<Meters>) -> Result<Self, Error> {
        let connector = Connector::new(config, &timer)?;
        Ok(Self { hub: Arc::new(Hub::new(config, connector, timer, meters)) })
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: Outbound) -> SendFuture {
        let hub = Arc::clone(&self.hub);
        let exchange = Arc::clone(&request.exchange);
        exchange.connecting();
        Box::pin(send(hub, Unsent::new(request), exchange))
    }

    fn warm(&self, url: &Url, connections: usize) -> WarmFuture {
        let (hub, url) = (Arc::clone(&self.hub), url.clone());
        Box::pin(async move { hub.warm(&url, connections).await })
    }

    fn connections(&self, host: Option<&str>) -> Option<Connections> {
        Some(self.hub.figures(host))
    }

    fn close(&self) -> CloseFuture {
        Box::pin(Arc::clone(&self.hub).close())
    }
}

/// How many connections that had exchanges before are closed for a request that is to have a new one: those that lay idle
/// beside one that was found closed are likely to be closed, too.
const PASSED_BY: usize = 256;

/// New connections that may end under a request before anything of it is written: a server that closes whatever it accepts
/// is not dialled for ever.
const MOST_LOST: u32 = 3;

async fn send(hub: Arc<Hub>, mut unsent: Unsent, exchange: Arc<Exchange>) -> Result<Inbound, TransportError> {
    let (mut passed_by, mut lost) = (0, 0);
    loop {
        let tried = match hub.acquire(&unsent.url).await? {
            Lease::Line(lease) if exchange.is_afresh() && passed_by < PASSED_BY && lease.is_used() => {
                passed_by += 1;
                lease.discard();
                continue;
            }
            Lease::Line(lease) => {
                // One that had exchanges before may well have been closed since.
                lost += u32::from(!lease.is_used());
                one::exchange(lease, unsent, &exchange).await
            }
            // Boxed, as is whatever is not met by most: so that the future is small enough for what allocators are quick at.
            Lease::Stream(lease) => {
                lost += 1;
                Box::pin(two::exchange(lease, unsent, &exchange)).await
            }
        };
        match tried {
            Tried::Done(result) => return result,
            Tried::Unsent(_) if lost >= MOST_LOST => {
                return Err(TransportError::new(TransportErrorKind::Closed, Reached::NotWritten));
            }
            Tried::Unsent(whole) => unsent = whole,
        }
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").field("connections", &self.hub.figures(None)).finish_non_exhaustive()
    }
}
