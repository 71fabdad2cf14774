//! A transport whose answers stay under way until the test lets them end, and that tells of its connections.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use http_body::Frame;
use http_body_util::StreamBody;
use steadfast_pool::{
    CloseFuture, Connected, Connections, Inbound, Outbound, SendFuture, Transport, TransportError, WarmFuture,
};
use tokio::sync::Semaphore;

/// Each exchange needs a word to have its head, and another to end.
pub(crate) struct Held {
    pub(crate) heads: Arc<Semaphore>,
    pub(crate) ends: Arc<Semaphore>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    pub(crate) sent: AtomicUsize,
    pub(crate) closed: Arc<AtomicUsize>,
    hosts: Mutex<Vec<String>>,
}

impl Held {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            heads: Arc::new(Semaphore::new(0)),
            ends: Arc::new(Semaphore::new(0)),
            under_way: Arc::default(),
            most: Arc::default(),
            sent: AtomicUsize::new(0),
            closed: Arc::default(),
            hosts: Mutex::default(),
        })
    }

    /// One whose answers are there at once, and end at once.
    pub(crate) fn open() -> Arc<Self> {
        let held = Self::new();
        held.heads.add_permits(1 << 20);
        held.ends.add_permits(1 << 20);
        held
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// The most that were under way at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// An exchange, from being sent to its end or its drop.
struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Held {
    fn send(&self, request: Outbound) -> SendFuture {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let first = self.sent.fetch_add(1, Ordering::SeqCst) == 0;
        self.hosts.lock().unwrap().push(request.url.host_str().unwrap().to_owned());
        let here = UnderWay(Arc::clone(&self.under_way));
        let (heads, ends) = (Arc::clone(&self.heads), Arc::clone(&self.ends));
        Box::pin(async move {
            let connected = Connected::new(!first, Version::HTTP_11);
            let (dns, dial, tls) = (Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(3));
            request.exchange.connecting();
            request.exchange.connected(connected.timed(Some(dns), Some(dial), Some(tls)));
            heads.acquire().await.unwrap().forget();
            let end = async move {
                ends.acquire_owned().await.unwrap().forget();
                drop(here);
                None::<(Result<Frame<Bytes>, TransportError>, ())>
            };
            let body = StreamBody::new(futures_util::stream::unfold(Some(end), |end| async move {
                end?.await.map(|(frame, ())| (frame, None))
            }));
            Ok(Inbound::new(StatusCode::OK, HeaderMap::new(), Box::pin(body)))
        })
    }

    fn connections(&self, host: Option<&str>) -> Option<Connections> {
        let mut connections = Connections::new();
        connections.active = match host {
            None => self.under_way(),
            Some(host) => self.hosts.lock().unwrap().iter().filter(|sent| *sent == host).count(),
        };
        Some(connections)
    }

    fn warm(&self, _: &url::Url, connections: usize) -> WarmFuture {
        Box::pin(async move { Ok(connections) })
    }

    fn close(&self) -> CloseFuture {
        let closed = Arc::clone(&self.closed);
        Box::pin(async move {
            closed.fetch_add(1, Ordering::SeqCst);
        })
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}
