//! Proxies: one for HTTP, which forwards and tunnels, and one for SOCKS 5. Both can refuse, hang and break.

mod builder;
mod forward;
mod relay;
mod route;
mod seen;
mod socks;

use std::io;
use std::net::SocketAddr;

use crate::server::Listening;

pub use builder::{ProxyBuilder, ProxyFault};
use seen::Log;
pub use seen::{ProxyOutcome, ProxySeen};

/// A loopback proxy that records where it was asked to go. It listens until it is dropped.
///
/// It goes to loopback alone: `localhost`, loopback addresses, and names that [`resolve`](ProxyBuilder::resolve) gave an
/// address. Everything else is unreachable, so that no test leaves the machine.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use steadfast_testkit::{Proxy, Reply, Script, Server};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// let server = Server::start(Script::new().always(Reply::status(200).body("hello"))).await?;
/// let proxy = Proxy::http().resolve("api.test", server.addr()).start().await?;
/// let mut client = tokio::net::TcpStream::connect(proxy.addr()).await?;
/// client.write_all(b"GET http://api.test/v1 HTTP/1.1\r\nhost: api.test\r\n\r\n").await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.ends_with("hello"));
/// assert_eq!((proxy.seen()[0].host.as_str(), server.seen()[0].path.as_str()), ("api.test", "/v1"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Proxy {
    scheme: &'static str,
    listening: Listening,
    log: Log,
}

impl Proxy {
    /// A proxy for HTTP: requests in absolute form are forwarded, one a connection, and `CONNECT` opens tunnels (RFC
    /// 9110, section 9.3.6).
    pub fn http() -> ProxyBuilder {
        ProxyBuilder::new(builder::Kind::Http)
    }

    /// A proxy for SOCKS 5 (RFC 1928): `CONNECT` to names, IPv4 and IPv6 addresses.
    pub fn socks5() -> ProxyBuilder {
        ProxyBuilder::new(builder::Kind::Socks)
    }

    /// `http://` or `socks5h://`, which leaves names to the proxy, and the address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr())
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.listening.addr()
    }

    /// What it was asked for, the latest 10,000, oldest first.
    #[must_use]
    pub fn seen(&self) -> Vec<ProxySeen> {
        self.log.snapshot()
    }

    /// How many ways to a target it has opened.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.log.opened()
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.accepted()
    }

    /// How many of them are open.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.listening.open()
    }

    /// Stops the proxy and waits until its port is closed and its connections are gone.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, the proxy stops all the same.
    pub async fn stop(self) {
        self.listening.stop().await;
    }

    fn started(scheme: &'static str, log: Log, listening: io::Result<Listening>) -> io::Result<Self> {
        Ok(Self { scheme, listening: listening?, log })
    }
}
