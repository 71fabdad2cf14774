//! Sockets, and how they are set up.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

use crate::config::Connecting;

#[derive(Clone, Copy)]
pub(super) struct Sockets {
    keepalive: Option<Duration>,
    local: Option<IpAddr>,
}

impl Sockets {
    pub(super) fn new(config: &Connecting) -> Self {
        Self { keepalive: config.tcp_keepalive, local: config.local_address }
    }

    /// The addresses that can be dialled from the local one.
    pub(super) fn reachable(&self, mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        if let Some(local) = self.local {
            addresses.retain(|address| address.is_ipv4() == local.is_ipv4());
        }
        addresses
    }

    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub(super) async fn dial(self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = match self.local {
            None => TcpStream::connect(address).await?,
            Some(local) => {
                let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
                socket.bind(SocketAddr::new(local, 0))?;
                socket.connect(address).await?
            }
        };
        // Both only help: a connection without them works.
        let _ = stream.set_nodelay(true);
        if let Some(after) = self.keepalive {
            let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive(after));
        }
        Ok(stream)
    }
}

#[cfg(any(
    target_os = "android",
    target_os = "freebsd",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    windows
))]
fn keepalive(after: Duration) -> TcpKeepalive {
    TcpKeepalive::new().with_time(after).with_interval(after)
}

/// Elsewhere the system asks again as often as it likes.
#[cfg(not(any(
    target_os = "android",
    target_os = "freebsd",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    windows
)))]
fn keepalive(after: Duration) -> TcpKeepalive {
    TcpKeepalive::new().with_time(after)
}
