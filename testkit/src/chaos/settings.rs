//! How likely each fault is, and how the server is set up.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::server::any_port;
use crate::{ChaosFault, Protocol};

use super::ChaosServer;
use super::dice::throw;

/// A server that picks its faults at random: how likely each is, in ten thousand requests.
///
/// What befalls a request depends on the seed, on the request's number (its header `x-request-number`) and on how often
/// that number came before, not on the order in which requests come: two runs of one seed differ only as far as sockets
/// and [`Burst`](ChaosFault::Burst), which goes by the order of arrival, make them.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use steadfast_testkit::{Chaos, ChaosFault};
///
/// let server = Chaos::calm(7).weight(ChaosFault::Unavailable, 3_000).start().await?;
/// // … a client sends requests with `x-request-number: 1`, 2, 3 …
/// assert_eq!(server.report().requests, 0);
/// assert!(server.more_than_once().is_empty());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Chaos {
    pub(super) seed: u64,
    weights: [u32; ChaosFault::ALL.len()],
    pub(super) addr: SocketAddr,
    pub(super) timer: SharedTimer,
    pub(super) idle: Option<Duration>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<crate::ServerTls>,
    #[cfg(feature = "http2")]
    pub(super) http2: Option<crate::Http2>,
}

/// All weights are out of so many.
const WHOLE: u64 = 10_000;

impl Chaos {
    /// Every fault at once: some 20 requests in a hundred meet one, most of them a `429`, a `5xx` or an end of their
    /// connection, one in a hundred a silence.
    pub fn seeded(seed: u64) -> Self {
        use ChaosFault as F;
        let mut chaos = Self::calm(seed);
        for fault in ChaosFault::ALL {
            chaos = chaos.weight(fault, 100);
        }
        for (fault, weight) in [(F::TooMany, 300), (F::Unavailable, 300), (F::Stall, 40), (F::StallInBody, 40)] {
            chaos = chaos.weight(fault, weight);
        }
        chaos.weight(F::SlowHead, 10).weight(F::Freeze, 20)
    }

    /// No fault: what is wanted is to be added by [`weight`](Self::weight).
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            weights: [0; ChaosFault::ALL.len()],
            addr: any_port(),
            timer: shared(TokioTimer::new()),
            idle: None,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "http2")]
            http2: None,
        }
    }

    /// How many of ten thousand requests meet this fault; connections for [`Refuse`](ChaosFault::Refuse), rows of
    /// sixteen requests for [`Burst`](ChaosFault::Burst). Faults that the protocol of a connection does not have are left
    /// out there. What is above ten thousand in sum has no effect.
    pub fn weight(mut self, fault: ChaosFault, per_ten_thousand: u32) -> Self {
        self.weights[fault as usize] = per_ten_thousand;
        self
    }

    /// The address to listen on; without it, a free port of `127.0.0.1`.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The timer of all delays; without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// Closes an HTTP/1.1 connection that has waited this long for a request, without having said so.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle = Some(timeout);
        self
    }

    /// Serves over TLS, as [`ServerBuilder::tls`](crate::ServerBuilder::tls).
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: crate::ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Speaks HTTP/2, as [`ServerBuilder::http2`](crate::ServerBuilder::http2).
    #[cfg(feature = "http2")]
    pub fn http2(mut self, http2: crate::Http2) -> Self {
        self.http2 = Some(http2);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, or TLS settings that rustls does not take.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no server.
    #[expect(clippy::unused_async, reason = "async says that it needs a runtime, and leaves room for one that waits")]
    pub async fn start(self) -> io::Result<ChaosServer> {
        ChaosServer::start(self)
    }

    /// The body of the good answer to a request: it names the request and the SHA-256 of its body, so that a client can
    /// tell that an answer is whole and its own. `target` is path and query as sent.
    #[must_use]
    pub fn answer_to(method: &str, target: &str, number: Option<u64>, body: &[u8]) -> Bytes {
        use sha2::{Digest, Sha256};
        super::answer::body(method, target, number, body.len() as u64, &Sha256::digest(body).into())
    }

    /// What befalls the connection of this number when it is accepted.
    pub(super) fn refuses(&self, connection: u64) -> bool {
        throw(self.seed, [1, connection, 0]) % WHOLE < self.weight_of(ChaosFault::Refuse)
    }

    /// What befalls a request: the `nth` of this number, from 0, and the one in so many on this server.
    pub(super) fn pick(&self, protocol: Protocol, number: Option<u64>, nth: u64, arrival: u64) -> Option<ChaosFault> {
        if throw(self.seed, [2, arrival / 16, 0]) % WHOLE < self.weight_of(ChaosFault::Burst) {
            return Some(ChaosFault::Burst);
        }
        let mut point = match number {
            Some(number) => throw(self.seed, [3, number, nth]),
            None => throw(self.seed, [4, arrival, 0]),
        } % WHOLE;
        let fitting = ChaosFault::ALL.into_iter().filter(|fault| fault.fits(protocol));
        for fault in fitting {
            let weight = self.weight_of(fault);
            if point < weight {
                return Some(fault);
            }
            point -= weight;
        }
        None
    }

    fn weight_of(&self, fault: ChaosFault) -> u64 {
        u64::from(self.weights[fault as usize])
    }
}

impl fmt::Debug for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights = ChaosFault::ALL.into_iter().filter(|fault| self.weight_of(*fault) > 0);
        f.debug_struct("Chaos")
            .field("seed", &self.seed)
            .field("weights", &weights.map(|fault| (fault, self.weight_of(fault))).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
