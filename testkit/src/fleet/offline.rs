//! Devices that refuse connections until they are brought online: a port of their own, on which nobody listens yet.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::server::{Host, Listening};

use super::app::Simulator;

/// The port of the devices that were offline at first, and the listeners of those that no longer are.
///
/// The fleet's own listener takes every host of 127.0.0.0/8, so that a dial to it is never refused.
pub(super) struct Offline {
    host: Arc<Host<Simulator>>,
    port: u16,
    /// Bound, but not listening, so that nobody else gets the port.
    _held: Socket,
    awake: Mutex<HashMap<usize, Listening>>,
}

impl Offline {
    pub(super) fn new(host: Arc<Host<Simulator>>) -> io::Result<Self> {
        let held = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        held.set_reuse_address(true)?;
        held.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))))?;
        let addr = held.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { host, port: addr.port(), _held: held, awake: Mutex::default() })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Listens for a device on its host.
    pub(super) fn wake(&self, number: usize, ip: Ipv4Addr) -> io::Result<()> {
        let listening = self.host.listen(SocketAddr::from((ip, self.port)))?;
        self.awake.lock().unwrap_or_else(PoisonError::into_inner).insert(number, listening);
        Ok(())
    }

    /// Refuses connections to a device again.
    pub(super) fn sleep(&self, number: usize) {
        self.awake.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }
}

impl fmt::Debug for Offline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offline").field("port", &self.port).finish_non_exhaustive()
    }
}
