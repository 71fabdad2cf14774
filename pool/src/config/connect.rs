//! Settings of how connections are made: names, proxies, sockets, TLS.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::PoolConfig;
use crate::proxy::Proxies;
use crate::resolve::Resolve;
use crate::tls::Tls;

#[derive(Clone, Debug)]
pub(crate) struct Connecting {
    pub(crate) tls: Tls,
    pub(crate) proxies: Proxies,
    /// By `host` or `host:port`, in lower case.
    pub(crate) addresses: BTreeMap<String, Arc<[IpAddr]>>,
    pub(crate) resolver: Option<Arc<dyn Resolve>>,
    pub(crate) tcp_keepalive: Option<Duration>,
    pub(crate) local_address: Option<IpAddr>,
}

impl Default for Connecting {
    fn default() -> Self {
        Self {
            tls: Tls::new(),
            proxies: Proxies::from_environment(),
            addresses: BTreeMap::new(),
            resolver: None,
            tcp_keepalive: Some(Duration::from_secs(15)),
            local_address: None,
        }
    }
}

impl PoolConfig {
    /// Sets whom to trust and who we are. Default: the roots of the machine.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.connecting.tls = tls;
        self
    }

    /// Sets the proxies. Default: those of the environment's variables, read when the transport is made.
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.connecting.proxies = proxies;
        self
    }

    /// Dials `host` at these addresses instead of asking for them, as curl's `--resolve` does: `api.example.com`, or with
    /// its port `api.example.com:8443`, which goes before. Without addresses the host does not resolve.
    ///
    /// It is for the names of hosts and proxies that are dialled from here; one that a proxy resolves is the proxy's.
    #[must_use]
    pub fn resolve(mut self, host: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.connecting.addresses.insert(host.to_ascii_lowercase(), addresses.into_iter().collect());
        self
    }

    /// Sets who resolves the other names. Default: the system.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.connecting.resolver = Some(resolver);
        self
    }

    /// Sets how long a connection is silent before the system asks whether the other side is still there, and how often
    /// it asks again; `None` never asks. Default 15 s, as in Go's dialer.
    #[must_use]
    pub fn tcp_keepalive(mut self, after: Option<Duration>) -> Self {
        self.connecting.tcp_keepalive = after;
        self
    }

    /// Dials from this address of the machine; only hosts with an address of its family can be reached then. Default:
    /// the system chooses.
    #[must_use]
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.connecting.local_address = Some(address);
        self
    }
}
